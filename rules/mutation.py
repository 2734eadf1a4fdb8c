"""Are the tests inside rule files good enough? Each rule is changed a little, in every way; some test must notice.

A change that none notices is a survivor, with a test that would; or it is equal: no answers at all tell the two apart.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rules.claims import Claim, Every, No, Some, end_of, ends
from rules.condition import Value
from rules.errors import Problem
from rules.mutants import Mutant, mutants
from rules.places import Places, places
from rules.questionnaire import Questionnaire
from rules.remarks import answers_in_words
from rules.response import read
from rules.ruleset import Outcome, Rule, RuleSet, RuleTest
from rules.solver import Solver, Undecided

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 ._-]*$")


@dataclass(frozen=True)
class Unnoticed:
    """A change that no test notices. `test`: one that would, as YAML to paste; empty where the change is `equal`.

    `undecided`: neither such a test nor a proof that there is none was found.
    """

    rule: str
    problem: Problem
    test: str = ""
    undecided: bool = False

    @property
    def equal(self) -> bool:
        """Whether no answers tell the changed rule from the rule."""
        return not self.test and not self.undecided


@dataclass(frozen=True)
class Mutation:
    """How many changes were tried on a rule set, and those that no test noticed, in the order of the files."""

    tried: int
    unnoticed: tuple[Unnoticed, ...]

    @property
    def survivors(self) -> tuple[Unnoticed, ...]:
        """The changes that a further test would notice."""
        return tuple(change for change in self.unnoticed if not change.equal)

    @property
    def noticed(self) -> int:
        """How many changes a test notices."""
        return self.tried - len(self.unnoticed)

    @property
    def equal(self) -> int:
        """How many changes make no difference to any patient."""
        return len(self.unnoticed) - len(self.survivors)


def mutate(ruleset: RuleSet, only: frozenset[str] | None = None) -> Mutation:
    """Try every small change to the rules in use; with `only`, to those that stand in these files."""
    where, solver = places(ruleset), Solver(ruleset.questionnaire)
    tried, unnoticed = 0, []
    for rule in ruleset.by_id.values():
        if rule.status == "retired" or (only is not None and rule.file not in only):
            continue
        patients = [(test, read(ruleset.questionnaire, test.answers).values) for test in rule.tests]
        for mutant in mutants(rule):
            tried += 1
            if not any(_notices(test, mutant.rule, values) for test, values in patients):
                unnoticed.append(_unnoticed(rule, mutant, ruleset.questionnaire, solver, where))
    return Mutation(tried, tuple(sorted(unnoticed, key=lambda change: change.problem)))


def _notices(test: RuleTest, rule: Rule, values: Mapping[str, Value]) -> bool:
    outcome, _, priority = end_of(rule, values).partition(", ")
    return outcome != test.expect or (test.priority is not None and priority != test.priority)


def _unnoticed(rule: Rule, mutant: Mutant, questionnaire: Questionnaire, solver: Solver, where: Places) -> Unnoticed:
    try:
        test = _proposal(rule, mutant.rule, questionnaire, solver)
    except Undecided:
        message = f"no test of {rule.id} notices: {mutant.change}; whether one could was not decided"
        return Unnoticed(rule.id, where.of_rule(rule, mutant.path, message), undecided=True)
    if test:
        problem = where.of_rule(rule, mutant.path, f"no test of {rule.id} notices: {mutant.change}", "add a test")
    else:
        problem = where.of_rule(rule, mutant.path, f"nothing in {rule.id} depends on this: {mutant.change}")
    return Unnoticed(rule.id, problem, test)


def _proposal(rule: Rule, changed: Rule, questionnaire: Questionnaire, solver: Solver) -> str:
    """A test that passes with the rule and fails with the changed one, as YAML; empty if there can be none."""
    for claim in _differences(rule, changed):
        example = solver.example(claim)
        if example is not None:
            end = end_of(rule, read(questionnaire, example.answers).values)
            return _as_yaml(answers_in_words(example.answers, questionnaire), example.answers, end)
    return ""


def _differences(rule: Rule, changed: Rule) -> Iterator[Claim]:
    """Claims that the two rules end differently: first both in a decided way, then in any."""
    before, after = ends(rule), ends(changed)
    decided = [end for end in before if end != Outcome.NOT_ASSESSED]
    others = {end: [other for other in after if other not in (end, Outcome.NOT_ASSESSED)] for end in decided}
    yield Some(tuple(Every((before[end], after[other])) for end in decided for other in others[end]))
    yield Some(tuple(Every((before[end], No(after.get(end, Some(()))))) for end in before))


def _as_yaml(name: str, answers: Mapping[str, object], end: str) -> str:
    given = ", ".join(f"{item}: {_value(answer)}" for item, answer in answers.items())
    outcome, _, priority = end.partition(", ")
    urgency = f", priority: {priority}" if priority else ""
    return f"- {{name: {_text(name)}, answers: {{{given}}}, expect: {outcome}{urgency}}}"


def _value(answer: object) -> str:
    return f"[{', '.join(map(str, answer))}]" if isinstance(answer, list) else str(answer)


def _text(text: str) -> str:
    return text if _PLAIN.match(text) else json.dumps(text, ensure_ascii=False)
