"""Conditions → parts that durable-rules can evaluate: small enough for its stack, in stages, packed into rulesets.

What is too large, and what counts (`AtLeast`), is cut into parts: a part is evaluated in an earlier stage and enters
later ones as a finding of its own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from math import prod

from rules.condition import All, AtLeast, Condition, Finding, Not, parts_of

MOST_PATHS_OPEN = 60  # of one ruleset of the engine; its stack holds 64 open alternatives
MOST_PROPERTIES = 240  # of one fact; the engine's limit is 255, and some are its own
LARGEST_PART = 30  # leaves of one condition, before it is cut
MOST_ALIKE = 30  # parts of one shape in a ruleset; with more, larger facts cost what fewer facts save
MOST_JOINS = 15  # of one condition; the engine notes the beginning and the end of each, 31 in all
MOST_PATHS = 8  # ways in which one condition can match; the engine runs an action for each


@dataclass(frozen=True)
class Literal:
    """Whether a property is known to be true (`wanted` 1) or known to be false (`wanted` 0)."""

    name: str
    wanted: int


@dataclass(frozen=True)
class Joined:
    """Expressions joined by "$and" or "$or"; none of the parts is joined by the same word."""

    word: str
    parts: tuple["Expression", ...]


Expression = Literal | Joined
Name = int | str


@dataclass
class Part:
    """One engine rule: fires when `expression` matches. `stage` is behind those of the parts it asks for."""

    name: Name
    expression: Expression
    paths: int
    stage: int
    properties: frozenset[str]


@dataclass
class Count:
    """A property of the fact: whether `least` of an `AtLeast`'s parts, by properties and wanted values, hold."""

    name: str
    least: int
    of: list[tuple[str, int]]
    stage: int


@dataclass(frozen=True)
class _Piece:
    """An expression of the engine, what it reads, its leaf tests, and in how many ways it can match at most."""

    expression: Expression
    properties: frozenset[str]
    leaves: int = 1
    paths: int = 1


def _all_of(pieces: list[_Piece]) -> _Piece:
    return _joined("$and", pieces, prod(piece.paths for piece in pieces))


def _any_of(pieces: list[_Piece]) -> _Piece:
    return _joined("$or", pieces, sum(piece.paths for piece in pieces))


def _joined(word: str, pieces: list[_Piece], paths: int) -> _Piece:
    if len(pieces) == 1:
        return pieces[0]
    parts = [part for piece in pieces for part in _parts(word, piece.expression)]
    parts.sort(key=lambda part: isinstance(part, Joined))  # what is quickly told first
    properties = frozenset(name for piece in pieces for name in piece.properties)
    return _Piece(Joined(word, tuple(parts)), properties, sum(piece.leaves for piece in pieces), paths)


def _parts(word: str, expression: Expression) -> tuple[Expression, ...]:
    return expression.parts if isinstance(expression, Joined) and expression.word == word else (expression,)


def _joins(expression: Expression) -> int:
    """How many joins an expression has at most when it is written: a test that stands alone may get one too."""
    if isinstance(expression, Literal):
        return 1
    alone = expression.word == "$or"
    return 1 + sum(_joins(part) for part in expression.parts if alone or isinstance(part, Joined))


def _fits(piece: _Piece) -> bool:
    return piece.leaves <= LARGEST_PART and piece.paths <= MOST_PATHS and _joins(piece.expression) <= MOST_JOINS


class Compiler:
    """Turns conditions into parts and counts."""

    def __init__(self) -> None:
        self.properties: dict[Finding, str] = {}
        self.parts: list[Part] = []
        self.counts: list[Count] = []
        self.stages: dict[str, int] = {}  # of the properties that are worked out on the way

    def rule(self, name: Name, condition: Condition) -> None:
        """Add one engine rule that fires when a condition holds, its negations pushed down."""
        piece = self._expression(condition)
        stage = max((self.stages.get(name, -1) + 1 for name in piece.properties), default=0)
        self.parts.append(Part(name, piece.expression, piece.paths, stage, piece.properties))

    def parts_of_stage(self, stage: int) -> list[Part]:
        """The parts of one stage, in the order of the conditions that they come from."""
        return [part for part in self.parts if part.stage == stage]

    def _property(self, leaf: Condition) -> tuple[str, int]:
        """The property that a leaf tests and the value it wants; anything larger becomes a part of its own."""
        if isinstance(leaf, Finding):
            return self.properties.setdefault(leaf, f"f{len(self.properties)}"), 1
        if isinstance(leaf, Not):
            return self._property(leaf.part)[0], 0
        name = f"p{len(self.stages)}"
        self.stages[name] = 0
        self.rule(name, leaf)
        self.stages[name] = self.parts[-1].stage
        return name, 1

    def _expression(self, condition: Condition) -> _Piece:
        if isinstance(condition, Finding | Not):
            name, wanted = self._property(condition)
            return _Piece(Literal(name, wanted), frozenset({name}))
        if isinstance(condition, AtLeast):
            name = self._count(condition)
            return _Piece(Literal(name, 1), frozenset({name}))
        join = _all_of if isinstance(condition, All) else _any_of
        pieces = [self._expression(part) for part in parts_of(condition)]
        while len(pieces) > 1:
            whole = join(pieces)
            if _fits(whole):
                return whole
            pieces = self._cut(join, pieces)
        return pieces[0]

    def _cut(self, join: Callable[[list[_Piece]], _Piece], pieces: list[_Piece]) -> list[_Piece]:
        """Make parts of their own: of pieces with several paths, else of neighbours, as many as go together."""
        branching = [piece for piece in pieces if piece.paths > 1] if join is _all_of else []
        if branching:
            largest = max(branching, key=lambda piece: (piece.paths, piece.leaves))
            return [self._part(piece) if piece is largest else piece for piece in pieces]
        size = min(LARGEST_PART, MOST_PATHS) if join is _any_of else LARGEST_PART
        groups: list[list[_Piece]] = [[]]
        for piece in pieces:
            if groups[-1] and sum(p.leaves for p in groups[-1]) + piece.leaves > size:
                groups.append([])
            groups[-1].append(piece)
        return [self._part(join(group)) for group in groups]

    def _part(self, piece: _Piece) -> _Piece:
        name = f"p{len(self.stages)}"
        self.stages[name] = max((self.stages.get(other, -1) + 1 for other in piece.properties), default=0)
        self.parts.append(Part(name, piece.expression, piece.paths, self.stages[name], piece.properties))
        return _Piece(Literal(name, 1), frozenset({name}))

    def _count(self, condition: AtLeast) -> str:
        of = [self._property(part) for part in condition.of]
        name = f"c{len(self.counts)}"
        # worked out as soon as the parts are known: in the stage before the one that asks for it
        stage = max(self.stages.get(part, -1) for part, _ in of)
        self.stages[name] = stage
        self.counts.append(Count(name, condition.count, of, stage))
        return name


@dataclass(frozen=True)
class Pack:
    """What one ruleset holds. `alike`: parts of one shape, each of which reads properties of its own."""

    parts: list[Part]
    alike: bool = False


def shape(expression: Expression) -> str:
    """Return how an expression is built, whatever it reads."""
    numbers: dict[Literal, int] = {}

    def built(expression: Expression) -> str:
        if isinstance(expression, Literal):
            return str(numbers.setdefault(expression, len(numbers)))
        return f"{expression.word}({','.join(map(built, expression.parts))})"

    return built(expression)


def packs(parts: list[Part]) -> list[Pack]:
    """Fill rulesets as far as the stack and the size of a fact allow.

    Parts of one shape that fill several rulesets stand by themselves: to the engine these rulesets are one and the
    same, shown one fact after the other, so that what it works with stays in the processor's cache.
    """
    by_shape: dict[str, list[Part]] = {}
    for part in parts:
        by_shape.setdefault(shape(part.expression), []).append(part)
    packed, rest = [], set[int]()
    for alike in by_shape.values():
        size = min(MOST_ALIKE, MOST_PATHS_OPEN // alike[0].paths, MOST_PROPERTIES // len(alike[0].properties))
        full = len(alike) // size * size if len(alike) >= 2 * size else 0
        packed += [Pack(alike[start : start + size], alike=True) for start in range(0, full, size)]
        rest |= {id(part) for part in alike[full:]}
    return packed + [Pack(mixed) for mixed in _mixed([part for part in parts if id(part) in rest])]


def _mixed(parts: list[Part]) -> Iterator[list[Part]]:
    """Fill rulesets one after the other.

    The next part is always the one that asks for the fewest properties that the fact does not hold yet: what a
    patient costs grows with the size of the facts.
    """
    readers: dict[str, list[int]] = {}
    for number, part in enumerate(parts):
        for name in part.properties:
            readers.setdefault(name, []).append(number)
    left = dict(enumerate(parts))
    while left:
        pack: list[Part] = []
        properties: frozenset[str] = frozenset()
        lacking = {number: len(part.properties) for number, part in left.items()}
        nearest: list[tuple[int, int]] = []  # a heap; an entry is out of date once fewer are lacking
        while left:
            number = _next(nearest, lacking, left)
            part, together = left[number], properties | left[number].properties
            if pack and (sum(p.paths for p in pack) + part.paths > MOST_PATHS_OPEN or len(together) > MOST_PROPERTIES):
                break
            pack.append(left.pop(number))
            for other in (other for name in together - properties for other in readers[name] if other in left):
                lacking[other] -= 1
                heappush(nearest, (lacking[other], other))
            properties = together
        yield pack


def _next(nearest: list[tuple[int, int]], lacking: dict[int, int], left: dict[int, Part]) -> int:
    while nearest:
        count, number = heappop(nearest)
        if number in left and lacking[number] == count:
            return number
    return next(iter(left))
