"""What screening costs, beside peers on the same rules: `python -m tests.benchmarks.bench_screening`.

Rules of three tests each over 120 items. First three-valued, as patients are screened: the engine, the reference, and
the same rules as one generated Python function, which nothing can beat. Then the peers, which know two values only, on
patients who answered everything. All must raise the same flags. Medians of processor time, taken in turns, so that a
slow moment of the machine meets all alike. Last, the engine alone with more and more rules: the best of many turns of
each patient, since other work empties the processor's cache and a long screening is met by it more often than a short.
"""

import math
import random
import statistics
import time
from collections.abc import Callable, Mapping

import cel
import json_logic
import rule_engine
import zen

from rules.condition import All, Any, Condition, Finding, Not, Special, Truth, Value, negated
from rules.engine import Engine
from rules.reference import truth

ITEMS = [f"item_{number}" for number in range(120)]
MISSING_SHARE, ROUNDS, TURNS, PATIENTS = 0.06, 5, 40, 40
COUNTS = (100, 200, 400, 600, 800, 1000)

Patient = dict[str, int | None]
Outcomes = dict[str, Truth]
Evaluator = Callable[[Patient], Outcomes]
Rules = Mapping[str, Condition]


def rules_of(count: int) -> dict[str, Condition]:
    """Return rules of three tests each, joined by and and or."""
    choose = random.Random(1)

    def leaf() -> Finding:
        return Finding(choose.choice(ITEMS), choose.choice(("=", "<=", ">=")), choose.randint(0, 4))

    def rule() -> Condition:
        a, b, c = leaf(), leaf(), leaf()
        return choose.choice((All((a, Any((b, c)))), Any((a, All((b, c)))), All((a, b, c)), Any((a, b, c))))

    return {f"rule_{number}": rule() for number in range(count)}


def patients_of(missing_share: float) -> list[Patient]:
    """Return patients with a number from 0 to 4 for each item, or nothing."""
    choose = random.Random(2)
    return [
        {item: None if choose.random() < missing_share else choose.randint(0, 4) for item in ITEMS}
        for _ in range(PATIENTS)
    ]


def written(condition: Condition, leaf: Callable[[Finding | Not], str], and_: str, or_: str) -> str:
    """Write a condition in a language with infix operators."""
    if isinstance(condition, Finding | Not):
        return leaf(condition)
    assert isinstance(condition, All | Any)
    word = and_ if isinstance(condition, All) else or_
    return f"({f' {word} '.join(written(part, leaf, and_, or_) for part in condition.parts)})"


def infix(condition: Finding | Not) -> str:
    """Write one test as most languages do."""
    assert isinstance(condition, Finding)
    sign = "==" if condition.operator == "=" else condition.operator
    return f"{condition.variable} {sign} {condition.value}"


def our_values(patient: Patient) -> dict[str, Value]:
    """Return the values that our evaluators take."""
    return {item: Special.MISSING if answer is None else answer for item, answer in patient.items()}


def with_engine(rules: Rules) -> Evaluator:
    """durable-rules, as patients are screened."""
    engine = Engine(rules)
    return lambda patient: engine.evaluate(our_values(patient))


def with_reference(rules: Rules) -> Evaluator:
    """The plain reference beside it."""

    def evaluate(patient: Patient) -> Outcomes:
        values = our_values(patient)
        return {name: truth(rule, values) for name, rule in rules.items()}

    return evaluate


def with_python(rules: Rules) -> Evaluator:
    """One generated function that knows three values."""

    def leaf(condition: Finding | Not) -> str:
        finding, word = (condition.part, "not ") if isinstance(condition, Not) else (condition, "")
        assert isinstance(finding, Finding)
        return f"({finding.variable} is not None and {word}{infix(finding)})"

    lines = [f"    {item} = patient[{item!r}]" for item in ITEMS]
    for name, rule in rules.items():
        holds, fails = written(rule, leaf, "and", "or"), written(negated(rule), leaf, "and", "or")
        lines.append(f"    outcomes[{name!r}] = True if {holds} else False if {fails} else None")
    source = "\n".join(["def screen(patient):", "    outcomes = {}", *lines, "    return outcomes"])
    space: dict[str, Evaluator] = {}
    exec(source, space)  # type: ignore[arg-type]
    return space["screen"]


def with_rule_engine(rules: Rules) -> Evaluator:
    """rule-engine, a Python library."""
    compiled = {name: rule_engine.Rule(written(rule, infix, "and", "or")) for name, rule in rules.items()}
    return lambda patient: {name: rule.matches(patient) for name, rule in compiled.items()}


def with_json_logic(rules: Rules) -> Evaluator:
    """json-logic, in Python."""

    def tree(condition: Condition) -> dict[str, object]:
        if isinstance(condition, Finding):
            sign = "==" if condition.operator == "=" else condition.operator
            return {sign: [{"var": condition.variable}, condition.value]}
        assert isinstance(condition, All | Any)
        return {"and" if isinstance(condition, All) else "or": [tree(part) for part in condition.parts]}

    trees = {name: tree(rule) for name, rule in rules.items()}
    return lambda patient: {name: json_logic.jsonLogic(rule, patient) for name, rule in trees.items()}


def with_zen(rules: Rules) -> Evaluator:
    """zen-engine (Rust): all rules as one expression."""
    compiled = zen.compile_expression(f"[{', '.join(written(rule, infix, 'and', 'or') for rule in rules.values())}]")
    return lambda patient: dict(zip(rules, compiled.evaluate(patient), strict=True))


def with_cel(rules: Rules) -> Evaluator:
    """CEL (Rust): all rules as one expression."""
    compiled = cel.compile(f"[{', '.join(written(rule, infix, '&&', '||') for rule in rules.values())}]")
    return lambda patient: dict(zip(rules, compiled.execute(patient), strict=True))


def medians(evaluators: Mapping[str, Evaluator], patients: list[Patient]) -> dict[str, float]:
    """Return the median microseconds a patient of each; all must come to the same outcomes."""
    times: dict[str, list[float]] = {name: [] for name in evaluators}
    for _ in range(ROUNDS):
        for patient in patients:
            outcomes = []
            for name, evaluator in evaluators.items():
                start = time.thread_time()  # on a busy machine a long screening is interrupted and a short one not
                outcomes.append(evaluator(patient))
                times[name].append((time.thread_time() - start) * 1e6)
            assert all(outcome == outcomes[0] for outcome in outcomes), "the evaluators do not agree"
    return {name: statistics.median(values) for name, values in times.items()}


def at_best(engines: Mapping[int, Evaluator], patients: list[Patient]) -> dict[int, float]:
    """Return the mean microseconds a patient, each at its best of all turns; the engines take turns too."""
    best = {count: [math.inf] * len(patients) for count in engines}
    for _ in range(TURNS):
        for count, engine in engines.items():
            for number, patient in enumerate(patients):
                start = time.thread_time()
                engine(patient)
                best[count][number] = min(best[count][number], (time.thread_time() - start) * 1e6)
    return {count: statistics.mean(times) for count, times in best.items()}


def main() -> None:
    """Print the figures."""
    three_valued = {"durable-rules": with_engine, "reference": with_reference, "generated Python": with_python}
    peers = {"durable-rules": with_engine, "zen-engine": with_zen, "CEL": with_cel} | {
        "rule-engine": with_rule_engine,
        "json-logic": with_json_logic,
    }
    for count in (100, 1000):
        rules = rules_of(count)
        for title, makers, missing in (("three-valued", three_valued, MISSING_SHARE), ("two-valued", peers, 0.0)):
            took = medians({name: make(rules) for name, make in makers.items()}, patients_of(missing))
            print(f"{count} rules, {title}, µs a patient: " + ", ".join(f"{name} {took[name]:.0f}" for name in took))
            if "generated Python" in took:
                ratio = took["durable-rules"] / took["generated Python"]
                print(f"  durable-rules takes {ratio:.0f} times generated Python")
    patients = patients_of(MISSING_SHARE)
    engines = {count: with_engine(rules_of(count)) for count in COUNTS}
    took_alone = at_best(engines, patients)
    print("durable-rules alone, µs a patient: " + ", ".join(f"{n} rules {t:.0f}" for n, t in took_alone.items()))
    print(f"1,000 rules take {took_alone[1000] / took_alone[100]:.1f} times the time of 100")


if __name__ == "__main__":
    main()
