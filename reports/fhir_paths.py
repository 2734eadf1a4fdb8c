"""`when` and the scores as FHIR says them: `enableWhen` where that says the same, else FHIRPath (SDC).

All of it says what we do: a question is left out only if its condition is false. Where that cannot be decided, because
an answer is missing, it is asked. The variables `%lowID` and `%highID` are the bounds of a score.
"""

from collections.abc import Iterable, Iterator

from reports.fhir_terms import ORDINAL, SDC, STRUCTURE, Json, Systems, coding, expression
from rules.condition import All, Any, AtLeast, Code, Condition, Finding, Not, Number, holds, push_negations
from rules.questionnaire import Item, Option, Questionnaire, Score

ENABLE_EXPRESSION = f"{SDC}/sdc-questionnaire-enableWhenExpression"
CALCULATED = f"{SDC}/sdc-questionnaire-calculatedExpression"
VARIABLE = f"{STRUCTURE}/variable"
_OPPOSITE = {"<": ">=", ">=": "<", "<=": ">", ">": "<=", "=": "!=", "!=": "="}


def option_coding(item: Item, option: Option, systems: Systems) -> Json:
    """Return the code of an answer: LOINC's where it has one, else our own."""
    if option.loinc:
        return coding("http://loinc.org", option.loinc, option.label)
    return coding(systems.answers(item.id), str(option.code), option.label)


def bounds(score_id: str) -> tuple[str, str]:
    """Return the names of the variables that hold a score's bounds. FHIR allows no "_" in them; our ids have no "X"."""
    name = score_id.replace("_", "X")
    return f"low{name}", f"high{name}"


def enabled(item: Item, questionnaire: Questionnaire, systems: Systems) -> Json:
    """Return the part of a Questionnaire's item that says when it is asked; nothing for one that always is."""
    if item.when is None:
        return {}
    parts = item.when.parts if isinstance(item.when, Any) else (item.when,)
    simple = [part for part in parts if isinstance(part, Finding) and _is_always_asked(part, questionnaire)]
    if len(simple) < len(parts):
        path = Paths(questionnaire).possible(item.when)
        return {"extension": [expression(ENABLE_EXPRESSION, path)]}
    clauses = [clause for part in simple for clause in _clauses(part, questionnaire.items[part.variable], systems)]
    unanswered = dict.fromkeys(part.variable for part in simple)
    clauses += [{"question": name, "operator": "exists", "answerBoolean": False} for name in unanswered]
    return {"enableWhen": clauses, "enableBehavior": "any"}


def _is_always_asked(finding: Finding, questionnaire: Questionnaire) -> bool:
    return finding.variable in questionnaire.items and questionnaire.items[finding.variable].when is None


def _clauses(finding: Finding, item: Item, systems: Systems) -> Iterator[Json]:
    """The answers that make a test of an item true, each as a clause of `enableWhen`."""
    if item.numeric_type:
        wanted = finding.value if isinstance(finding.value, tuple) else (finding.value,)
        operator = "=" if finding.operator == "in" else finding.operator
        kind = "answerInteger" if item.type == "integer" else "answerDecimal"
        yield from ({"question": item.id, "operator": operator, kind: number} for number in wanted)
    for option in _picked(finding, item):
        if item.type == "yes_no":
            yield {"question": item.id, "operator": "=", "answerBoolean": option.code == "yes"}
        else:
            yield {"question": item.id, "operator": "=", "answerCoding": option_coding(item, option, systems)}


def _picked(finding: Finding, item: Item) -> list[Option]:
    if item.type == "choices":
        return [option for option in item.options if option.code == finding.value]
    return [option for option in item.options if holds(finding, option.code)]


class Paths:
    """Conditions and scores of one questionnaire in FHIRPath, over a QuestionnaireResponse (`%resource`)."""

    def __init__(self, questionnaire: Questionnaire) -> None:
        self._items, self._scores = questionnaire.items, questionnaire.scores

    def variables(self) -> Iterator[Json]:
        """Yield the bounds of every score as variables, each behind those that it is made of."""
        for score in self._scores.values():
            for end, name in enumerate(bounds(score.id)):
                yield expression(VARIABLE, self.bound(score, end), name)

    def calculated(self, score: Score) -> Json:
        """Return the extension that works a score out: nothing where it does not apply or is not known exactly."""
        low, high = (f"%{name}" for name in bounds(score.id))
        known = _and([f"{low} = {high}", *self._gates(score)])
        return expression(CALCULATED, f"iif({known}, {low}, {{}})")

    def bound(self, score: Score, end: int) -> str:
        """Return the lowest (0) or highest (1) that a score can be, given what is answered."""
        if score.body_mass_index:
            weight, height = (self._term(score, name, e) for name, e in zip(score.items, (end, 1 - end), strict=True))
            return f"({weight} / (({height} / 100) * ({height} / 100))).round(1)"
        joined = " + " if score.sum else " * "
        return joined.join(self._term(score, name, end) for name in score.items)

    def possible(self, condition: Condition) -> str:
        """Return whether a condition is not false: true, or still to be decided."""
        return self._possible(push_negations(condition))

    def _possible(self, condition: Condition) -> str:
        match condition:
            case Not(part) if isinstance(part, Finding):
                return self._leaf(part, negate=True)
            case Finding():
                return self._leaf(condition, negate=False)
            case All(parts):
                return _and(map(self._possible, parts))
            case Any(parts):
                return f"({' or '.join(map(self._possible, parts))})"
            case AtLeast(count, of):
                return f"({' + '.join(f'iif({self._possible(part)}, 1, 0)' for part in of)} >= {count})"
        raise TypeError(f"{condition} has a negation that was not pushed to its tests")

    def _leaf(self, finding: Finding, *, negate: bool) -> str:
        holds_when_not_asked = (finding.operator == "!=") != negate
        if finding.variable in self._scores:
            score = self._scores[finding.variable]
            test, gates = _score_test(finding, negate=negate), self._gates(score)
            if not gates:
                return test
            return f"(({_and(gates)}).not() or {test})" if holds_when_not_asked else _and([*gates, test])
        item = self._items[finding.variable]
        answer, test = _answer(item.id), _item_test(finding, item)
        if negate:
            test = f"({answer}.exists() and {test}.not())"
        open_ended = f"{answer}.empty()"
        if not holds_when_not_asked and item.when is not None:
            open_ended = _and([open_ended, self.possible(item.when)])
        return f"({test} or {open_ended})"

    def _gates(self, score: Score) -> list[str]:
        """What must hold for a score to apply."""
        if score.not_applicable_counts is not None:
            return []
        whens = dict.fromkeys(when for name in score.items if (when := self._items[name].when) is not None)
        return [self.possible(when) for when in whens]

    def _term(self, score: Score, name: str, end: int) -> str:
        """What one item counts at least (0) or at most (1)."""
        item, answer = self._items[name], _answer(name)
        value = f"{answer}.value" if item.numeric_type else f"{answer}.value.extension.where(url = '{ORDINAL}').value"
        otherwise = f"{(item.bounds or (0, 0))[end]}"
        if item.when is not None and score.not_applicable_counts is not None:
            otherwise = f"iif({self.possible(item.when)}, {otherwise}, {score.not_applicable_counts})"
        return f"iif({answer}.exists(), {value}, {otherwise})"


def _answer(name: str) -> str:
    return f"%resource.repeat(item).where(linkId = '{name}').answer"


def _and(tests: Iterable[str]) -> str:
    return f"({' and '.join(tests)})"


def _item_test(finding: Finding, item: Item) -> str:
    """Whether an answer that was given passes a test; false without one."""
    if item.numeric_type:
        wanted = finding.value if isinstance(finding.value, tuple) else (finding.value,)
        operator = "=" if finding.operator == "in" else finding.operator
        tests = [f"$this {operator} {number}" for number in wanted]
    elif item.type == "yes_no":
        tests = [f"$this = {str(option.code == 'yes').lower()}" for option in _picked(finding, item)]
    else:
        tests = [f"code = '{option.loinc or option.code}'" for option in _picked(finding, item)]
    return f"{_answer(item.id)}.value.where({' or '.join(tests) or 'false'}).exists()"


def _score_test(finding: Finding, *, negate: bool) -> str:
    """Whether a score that applies can be such that a test of it holds."""
    wanted: tuple[Code | Number, ...] = finding.value if isinstance(finding.value, tuple) else (finding.value,)
    operator = "=" if finding.operator == "in" else finding.operator
    operator = _OPPOSITE[operator] if negate else operator
    low, high = (f"%{name}" for name in bounds(finding.variable))
    if operator in (">", ">="):
        return f"{high} {operator} {wanted[0]}"
    if operator in ("<", "<="):
        return f"{low} {operator} {wanted[0]}"
    if operator == "=":
        return f"({' or '.join(f'({low} <= {number} and {high} >= {number})' for number in wanted)})"
    return f"(({low} = {high}) and ({' or '.join(f'{low} = {number}' for number in wanted)})).not()"
