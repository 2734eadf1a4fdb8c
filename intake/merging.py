"""Two changed versions of one text put together, line by line."""

from dataclasses import dataclass
from difflib import SequenceMatcher

OURS, BETWEEN, THEIRS = "<<<<<<< this draft", "=======", ">>>>>>> published"


@dataclass(frozen=True)
class Merged:
    """A text with the changes of both sides. Where both changed the same lines, both stand in it between marks."""

    text: str
    conflicts: int


def merge(base: str, ours: str, theirs: str) -> Merged:
    """Put together two texts that were both made from `base`."""
    old, left, right = (text.split("\n") for text in (base, ours, theirs))
    to_left, to_right = _matches(old, left), _matches(old, right)
    kept: list[str] = []
    conflicts = at = left_at = right_at = 0
    for line in [*(n for n in range(len(old)) if n in to_left and n in to_right), len(old)]:
        left_end, right_end = to_left.get(line, len(left)), to_right.get(line, len(right))
        lines, is_conflict = _settle(old[at:line], left[left_at:left_end], right[right_at:right_end])
        kept += [*lines, *old[line : line + 1]]
        conflicts += is_conflict
        at, left_at, right_at = line + 1, left_end + 1, right_end + 1
    return Merged("\n".join(kept), conflicts)


def _matches(old: list[str], new: list[str]) -> dict[int, int]:
    """The lines of `old` that are in `new` too: the number there."""
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return {block.a + n: block.b + n for block in blocks for n in range(block.size)}


def _settle(old: list[str], left: list[str], right: list[str]) -> tuple[list[str], bool]:
    if left == old:
        return right, False
    if right in (old, left):
        return left, False
    return [OURS, *left, BETWEEN, *right, THEIRS], True
