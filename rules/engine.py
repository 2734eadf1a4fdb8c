"""Findings → durable-rules → truths; the only module that imports durable-rules, inside the envelope that holds.

Each condition becomes two engine rules: one for "holds", over findings that are true, one for "does not hold", over
findings that are false; where neither fires, the condition is unknown. A ruleset of the engine sees one wide fact a
patient with 1 or 0 for each finding that is known and nothing for the others, no joins, and can match in so few ways
at once that its stack cannot overflow. What is too large, and what counts (`AtLeast`), is cut into parts: a part is
evaluated in an earlier stage and enters later ones as a finding of its own.
"""

import itertools
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import prod

import durable_rules_engine

from rules.condition import (
    All,
    AtLeast,
    Condition,
    Finding,
    Not,
    Special,
    Truth,
    Value,
    holds,
    negated,
    parts_of,
    push_negations,
)
from rules.errors import EngineError

MOST_PATHS_OPEN = 60  # of one ruleset of the engine; its stack holds 64 open alternatives
MOST_PROPERTIES = 240  # of one fact; the engine's limit is 255, and some are its own
LARGEST_PART = 30  # leaves of one condition, before it is cut
MOST_PATHS = 8  # ways in which one condition can match; the engine runs an action for each
MOST_KEPT = 10_000  # values of one variable whose findings are remembered
_names = itertools.count()  # rulesets of one process need names of their own

Expression = dict[str, object]


@dataclass
class _Part:
    """One engine rule: fires when `expression` matches. `stage` is behind those of the parts it asks for."""

    name: str
    expression: Expression
    paths: int
    stage: int
    properties: frozenset[str]


@dataclass
class _Count:
    """A property of the fact: how many of an `AtLeast`'s parts, by their properties and wanted values, hold."""

    name: str
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
    expression: Expression = {word: [piece.expression for piece in pieces]}
    properties = frozenset(name for piece in pieces for name in piece.properties)
    return _Piece(expression, properties, sum(piece.leaves for piece in pieces), paths)


class _Compiler:
    """Turns conditions into parts and counts."""

    def __init__(self) -> None:
        self.properties: dict[Finding, str] = {}
        self.parts: list[_Part] = []
        self.counts: list[_Count] = []
        self.stages: dict[str, int] = {}  # of the properties that are worked out on the way

    def rule(self, name: str, condition: Condition) -> None:
        """Add one engine rule that fires when a condition holds, its negations pushed down."""
        piece = self._expression(condition)
        stage = max((self.stages.get(name, -1) + 1 for name in piece.properties), default=0)
        self.parts.append(_Part(name, piece.expression, piece.paths, stage, piece.properties))

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
            return _Piece({name: wanted}, frozenset({name}))
        if isinstance(condition, AtLeast):
            name = self._count(condition)
            return _Piece({"$gte": {name: condition.count}}, frozenset({name}))
        join = _all_of if isinstance(condition, All) else _any_of
        pieces = [self._expression(part) for part in parts_of(condition)]
        while len(pieces) > 1:
            whole = join(pieces)
            if whole.leaves <= LARGEST_PART and whole.paths <= MOST_PATHS:
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
        self.parts.append(_Part(name, piece.expression, piece.paths, self.stages[name], piece.properties))
        return _Piece({name: 1}, frozenset({name}))

    def _count(self, condition: AtLeast) -> str:
        of = [self._property(part) for part in condition.of]
        name = f"c{len(self.counts)}"
        # worked out as soon as the parts are known: in the stage before the one that asks for it
        stage = max(self.stages.get(part, -1) for part, _ in of)
        self.stages[name] = stage
        self.counts.append(_Count(name, of, stage))
        return name


@dataclass
class _Variable:
    """The findings of one variable that one ruleset reads; `known` keeps what they come to for each value seen."""

    name: str
    findings: list[tuple[Finding, str]]
    known: dict[Value, str] = field(default_factory=dict)

    def properties(self, value: Value) -> str:
        """The part of a fact that tells which of the findings hold for a value; unknown ones are left out."""
        text = self.known.get(value)
        if text is None:
            truths = [(name, holds(finding, value)) for finding, name in self.findings]
            text = "".join(f',"{name}":{int(truth)}' for name, truth in truths if truth is not None)
            if len(self.known) < MOST_KEPT:
                self.known[value] = text
        return text


@dataclass
class _Ruleset:
    """One ruleset of the engine: its handle, the variables it reads, and what earlier stages have to bring."""

    handle: int
    variables: list[_Variable]
    brought: frozenset[str]
    facts: Iterator[int] = field(default_factory=itertools.count)


class Engine:
    """Evaluates named conditions with durable-rules. One patient at a time: a lock keeps threads apart."""

    def __init__(self, conditions: Mapping[str, Condition]) -> None:
        """Compile the conditions. Raises `EngineError` if durable-rules refuses a ruleset."""
        compiler = _Compiler()
        self._names = tuple(conditions)
        for number, condition in enumerate(conditions.values()):
            compiler.rule(f"t{number}", push_negations(condition))
            compiler.rule(f"n{number}", negated(condition))
        self._lock = threading.Lock()
        findings = {name: finding for finding, name in compiler.properties.items()}
        counted = {name for count in compiler.counts for name, _ in count.of}
        self._counted = [(name, finding) for name, finding in findings.items() if name in counted]
        self._stages = []
        for stage in range(max((part.stage for part in compiler.parts), default=0) + 1):
            parts = [part for part in compiler.parts if part.stage == stage]
            counts = [count for count in compiler.counts if count.stage == stage - 1]
            self._stages.append((counts, [_create(pack, findings) for pack in _packs(parts)]))

    def evaluate(self, values: Mapping[str, Value]) -> dict[str, Truth]:
        """Return True, False or None (unknown) for each condition, given what is known of each variable.

        Raises `EngineError` if durable-rules fails; the next call is not affected.
        """
        known: dict[str, int] = {}
        for name, finding in self._counted:
            truth = holds(finding, values.get(finding.variable, Special.MISSING))
            if truth is not None:
                known[name] = int(truth)
        fired: set[str] = set()
        with self._lock:
            for counts, rulesets in self._stages:
                known |= {name: 1 for name in fired if name.startswith("p")}
                for count in counts:
                    known[count.name] = sum(known.get(name) == wanted for name, wanted in count.of)
                for ruleset in rulesets:
                    _fire(ruleset, values, known, fired)
        return {
            name: True if f"t{number}" in fired else False if f"n{number}" in fired else None
            for number, name in enumerate(self._names)
        }

    def close(self) -> None:
        """Free the memory that durable-rules holds; the engine cannot be used afterwards."""
        with self._lock:
            for _, rulesets in self._stages:
                for ruleset in rulesets:
                    durable_rules_engine.delete_ruleset(ruleset.handle)
            self._stages = []


def _packs(parts: list[_Part]) -> Iterator[list[_Part]]:
    """Fill rulesets one after the other as far as the stack and the size of a fact allow."""
    pack: list[_Part] = []
    properties: frozenset[str] = frozenset()
    for part in parts:
        together = properties | part.properties
        if pack and (sum(p.paths for p in pack) + part.paths > MOST_PATHS_OPEN or len(together) > MOST_PROPERTIES):
            yield pack
            pack, together = [], part.properties
        pack.append(part)
        properties = together
    if pack:
        yield pack


def _create(pack: list[_Part], findings: Mapping[str, Finding]) -> _Ruleset:
    # the sentinel matches every fact of ours, so that an action always runs and the state can be freed
    definition: dict[str, object] = {"sentinel": {"all": [{"m": {"screening": 1}}]}}
    definition |= {part.name: {"all": [{"m": part.expression}]} for part in pack}
    try:
        handle = durable_rules_engine.create_ruleset(f"screening{next(_names)}", json.dumps(definition))
    except Exception as error:
        raise EngineError(f"durable-rules refuses a ruleset of {len(pack)} rules: {error}") from error
    properties = frozenset(name for part in pack for name in part.properties)
    variables: dict[str, _Variable] = {}
    for name in sorted(properties & findings.keys()):
        finding = findings[name]
        variables.setdefault(finding.variable, _Variable(finding.variable, [])).findings.append((finding, name))
    return _Ruleset(handle, list(variables.values()), properties - findings.keys())


def _fire(ruleset: _Ruleset, values: Mapping[str, Value], known: Mapping[str, int], fired: set[str]) -> None:
    """Show one patient's fact to one ruleset; add the names of the rules that fire to `fired`."""
    get = values.get
    properties = "".join([variable.properties(get(variable.name, Special.MISSING)) for variable in ruleset.variables])
    if ruleset.brought:
        properties += "".join(f',"{name}":{known[name]}' for name in ruleset.brought if name in known)
    fact = f'{{"sid":"s","id":{next(ruleset.facts)},"screening":1{properties}}}'
    handle, following = ruleset.handle, durable_rules_engine.complete_and_start_action
    try:
        _, offset = durable_rules_engine.assert_fact(handle, fact)
        action = durable_rules_engine.start_action_for_state(handle, offset)[1]
        while action is not None:
            fired.add(action[2 : action.index('"', 2)])  # the text of an action starts with the rule's name
            action = following(handle, offset)
        durable_rules_engine.retract_fact(handle, fact)
    except Exception as error:
        raise EngineError(f"durable-rules failed on one patient: {error}") from error
