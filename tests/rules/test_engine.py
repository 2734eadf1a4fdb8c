"""durable-rules inside its envelope: large, deep and many conditions, patients kept apart, and what a failure does."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any as Data

import durable_rules_engine
import pytest

from rules.condition import All, Any, AtLeast, Condition, Finding, Interval, Not, Special, Value
from rules.engine import Engine
from rules.errors import EngineError
from rules.packing import MOST_PATHS_OPEN, MOST_PROPERTIES, Compiler, packs
from rules.reference import truth

ITEMS = [f"item_{number}" for number in range(120)]
Patient = Mapping[str, Value]


def scores(seed: int, count: int = 20) -> Iterator[Patient]:
    """Patients with a number from 0 to 4 for each item; one answer in ten is missing, one in twenty does not apply."""
    random_ = random.Random(seed)
    for _ in range(count):
        yield {
            item: random_.choices(
                (random_.randint(0, 4), Special.MISSING, Special.NOT_APPLICABLE, Interval(1, 3)), (16, 2, 1, 1)
            )[0]
            for item in ITEMS
        }


def some(finding_seed: int, count: int) -> list[Finding]:
    random_ = random.Random(finding_seed)
    return [
        Finding(random_.choice(ITEMS), random_.choice(("=", "!=", "<", "<=", ">", ">=")), random_.randint(0, 4))
        for _ in range(count)
    ]


def agrees(conditions: Mapping[str, Condition], patients: Iterator[Patient]) -> bool:
    engine = Engine(conditions)
    try:
        return all(
            engine.evaluate(patient) == {name: truth(condition, patient) for name, condition in conditions.items()}
            for patient in patients
        )
    finally:
        engine.close()


WIDE = {
    "any of 300": Any(tuple(some(1, 300))),
    "all of 300": All(tuple(some(2, 300))),
    "none of 300": Not(Any(tuple(some(3, 300)))),
    "60 pairs": All(tuple(Any((one, other)) for one, other in zip(some(4, 60), some(5, 60), strict=True))),
    "any of 60 pairs": Any(tuple(All((one, other)) for one, other in zip(some(6, 60), some(7, 60), strict=True))),
    "100 of 200": AtLeast(100, tuple(some(8, 200))),
    "3 of 40 pairs": AtLeast(3, tuple(All((a, Not(b))) for a, b in zip(some(9, 40), some(10, 40), strict=True))),
}


@pytest.mark.parametrize("name", WIDE)
def test_a_condition_of_hundreds_of_tests_means_what_the_reference_says(name: str) -> None:
    assert agrees({name: WIDE[name]}, scores(11))


def test_wide_conditions_side_by_side_do_not_overflow_the_engine() -> None:
    assert agrees(WIDE, scores(12))


def test_a_condition_nested_twelve_deep_means_what_the_reference_says() -> None:
    condition: Condition = some(13, 1)[0]
    for depth, (one, other) in enumerate(zip(some(14, 12), some(15, 12), strict=True)):
        kinds = (
            All((condition, one, other)),
            Any((one, condition)),
            Not(condition),
            AtLeast(2, (one, condition, other)),
        )
        condition = kinds[depth % len(kinds)]
    assert agrees({"deep": condition}, scores(16, 200))


def test_many_rules_that_read_one_item_mean_what_the_reference_says() -> None:
    tests = {
        f"{operator} {value}": Finding("item_0", operator, value)
        for operator in ("=", "<", ">=")
        for value in range(200)
    }
    assert agrees(tests, iter([{"item_0": value} for value in (0, 3, 199, 500)] + [{}, {"item_0": Interval(3, 190)}]))


def test_equal_conditions_each_have_an_outcome_of_their_own() -> None:
    assert agrees(dict.fromkeys(("one", "two", "three"), All(tuple(some(17, 3)))), scores(18))


def rules_of_four_tests(count: int) -> dict[str, Condition]:
    leaves = iter(some(19, 4 * count))
    return {
        f"rule {n}": Any((All((next(leaves), Not(next(leaves)))), All((next(leaves), next(leaves)))))
        for n in range(count)
    }


@pytest.mark.parametrize(("count", "patients"), [(500, 10), (3000, 3)])
def test_hundreds_and_thousands_of_rules_mean_what_the_reference_says(count: int, patients: int) -> None:
    assert agrees(rules_of_four_tests(count), scores(20, patients))


def test_every_part_is_in_exactly_one_ruleset_and_none_can_overflow() -> None:
    compiler = Compiler()
    for name, condition in rules_of_four_tests(200).items():
        compiler.rule(name, condition)
    packed = packs(compiler.parts_of_stage(0))
    names = Counter(part.name for pack in packed for part in pack.parts)
    assert names == Counter(part.name for part in compiler.parts_of_stage(0))
    assert any(pack.alike for pack in packed)
    for pack in packed:
        assert sum(part.paths for part in pack.parts) <= MOST_PATHS_OPEN
        properties = [name for part in pack.parts for name in part.properties]
        assert len(properties if pack.alike else set(properties)) <= MOST_PROPERTIES


def test_rules_that_read_the_same_findings_share_a_ruleset_wherever_they_stand() -> None:
    compiler = Compiler()
    for n in range(40):  # 20 pairs of findings, each read by two rules that stand far apart
        pair = (Finding(f"item_{n % 20}", "=", 1), Finding(f"item_{n % 20}", "<", 4))
        compiler.rule(f"rule {n}", Any(pair))
    for pack in packs(compiler.parts_of_stage(0)):
        assert set(Counter(frozenset(part.properties) for part in pack.parts).values()) == {2}


def test_a_thousand_rules_of_one_shape_are_one_ruleset_of_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    real = durable_rules_engine.create_ruleset
    monkeypatch.setattr(durable_rules_engine, "create_ruleset", lambda *given: made.append(given) or real(*given))
    assert agrees(rules_of_four_tests(1000), scores(22, 3))
    assert 2 <= len(made) <= 10  # one for "holds", one for "does not hold", and what is left over


def test_a_condition_nested_deeper_than_the_engine_notes_joins_means_what_the_reference_says() -> None:
    leaves = iter(some(23, 200))
    conditions: dict[str, Condition] = {"and in and": next(leaves), "or in and in or": next(leaves)}
    for _ in range(20):
        conditions["and in and"] = All((next(leaves), conditions["and in and"]))
    for _ in range(12):
        inner = All((next(leaves), conditions["or in and in or"]))
        conditions["or in and in or"] = Any((All((next(leaves), next(leaves))), inner))
    assert agrees(conditions, scores(24, 100))


def test_a_rule_that_holds_for_several_reasons_at_once_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine({"any": Any(tuple(Finding(item, "=", 1) for item in ITEMS[:5]))})
    told = []
    real = durable_rules_engine.complete_and_start_action

    def listens(handle: int, offset: int) -> str | None:
        told.append(real(handle, offset))
        return told[-1]

    monkeypatch.setattr(durable_rules_engine, "complete_and_start_action", listens)
    for _ in range(3):
        told.clear()
        assert engine.evaluate(dict.fromkeys(ITEMS[:5], 1)) == {"any": True}
        assert len(told) == 2  # the rule or the sentinel, whichever is second, and the end
    engine.close()


def test_codes_that_look_like_code_or_like_json_are_only_codes() -> None:
    codes = ('"', "\\", "}", "naïve", "日本", "a\nb", "1", "", "'; drop")
    rules = {code: Finding("answer", "=", code) for code in codes if code}
    engine = Engine(rules)
    for code in codes:
        assert [name for name, held in engine.evaluate({"answer": code}).items() if held] == ([code] if code else [])
    engine.close()


def test_no_patient_leaves_anything_for_the_next() -> None:
    leaf = Finding("pain", "=", "yes")
    engine = Engine({"rule": leaf, "not": Not(leaf)})
    for _ in range(500):
        assert engine.evaluate({"pain": "yes"}) == {"rule": True, "not": False}
        assert engine.evaluate({}) == {"rule": None, "not": None}
        assert engine.evaluate({"pain": "no"}) == {"rule": False, "not": True}
    engine.close()


def test_threads_that_share_an_engine_do_not_mix_patients() -> None:
    rules: dict[str, Condition] = {item: Finding(item, ">=", 2) for item in ITEMS[:40]}
    engine = Engine(rules)

    def is_right(patient: Patient) -> bool:
        return engine.evaluate(patient) == {name: truth(condition, patient) for name, condition in rules.items()}

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(is_right, scores(21, 200)))
    engine.close()


@pytest.mark.parametrize("call", ["assert_fact", "complete_and_start_action", "retract_fact"])
def test_a_failure_of_the_engine_is_an_error_and_never_the_next_patients_flag(
    call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules: dict[str, Condition] = {item: Finding(item, "=", 1) for item in ITEMS[:20]}
    engine = Engine(rules)
    real = getattr(durable_rules_engine, call)

    def fails(*arguments: Data) -> Data:
        real(*arguments) if call == "assert_fact" else None
        raise RuntimeError("Could not do it, error code: 303")

    with monkeypatch.context() as patch:
        patch.setattr(durable_rules_engine, call, fails)
        with pytest.raises(EngineError, match="error code: 303"):
            engine.evaluate(dict.fromkeys(rules, 1))
    assert engine.evaluate({}) == dict.fromkeys(rules)
    assert engine.evaluate(dict.fromkeys(rules, 0)) == dict.fromkeys(rules, False)
    engine.close()


def test_a_ruleset_that_the_engine_refuses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(_name: str, _definition: str) -> int:
        raise RuntimeError("Could not create ruleset, error code: 106")

    monkeypatch.setattr(durable_rules_engine, "create_ruleset", refuses)
    with pytest.raises(EngineError, match="error code: 106"):
        Engine({"rule": Finding("pain", "=", "yes")})
