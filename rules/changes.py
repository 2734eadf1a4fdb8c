"""What differs between two rule sets, thing by thing and in plain words: rules, what is asked, scores and sources."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from rules.parts import Parts, Thing, parts_of_things
from rules.ruleset import RuleSet

Kind = Literal["added", "removed", "changed"]
_WORD = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True)
class Piece:
    """A stretch of a text that is the same on both sides, or is not."""

    text: str
    is_changed: bool


@dataclass(frozen=True)
class PartChange:
    """One part of a thing, as it was and as it is to be; "" where it is not there."""

    name: str
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]


@dataclass(frozen=True)
class Change:
    """One thing that is added, removed or changed: a rule, a page, a question, …"""

    thing: Thing
    id: str
    title: str
    kind: Kind
    parts: tuple[PartChange, ...]


def changes(before: RuleSet, after: RuleSet) -> tuple[Change, ...]:
    """Return every thing that differs: kind by kind, each in the order of the files."""
    old, new = parts_of_things(before), parts_of_things(after)
    return tuple(change for thing in new for change in _compare(thing, old[thing], new[thing]))


def pieces(before: str, after: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return both texts cut where they begin and cease to differ, word by word."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    left = [Piece("".join(old[a:b]), step != "equal") for step, a, b, _, _ in steps if b > a]
    right = [Piece("".join(new[a:b]), step != "equal") for step, _, _, a, b in steps if b > a]
    return tuple(left), tuple(right)


def _compare(thing: Thing, before: Mapping[str, Parts], after: Mapping[str, Parts]) -> list[Change]:
    found = []
    for key in [*after, *(key for key in before if key not in after)]:
        old, new = before.get(key), after.get(key)
        if old != new:
            kind: Kind = "added" if old is None else "removed" if new is None else "changed"
            parts = _part_changes(old or {}, new or {})
            title = next(iter((new or old or {}).values()), "")
            found.append(Change(thing, key, title, kind, parts))
    return found


def _part_changes(before: Parts, after: Parts) -> tuple[PartChange, ...]:
    names = dict.fromkeys([*after, *before])
    texts = [(name, before.get(name, ""), after.get(name, "")) for name in names]
    return tuple(PartChange(name, *pieces(old, new)) for name, old, new in texts if old != new)
