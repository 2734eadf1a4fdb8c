"""A screening laid out for a clinician who has ninety seconds: plain values, in the order in which they are read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from reports.review import Review
from reports.said import Quote, quotes, to_talk_about
from reports.scores import ScoreLine, score_lines, scores_left_out
from reports.wording import citation, count, day, day_and_time, missing_counts, missing_words, short_source, shortened
from rules.explain import considerations, reason_text
from rules.questionnaire import Questionnaire, Section
from rules.response import Missing, Response, answer_words
from rules.ruleset import Priority, Rule, RuleSet
from rules.screening import RuleOutcome, Screening

URGENT = (Priority.EMERGENCY, Priority.SAME_DAY)
SAFETY = "safety"  # the topic of the rules that look for what may be serious; they stand first when urgent or soon
PRIORITY_WORDS = {
    Priority.EMERGENCY: "Emergency",
    Priority.SAME_DAY: "Same day",
    Priority.SOON: "Soon",
    Priority.ROUTINE: "Routine",
    Priority.NOTE: "Note",
}
MOST_NAMED = 3  # missing answers named for one rule and reason; the others are counted
MOST_OPEN_LINES = 12  # rules not assessed that are listed one by one; more are put together by topic
LONGEST_RUNNING_NAME = 60  # characters of the name at the foot of each page
WISH, ALL_TRUE = "matters_most", "everything_true"  # items with a place of their own


@dataclass(frozen=True)
class Patient:
    """Who the summary is about."""

    name: str
    date_of_birth: date


@dataclass(frozen=True)
class FlagLine:
    """One flag, in words. `could_rise` names missing answers that might make it more urgent."""

    rule: str
    title: str
    priority: Priority
    priority_words: str
    reason: str
    consider: tuple[str, ...]
    could_rise: str
    health: str
    link: str
    sources: tuple[str, ...]
    would_change: tuple[str, ...]
    overdue: str
    private: bool


@dataclass(frozen=True)
class OpenLine:
    """One or more rules that could not be assessed, and the missing answers that they wait for.

    `topic` is set where a whole topic is put together in one line.
    """

    titles: tuple[str, ...]
    rules: tuple[str, ...]
    waits_for: str
    topic: str = ""


@dataclass(frozen=True)
class AnswerLine:
    """One answer in the appendix; `missing` marks one that was not given, `private` one that no copy may show."""

    question: str
    answer: str
    missing: bool
    private: bool


@dataclass(frozen=True)
class AnswerSection:
    """The appendix of one section of the questionnaire. `not_asked` counts the questions that did not apply."""

    title: str
    answers: tuple[AnswerLine, ...]
    not_asked: int


@dataclass(frozen=True)
class EvidenceLine:
    """What stands behind one flag: its publications in full, and the rule's note on them."""

    rule: str
    title: str
    note: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """Everything that the summary shows, on screen and on paper.

    `completed_at` is only for the document's properties; all that is read is in words already. `review` is what a
    clinician made of it; None where nobody reviews, as on the command line.
    """

    clinic: str
    patient_name: str
    running: str
    born: str
    age: str
    completed: str
    completed_at: datetime | None
    appointment: str
    doubts: tuple[str, ...]
    unsafe: tuple[FlagLine, ...]
    ask_in_person: tuple[OpenLine, ...]
    flags: tuple[FlagLine, ...]
    not_assessed: tuple[OpenLine, ...]
    not_assessed_words: str
    wish: Quote | None
    rather_in_person: str
    own_words: tuple[Quote, ...]
    scores: tuple[ScoreLine, ...]
    scores_left_out: tuple[str, ...]
    answers: tuple[AnswerSection, ...]
    evidence: tuple[EvidenceLine, ...]
    rule_set: str
    agreed: bool
    drafts: bool
    review: Review | None = None


def summarise(
    ruleset: RuleSet,
    response: Response,
    screening: Screening,
    *,
    patient: Patient | None,
    clinic: str,
    completed_at: datetime | None,
    appointment_at: datetime | None = None,
) -> Summary:
    """Return the summary of a screening. `patient` and `completed_at` are None where nobody is named.

    Times are shown in the time zone that they come in.
    """
    questionnaire = response.questionnaire
    today = (completed_at or datetime.now(UTC)).date()
    raised = [_flag(flag, ruleset, response, today) for flag in screening.raised]
    unsafe = {flag.rule for flag in screening.raised if _is_unsafe(flag, ruleset)}
    left_open = [(ruleset.by_id[outcome.rule], outcome) for outcome in screening.not_assessed]
    left_open.sort(key=_most_telling_first)
    urgent_open = [(rule, outcome) for rule, outcome in left_open if _could_be_urgent(rule)]
    other_open = [(rule, outcome) for rule, outcome in left_open if not _could_be_urgent(rule)]
    age = response.answers.get("age")
    name = " ".join(patient.name.split()) if patient else "Name not given"
    return Summary(
        clinic=clinic,
        patient_name=name,
        running=f"{shortened(name, LONGEST_RUNNING_NAME)}, born {day(patient.date_of_birth)}" if patient else name,
        born=f"Born {day(patient.date_of_birth)}" if patient else "Date of birth not given",
        age=count(age, "year") if isinstance(age, int) else "age not given",
        completed=f"Answers sent {day_and_time(completed_at)}" if completed_at else "Time of the answers not given",
        completed_at=completed_at,
        appointment=f"Appointment {day_and_time(appointment_at)}" if appointment_at else "",
        doubts=tuple(_doubts(response, screening)),
        unsafe=tuple(flag for flag in raised if flag.rule in unsafe),
        ask_in_person=_open_lines(urgent_open, questionnaire),
        flags=tuple(flag for flag in raised if flag.rule not in unsafe),
        not_assessed=_open_lines(other_open, questionnaire),
        not_assessed_words=_not_assessed_words(left_open, questionnaire),
        wish=next((quote for item, quote in quotes(response) if item == WISH), None),
        rather_in_person=to_talk_about(response),
        own_words=tuple(quote for item, quote in quotes(response) if item != WISH),
        scores=tuple(score_lines(response)),
        scores_left_out=tuple(scores_left_out(response)),
        answers=tuple(_section(section, response) for section in questionnaire.sections),
        evidence=tuple(_evidence(ruleset.by_id[flag.rule], ruleset) for flag in raised),
        rule_set=screening.rule_set,
        agreed=screening.agreed,
        drafts=any(ruleset.by_id[rule].status == "draft" for rule in screening.outcomes),
    )


def _doubts(response: Response, screening: Screening) -> Iterator[str]:
    """What a reader must know before trusting the rest."""
    if not screening.agreed:
        yield (
            "The two evaluations of these answers did not agree. The flags of both are shown: check this patient by "
            "hand, and tell the admin of this system."
        )
    if response.answers.get(ALL_TRUE) == "no":
        yield "The patient told us that not all of these answers are true."


def _is_unsafe(flag: RuleOutcome, ruleset: RuleSet) -> bool:
    return flag.priority in URGENT or (flag.priority is Priority.SOON and ruleset.by_id[flag.rule].topic == SAFETY)


def _most_telling_first(left_open: tuple[Rule, RuleOutcome]) -> tuple[int, bool, int]:
    """By priority; then what was said to be not known before what was only skipped; then what lacks least."""
    rule, outcome = left_open
    is_skipped = all(answer.why is Missing.SKIPPED for answer in outcome.missing)
    return rule.priorities[0].rank, is_skipped, len(outcome.missing)


def _could_be_urgent(rule: Rule) -> bool:
    return any(priority in URGENT for priority in rule.priorities)


def _flag(flag: RuleOutcome, ruleset: RuleSet, response: Response, today: date) -> FlagLine:
    rule = ruleset.by_id[flag.rule]
    priority = flag.priority or rule.priority
    return FlagLine(
        rule=rule.id,
        title=rule.title,
        priority=priority,
        priority_words=PRIORITY_WORDS[priority],
        reason=" ".join(reason_text(rule, response).split()),
        consider=considerations(rule, response),
        could_rise=missing_words(flag.missing, response.questionnaire, MOST_NAMED),
        health=rule.evidence.health,
        link=rule.evidence.link,
        sources=tuple(dict.fromkeys(short_source(ruleset.sources[key]) for key in rule.evidence.sources)),
        # nobody needs to know how an emergency would be none
        would_change=() if priority in URGENT else tuple(change.to for change in flag.would_change),
        overdue=f"Its evidence was due for review on {day(rule.review_by)}" if rule.review_by < today else "",
        private=rule.private,
    )


def _open_lines(left_open: list[tuple[Rule, RuleOutcome]], questionnaire: Questionnaire) -> tuple[OpenLine, ...]:
    """Rules one by one while they are few; otherwise one line for each topic, so that a blank form fills no page."""
    if len(left_open) <= MOST_OPEN_LINES:
        return tuple(
            OpenLine((rule.title,), (rule.id,), missing_words(outcome.missing, questionnaire, MOST_NAMED))
            for rule, outcome in left_open
        )
    topics: dict[str, list[tuple[Rule, RuleOutcome]]] = {}
    for rule, outcome in left_open:
        topics.setdefault(rule.topic, []).append((rule, outcome))
    return tuple(
        OpenLine(
            titles=tuple(rule.title for rule, _ in together),
            rules=tuple(rule.id for rule, _ in together),
            waits_for=missing_words(
                dict.fromkeys(answer for _, outcome in together for answer in outcome.missing),
                questionnaire,
                MOST_NAMED,
            ),
            topic=topic.replace("_", ", ").capitalize(),
        )
        for topic, together in topics.items()
    )


def _not_assessed_words(left_open: list[tuple[Rule, RuleOutcome]], questionnaire: Questionnaire) -> str:
    if not left_open:
        return ""
    waiting = missing_counts((answer for _, outcome in left_open for answer in outcome.missing), questionnaire)
    return f"{count(len(left_open), 'rule')} for want of {waiting}"


def _section(section: Section, response: Response) -> AnswerSection:
    items = [item for page in section.pages for item in page.items]
    lines = tuple(
        AnswerLine(item.short, answer_words(item, answer), isinstance(answer, Missing), item.private)
        for item in items
        if (answer := response.answers.get(item.id)) is not None
    )
    return AnswerSection(section.title, lines, len(items) - len(lines))


def _evidence(rule: Rule, ruleset: RuleSet) -> EvidenceLine:
    sources = tuple(citation(ruleset.sources[key]) for key in rule.evidence.sources)
    return EvidenceLine(rule.id, rule.title, " ".join(rule.evidence.note.split()), sources)
