"""For whom a question on paper is, in words that name other questions by their numbers: "question 20: Now"."""

from collections.abc import Mapping

from flask_babel import gettext

from intake import language
from rules.condition import All, Any, Condition, Finding, Not, findings, holds, parts_of, push_negations
from rules.questionnaire import Item, Questionnaire

MOST_TESTS = 4  # a longer condition helps nobody who fills in a form with a pen


def gate_words(condition: Condition | None, questionnaire: Questionnaire, numbers: Mapping[str, int]) -> str:
    """Return for whom a question is; "" where everybody is asked or paper cannot say it.

    `numbers` has the number of each question by its item's id. Staff who type in a question that did not apply do no
    harm: it is left out when the answers are screened.
    """
    if condition is None or len(findings(condition)) > MOST_TESTS:
        return ""
    return _words(push_negations(condition), questionnaire, numbers, is_inner=False)


def _words(condition: Condition, questionnaire: Questionnaire, numbers: Mapping[str, int], *, is_inner: bool) -> str:
    match condition:
        case Finding():
            return _test(condition, questionnaire, numbers, wanted=True)
        case Not(Finding() as finding):
            return _test(finding, questionnaire, numbers, wanted=False)
        case All() | Any():
            distinct = dict.fromkeys(parts_of(condition))
            parts = [_words(part, questionnaire, numbers, is_inner=True) for part in distinct]
            if not all(parts):
                return ""
            joined = (gettext(" and ") if isinstance(condition, All) else gettext(" or ")).join(parts)
            return f"({joined})" if is_inner and len(parts) > 1 else joined
        case _:
            return ""


def _test(finding: Finding, questionnaire: Questionnaire, numbers: Mapping[str, int], *, wanted: bool) -> str:
    item = questionnaire.items.get(finding.variable)
    if item is None:
        return _score(finding, questionnaire, numbers, wanted=wanted)
    if item.derived:
        return gettext("your age: %(bound)s", bound=_bound(finding, wanted=wanted))
    if not item.options:
        bound = _bound(finding, wanted=wanted)
        return gettext("question %(number)s: %(answer)s", number=numbers[item.id], answer=bound)
    if finding.operator == "!=":  # whoever is not sure is asked too
        finding, wanted = Finding(finding.variable, "=", finding.value), not wanted
    named = _or([_label(item, option.code) for option in item.options if _is_met(finding, item, option.code)])
    if wanted:
        return gettext("question %(number)s: %(answer)s", number=numbers[item.id], answer=named)
    return gettext("question %(number)s: not %(answer)s", number=numbers[item.id], answer=named)


def _is_met(finding: Finding, item: Item, code: int | str) -> bool:
    return holds(finding, frozenset({str(code)}) if item.type == "choices" else code) is True


def _label(item: Item, code: int | str) -> str:
    return f"“{item.option(code).label}”"


def _or(words: list[str]) -> str:
    return gettext(" or ").join(words)


def _score(finding: Finding, questionnaire: Questionnaire, numbers: Mapping[str, int], *, wanted: bool) -> str:
    """A sum of codes can be added up on paper; nothing else can."""
    places = [numbers[item] for item in questionnaire.scores[finding.variable].sum if item in numbers]
    if not places:
        return ""
    first, last, bound = places[0], places[-1], _bound(finding, wanted=wanted)
    return gettext(
        "the codes of questions %(first)s to %(last)s, added up: %(bound)s", first=first, last=last, bound=bound
    )


def _bound(finding: Finding, *, wanted: bool) -> str:
    opposite = {">=": "<", ">": "<=", "<=": ">", "<": ">=", "=": "!=", "!=": "="}
    operator = finding.operator if wanted else opposite[finding.operator]
    number = language.number(finding.value) if isinstance(finding.value, int | float) else str(finding.value)
    words = {
        ">=": gettext("%(number)s or more", number=number),
        ">": gettext("more than %(number)s", number=number),
        "<=": gettext("%(number)s or less", number=number),
        "<": gettext("less than %(number)s", number=number),
        "!=": gettext("not %(number)s", number=number),
    }
    return words.get(operator, number)
