"""A screening laid out for a clinician who has ninety seconds: plain values, in the order in which they are read."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType

from reports.appendix import AnswerSection, EvidenceLine, answer_section, evidence_of
from reports.attached import screening_json
from reports.changes import Changes
from reports.review import Review
from reports.said import Quote, quotes, to_talk_about
from reports.scores import EarlierScore, ScoreLine, score_lines, scores_left_out
from reports.taken import Moment, Taken, taken, timeline
from reports.unassessed import (
    MOST_NAMED,
    URGENT,
    OpenLine,
    in_words,
    most_telling_first,
    other_lines,
    urgent_lines,
)
from reports.wording import count, day, day_and_time, missing_words, short_source, shortened
from rules.explain import considerations, reason_text
from rules.response import Response
from rules.ruleset import Priority, RuleSet
from rules.screening import RuleOutcome, Screening

SAFETY = "safety"  # the topic of the rules that look for what may be serious; they stand first when urgent or soon
PRIORITY_WORDS = {
    Priority.EMERGENCY: "Emergency",
    Priority.SAME_DAY: "Same day",
    Priority.SOON: "Soon",
    Priority.ROUTINE: "Routine",
    Priority.NOTE: "Note",
}
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
class Summary:
    """Everything that the summary shows, on screen and on paper.

    `completed_at` is only for the document's properties; all that is read is in words already. `review` is what a
    clinician made of it; None where nobody reviews, as on the command line. `sources` are the publications that the
    evidence counts from 1; `data` is the screening as JSON (`reports/attached.py`). `changes` tells what is
    new since the screening before; None where there is none.
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
    unsafe_words: str
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
    taken: tuple[Taken, ...]
    timeline: tuple[Moment, ...]
    answers: tuple[AnswerSection, ...]
    evidence: tuple[EvidenceLine, ...]
    sources: tuple[str, ...]
    data: bytes
    rule_set: str
    agreed: bool
    drafts: bool
    review: Review | None = None
    changes: Changes | None = None


def summarise(
    ruleset: RuleSet,
    response: Response,
    screening: Screening,
    *,
    patient: Patient | None,
    clinic: str,
    completed_at: datetime | None,
    first_sent_at: datetime | None = None,
    appointment_at: datetime | None = None,
    earlier: Mapping[str, Sequence[EarlierScore]] = MappingProxyType({}),
) -> Summary:
    """Return the summary of a screening. `patient` and `completed_at` are None where nobody is named.

    `first_sent_at` is given where the patient corrected the answers after sending them.
    Times are shown in the time zone that they come in. `earlier` are the scores of earlier visits, by score id.
    """
    questionnaire = response.questionnaire
    today = (completed_at or datetime.now(UTC)).date()
    raised = [_flag(flag, ruleset, response, today) for flag in screening.raised]
    unsafe = {flag.rule for flag in screening.raised if _is_unsafe(flag, ruleset)}
    left_open = [(ruleset.by_id[outcome.rule], outcome) for outcome in screening.not_assessed]
    left_open.sort(key=most_telling_first)
    evidence, sources = evidence_of((ruleset.by_id[flag.rule] for flag in raised), ruleset)
    age = response.answers.get("age")
    name = " ".join(patient.name.split()) if patient else "Name not given"
    return Summary(
        clinic=clinic,
        patient_name=name,
        running=f"{shortened(name, LONGEST_RUNNING_NAME)}, born {day(patient.date_of_birth)}" if patient else name,
        born=f"Born {day(patient.date_of_birth)}" if patient else "Date of birth not given",
        age=count(age, "year") if isinstance(age, int) else "age not given",
        completed=_completed(completed_at, first_sent_at),
        completed_at=completed_at,
        appointment=f"Appointment {day_and_time(appointment_at)}" if appointment_at else "",
        doubts=tuple(_doubts(response, screening)),
        unsafe_words=_counted(flag for flag in raised if flag.rule in unsafe),
        unsafe=tuple(flag for flag in raised if flag.rule in unsafe),
        ask_in_person=urgent_lines(left_open, questionnaire),
        flags=tuple(flag for flag in raised if flag.rule not in unsafe),
        not_assessed=other_lines(left_open, questionnaire),
        not_assessed_words=in_words(left_open, questionnaire),
        wish=next((quote for item, quote in quotes(response) if item == WISH), None),
        rather_in_person=to_talk_about(response),
        own_words=tuple(quote for item, quote in quotes(response) if item != WISH),
        scores=tuple(score_lines(response, earlier)),
        scores_left_out=tuple(scores_left_out(response)),
        taken=taken(response),
        timeline=timeline(response),
        answers=tuple(answer_section(section, response) for section in questionnaire.sections),
        evidence=evidence,
        sources=sources,
        data=screening_json(
            ruleset,
            response,
            screening,
            patient=(patient.name, patient.date_of_birth) if patient else None,
            completed_at=completed_at,
        ),
        rule_set=screening.rule_set,
        agreed=screening.agreed,
        drafts=any(ruleset.by_id[rule].status == "draft" for rule in screening.outcomes),
    )


def _completed(completed_at: datetime | None, first_sent_at: datetime | None) -> str:
    if completed_at is None:
        return "Time of the answers not given"
    before = f" (corrected by the patient; first sent {day_and_time(first_sent_at)})" if first_sent_at else ""
    return f"Answers sent {day_and_time(completed_at)}{before}"


def _doubts(response: Response, screening: Screening) -> Iterator[str]:
    """What a reader must know before trusting the rest."""
    if not screening.agreed:
        yield (
            "The two evaluations of these answers did not agree, or one of them failed. All flags that were raised are "
            "shown: check this patient by hand, and tell the admin of this system."
        )
    if response.answers.get(ALL_TRUE) == "no":
        yield "The patient told us that not all of these answers are true."


def _counted(flags: Iterable[FlagLine]) -> str:
    """How many flags of each priority: "1 emergency, 2 soon"; "" for none."""
    counts = Counter(flag.priority_words.lower() for flag in flags)
    return ", ".join(f"{number} {words}" for words, number in counts.items())


def _is_unsafe(flag: RuleOutcome, ruleset: RuleSet) -> bool:
    return flag.priority in URGENT or (flag.priority is Priority.SOON and ruleset.by_id[flag.rule].topic == SAFETY)


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
