"""What is said of all patients at once must be what comes of looking at each of them."""

import json
from itertools import permutations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rules.analysis import analyse
from rules.claims import Claim, Every, Is, No, Some, cleared, end_of, ends, holds_of, raised
from rules.condition import Condition
from rules.errors import RuleErrors
from rules.load import load_texts
from rules.mutants import mutants
from rules.mutation import mutate
from rules.ruleset import RuleSet
from rules.solver import Solver
from tests.generative.answers import FILES, as_data, conditions, every_patient

TINY = load_texts(FILES).questionnaire
PATIENTS = list(every_patient(TINY))
QUIET = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


def claims() -> st.SearchStrategy[Claim]:
    leaf = st.builds(Is, conditions(), st.sampled_from((True, False, None)))
    several = st.lists(leaf, min_size=1, max_size=3).map(tuple)
    return st.one_of(leaf, st.builds(No, leaf), st.builds(Every, several), st.builds(Some, several))


@settings(QUIET, max_examples=300)
@given(claims())
def test_a_patient_is_found_exactly_if_there_is_one(claim: Claim) -> None:
    there_is_one = any(holds_of(claim, values) for values in PATIENTS)
    solver = Solver(TINY)
    assert solver.is_possible(claim) == there_is_one
    assert (solver.example(claim) is not None) == there_is_one


def ruleset(*raised_when: Condition, escalated_when: Condition | None = None) -> RuleSet:
    """Rules R0, R1, … with these conditions, as files; refused where silence would raise one."""
    escalate = [{"to": "soon", "when": as_data(escalated_when)}] if escalated_when is not None else []
    rules = {
        f"R{number}": {
            "title": "A rule", "status": "draft", "raised_when": as_data(condition), "priority": "routine",
            "escalate": escalate, "reason": "Because.", "consider": ["Ask"], "review_by": "2028-01-01",
            "evidence": {"health": "guideline", "link": "none", "sources": ["guide"]},
        }
        for number, condition in enumerate(raised_when)
    }  # fmt: skip
    try:
        return load_texts(FILES | {"rules.yaml": json.dumps({"rules": rules}, indent=1)})
    except RuleErrors:
        assume(False)
        raise


@settings(QUIET, max_examples=100)
@given(st.lists(conditions(), min_size=2, max_size=3))
def test_the_remarks_on_rules_are_those_of_counting_all_patients(generated: list[Condition]) -> None:
    rules = ruleset(*generated)
    told = {(remark.rule, remark.kind, remark.about) for remark in analyse(rules)}
    up = {rule.id: {n for n, v in enumerate(PATIENTS) if holds_of(raised(rule), v)} for rule in rules.by_id.values()}
    down = {rule.id: {n for n, v in enumerate(PATIENTS) if holds_of(cleared(rule), v)} for rule in rules.by_id.values()}
    never = {rule for rule, patients in up.items() if not patients}
    assert {rule for rule, kind, _ in told if kind == "never_raised"} == never
    assert {rule for rule, kind, _ in told if kind == "always_raised"} == {r for r in set(up) - never if not down[r]}
    pairs = [pair for pair in permutations(rules.by_id, 2) if not never & set(pair)]
    contained = {(one, other) for one, other in pairs if not up[one] & down[other]}
    # where two rules have no question in common, one follows from the other only if everybody raises it
    assert {(rule, about) for rule, kind, about in told if kind == "contained_in"} <= contained
    assert {(one, other) for one, other in contained if down[other]} <= {
        (rule, about) for rule, kind, about in told if kind == "contained_in"
    }
    opposite = {(a, b) for a, b in pairs if a < b and not up[a] & up[b] and not down[a] & down[b]}
    assert {(rule, about) for rule, kind, about in told if kind == "opposite_of"} == opposite


@settings(QUIET, max_examples=100)
@given(conditions(), conditions(1))
def test_each_patient_is_at_exactly_one_of_the_ends_of_a_rule(condition: Condition, step: Condition) -> None:
    rule = ruleset(condition, escalated_when=step).by_id["R0"]
    for values in PATIENTS:
        assert [end for end, claim in ends(rule).items() if holds_of(claim, values)] == [end_of(rule, values)]


@settings(QUIET, max_examples=60)
@given(conditions(), conditions(1))
def test_a_change_without_a_test_is_one_that_makes_no_difference_to_any_patient(
    condition: Condition, step: Condition
) -> None:
    rules = ruleset(condition, escalated_when=step)
    rule = rules.by_id["R0"]
    ends_before = [end_of(rule, values) for values in PATIENTS]
    equal = sum([end_of(mutant.rule, values) for values in PATIENTS] == ends_before for mutant in mutants(rule))
    found = mutate(rules)
    assert found.tried == len(list(mutants(rule)))
    assert (len(found.unnoticed), len(found.survivors)) == (found.tried, found.tried - equal)


@pytest.mark.parametrize("wanted", [True, False, None])
def test_all_truths_are_possible_in_the_tiny_questionnaire(wanted: bool | None) -> None:
    assert {holds_of(Is(TINY.items["kinds"].when, wanted), values) for values in PATIENTS} == {True, False}
