"""The admin's pages: the published rule set, to be read.

Each rule with what it asks for, what it rests on, and whether its own tests pass.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, abort, render_template

from intake import checked
from intake.accounts import requires
from intake.services import services
from reports.summary import PRIORITY_WORDS
from rules.condition import All, Any, AtLeast, Condition, Finding, Not, as_text, parts_of
from rules.ruleset import Rule, RuleSet

views = Blueprint("admin", __name__, url_prefix="/admin")


@dataclass(frozen=True)
class ConditionLine:
    """A condition laid out for reading: a test, or words such as "all of these" with lines below."""

    words: str
    below: tuple["ConditionLine", ...] = ()


def condition_lines(condition: Condition) -> ConditionLine:
    """Return a condition as lines with lines below them."""
    below = tuple(condition_lines(part) for part in parts_of(condition))
    match condition:
        case Finding():
            return ConditionLine(as_text(condition))
        case All(parts) | Any(parts) if len(parts) == 1:
            return below[0]
        case All():
            return ConditionLine("all of these", below)
        case Any():
            return ConditionLine("any of these", below)
        case AtLeast(count):
            return ConditionLine(f"at least {count} of these", below)
        case Not():
            return ConditionLine("not", below)


@dataclass(frozen=True)
class Topic:
    """The rules of one file."""

    title: str
    rules: tuple[Rule, ...]


@views.get("")
@requires("admin")
def overview() -> str:
    """Show the published rule set at a glance."""
    ruleset = _published()
    results = checked.test_results(ruleset.files)
    failed = Counter(result.rule for result in results if not result.passed)
    in_use = [rule for rule in ruleset.by_id.values() if rule.status != "retired"]
    return render_template(
        "admin/overview.html",
        ruleset=ruleset,
        topics=_topics(ruleset),
        results=results,
        failed=failed,
        tests=Counter(result.rule for result in results),
        statuses=Counter(rule.status for rule in ruleset.by_id.values()),
        priorities=Counter(rule.priority for rule in in_use),
        priority_words=PRIORITY_WORDS,
        overdue=[rule for rule in in_use if _is_overdue(rule)],
    )


@views.get("/rules/<rule_id>")
@requires("admin")
def rule(rule_id: str) -> str:
    """Show one rule."""
    ruleset = _published()
    found = ruleset.by_id.get(rule_id) or abort(404, f"There is no rule {rule_id} in the published rule set.")
    order = list(ruleset.by_id)
    place = order.index(rule_id)
    return render_template(
        "admin/rule.html",
        rule=found,
        applies=condition_lines(found.applies_when) if found.applies_when is not None else None,
        raised=condition_lines(found.raised_when),
        escalations=[(PRIORITY_WORDS[step.to], condition_lines(step.when)) for step in found.escalate],
        considerations=[(line.text, as_text(line.when) if line.when is not None else "") for line in found.consider],
        priority_words=PRIORITY_WORDS,
        is_overdue=_is_overdue(found),
        sources=[(key, ruleset.sources[key]) for key in found.evidence.sources],
        questions=_questions(ruleset, found),
        results=[result for result in checked.test_results(ruleset.files) if result.rule == rule_id],
        before=order[place - 1] if place else None,
        after=order[place + 1] if place + 1 < len(order) else None,
    )


def _published() -> RuleSet:
    with services().database.reading() as database:
        return services().screeners.published(database).ruleset


def _topics(ruleset: RuleSet) -> list[Topic]:
    topics: dict[str, list[Rule]] = {}
    for entry in ruleset.by_id.values():
        topics.setdefault(entry.topic, []).append(entry)
    return [Topic(name.replace("_", " ").capitalize(), tuple(entries)) for name, entries in topics.items()]


def _is_overdue(entry: Rule) -> bool:
    return entry.review_by < date.today()  # noqa: DTZ011 - the clinic's own day


def _questions(ruleset: RuleSet, entry: Rule) -> list[tuple[str, str]]:
    """What the rule reads: each item or score with the words that the patient sees, or the score's title."""
    questionnaire = ruleset.questionnaire
    names = dict.fromkeys(name for condition in entry.conditions().values() for name in _variables(condition))
    return [
        (name, questionnaire.items[name].text if name in questionnaire.items else questionnaire.title(name))
        for name in names
    ]


def _variables(condition: Condition) -> list[str]:
    if isinstance(condition, Finding):
        return [condition.variable]
    return [name for part in parts_of(condition) for name in _variables(part)]
