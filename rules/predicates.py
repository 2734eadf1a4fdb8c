"""Conditions as functions: for whoever asks the same ones again and again, as each page for a patient does.

They come to the same ends as the reference, in a third of the time, since a test of one code looks at nothing else and
a part that decides is the last that is looked at.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rules.condition import MISSING, NOT_APPLICABLE, All, Any, AtLeast, Condition, Finding, Not, Truth, Value, holds

Predicate = Callable[[Mapping[str, Value]], Truth]


@dataclass(frozen=True)
class Gate:
    """A condition, and the ids of the items that are asked where it holds."""

    holds: Predicate
    items: tuple[str, ...]


def gates(conditions: Mapping[str, Condition]) -> dict[str, Gate]:
    """Return the gates of items, by the id of the first item of each: those of the same condition have one gate."""
    alike: dict[Condition, list[str]] = {}
    for item, condition in conditions.items():
        alike.setdefault(condition, []).append(item)
    return {items[0]: Gate(predicate(condition), tuple(items)) for condition, items in alike.items()}


def predicate(condition: Condition) -> Predicate:
    """Return what gives True, False or None (unknown) for values; a variable that is absent is missing."""
    match condition:
        case Finding():
            return _finding(condition)
        case Not(part):
            return _opposite(predicate(part))
        case All(parts):
            return _until(False, tuple(map(predicate, parts)))
        case Any(parts):
            return _until(True, tuple(map(predicate, parts)))
        case AtLeast(count, of):
            return _at_least(count, tuple(map(predicate, of)))


def _finding(finding: Finding) -> Predicate:
    variable = finding.variable
    wanted = finding.value if isinstance(finding.value, tuple) else (finding.value,)
    is_equality, is_equal = finding.operator in ("=", "in", "!="), finding.operator != "!="
    on_what_does_not_apply = holds(finding, NOT_APPLICABLE)

    def test(values: Mapping[str, Value]) -> Truth:
        value = values.get(variable, MISSING)
        if value is MISSING:
            return None
        if value is NOT_APPLICABLE:
            return on_what_does_not_apply
        if is_equality and isinstance(value, str | int):
            return (value in wanted) is is_equal
        return holds(finding, value)

    return test


def _opposite(part: Predicate) -> Predicate:
    def test(values: Mapping[str, Value]) -> Truth:
        inner = part(values)
        return None if inner is None else not inner

    return test


def _until(deciding: bool, parts: tuple[Predicate, ...]) -> Predicate:
    """All of the parts (one that is false decides), or any of them (one that is true does)."""

    def test(values: Mapping[str, Value]) -> Truth:
        is_unknown = False
        for part in parts:
            inner = part(values)
            if inner is deciding:
                return deciding
            is_unknown = is_unknown or inner is None
        return None if is_unknown else not deciding

    return test


def _at_least(count: int, parts: tuple[Predicate, ...]) -> Predicate:
    def test(values: Mapping[str, Value]) -> Truth:
        truths = [part(values) for part in parts]
        if truths.count(True) >= count:
            return True
        return False if len(truths) - truths.count(False) < count else None

    return test
