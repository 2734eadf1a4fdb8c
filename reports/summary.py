"""A screening laid out for a clinician who has ninety seconds: plain values only, in the order in which they are read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from rules.explain import considerations, reason_text
from rules.questionnaire import Item, Section
from rules.response import Missing, Response, answer_words
from rules.ruleset import Priority, Rule, RuleSet
from rules.scores import ScoreValue
from rules.screening import RuleOutcome, Screening

URGENT = (Priority.EMERGENCY, Priority.SAME_DAY)
PRIORITY_WORDS = {
    Priority.EMERGENCY: "Emergency",
    Priority.SAME_DAY: "Same day",
    Priority.SOON: "Soon",
    Priority.ROUTINE: "Routine",
    Priority.NOTE: "Note",
}
MISSING_WORDS = {Missing.SKIPPED: "left blank", Missing.DECLINED: "preferred not to say", Missing.NOT_SURE: "not sure"}
MOST_NAMED = 4  # missing answers named for one line; the others are counted


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
    health: str
    link: str
    note: str
    sources: tuple[str, ...]
    would_change: tuple[str, ...]
    could_rise: str
    private: bool


@dataclass(frozen=True)
class NotAssessedLine:
    """Rules that wait for the same answers: their titles and what is missing."""

    rules: tuple[str, ...]
    titles: tuple[str, ...]
    waits_for: str


@dataclass(frozen=True)
class ScoreLine:
    """One score. `low` to `high` of `most`; `words` say what it is, `band` what it means."""

    title: str
    words: str
    band: str
    low: float
    high: float
    least: float
    most: float
    cuts: tuple[float, ...]


@dataclass(frozen=True)
class Quote:
    """The patient's own words on one question."""

    question: str
    words: str


@dataclass(frozen=True)
class AnswerLine:
    """One answer in the appendix; `missing` marks an answer that was not given."""

    question: str
    answer: str
    missing: bool


@dataclass(frozen=True)
class AnswerSection:
    """The appendix of one section of the questionnaire."""

    title: str
    answers: tuple[AnswerLine, ...]
    not_asked: int


@dataclass(frozen=True)
class Summary:
    """Everything that the summary shows, on screen and on paper."""

    clinic: str
    patient_name: str
    date_of_birth: str
    age: str
    completed: str
    completed_at: datetime | None
    wishes: tuple[Quote, ...]
    urgent: tuple[FlagLine, ...]
    flags: tuple[FlagLine, ...]
    ask_in_person: tuple[NotAssessedLine, ...]
    not_assessed: tuple[NotAssessedLine, ...]
    scores: tuple[ScoreLine, ...]
    own_words: tuple[Quote, ...]
    answers: tuple[AnswerSection, ...]
    rule_set: str
    agreed: bool
    drafts: bool


def summarise(
    ruleset: RuleSet,
    response: Response,
    screening: Screening,
    *,
    patient: Patient | None,
    clinic: str,
    completed_at: datetime | None,
) -> Summary:
    """Return the summary of a screening. `patient` and `completed_at` are None where nobody is named."""
    raised = [_flag(flag, ruleset, response) for flag in screening.raised]
    open_rules = [(ruleset.by_id[outcome.rule], outcome) for outcome in screening.not_assessed]
    quotes = tuple(_quotes(response))
    age = response.answers.get("age")
    return Summary(
        clinic=clinic,
        patient_name=patient.name if patient else "Name not given",
        date_of_birth=_day(patient.date_of_birth) if patient else "not given",
        age=f"{age} years" if isinstance(age, int) else "age not given",
        completed=f"{_day(completed_at)} at {completed_at:%H:%M} UTC" if completed_at else "not given",
        completed_at=completed_at,
        wishes=tuple(quote for item, quote in quotes if item.section == "closing"),
        urgent=tuple(flag for flag in raised if flag.priority in URGENT),
        flags=tuple(flag for flag in raised if flag.priority not in URGENT),
        ask_in_person=tuple(_one_by_one([(rule, o) for rule, o in open_rules if _is_urgent(rule)], response)),
        not_assessed=tuple(_grouped([(rule, o) for rule, o in open_rules if not _is_urgent(rule)], response)),
        scores=tuple(_scores(response)),
        own_words=tuple(quote for item, quote in quotes if item.section != "closing"),
        answers=tuple(_section(section, response) for section in response.questionnaire.sections),
        rule_set=screening.rule_set,
        agreed=screening.agreed,
        drafts=any(ruleset.by_id[rule].status == "draft" for rule in screening.outcomes),
    )


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _is_urgent(rule: Rule) -> bool:
    return any(priority in URGENT for priority in (rule.priority, *(step.to for step in rule.escalate)))


def _flag(flag: RuleOutcome, ruleset: RuleSet, response: Response) -> FlagLine:
    rule, priority = ruleset.by_id[flag.rule], flag.priority or ruleset.by_id[flag.rule].priority
    return FlagLine(
        rule=rule.id,
        title=rule.title,
        priority=priority,
        priority_words=PRIORITY_WORDS[priority],
        reason=" ".join(reason_text(rule, response).split()),
        consider=considerations(rule, response),
        health=rule.evidence.health,
        link=rule.evidence.link,
        note=rule.evidence.note,
        sources=tuple(_source(key, ruleset) for key in rule.evidence.sources),
        would_change=tuple(change.to for change in flag.would_change),
        could_rise=_waits_for(flag, response.questionnaire.items),
        private=rule.private,
    )


def _source(key: str, ruleset: RuleSet) -> str:
    source = ruleset.sources[key]
    known = source.identifier if source.identifier and len(source.identifier) <= 12 else None
    name = source.authors or source.publisher or source.title
    short = name.split(",")[0].rsplit("(", 1)[-1].removesuffix(")")
    return " ".join(str(part) for part in (short, known, source.year) if part)


def _waits_for(outcome: RuleOutcome, items: Mapping[str, Item]) -> str:
    """The missing answers in words: "Womb (not sure), Periods (left blank) and 3 more"."""
    named = [f"{items[m.item].short} ({MISSING_WORDS[m.why]})" for m in outcome.missing[:MOST_NAMED]]
    more = len(outcome.missing) - len(named)
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def _one_by_one(open_rules: Iterable[tuple[Rule, RuleOutcome]], response: Response) -> Iterable[NotAssessedLine]:
    items = response.questionnaire.items
    for rule, outcome in open_rules:
        yield NotAssessedLine((rule.id,), (rule.title,), _waits_for(outcome, items))


def _grouped(open_rules: list[tuple[Rule, RuleOutcome]], response: Response) -> Iterable[NotAssessedLine]:
    """Rules that wait for exactly the same answers share a line, so that a blank page does not fill one."""
    groups: dict[str, list[Rule]] = {}
    for rule, outcome in open_rules:
        groups.setdefault(_waits_for(outcome, response.questionnaire.items), []).append(rule)
    for waits_for, grouped in groups.items():
        yield NotAssessedLine(tuple(r.id for r in grouped), tuple(r.title for r in grouped), waits_for)


def _scores(response: Response) -> Iterable[ScoreLine]:
    for score in response.questionnaire.scores.values():
        value = response.scores[score.id]
        bounds = response.questionnaire.bounds(score.id)
        blank = all(isinstance(response.answers.get(item), Missing) for item in score.items)
        if value.low is None or value.high is None or bounds is None or blank or not score.bands:
            continue
        met = [band.label for band in score.bands if band.high >= value.low and band.low <= value.high]
        yield ScoreLine(
            title=score.title,
            words=_score_words(value, score.unit),
            band=met[0] if len(met) == 1 else " to ".join((met[0], met[-1])),
            low=value.low,
            high=value.high,
            least=bounds[0],
            most=bounds[1],
            cuts=tuple(band.low for band in score.bands[1:]),
        )


def _score_words(value: ScoreValue, unit: str) -> str:
    if value.low is None or value.high is None:
        return "not asked"
    if value.complete:
        return f"{value.low:g} {unit}".strip()
    return f"at least {value.low:g}, incomplete ({value.low:g} to {value.high:g}) {unit}".strip()


def _quotes(response: Response) -> Iterable[tuple[Item, Quote]]:
    for item in response.questionnaire.items.values():
        answer = response.answers.get(item.id)
        if item.type == "text" and isinstance(answer, str) and not isinstance(answer, Missing):
            yield item, Quote(item.short, answer.strip())


def _section(section: Section, response: Response) -> AnswerSection:
    lines, not_asked = [], 0
    for item in (item for page in section.pages for item in page.items):
        if item.id not in response.answers:
            not_asked += 1
            continue
        answer = response.answers[item.id]
        is_missing = isinstance(answer, Missing)
        words = MISSING_WORDS[answer] if isinstance(answer, Missing) else answer_words(item, answer)
        lines.append(AnswerLine(item.short, words, is_missing))
    return AnswerSection(section.title, tuple(lines), not_asked)
