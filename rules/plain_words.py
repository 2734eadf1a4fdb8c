"""A condition in plain words, with the questionnaire's own names: "Hot flushes: moderate or severe"."""

from dataclasses import dataclass

from rules.condition import All, Any, AtLeast, Condition, Finding, Not, holds, parts_of, push_negations
from rules.questionnaire import Item, Questionnaire

_BOUNDS = {
    ">=": "{} or more",
    ">": "more than {}",
    "<=": "{} or less",
    "<": "less than {}",
    "=": "{}",
    "!=": "not {}",
}
_OPPOSITES = {">=": "<", ">": "<=", "<=": ">", "<": ">=", "=": "!=", "!=": "="}


@dataclass(frozen=True)
class PlainWords:
    """One line; with lines below it where it stands for several tests: "all of these"."""

    line: str
    below: tuple["PlainWords", ...] = ()


def in_plain_words(condition: Condition, questionnaire: Questionnaire, *, name_private: bool = False) -> PlainWords:
    """Return a condition as lines for somebody who has never seen a rule file.

    Private items are not named, unless it is for those who write the rules.
    """
    return _words(push_negations(condition), questionnaire, name_private)


def _words(condition: Condition, questionnaire: Questionnaire, name_private: bool) -> PlainWords:
    below = tuple(_words(part, questionnaire, name_private) for part in parts_of(condition))
    match condition:
        case Finding():
            return PlainWords(_test(condition, questionnaire, name_private, negate=False))
        case Not(Finding() as finding):
            return PlainWords(_test(finding, questionnaire, name_private, negate=True))
        case All() | Any() if len(below) == 1:
            return below[0]
        case AtLeast(count):
            return PlainWords(f"at least {count} of these", below)
        case _:
            return PlainWords("all of these" if isinstance(condition, All) else "any of these", below)


def _test(finding: Finding, questionnaire: Questionnaire, name_private: bool, *, negate: bool) -> str:
    item = questionnaire.items.get(finding.variable)
    if item is None:
        score = questionnaire.scores[finding.variable]
        return f"{score.title}: {_bound(finding, score.unit, negate=negate)}"
    if item.private and not name_private:
        return "other answers that fit too"
    if not item.options:
        if finding.operator == ">=" and finding.value == item.min:  # true of every number
            return f"{item.short}: {'not ' * negate}given"
        return f"{item.short}: {_bound(finding, item.unit, negate=negate)}"
    if item.type == "choices":
        return f"{item.short}: {'not ' * negate}{_either(item, finding)}"
    # "!=", negated or not, is put as "=": the options that it names stand for themselves
    named = finding if finding.operator != "!=" else Finding(finding.variable, "=", finding.value)
    is_excluded = negate != (finding.operator == "!=")
    return f"{item.short}: {'anything but ' * is_excluded}{_either(item, named)}"


def _bound(finding: Finding, unit: str, *, negate: bool) -> str:
    number = f"{finding.value:,}" if isinstance(finding.value, int | float) else str(finding.value)
    return _BOUNDS[_OPPOSITES[finding.operator] if negate else finding.operator].format(f"{number} {unit}".rstrip())


def _either(item: Item, finding: Finding) -> str:
    """The options that make the test true. Those whose words could be taken for two are put in quotes."""
    truths = {
        option: holds(finding, frozenset({str(option.code)}) if item.type == "choices" else option.code)
        for option in item.options
    }
    words = [option.short or option.label for option, is_true in truths.items() if is_true]
    if len(words) > 1 and any(" or " in word or "," in word for word in words):
        words = [f"“{word}”" for word in words]
    return " or ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
