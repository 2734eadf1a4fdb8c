"""The meaning of the rule language in the fewest lines of plain Python (Kleene's three values).

Slow and readable on purpose: the engine must agree with it on every rule and every patient.
"""

from collections.abc import Callable, Mapping
from functools import partial

from rules.condition import MISSING, All, Any, AtLeast, Condition, Finding, Not, Truth, Value, holds


def meaning(condition: Condition) -> Callable[[Mapping[str, Value]], Truth]:
    """Return what gives the truth of one condition for values."""
    return partial(truth, condition)


def truth(condition: Condition, values: Mapping[str, Value]) -> Truth:
    """Return True, False or None (unknown) for a condition; a variable absent from `values` is missing."""
    match condition:
        case Finding(variable):
            return holds(condition, values.get(variable, MISSING))
        case Not(part):
            inner = truth(part, values)
            return None if inner is None else not inner
        case All(parts):
            return _at_least(len(parts), parts, values)
        case Any(parts):
            return _at_least(1, parts, values)
        case AtLeast(count, of):
            return _at_least(count, of, values)


def _at_least(count: int, parts: tuple[Condition, ...], values: Mapping[str, Value]) -> Truth:
    truths = [truth(part, values) for part in parts]
    if truths.count(True) >= count:
        return True
    return False if len(truths) - truths.count(False) < count else None
