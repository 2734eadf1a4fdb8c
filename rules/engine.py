"""Findings → durable-rules → truths; the only module that imports durable-rules, inside the envelope that holds.

Each condition becomes two engine rules: one for "holds", over findings that are true, one for "does not hold", over
findings that are false; where neither fires, the condition is unknown. A ruleset of the engine sees one wide fact at a
time with a property for each finding that is known and nothing for the others, no joins, and can match in so few ways
at once that its stack cannot overflow (`packing`).
"""

import itertools
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import durable_rules_engine

from rules.condition import Condition, Finding, Special, Truth, Value, holds, negated, push_negations
from rules.errors import EngineError
from rules.packing import Compiler, Count, Literal, Name, packs
from rules.tables import Table, table_of

MOST_KEPT = 10_000  # values of one variable whose findings are remembered
_names = itertools.count()  # rulesets of one process need names of their own


@dataclass
class _Variable:
    """The findings of one variable, as each page names them; `known` keeps what they come to for each value seen."""

    name: str
    findings: list[list[tuple[Finding, str, str]]]
    known: dict[Value, tuple[str, ...]] = field(default_factory=dict)

    def properties(self, value: Value) -> tuple[str, ...]:
        """For each page, the part of its fact that tells which findings hold; unknown ones are left out."""
        texts = self.known.get(value)
        if texts is None:
            texts = tuple(_properties(findings, value) for findings in self.findings)
            if len(self.known) < MOST_KEPT:
                self.known[value] = texts
        return texts


def _properties(findings: list[tuple[Finding, str, str]], value: Value) -> str:
    truths = [(holds(finding, value), true, false) for finding, true, false in findings]
    return sys.intern("".join(true if truth else false for truth, true, false in truths if truth is not None))


@dataclass
class _Ruleset:
    """One ruleset of the engine; several pages can be put to it, one after the other."""

    handle: int
    facts: Iterator[int] = field(default_factory=itertools.count)
    failures: int = 0  # a state in which something failed is never used again: it may hold a patient's fact
    state: str | None = None  # the state that actions have run in; no other can be deleted safely


@dataclass
class _Page:
    """What is asked with one fact: the part that each rule stands for, and the text for what earlier stages bring."""

    ruleset: _Ruleset
    table: Table
    brought: Mapping[str, str]


@dataclass
class _Stage:
    """What is asked with one fact each, and the counts that have to be worked out before."""

    counts: list[Count]
    pages: list[_Page]
    variables: list[_Variable]

    def properties(self, values: Mapping[str, Value]) -> Iterable[str]:
        """For each page, the properties of its fact that follow from the values."""
        parts = [variable.properties(values.get(variable.name, Special.MISSING)) for variable in self.variables]
        return map("".join, zip(*parts, strict=True)) if parts else itertools.repeat("")


class Engine:
    """Evaluates named conditions with durable-rules. One patient at a time: a lock keeps threads apart."""

    def __init__(self, conditions: Mapping[str, Condition]) -> None:
        """Compile the conditions. Raises `EngineError` if durable-rules refuses a ruleset."""
        compiler = Compiler()
        self._names = list(conditions)
        for number, condition in enumerate(conditions.values()):
            compiler.rule(number, push_negations(condition))
            compiler.rule(~number, negated(condition))
        self._lock = threading.Lock()
        findings = {name: finding for finding, name in compiler.properties.items()}
        counted = {name for count in compiler.counts for name, _ in count.of}
        self._counted = [(name, finding) for name, finding in findings.items() if name in counted]
        self._stages = []
        self._rulesets: dict[str, _Ruleset] = {}
        for stage in range(max((part.stage for part in compiler.parts), default=0) + 1):
            tables = [table_of(pack) for pack in packs(compiler.parts_of_stage(stage))]
            counts = [count for count in compiler.counts if count.stage == stage - 1]
            pages = [self._page(table, findings) for table in tables]
            self._stages.append(_Stage(counts, pages, _variables(tables, findings)))

    def _page(self, table: Table, findings: Mapping[str, Finding]) -> _Page:
        if table.definition not in self._rulesets:
            self._rulesets[table.definition] = _create(table)
        brought = {literal.name: text for literal, text in table.when.items() if literal.name not in findings}
        return _Page(self._rulesets[table.definition], table, brought)

    def evaluate(self, values: Mapping[str, Value]) -> dict[str, Truth]:
        """Return True, False or None (unknown) for each condition, given what is known of each variable.

        Raises `EngineError` if durable-rules fails; the next call is not affected.
        """
        known: dict[str, int] = {}
        for name, finding in self._counted:
            truth = holds(finding, values.get(finding.variable, Special.MISSING))
            if truth is not None:
                known[name] = int(truth)
        fired: set[Name] = set()
        with self._lock:
            for stage in self._stages:
                known |= {name: 1 for name in fired if isinstance(name, str)}
                for count in stage.counts:
                    known[count.name] = int(sum(known.get(n) == wanted for n, wanted in count.of) >= count.least)
                for page, properties in zip(stage.pages, stage.properties(values), strict=False):
                    _fire(page, properties, known, fired)
        return {
            name: True if number in fired else False if ~number in fired else None
            for number, name in enumerate(self._names)
        }

    def close(self) -> None:
        """Free the memory that durable-rules holds; the engine cannot be used afterwards."""
        with self._lock:
            for ruleset in self._rulesets.values():
                if ruleset.state is not None:
                    durable_rules_engine.delete_state(ruleset.handle, ruleset.state)
                durable_rules_engine.delete_ruleset(ruleset.handle)
            self._rulesets, self._stages = {}, []


def _create(table: Table) -> _Ruleset:
    try:
        return _Ruleset(durable_rules_engine.create_ruleset(f"screening{next(_names)}", table.definition))
    except Exception as error:
        raise EngineError(f"durable-rules refuses a ruleset of {len(table.parts)} rules: {error}") from error


def _variables(tables: list[Table], findings: Mapping[str, Finding]) -> list[_Variable]:
    """The variables that the rulesets read, with the findings that each of the rulesets asks of them."""
    variables: dict[str, _Variable] = {}
    for number, table in enumerate(tables):
        for property_ in sorted({literal.name for literal in table.when} & findings.keys()):
            finding = findings[property_]
            variable = variables.setdefault(finding.variable, _Variable(finding.variable, [[] for _ in tables]))
            true, false = (table.when.get(Literal(property_, wanted), "") for wanted in (1, 0))
            variable.findings[number].append((finding, true, false))
    return list(variables.values())


def _fire(page: _Page, properties: str, known: Mapping[str, int], fired: set[Name]) -> None:
    """Show one patient's fact to a ruleset; add the parts whose rules fire to `fired`."""
    if page.brought:
        properties += "".join(text for name, text in page.brought.items() if known.get(name))
    ruleset = page.ruleset
    state = f"s{ruleset.failures}"
    fact = f'{{"sid":"{state}","id":{next(ruleset.facts)}'
    handle, following = ruleset.handle, durable_rules_engine.complete_and_start_action
    rules: list[str] = []
    try:
        _, offset = durable_rules_engine.assert_fact(handle, f"{fact}{page.table.always}{properties}}}")
        action = durable_rules_engine.start_action_for_state(handle, offset)[1]
        while action is not None:
            rules.append(action[2:4])  # the text of an action starts with the rule's name
            action = following(handle, offset)
        durable_rules_engine.retract_fact(handle, f"{fact}}}")
        ruleset.state = state
        fired.update(map(page.table.parts.__getitem__, rules))
    except Exception as error:
        ruleset.failures += 1
        ruleset.state = None
        raise EngineError(f"durable-rules failed on one patient: {error}") from error
