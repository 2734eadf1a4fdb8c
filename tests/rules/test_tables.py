"""Rulesets as durable-rules reads them: short look-ups, and packs that only differ in what they read are the same."""

import itertools
import json
from collections import defaultdict
from collections.abc import Iterator

from rules.condition import All, Any, Condition, Finding, Not, negated, push_negations
from rules.packing import MOST_PROPERTIES, Compiler, packs
from rules.tables import BESIDE, PLACES, SENTINEL, Table, place, table_of


def tables(conditions: list[Condition]) -> list[Table]:
    compiler = Compiler()
    for number, condition in enumerate(conditions):
        compiler.rule(number, push_negations(condition))
        compiler.rule(~number, negated(condition))
    return [table_of(pack) for pack in packs(compiler.parts_of_stage(0))]


def leaf(number: int) -> Finding:
    return Finding(f"item_{number % 97}", ">=", number // 97)


def mixed(count: int) -> list[Condition]:
    """Conditions of many shapes."""
    return [
        Any((All(tuple(leaf(7 * n + k) for k in range(1 + n % 5))), Not(leaf(3 * n)), *map(leaf, range(n % 4))))
        for n in range(count)
    ]


def begun(table: Table) -> Iterator[tuple[str, ...]]:
    """The property, or the group and the property, with which each way through each rule begins."""
    for rule in json.loads(table.definition).values():
        yield from ways(rule["all"][0]["m"])


def ways(expression: dict[str, list[dict[str, object]]]) -> Iterator[tuple[str, ...]]:
    [(word, inside)] = expression.items()
    if word == "$ex":
        yield tuple(inside)
    elif word == "$or":
        for part in inside:
            yield from ways(part)  # type: ignore[arg-type]
    else:
        first = list(ways(inside[0]))  # type: ignore[arg-type]
        second = list(ways(inside[1])) if len(first) == 1 and len(inside) > 1 else [()]  # type: ignore[arg-type]
        yield from (one + other[:1] for one in first for other in second)


def test_tests_that_rules_begin_with_never_stand_side_by_side_in_the_engines_tables() -> None:
    for table in tables(mixed(100)):
        groups: dict[str, set[str]] = defaultdict(set)
        for group, *first in begun(table):
            groups[group].update(first[:1])
        assert all(f'"{group}":1' in table.always for group in groups)
        for names in [*groups.values(), set(groups)]:
            places = sorted(map(place, names))
            assert len(names) <= BESIDE
            assert all(one + 1 < other for one, other in itertools.pairwise(places))


def test_packs_that_differ_in_what_they_read_alone_have_one_definition() -> None:
    alike = tables([All((leaf(3 * n), Any((leaf(3 * n + 1), Not(leaf(3 * n + 2)))))) for n in range(120)])
    assert len({table.definition for table in alike}) == 2  # "holds" and "does not hold"
    assert len({tuple(table.when) for table in alike}) == len(alike)


def test_properties_are_never_called_as_the_engine_calls_its_own() -> None:
    for table in tables(mixed(400)):
        rules = json.loads(table.definition)
        assert set(rules) == set(table.parts)
        assert table.parts[SENTINEL] == ""
        names = [name for text in table.when.values() for name in json.loads("{" + text[1:] + "}")]
        assert len(set(names)) == len(names)
        assert not {"id", "sid"} & set(names)


def test_the_largest_fact_has_names_enough() -> None:
    parts = tuple(leaf(number) for number in range(MOST_PROPERTIES))
    assert all(len(table.always + "".join(table.when.values())) for table in tables([All(parts), Any(parts)]))


def test_names_fall_on_the_places_where_the_engine_looks() -> None:
    # FNV-1a of "a" and of "foobar" as its authors publish them
    assert (place("a"), place("foobar")) == (0xE40C292C % PLACES, 0xBF9CF968 % PLACES)
