"""Answers as z3 terms: what is asked, what is missing, scores as bounds, and every test as two terms, true and false.

Says the same as response.py, scores.py and condition.holds, for all patients at once. Beside solver.py the
only module that imports z3.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise
from typing import Any as Term
from typing import NamedTuple

import z3

from rules.claims import TWIN, Claim, Every, Is, No, Rises, Some, variables
from rules.condition import All, Any, AtLeast, Condition, Finding, Not
from rules.questionnaire import Item, Questionnaire, Score

COMMON_HEIGHT = 170  # centimetres
GRAIN = 1000  # decimals are whole thousandths, finer than any test that people write


class Truth(NamedTuple):
    """A condition's truth as two terms, of which at most one holds; neither: unknown."""

    true: Term
    false: Term


@dataclass(frozen=True)
class Variable:
    """An item or score: whether it applies, whether it is answered, its lowest and highest number, its codes."""

    applies: Term
    known: Term
    low: Term = None
    high: Term = None
    codes: Mapping[object, Term] = field(default_factory=dict)
    raw: Term = None  # of a decimal: its thousandths


class Terms:
    """The items, scores and claims of one questionnaire as terms. `facts` grows with the items that were asked for.

    `hints` are not facts: a patient whom they fit too is found sooner, and most often there is one.
    `gated` false: as if every item were asked of everybody.
    """

    def __init__(self, questionnaire: Questionnaire, *, gated: bool) -> None:
        self.facts: list[Term] = []
        self.hints: list[Term] = []
        self._questionnaire = questionnaire
        self._gated = gated
        self._variables: dict[str, Variable] = {}
        self._truths: dict[Condition, Truth] = {}

    def depends_on(self, claim: Claim) -> tuple[str, ...]:
        """Return the items that can make a difference to a claim, in the order of the questionnaire."""
        wanted, waiting = set[str](), {name.rstrip(TWIN) for name in variables(claim)}
        while waiting:
            name = waiting.pop()
            wanted.add(name)
            part = self._questionnaire.items.get(name) or self._questionnaire.scores[name]
            waiting |= set(_made_of(part)) - wanted
        return tuple(item for item in self._questionnaire.items if item in wanted)

    def claim(self, claim: Claim) -> Term:
        """Return the term that says what a claim says."""
        match claim:
            case Is(condition, wanted):
                true, false = self._truth(condition)
                return true if wanted else false if wanted is False else z3.Not(z3.Or(true, false))
            case Every(claims):
                return z3.And([self.claim(part) for part in claims])
            case Some(claims):
                return z3.Or([self.claim(part) for part in claims])
            case No(part):
                return z3.Not(self.claim(part))
            case Rises(names):
                return self._rises([self.variable(name) for name in names])

    @staticmethod
    def _rises(numbers: list[Variable]) -> Term:
        known = [z3.And(number.applies, number.known, number.low == number.high) for number in numbers]
        return z3.And(known + [one.low < other.low for one, other in pairwise(numbers)])

    def _truth(self, condition: Condition) -> Truth:
        if condition not in self._truths:
            self._truths[condition] = self._worked_out(condition)
        return self._truths[condition]

    def _worked_out(self, condition: Condition) -> Truth:
        match condition:
            case Finding(name):
                return _finding(condition, self.variable(name), is_score=name in self._questionnaire.scores)
            case Not(part):
                true, false = self._truth(part)
                return Truth(false, true)
            case All(parts):
                return _at_least(len(parts), [self._truth(part) for part in parts])
            case Any(parts):
                return _at_least(1, [self._truth(part) for part in parts])
            case AtLeast(count, of):
                return _at_least(count, [self._truth(part) for part in of])

    def variable(self, name: str) -> Variable:
        """Return an item, a score or a twin of one by its name."""
        if name not in self._variables:
            self._variables[name] = self._declared(name)
        return self._variables[name]

    def _declared(self, name: str) -> Variable:
        base = name.rstrip(TWIN)
        if name != base:
            return self._twin(name, self.variable(base))
        if base in self._questionnaire.scores:
            return self._score(self._questionnaire.scores[base])
        item = self._questionnaire.items[base]
        is_left_out = self._truth(item.when).false if item.when is not None and self._gated else z3.BoolVal(False)
        return self._item(item, z3.Not(is_left_out))

    def _item(self, item: Item, applies: Term) -> Variable:
        known = z3.Bool(f"{item.id} known")
        if item.bounds is None:
            return Variable(applies, known, codes=self._codes(item))
        low, raw = self._number(item.id, item.bounds, whole=item.type != "decimal")
        if item.options:
            self.facts.append(z3.Or([low == option.code for option in item.options]))
        return Variable(applies, known, low, low, raw=raw)

    def _codes(self, item: Item) -> dict[object, Term]:
        terms: dict[object, Term] = {option.code: z3.Bool(f"{item.id} {option.code}") for option in item.options}
        self.facts.append(z3.Or(list(terms.values())))
        if item.type != "choices":
            self.facts.append(z3.PbLe([(term, 1) for term in terms.values()], 1))
        elif "none" in terms:
            others = [z3.Not(term) for code, term in terms.items() if code != "none"]
            self.facts.append(z3.Implies(terms["none"], z3.And(others)))
        return terms

    def _number(self, name: str, bounds: tuple[float, float], *, whole: bool) -> tuple[Term, Term]:
        raw = z3.Int(name)
        number = raw if whole else z3.ToReal(raw) / GRAIN
        self.facts += [number >= literal(bounds[0]), number <= literal(bounds[1])]
        return number, None if whole else raw

    def _twin(self, name: str, base: Variable) -> Variable:
        """Another value of the same number; of a score, any that lies within its bounds."""
        bounds = self._questionnaire.bounds(name.rstrip(TWIN)) or (0, 0)
        number, raw = self._number(name, bounds, whole=all(isinstance(bound, int) for bound in bounds))
        item = self._questionnaire.items.get(name.rstrip(TWIN))
        if item is not None and item.options:
            self.facts.append(z3.Or([number == option.code for option in item.options]))
        return Variable(base.applies, base.known, number, number, raw=raw)

    def _score(self, score: Score) -> Variable:
        lows, highs, applies = [], [], []
        for name in score.items:
            item, bounds = self.variable(name), self._questionnaire.items[name].bounds or (0, 0)
            if score.not_applicable_counts is None:
                applies.append(item.applies)
            absent = literal(score.not_applicable_counts or 0)
            low, high = (z3.If(item.known, item.low, literal(bound)) for bound in bounds)
            lows.append(z3.If(item.applies, low, absent))
            highs.append(z3.If(item.applies, high, absent))
        low, high = self._combined(score, lows, highs)
        return Variable(z3.And(applies), z3.BoolVal(True), low, high)

    def _combined(self, score: Score, lows: list[Term], highs: list[Term]) -> tuple[Term, Term]:
        if score.sum:
            return z3.Sum(lows), z3.Sum(highs)
        if score.product:
            return reduce(lambda one, other: one * other, lows), reduce(lambda one, other: one * other, highs)
        (light, short), (heavy, tall) = lows, highs
        self.hints.append(self.variable(score.items[1]).low == COMMON_HEIGHT)  # makes the square a plain number
        return self._mass_index(f"{score.id} low", light, tall), self._mass_index(f"{score.id} high", heavy, short)

    def _mass_index(self, name: str, weight: Term, height: Term) -> Term:
        """Kilograms by metres squared to one decimal: the tenth that is nearest."""
        tenths = z3.Int(name)
        exact = weight * 100_000
        self.facts.append((2 * tenths - 1) * height * height <= 2 * exact)
        self.facts.append((2 * tenths + 1) * height * height >= 2 * exact)
        return z3.ToReal(tenths) / 10


def _made_of(part: Item | Score) -> Iterable[str]:
    """The items and scores that decide whether a part applies, or what it is."""
    return part.items if isinstance(part, Score) else part.hangs_on


def literal(number: float) -> Term:
    """Return a number as a term."""
    return z3.IntVal(number) if isinstance(number, int) else z3.RealVal(str(number))


def _at_least(count: int, parts: list[Truth]) -> Truth:
    """True: `count` parts are true. False: so many are false that `count` can no longer be reached."""
    true, false = [part.true for part in parts], [part.false for part in parts]
    return Truth(_count(true, count), _count(false, len(parts) - count + 1))


def _count(terms: list[Term], count: int) -> Term:
    if count in (1, len(terms)):
        return z3.Or(terms) if count == 1 else z3.And(terms)
    return z3.PbGe([(term, 1) for term in terms], count)


def _finding(finding: Finding, variable: Variable, *, is_score: bool) -> Truth:
    """What `condition.holds` says, as terms."""
    wanted = finding.value if isinstance(finding.value, tuple) else (finding.value,)
    if variable.low is None:
        true = z3.Or([variable.codes.get(value, z3.BoolVal(False)) for value in wanted])
        false = z3.Not(true)
    else:
        true, false = _number_test(finding.operator, variable, [literal(v) for v in wanted if not isinstance(v, str)])
    given = z3.BoolVal(True) if is_score else variable.known
    applies = variable.applies
    end = Truth(z3.And(applies, given, true), z3.Or(z3.Not(applies), z3.And(given, false)))
    return Truth(end.false, end.true) if finding.operator == "!=" else end


def _number_test(operator: str, variable: Variable, wanted: list[Term]) -> tuple[Term, Term]:
    low, high, value = variable.low, variable.high, wanted[0]
    match operator:
        case "<":
            return high < value, low >= value
        case "<=":
            return high <= value, low > value
        case ">":
            return low > value, high <= value
        case ">=":
            return low >= value, high < value
    equal = [z3.And(low == value, high == value) for value in wanted]
    return z3.Or(equal), z3.And([z3.Or(high < value, low > value) for value in wanted])
