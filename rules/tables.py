"""A pack of parts → a ruleset as durable-rules reads it, written so that the engine's look-ups are short.

Each node of the engine's network finds the tests that follow it in a table, by the lowest five bits of the hash of the
property's name. Tests that fall on the same of these 32 places stand in the next free ones, and a look-up goes on to
the first empty place: a hundred tests side by side are a hundred steps for every property of a fact. Here at most 16
stand side by side, each between two empty places. So names are chosen by their places, and the tests that rules begin
with stand in groups, behind a property that every fact has. What is true and what is false have names of their own,
so that the engine need only look whether a property is there.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from rules.packing import MOST_PATHS, Expression, Joined, Literal, Name, Pack

PLACES = 32  # of a table to which a hash can point
BESIDE = PLACES // 2  # tests of one group
SENTINEL = "--"  # two letters as the names of all rules, so that nobody need look for their end

_Own = tuple[int, Literal]  # a literal, and the number of its part if no other part shares the property
_Names = Mapping[_Own, str]


@dataclass(frozen=True)
class Table:
    """One ruleset: its definition, the part each of its rules stands for ("" for the sentinel), and a fact's text.

    A fact begins with `always`, and `when` has what it says for each literal that is true.
    """

    definition: str
    parts: Mapping[str, Name]
    always: str
    when: Mapping[Literal, str]


def place(name: str) -> int:
    """Return where the engine's tables begin to look for a property: by the FNV-1a hash of its name."""
    hashed = 0x811C9DC5
    for letter in name.encode("ascii"):
        hashed = (hashed ^ letter) * 16777619 % 2**32
    return hashed % PLACES


def _short_names() -> dict[int, list[str]]:
    names = defaultdict(list)
    for letters in product("abcdefghijklmnopqrstuvwxyz0123456789", repeat=2):
        name = "".join(letters)
        if name != "id":  # the engine's own
            names[place(name)].append(name)
    return names


_NAMES = _short_names()


def _even(number: int) -> str:
    return _NAMES[number % BESIDE * 2][number // BESIDE]


def _odd(number: int) -> str:
    return _NAMES[number % BESIDE * 2 + 1][number // BESIDE]


def table_of(pack: Pack) -> Table:
    """Return the ruleset of a pack. Packs of which only the findings differ have the same definition."""
    numbered = [(number if pack.alike else 0, part.expression) for number, part in enumerate(pack.parts)]
    firsts = list(dict.fromkeys((number, one) for number, whole in numbered for one in _firsts(whole)))
    used = dict.fromkeys((number, one) for number, whole in numbered for one in _literals(whole))
    groups = {first: _odd(number // BESIDE) for number, first in enumerate(firsts)}
    names = {first: _even(number) for number, first in enumerate(firsts)}
    names |= {other: _odd(number + BESIDE) for number, other in enumerate(one for one in used if one not in groups)}
    always = list(dict.fromkeys(groups.values()))
    # the sentinel matches every fact of ours, so that an action always runs and the state can be freed
    rules: dict[str, object] = {SENTINEL: {"all": [{"m": _is_there(always[0])}]}}
    for place_, (number, whole) in enumerate(numbered):
        # a rule that matches in several ways is told once, with all of them (cap), and not once for each
        rules[f"{place_:02}"] = {"all": [{"m": _written(whole, number, names, groups)}], "cap": MOST_PATHS}
    when: dict[Literal, str] = {}
    for (_, literal), name in names.items():
        when[literal] = when.get(literal, "") + _property(name)
    parts: dict[str, Name] = {f"{place_:02}": part.name for place_, part in enumerate(pack.parts)}
    return Table(json.dumps(rules), parts | {SENTINEL: ""}, "".join(map(_property, always)), when)


def _firsts(expression: Expression) -> Iterator[Literal]:
    """The literals with which an expression can begin."""
    if isinstance(expression, Literal):
        yield expression
    else:
        for part in expression.parts if expression.word == "$or" else expression.parts[:1]:
            yield from _firsts(part)


def _literals(expression: Expression) -> Iterator[Literal]:
    if isinstance(expression, Literal):
        yield expression
    else:
        for part in expression.parts:
            yield from _literals(part)


def _property(name: str) -> str:
    return f',"{name}":1'


def _is_there(name: str) -> dict[str, object]:
    return {"$ex": {name: 1}}


def _written(expression: Expression, number: int, names: _Names, groups: _Names) -> dict[str, object]:
    """Write an expression as the engine reads it; what it begins with is looked for in its group, if there are any."""
    if isinstance(expression, Literal):
        steps = _steps(expression, number, names, groups)
        return {"$and": steps} if groups else steps[0]
    if expression.word == "$or":
        return {"$or": [_written(part, number, names, groups) for part in expression.parts]}
    first, *rest = expression.parts
    begins = _steps(first, number, names, groups)
    return {"$and": begins + [_written(part, number, names, {}) for part in rest]}


def _steps(expression: Expression, number: int, names: _Names, groups: _Names) -> list[dict[str, object]]:
    if isinstance(expression, Joined):
        return [_written(expression, number, names, groups)]
    own = number, expression
    return [_is_there(name) for name in (groups.get(own), names[own]) if name]
