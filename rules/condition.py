"""What a rule asks of the answers: a frozen tree, the meaning of each of its tests on one value, and its text.

A condition is `All`, `Any`, `Not` or `AtLeast` of conditions, or a `Finding`: one test of one item or score, such as
`phq9 >= 10`. Every test is true, false or unknown (`None`): an answer that is missing is never taken for No.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from rules.errors import ConditionError

Number = int | float
Code = int | str
Truth = bool | None

OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "in", "includes")


class Special(Enum):
    """A variable without a value: nothing is known of it, or it does not apply to this patient."""

    MISSING = "missing"
    NOT_APPLICABLE = "not applicable"


MISSING, NOT_APPLICABLE = Special.MISSING, Special.NOT_APPLICABLE  # a look into an Enum takes longer than a test


class Interval(NamedTuple):
    """All that is known of an incomplete score: it lies between `low` and `high`, both included."""

    low: Number
    high: Number


Value = Number | str | frozenset[str] | Interval | Special


@dataclass(frozen=True, slots=True)
class Finding:
    """One test of one variable (an item or a score). `value` is a tuple for `in`, otherwise one code or number."""

    variable: str
    operator: str
    value: Code | Number | tuple[Code | Number, ...]

    def __post_init__(self) -> None:
        if self.operator not in OPERATORS:
            raise ConditionError(f'unknown operator "{self.operator}"', f"use one of {' '.join(OPERATORS)}")
        if (self.operator == "in") != isinstance(self.value, tuple):
            raise ConditionError('"in" takes a list and the other operators one value', "write: item in [a, b]")
        if self.value == ():
            raise ConditionError("the list is empty", "name at least one code")

    def __str__(self) -> str:
        if isinstance(self.value, tuple):
            return f"{self.variable} in [{', '.join(map(str, self.value))}]"
        return f"{self.variable} {self.operator} {self.value}"


@dataclass(frozen=True, slots=True)
class All:
    """True when every part is true."""

    parts: tuple["Condition", ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise ConditionError('"all" has no parts', "list at least one test below it")


@dataclass(frozen=True, slots=True)
class Any:
    """True when at least one part is true."""

    parts: tuple["Condition", ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise ConditionError('"any" has no parts', "list at least one test below it")


@dataclass(frozen=True, slots=True)
class Not:
    """True when its part is false; unknown when its part is unknown."""

    part: "Condition"


@dataclass(frozen=True, slots=True)
class AtLeast:
    """True when `count` or more of its parts are true, 1 ≤ count ≤ number of parts."""

    count: int
    of: tuple["Condition", ...]

    def __post_init__(self) -> None:
        if not 1 <= self.count <= len(self.of):
            raise ConditionError(
                f'"count" is {self.count}, but "of" has {len(self.of)} parts',
                f"count is from 1 to {len(self.of)}" if self.of else 'list the tests below "of"',
            )


Condition = Finding | All | Any | Not | AtLeast


def holds(finding: Finding, value: Value) -> Truth:
    """Return whether `finding` holds for one value of its variable: True, False, or None where it cannot be known.

    A missing value makes every test unknown. On a variable that does not apply every test is false, and `!=`, which
    is "not =", true. An interval decides a test only when all its values agree.
    """
    if value is MISSING:
        return None
    operator, wanted = finding.operator, finding.value
    if operator == "!=":
        equal = _equals(value, (wanted,))
        return None if equal is None else not equal
    if value is NOT_APPLICABLE:
        return False
    if operator == "includes":
        return isinstance(value, frozenset) and wanted in value
    if operator == "=":
        return _equals(value, (wanted,))
    if isinstance(wanted, tuple):
        return _equals(value, wanted)
    low, high = value if isinstance(value, Interval) else (value, value)
    at_low, at_high = _compares(operator, low, wanted), _compares(operator, high, wanted)
    return at_low if at_low == at_high else None


def _equals(value: Value, wanted: tuple[object, ...]) -> Truth:
    if isinstance(value, Interval):
        low, high = value
        return None if any(isinstance(w, Number) and low <= w <= high for w in wanted) else False
    return value in wanted


def _compares(operator: str, left: object, right: object) -> bool:
    if not isinstance(left, Number) or not isinstance(right, Number):
        raise TypeError(f"cannot order {left!r} and {right!r}")
    if operator == "<":
        return left < right
    if operator == "<=":
        return left <= right
    return left > right if operator == ">" else left >= right


def push_negations(condition: Condition) -> Condition:
    """Return an equal condition in which `Not` stands only in front of findings."""
    return _pushed(condition, negate=False)


def negated(condition: Condition) -> Condition:
    """Return the opposite of a condition, with `Not` only in front of findings."""
    return _pushed(condition, negate=True)


def _pushed(condition: Condition, negate: bool) -> Condition:
    match condition:
        case Finding():
            return Not(condition) if negate else condition
        case Not(part):
            return _pushed(part, not negate)
        case All(parts) | Any(parts):
            pushed = tuple(_pushed(part, negate) for part in parts)
            return Any(pushed) if isinstance(condition, Any) != negate else All(pushed)
        case AtLeast(count, of):
            # "fewer than 3 of 5 hold" is "at least 3 of 5 do not"
            return AtLeast(len(of) - count + 1 if negate else count, tuple(_pushed(part, negate) for part in of))


def parts_of(condition: Condition) -> tuple[Condition, ...]:
    """Return the conditions directly below this one."""
    match condition:
        case All(parts) | Any(parts):
            return parts
        case AtLeast(_, of):
            return of
        case Not(part):
            return (part,)
        case Finding():
            return ()


@lru_cache(maxsize=4096)
def findings(condition: Condition) -> tuple[Finding, ...]:
    """Return the distinct findings of a condition, in order of appearance."""
    return tuple(dict.fromkeys(_leaves(condition)))


def variables_of(condition: Condition) -> tuple[str, ...]:
    """Return the items and scores that a condition tests, each once, in order of appearance."""
    return tuple(dict.fromkeys(finding.variable for finding in findings(condition)))


def _leaves(condition: Condition) -> Iterator[Finding]:
    if isinstance(condition, Finding):
        yield condition
    for part in parts_of(condition):
        yield from _leaves(part)


def as_text(condition: Condition) -> str:
    """Return a condition as one line for people: `a = yes and (b >= 3 or c = no)`."""
    match condition:
        case Finding():
            return str(condition)
        case Not(part):
            return f"not ({as_text(part)})"
        case All(parts):
            return " and ".join(_bracketed(part) for part in parts)
        case Any(parts):
            return " or ".join(_bracketed(part) for part in parts)
        case AtLeast(count, of):
            return f"at least {count} of ({', '.join(as_text(part) for part in of)})"


def _bracketed(condition: Condition) -> str:
    several = isinstance(condition, All | Any) and len(condition.parts) > 1
    return f"({as_text(condition)})" if several else as_text(condition)
