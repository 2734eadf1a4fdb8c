"""What could not be assessed, and which missing answers it waits for. What could be urgent is never put together."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.wording import count, missing_counts, missing_words
from rules.questionnaire import Questionnaire
from rules.response import Missing
from rules.ruleset import Priority, Rule
from rules.screening import RuleOutcome

URGENT = (Priority.EMERGENCY, Priority.SAME_DAY)
MOST_NAMED = 3  # missing answers named for one rule and reason; the others are counted
MOST_OPEN_LINES = 12  # rules that cannot be urgent are listed one by one up to here; more are put together by topic

LeftOpen = tuple[Rule, RuleOutcome]


@dataclass(frozen=True)
class OpenLine:
    """One or more rules that could not be assessed, and the missing answers that they wait for.

    `topic` is set where a whole topic is put together in one line.
    """

    titles: tuple[str, ...]
    rules: tuple[str, ...]
    waits_for: str
    topic: str = ""


def most_telling_first(left_open: LeftOpen) -> tuple[int, bool, int]:
    """Sort by priority; then what was said to be not known before what was only skipped; then what lacks least."""
    rule, outcome = left_open
    is_skipped = all(answer.why is Missing.SKIPPED for answer in outcome.missing)
    return rule.priorities[0].rank, is_skipped, len(outcome.missing)


def could_be_urgent(rule: Rule) -> bool:
    """Return whether a rule can be an emergency or a matter of the same day."""
    return any(priority in URGENT for priority in rule.priorities)


def urgent_lines(left_open: Sequence[LeftOpen], questionnaire: Questionnaire) -> tuple[OpenLine, ...]:
    """Return a line for each rule that could be urgent, however many there are: each is a question to ask."""
    return tuple(_line(rule, outcome, questionnaire) for rule, outcome in left_open if could_be_urgent(rule))


def other_lines(left_open: Sequence[LeftOpen], questionnaire: Questionnaire) -> tuple[OpenLine, ...]:
    """Return the other rules one by one while they are few, else by topic: a blank form fills no page."""
    others = [(rule, outcome) for rule, outcome in left_open if not could_be_urgent(rule)]
    if len(others) <= MOST_OPEN_LINES:
        return tuple(_line(rule, outcome, questionnaire) for rule, outcome in others)
    topics: dict[str, list[LeftOpen]] = {}
    for rule, outcome in others:
        topics.setdefault(rule.topic, []).append((rule, outcome))
    return tuple(_topic_line(topic, together, questionnaire) for topic, together in topics.items())


def in_words(left_open: Sequence[LeftOpen], questionnaire: Questionnaire) -> str:
    """Return how many rules wait for how many answers, and why they are missing; "" for none."""
    if not left_open:
        return ""
    waiting = missing_counts((answer for _, outcome in left_open for answer in outcome.missing), questionnaire)
    return f"{count(len(left_open), 'rule')} for want of {waiting}"


def _line(rule: Rule, outcome: RuleOutcome, questionnaire: Questionnaire) -> OpenLine:
    return OpenLine((rule.title,), (rule.id,), missing_words(outcome.missing, questionnaire, MOST_NAMED))


def _topic_line(topic: str, together: Sequence[LeftOpen], questionnaire: Questionnaire) -> OpenLine:
    waits_for = dict.fromkeys(answer for _, outcome in together for answer in outcome.missing)
    return OpenLine(
        titles=tuple(rule.title for rule, _ in together),
        rules=tuple(rule.id for rule, _ in together),
        waits_for=missing_words(waits_for, questionnaire, MOST_NAMED),
        topic=topic.replace("_", ", ").capitalize(),
    )
