"""Findings → durable-rules → truths; the only module that imports durable-rules, inside the envelope that holds.

Each condition becomes two engine rules: one for "holds", over findings that are true, one for "does not hold", over
findings that are false; where neither fires, the condition is unknown. A ruleset of the engine sees one wide fact a
patient with 1 or 0 for each finding that is known and nothing for the others, no joins, and can match in so few ways
at once that its stack cannot overflow (`packing`).
"""

import itertools
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import durable_rules_engine

from rules.condition import Condition, Finding, Special, Truth, Value, holds, negated, push_negations
from rules.errors import EngineError
from rules.packing import MOST_PATHS, Compiler, Count, Part, packs

MOST_KEPT = 10_000  # values of one variable whose findings are remembered
_names = itertools.count()  # rulesets of one process need names of their own


@dataclass
class _Variable:
    """The findings of one variable, as each ruleset names them; `known` keeps what they come to for each value seen."""

    name: str
    findings: list[list[tuple[Finding, str]]]
    known: dict[Value, tuple[str, ...]] = field(default_factory=dict)

    def properties(self, value: Value) -> tuple[str, ...]:
        """For each ruleset, the part of its fact that tells which findings hold; unknown ones are left out."""
        texts = self.known.get(value)
        if texts is None:
            texts = tuple(_properties(findings, value) for findings in self.findings)
            if len(self.known) < MOST_KEPT:
                self.known[value] = texts
        return texts


def _properties(findings: list[tuple[Finding, str]], value: Value) -> str:
    truths = [(name, holds(finding, value)) for finding, name in findings]
    return "".join(f',"{name}":{int(truth)}' for name, truth in truths if truth is not None)


@dataclass
class _Ruleset:
    """One ruleset of the engine: its handle, and what earlier stages have to bring."""

    handle: int
    brought: frozenset[str]
    facts: Iterator[int] = field(default_factory=itertools.count)
    failures: int = 0  # a state in which something failed is never used again: it may hold a patient's fact
    state: str | None = None  # the state that actions have run in; no other can be deleted safely


@dataclass
class _Stage:
    """Rulesets that are shown one fact each, and the counts that have to be worked out before."""

    counts: list[Count]
    rulesets: list[_Ruleset]
    variables: list[_Variable]

    def properties(self, values: Mapping[str, Value]) -> Iterable[str]:
        """For each ruleset, the properties of its fact that follow from the values."""
        parts = [variable.properties(values.get(variable.name, Special.MISSING)) for variable in self.variables]
        return map("".join, zip(*parts, strict=True)) if parts else itertools.repeat("")


class Engine:
    """Evaluates named conditions with durable-rules. One patient at a time: a lock keeps threads apart."""

    def __init__(self, conditions: Mapping[str, Condition]) -> None:
        """Compile the conditions. Raises `EngineError` if durable-rules refuses a ruleset."""
        compiler = Compiler()
        self._names = [(name, f"t{number}", f"n{number}") for number, name in enumerate(conditions)]
        for name, holds_as, fails_as in self._names:
            compiler.rule(holds_as, push_negations(conditions[name]))
            compiler.rule(fails_as, negated(conditions[name]))
        self._lock = threading.Lock()
        findings = {name: finding for finding, name in compiler.properties.items()}
        counted = {name for count in compiler.counts for name, _ in count.of}
        self._counted = [(name, finding) for name, finding in findings.items() if name in counted]
        self._stages = []
        for stage in range(max((part.stage for part in compiler.parts), default=0) + 1):
            packed = list(packs(compiler.parts_of_stage(stage)))
            counts = [count for count in compiler.counts if count.stage == stage - 1]
            rulesets = [_create(pack, findings) for pack in packed]
            self._stages.append(_Stage(counts, rulesets, _variables(packed, findings)))

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
            for stage in self._stages:
                known |= {name: 1 for name in fired if name.startswith("p")}
                for count in stage.counts:
                    known[count.name] = sum(known.get(name) == wanted for name, wanted in count.of)
                for ruleset, properties in zip(stage.rulesets, stage.properties(values), strict=False):
                    _fire(ruleset, properties, known, fired)
        return {
            name: True if holds_as in fired else False if fails_as in fired else None
            for name, holds_as, fails_as in self._names
        }

    def close(self) -> None:
        """Free the memory that durable-rules holds; the engine cannot be used afterwards."""
        with self._lock:
            for stage in self._stages:
                for ruleset in stage.rulesets:
                    if ruleset.state is not None:
                        durable_rules_engine.delete_state(ruleset.handle, ruleset.state)
                    durable_rules_engine.delete_ruleset(ruleset.handle)
            self._stages = []


def _create(pack: list[Part], findings: Mapping[str, Finding]) -> _Ruleset:
    # the sentinel matches every fact of ours, so that an action always runs and the state can be freed
    definition: dict[str, object] = {"sentinel": {"all": [{"m": {"screening": 1}}]}}
    # a rule that matches in several ways is told once, with all of them (cap), and not once for each
    definition |= {part.name: {"all": [{"m": part.expression}], "cap": MOST_PATHS} for part in pack}
    try:
        handle = durable_rules_engine.create_ruleset(f"screening{next(_names)}", json.dumps(definition))
    except Exception as error:
        raise EngineError(f"durable-rules refuses a ruleset of {len(pack)} rules: {error}") from error
    properties = frozenset(name for part in pack for name in part.properties)
    return _Ruleset(handle, properties - findings.keys())


def _variables(packed: list[list[Part]], findings: Mapping[str, Finding]) -> list[_Variable]:
    """The variables that the packs read, with the findings that each of the packs asks of them."""
    variables: dict[str, _Variable] = {}
    for number, pack in enumerate(packed):
        for name in sorted({name for part in pack for name in part.properties} & findings.keys()):
            finding = findings[name]
            variable = variables.setdefault(finding.variable, _Variable(finding.variable, [[] for _ in packed]))
            variable.findings[number].append((finding, name))
    return list(variables.values())


def _fire(ruleset: _Ruleset, properties: str, known: Mapping[str, int], fired: set[str]) -> None:
    """Show one patient's fact to one ruleset; add the names of the rules that fire to `fired`."""
    if ruleset.brought:
        properties += "".join(f',"{name}":{known[name]}' for name in ruleset.brought if name in known)
    state = f"s{ruleset.failures}"
    fact = f'{{"sid":"{state}","id":{next(ruleset.facts)},"screening":1{properties}}}'
    handle, following = ruleset.handle, durable_rules_engine.complete_and_start_action
    try:
        _, offset = durable_rules_engine.assert_fact(handle, fact)
        action = durable_rules_engine.start_action_for_state(handle, offset)[1]
        while action is not None:
            fired.add(action[2 : action.index('"', 2)])  # the text of an action starts with the rule's name
            action = following(handle, offset)
        durable_rules_engine.retract_fact(handle, fact)
        ruleset.state = state
    except Exception as error:
        ruleset.failures += 1
        ruleset.state = None
        raise EngineError(f"durable-rules failed on one patient: {error}") from error
