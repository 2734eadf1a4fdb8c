"""The engine and the reference must come to the same end on any rule set and any patient."""

from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.condition import (
    OPERATORS,
    All,
    Any,
    AtLeast,
    Condition,
    Finding,
    Interval,
    Not,
    Special,
    Value,
    findings,
    negated,
    parts_of,
    push_negations,
)
from rules.engine import Engine
from rules.predicates import predicate
from rules.reference import truth
from tests.generative.conditions import conditions, patients

NODES = (All, Any, Not, AtLeast, Finding)
EXAMPLES, PATIENTS = 130, 20
QUIET = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def kind(value: Value) -> str:
    return str(value) if isinstance(value, Special) else type(value).__name__


def count_nodes(condition: Condition, seen: Counter[str], depth: int = 1) -> None:
    seen[type(condition).__name__] += 1
    seen[f"depth {depth}"] += 1
    for part in parts_of(condition):
        count_nodes(part, seen, depth + 1)


def test_engine_predicates_and_reference_agree_on_generated_rule_sets_and_patients() -> None:
    seen: Counter[str] = Counter()

    @QUIET
    @given(
        st.lists(conditions(), min_size=1, max_size=12),
        st.lists(patients(), min_size=PATIENTS, max_size=PATIENTS),
    )
    def check(generated: list[Condition], people: list[dict[str, Value]]) -> None:
        named = {f"rule {number}": condition for number, condition in enumerate(generated)}
        engine = Engine(named)
        try:
            for values in people:
                expected = {name: truth(condition, values) for name, condition in named.items()}
                assert engine.evaluate(values) == expected
                assert {name: predicate(condition)(values) for name, condition in named.items()} == expected
                seen.update(str(end) for end in expected.values())
                seen.update(kind(value) for value in values.values())
                seen["patients"] += 1
        finally:
            engine.close()
        for condition in generated:
            count_nodes(condition, seen)
            seen.update(finding.operator for finding in findings(condition))

    check()
    assert seen["patients"] >= 2000
    wanted = [node.__name__ for node in NODES] + list(OPERATORS) + ["True", "False", "None", "depth 5"]
    wanted += ["str", "int", "float", "frozenset", Interval.__name__, *map(str, Special)]
    assert not [thing for thing in wanted if not seen[thing]], "never generated"


@QUIET
@given(conditions(), patients())
def test_pushing_negations_down_changes_no_truth(condition: Condition, values: dict[str, Value]) -> None:
    end = truth(condition, values)
    assert truth(push_negations(condition), values) is end
    assert truth(negated(condition), values) is (None if end is None else not end)


@QUIET
@given(conditions(), patients(), st.data())
def test_learning_a_missing_answer_never_turns_a_decided_condition_round(
    condition: Condition, values: dict[str, Value], data: st.DataObject
) -> None:
    before = truth(condition, values)
    other = data.draw(patients())
    learned = {**other, **{name: value for name, value in values.items() if value is not Special.MISSING}}
    if before is not None:
        assert truth(condition, learned) is before
