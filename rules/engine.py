"""Findings → durable-rules → truths; the only module that imports durable-rules, inside the envelope that holds.

Each condition becomes two engine rules: one for "holds", over findings that are true, one for "does not hold", over
findings that are false; where neither fires, the condition is unknown. A ruleset of the engine sees one wide fact a
patient with 1 or 0 for each finding that is known and nothing for the others, no joins, and at most `MOST_LEAVES` leaf
tests, so that its stack cannot overflow. What is too large, and what counts (`AtLeast`), is cut into parts: a part is
evaluated in an earlier stage and enters later ones as a finding of its own.
"""

import itertools
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

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
    findings,
    holds,
    negated,
    parts_of,
    push_negations,
)
from rules.errors import EngineError

MOST_LEAVES = 60  # of one ruleset of the engine; its stack holds 64 open alternatives
LARGEST_PART = 30  # leaves of one condition, before it is cut
_names = itertools.count()  # rulesets of one process need names of their own

Expression = dict[str, object]


@dataclass
class _Part:
    """One engine rule: fires when `expression` matches. `stage` is behind those of the parts it asks for."""

    name: str
    expression: Expression
    leaves: int
    stage: int
    properties: set[str]


@dataclass
class _Count:
    """A property of the fact: how many of an `AtLeast`'s parts, by their properties and wanted values, hold."""

    name: str
    of: list[tuple[str, int]]
    stage: int


class _Compiler:
    """Turns conditions into parts and counts."""

    def __init__(self) -> None:
        self.properties: dict[Finding, str] = {}
        self.parts: list[_Part] = []
        self.counts: list[_Count] = []
        self.stages: dict[str, int] = {}  # of the properties that are worked out on the way

    def rule(self, name: str, condition: Condition) -> None:
        """Add one engine rule that fires when a condition holds, its negations pushed down."""
        expression, used, leaves = self._expression(condition)
        stage = max((self.stages.get(name, -1) + 1 for name in used), default=0)
        self.parts.append(_Part(name, expression, leaves, stage, used))

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

    def _expression(self, condition: Condition) -> tuple[Expression, set[str], int]:
        if isinstance(condition, Finding | Not):
            name, wanted = self._property(condition)
            return {name: wanted}, {name}, 1
        if isinstance(condition, AtLeast):
            name = self._count(condition)
            return {"$gte": {name: condition.count}}, {name}, 1
        built = [self._expression(part) for part in parts_of(condition)]
        while sum(leaves for _, _, leaves in built) > LARGEST_PART:
            built = self._cut(condition, built)
        expressions = [expression for expression, _, _ in built]
        used = set().union(*(names for _, names, _ in built))
        word = "$and" if isinstance(condition, All) else "$or"
        whole = expressions[0] if len(expressions) == 1 else {word: expressions}
        return whole, used, sum(leaves for _, _, leaves in built)

    def _cut(
        self, condition: Condition, built: list[tuple[Expression, set[str], int]]
    ) -> list[tuple[Expression, set[str], int]]:
        """Put neighbours together into parts of their own that are as large as allowed."""
        word = "$and" if isinstance(condition, All) else "$or"
        groups: list[list[tuple[Expression, set[str], int]]] = [[]]
        for piece in built:
            if groups[-1] and sum(leaves for _, _, leaves in groups[-1]) + piece[2] > LARGEST_PART:
                groups.append([])
            groups[-1].append(piece)
        return [self._part(word, group) for group in groups]

    def _part(self, word: str, group: list[tuple[Expression, set[str], int]]) -> tuple[Expression, set[str], int]:
        used = set().union(*(names for _, names, _ in group))
        expressions = [expression for expression, _, _ in group]
        name = f"p{len(self.stages)}"
        self.stages[name] = max((self.stages.get(other, -1) + 1 for other in used), default=0)
        whole = expressions[0] if len(expressions) == 1 else {word: expressions}
        self.parts.append(_Part(name, whole, sum(n for _, _, n in group), self.stages[name], used))
        return {name: 1}, {name}, 1

    def _count(self, condition: AtLeast) -> str:
        of = [self._property(part) for part in condition.of]
        name = f"c{len(self.counts)}"
        # worked out as soon as the parts are known: in the stage before the one that asks for it
        stage = max(self.stages.get(part, -1) for part, _ in of)
        self.stages[name] = stage
        self.counts.append(_Count(name, of, stage))
        return name


@dataclass
class _Ruleset:
    """One ruleset of the engine: its handle and the properties its facts may have."""

    handle: int
    properties: frozenset[str]
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
        self._properties = compiler.properties
        last = max((part.stage for part in compiler.parts), default=0)
        self._stages = []
        for stage in range(last + 1):
            parts = [part for part in compiler.parts if part.stage == stage]
            counts = [count for count in compiler.counts if count.stage == stage - 1]
            self._stages.append((counts, [_create(pack) for pack in _packs(parts)]))

    def evaluate(self, values: Mapping[str, Value]) -> dict[str, Truth]:
        """Return True, False or None (unknown) for each condition, given what is known of each variable.

        Raises `EngineError` if durable-rules fails; the next call is not affected.
        """
        known: dict[str, int] = {}
        for finding, name in self._properties.items():
            truth = holds(finding, values.get(finding.variable, Special.MISSING))
            if truth is not None:
                known[name] = int(truth)
        fired: set[str] = set()
        with self._lock:
            for counts, rulesets in self._stages:
                for count in counts:
                    known[count.name] = sum(known.get(name) == wanted for name, wanted in count.of)
                for ruleset in rulesets:
                    fired |= _fire(ruleset, known)
                known |= dict.fromkeys((name for name in fired if name.startswith("p")), 1)
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
    pack: list[_Part] = []
    for part in parts:
        if pack and sum(p.leaves for p in pack) + part.leaves > MOST_LEAVES:
            yield pack
            pack = []
        pack.append(part)
    if pack:
        yield pack


def _create(pack: list[_Part]) -> _Ruleset:
    # the sentinel matches every fact of ours, so that an action always runs and the state can be freed
    definition = {"sentinel": {"all": [{"m": {"screening": 1}}]}}
    definition |= {part.name: {"all": [{"m": part.expression}]} for part in pack}
    try:
        handle = durable_rules_engine.create_ruleset(f"screening{next(_names)}", json.dumps(definition))
    except Exception as error:
        raise EngineError(f"durable-rules refuses a ruleset of {len(pack)} rules: {error}") from error
    return _Ruleset(handle, frozenset(name for part in pack for name in part.properties))


def _fire(ruleset: _Ruleset, known: Mapping[str, int]) -> set[str]:
    """Show one patient's fact to one ruleset; return the names of the rules that fired."""
    properties = "".join(f',"{name}":{known[name]}' for name in ruleset.properties if name in known)
    fact = f'{{"sid":"s","id":{next(ruleset.facts)},"screening":1{properties}}}'
    fired = set()
    try:
        _, offset = durable_rules_engine.assert_fact(ruleset.handle, fact)
        action = durable_rules_engine.start_action_for_state(ruleset.handle, offset)[1]
        while action is not None:
            fired.add(action[2 : action.index('"', 2)])
            action = durable_rules_engine.complete_and_start_action(ruleset.handle, offset)
        durable_rules_engine.retract_fact(ruleset.handle, fact)
    except Exception as error:
        raise EngineError(f"durable-rules failed on one patient: {error}") from error
    return fired
