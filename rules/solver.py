"""Is there a patient of whom a claim holds? Answered by z3: with that patient's answers, or with a proof of none.

Every patient found is confirmed by the plain reference before anybody sees it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any as Term

import z3

from rules.claims import TWIN, Claim, holds_of, tests_of, variables
from rules.condition import Value
from rules.errors import RulesError
from rules.questionnaire import Questionnaire
from rules.response import read
from rules.terms import GRAIN, Terms, literal

MOST_TIME = 10_000  # milliseconds for one question; what rules ask takes a few
ROUND_STEPS = (GRAIN, GRAIN // 2, GRAIN // 10)  # what the decimals of an example are multiples of, if possible


class Undecided(RulesError):
    """z3 found neither a patient nor a proof that there is none."""


@dataclass(frozen=True)
class Example:
    """A patient of whom a claim holds: raw answers, without those that do not matter; and the values of twins."""

    answers: Mapping[str, object]
    twins: Mapping[str, Value] = field(default_factory=dict)


class Solver:
    """Answers questions about all patients of one questionnaire.

    `gated` false: as if every item were asked of everybody; what is possible then has no example.
    """

    def __init__(self, questionnaire: Questionnaire, *, gated: bool = True) -> None:
        self._questionnaire = questionnaire
        self._terms = Terms(questionnaire, gated=gated)
        self._solver = z3.Solver()
        self._solver.set("timeout", MOST_TIME)

    def example(self, claim: Claim, *, complete: bool = False) -> Example | None:
        """Return a patient of whom `claim` holds, with as few answers as it needs; None if there is none.

        `complete`: only among patients who answered everything that they were asked; the answers that do not matter
        are still left out. Raises `Undecided`.
        """
        term, items = self._told(claim), self._terms.depends_on(claim)
        twins = [name for name in sorted(variables(claim)) if name.endswith(TWIN)]
        self._solver.push()
        try:
            self._solver.add(term)
            if not self._is_possible(self._complete(items) if complete else []):
                return None
            self._narrow_down(claim, [*twins, *reversed(items)])
            if not self._is_possible([]):
                raise Undecided("an example was lost")
            return self._confirmed(claim, items, twins)
        finally:
            self._solver.pop()

    def is_possible(self, claim: Claim, *, complete: bool = False) -> bool:
        """Return whether there is a patient of whom `claim` holds. Raises `Undecided`."""
        term = self._told(claim)
        return self._is_possible([term, *(self._complete(self._terms.depends_on(claim)) if complete else ())])

    def depends_on(self, claim: Claim) -> tuple[str, ...]:
        """Return the items that can make a difference to a claim, in the order of the questionnaire."""
        return self._terms.depends_on(claim)

    def _told(self, claim: Claim) -> Term:
        """The term of a claim; what it brings with it is made known for good."""
        term = self._terms.claim(claim)
        self._solver.add(self._terms.facts)
        self._terms.facts.clear()
        return term

    def _complete(self, items: Iterable[str]) -> list[Term]:
        return [z3.Implies(self._terms.variable(name).applies, self._terms.variable(name).known) for name in items]

    def _is_possible(self, wanted: Sequence[Term]) -> bool:
        if self._terms.hints and self._solver.check(*wanted, *self._terms.hints) == z3.sat:
            return True
        end = self._solver.check(*wanted)
        if end == z3.unknown:
            raise Undecided(f"not decided in {MOST_TIME // 1000} seconds")
        return bool(end == z3.sat)

    def _narrow_down(self, claim: Claim, names: Iterable[str]) -> None:
        """No answer and no code that is not needed; numbers at the edge of a test, or round ones; the first codes."""
        for name in names:
            variable = self._terms.variable(name)
            if self._prefer(z3.Not(z3.And(variable.applies, variable.known))):
                continue
            if self._has_several(name):
                for term in variable.codes.values():
                    self._prefer(z3.Not(term))
            elif variable.low is None:
                self._prefer_first(list(variable.codes.values()))
            elif not self._prefer_first([variable.low == literal(number) for number in self._near(claim, name)]):
                self._prefer_first([variable.raw % step == 0 for step in ROUND_STEPS if variable.raw is not None])

    def _near(self, claim: Claim, name: str) -> list[float]:
        """Numbers at and beside those that a claim compares a variable with, or all that can be picked."""
        base = name.rstrip(TWIN)
        tested = [test.value for test in tests_of(claim) if test.variable.rstrip(TWIN) == base]
        numbers = {value for value in tested if isinstance(value, int | float)}
        item = self._questionnaire.items.get(base)
        codes = [option.code for option in item.options if isinstance(option.code, int)] if item else []
        return sorted({number + shift for number in numbers for shift in (-1, 0, 1)} | set(codes))

    def _prefer_first(self, terms: Iterable[Term]) -> bool:
        return any(self._prefer(term) for term in terms)

    def _prefer(self, term: Term) -> bool:
        is_possible = bool(self._solver.check(term, *self._terms.hints) == z3.sat)
        if is_possible:
            self._solver.add(term)
        return is_possible

    def _confirmed(self, claim: Claim, items: Iterable[str], twins: Iterable[str]) -> Example:
        model = self._solver.model()
        answers = {
            name: self._answer(name, model)
            for name in items
            if _holds(model, self._terms.variable(name).applies) and _holds(model, self._terms.variable(name).known)
        }
        numbers = {name: self._answer(name, model) for name in twins}
        if not holds_of(claim, {**read(self._questionnaire, answers).values, **numbers}):
            raise Undecided("the plain reference does not confirm the example")
        return Example(answers, numbers)

    def _answer(self, name: str, model: Term) -> Term:
        variable = self._terms.variable(name)
        item = self._questionnaire.items.get(name.rstrip(TWIN))
        if item is None or item.bounds is not None:
            term = z3.ToReal(variable.low) if variable.low.is_int() else variable.low
            number = model.eval(term, model_completion=True).as_fraction()
            return int(number) if number.denominator == 1 else float(number)
        given = [code for code, term in variable.codes.items() if _holds(model, term)]
        return given if self._has_several(name) else given[0]

    def _has_several(self, name: str) -> bool:
        item = self._questionnaire.items.get(name)
        return item is not None and item.type == "choices"


def _holds(model: Term, term: Term) -> bool:
    return bool(z3.is_true(model.eval(term, model_completion=True)))
