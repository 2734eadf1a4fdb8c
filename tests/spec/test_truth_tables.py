"""What each operator and connective means: tables of true (T), false (F) and unknown (?), run on every evaluator."""

from collections.abc import Callable, Mapping

import pytest

from rules.condition import All, Any, AtLeast, Condition, Finding, Interval, Not, Special, Truth, Value
from rules.engine import Engine
from rules.predicates import predicate
from rules.reference import truth
from rules.syntax import parse_test

Evaluator = Callable[[Condition, Mapping[str, Value]], Truth]

MISSING, NOT_APPLICABLE = Special.MISSING, Special.NOT_APPLICABLE
LETTER = {"T": True, "F": False, "?": None}


def by_engine(condition: Condition, values: Mapping[str, Value]) -> Truth:
    engine = Engine({"it": condition})
    try:
        return engine.evaluate(values)["it"]
    finally:
        engine.close()


def by_predicate(condition: Condition, values: Mapping[str, Value]) -> Truth:
    return predicate(condition)(values)


@pytest.fixture(params=[truth, by_engine, by_predicate], ids=["reference", "engine", "predicate"])
def evaluate(request: pytest.FixtureRequest) -> Evaluator:
    return request.param


SEVERAL = frozenset({"patch", "pill"})

# test, then the value of x for which it is true, false, unknown
OPERATORS = [
    ("x = yes", ["yes"], ["no", NOT_APPLICABLE], [MISSING]),
    ("x != yes", ["no", NOT_APPLICABLE], ["yes"], [MISSING]),
    (
        "x = 3",
        [3, 3.0],
        [2, 4, NOT_APPLICABLE, Interval(4, 9), Interval(0, 2)],
        [MISSING, Interval(0, 5), Interval(3, 4)],
    ),
    ("x != 3", [2, NOT_APPLICABLE, Interval(4, 9)], [3], [MISSING, Interval(0, 5)]),
    ("x < 3", [2, Interval(0, 2)], [3, 4, Interval(3, 9), NOT_APPLICABLE], [MISSING, Interval(2, 3)]),
    ("x <= 3", [2, 3, Interval(0, 3)], [4, Interval(4, 9), NOT_APPLICABLE], [MISSING, Interval(3, 4)]),
    ("x > 3", [4, Interval(4, 9)], [2, 3, Interval(0, 3), NOT_APPLICABLE], [MISSING, Interval(3, 4)]),
    ("x >= 3", [3, 4, Interval(3, 9)], [2, Interval(0, 2), NOT_APPLICABLE], [MISSING, Interval(2, 3)]),
    ("x >= 37.5", [37.5, 40], [37.4, 37], [MISSING, Interval(37.4, 37.6)]),
    ("x in [none, patch]", ["none", "patch"], ["pill", NOT_APPLICABLE], [MISSING]),
    ("x in [2, 3]", [2, 3], [1, Interval(4, 9), NOT_APPLICABLE], [MISSING, Interval(1, 2)]),
    ("x includes patch", [SEVERAL], [frozenset({"pill"}), NOT_APPLICABLE], [MISSING]),
]


@pytest.mark.parametrize(("text", "true", "false", "unknown"), OPERATORS, ids=[row[0] for row in OPERATORS])
def test_each_operator_is_true_false_or_unknown_as_its_table_says(
    evaluate: Evaluator, text: str, true: list[Value], false: list[Value], unknown: list[Value]
) -> None:
    finding = parse_test(text)
    for expected, values in ((True, true), (False, false), (None, unknown)):
        for value in values:
            assert evaluate(finding, {"x": value}) is expected, f"{text} with x = {value}"


@pytest.mark.parametrize(("text", "true", "false", "unknown"), OPERATORS, ids=[row[0] for row in OPERATORS])
def test_not_turns_true_and_false_round_and_leaves_unknown(
    evaluate: Evaluator, text: str, true: list[Value], false: list[Value], unknown: list[Value]
) -> None:
    condition = Not(parse_test(text))
    for expected, values in ((False, true), (True, false), (None, unknown)):
        for value in values:
            assert evaluate(condition, {"x": value}) is expected, f"not {text} with x = {value}"


def test_a_variable_nobody_asked_for_is_unknown(evaluate: Evaluator) -> None:
    assert evaluate(parse_test("x = yes"), {}) is None


A, B, C = (Finding(name, "=", "yes") for name in "abc")

# two letters: the truths of a and b; then what comes out
CONNECTIVES = [
    (All((A, B)), {"TT": "T", "TF": "F", "T?": "?", "FT": "F", "FF": "F", "F?": "F", "?T": "?", "?F": "F", "??": "?"}),
    (Any((A, B)), {"TT": "T", "TF": "T", "T?": "T", "FT": "T", "FF": "F", "F?": "?", "?T": "T", "?F": "?", "??": "?"}),
    (Not(A), {"T": "F", "F": "T", "?": "?"}),
    (Not(All((A, B))), {"TT": "F", "TF": "T", "T?": "?", "F?": "T", "??": "?"}),
    (Not(Any((A, B))), {"TT": "F", "FF": "T", "T?": "F", "F?": "?", "??": "?"}),
    (Not(Not(A)), {"T": "T", "F": "F", "?": "?"}),
    (
        AtLeast(2, (A, B, C)),
        {
            "TTT": "T", "TTF": "T", "TT?": "T", "TFF": "F", "TF?": "?", "T??": "?", "FFF": "F",
            "FF?": "F", "F??": "?", "???": "?", "?TT": "T", "?FF": "F", "FTT": "T", "F?T": "?",
        },
    ),
    (Not(AtLeast(2, (A, B, C))), {"TTF": "F", "TFF": "T", "TF?": "?", "FF?": "T", "???": "?", "TT?": "F"}),
    (
        AtLeast(2, (All((A, B)), Any((A, C)), Not(B))),
        {"TTT": "T", "TFT": "T", "FFF": "F", "FF?": "?", "T?F": "?", "?TF": "?"},
    ),
    (AtLeast(1, (AtLeast(2, (A, B)), AtLeast(2, (B, C)))), {"TTF": "T", "TFT": "F", "?TF": "?", "FTT": "T"}),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "table"), CONNECTIVES, ids=[str(row[0])[:40] for row in CONNECTIVES])
def test_each_connective_follows_kleene(evaluate: Evaluator, condition: Condition, table: dict[str, str]) -> None:
    answer: dict[str, Value] = {"T": "yes", "F": "no", "?": MISSING}
    for truths, expected in table.items():
        values = {name: answer[letter] for name, letter in zip("abc", truths, strict=False)}
        assert evaluate(condition, values) is LETTER[expected], f"{condition} with {truths}"
