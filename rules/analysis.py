"""What is odd about a rule set although nothing in it is wrong: found by solver for all patients at once.

Rules that nobody or everybody raises, that are contained in another or its opposite; parts that can never be true;
escalations without effect; gaps in thresholds. Each remark has its place and an example in plain words. One that is
meant stands under `explained` in the rule; an explanation that fits nothing is a remark itself.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from rules.claims import TWIN, Claim, Every, Is, Rises, Some, below, cleared, ends, level, raised, twin
from rules.condition import (
    All,
    Any,
    Condition,
    Finding,
    Not,
    as_text,
    findings,
    parts_of,
)
from rules.places import Places, path_of, paths_below, places
from rules.remarks import Remark, answers_in_words
from rules.response import read
from rules.ruleset import Outcome, Rule, RuleSet
from rules.solver import Example, Solver, Undecided
from rules.source import Path
from rules.unread import unread

NUMBER_TESTS = ("<", "<=", ">", ">=", "=", "!=", "in")


def analyse(ruleset: RuleSet) -> tuple[Remark, ...]:
    """Return every remark on the rules that are in use, in the order of the files; the explained ones too."""
    return tuple(sorted(_Analysis(ruleset).remarks(), key=lambda remark: remark.problem))


class _Analysis:
    def __init__(self, ruleset: RuleSet) -> None:
        self.questionnaire = ruleset.questionnaire
        self.in_use = [rule for rule in ruleset.by_id.values() if rule.status != "retired"]
        self.places: Places = places(ruleset)
        self.solver = Solver(ruleset.questionnaire)
        self.ungated = Solver(ruleset.questionnaire, gated=False)

    def remarks(self) -> Iterator[Remark]:
        """Every remark, with its explanation if it has one; then the explanations without a remark."""
        found = [remark for rule in self.in_use for remark in self._decided(self._of_rule(rule), rule)]
        impossible = {remark.rule for remark in found if remark.kind == "never_raised"}
        several = [rule for rule in self.in_use if rule.id not in impossible]
        for rule in several:
            found += self._decided(self._of_others(rule, several), rule)
        for one, other in combinations(self._never_both_cleared(several), 2):
            found += self._decided(self._opposite(one, other), one)
        used = set()
        for remark in found:
            because = self._explanation(remark)
            used.add((remark.rule, remark.kind, remark.about))
            yield replace(remark, explained=because)
        yield from self._out_of_date(used)
        yield from unread(self.questionnaire, self.in_use, self.places)

    def _decided(self, found: Iterator[Remark], rule: Rule) -> list[Remark]:
        remarks: list[Remark] = []
        try:
            for remark in found:
                remarks.append(remark)
        except Undecided as error:
            message = f"not everything about {rule.id} could be looked at: {error}"
            remarks.append(self._remark(rule, ("raised_when", ""), "undecided", "", message))
        return remarks

    def _remark(
        self, rule: Rule, path: Path, kind: str, about: str, message: str, shown: Claim | Example | None = None
    ) -> Remark:
        """A remark with an example: the one given, or a patient of whom the claim holds, if there is one."""
        place = path if path[0] == "rules" else ("rules", rule.id, *path)
        named = f", about: {about if about.isidentifier() else json.dumps(about)}" if about else ""
        advice = f"mend it, or say under explained: {{finding: {kind}{named}, because: …}}"
        example = shown if isinstance(shown, Example | None) else self.solver.example(shown)
        told = answers_in_words(example.answers, self.questionnaire) if example else ""
        return Remark(rule.id, kind, about, self.places.of_rule(rule, place, message, advice), told)

    def _of_rule(self, rule: Rule) -> Iterator[Remark]:
        if not self.solver.is_possible(raised(rule)):
            yield from self._never(rule)
            return
        if not self.solver.is_possible(Every((_applies(rule), cleared(rule)))):
            message = f"{rule.id} is raised for everybody who answers and whom it applies to"
            yield self._remark(rule, ("raised_when", ""), "always_raised", "", message, raised(rule))
        if not self.solver.is_possible(raised(rule), complete=True):
            message = f"{rule.id} is only raised while an answer is missing"
            yield self._remark(rule, ("raised_when", ""), "only_if_missing", "", message, raised(rule))
        for name, condition in rule.conditions().items():
            context = (raised(rule),) if name.startswith("escalate") else ()
            yield from self._impossible(rule, condition, path_of(rule, name), context, wanted=True)
        yield from self._escalations(rule)
        yield from self._lines(rule)
        for variable in self._numbers(rule):
            yield from self._gap(rule, variable)

    def _never(self, rule: Rule) -> Iterator[Remark]:
        is_gated = self.ungated.is_possible(raised(rule))
        why = (is_gated and self._gates(rule.conditions().values())) or "its parts exclude each other"
        message = f"{rule.id} can never be raised: {why}"
        yield self._remark(rule, ("raised_when", ""), "never_raised", "", message)

    def _gates(self, conditions: Iterable[Condition]) -> str:
        """Which of the items that conditions ask for are only asked of some, and of whom."""
        tests = [finding for condition in conditions for finding in findings(condition)]
        items = [self.questionnaire.items.get(test.variable) for test in tests]
        gates = {item.id: as_text(item.when) for item in items if item is not None and item.when is not None}
        return "; ".join(f'"{name}" is only asked when {when}' for name, when in gates.items())

    def _impossible(
        self, rule: Rule, condition: Condition, path: Path, context: tuple[Claim, ...], *, wanted: bool
    ) -> Iterator[Remark]:
        """Each part below a condition that can never be as it is wanted, though the whole can."""
        if isinstance(condition, Finding):
            yield from self._impossible_codes(rule, condition, path, context, wanted=wanted)
            return
        parts = parts_of(condition)
        wanted = wanted != isinstance(condition, Not)
        is_joint = isinstance(condition, All if wanted else Any)
        for number, (part, place) in enumerate(zip(parts, paths_below(condition, path), strict=True)):
            others = tuple(Is(other, wanted) for n, other in enumerate(parts) if n != number) if is_joint else ()
            if self.solver.is_possible(Every((*context, *others, Is(part, wanted)))):
                yield from self._impossible(rule, part, place, (*context, *others), wanted=wanted)
            else:
                yield self._impossible_part(rule, part, place, (*context, *others), wanted=wanted)

    def _impossible_codes(
        self, rule: Rule, finding: Finding, path: Path, context: tuple[Claim, ...], *, wanted: bool
    ) -> Iterator[Remark]:
        for value in finding.value if isinstance(finding.value, tuple) and wanted else ():
            part = Finding(finding.variable, "=", value)
            if not self.solver.is_possible(Every((*context, Is(part, True)))):
                yield self._impossible_part(rule, part, path, context, wanted=True)

    def _impossible_part(
        self, rule: Rule, part: Condition, path: Path, context: tuple[Claim, ...], *, wanted: bool
    ) -> Remark:
        is_gated = self.ungated.is_possible(Every((*context, Is(part, wanted))))
        why = (is_gated and self._gates([part])) or "the parts around it exclude it"
        message = f'"{as_text(part)}" can never be {str(wanted).lower()} here: {why}'
        return self._remark(rule, path, "impossible", as_text(part), message)

    def _escalations(self, rule: Rule) -> Iterator[Remark]:
        for number, step in enumerate(rule.escalate):
            others = [s for s in rule.escalate if s is not step and s.to.rank <= step.to.rank]
            alone = Every((raised(rule), Is(step.when, True), *(Is(other.when, False) for other in others)))
            has_effect = step.to.rank < rule.priority.rank and self.solver.is_possible(alone)
            if not has_effect:
                together = Every((raised(rule), Is(step.when, True)))
                message = f"the step to {step.to.value} never decides: the rule is as urgent without it"
                yield self._remark(
                    rule, ("escalate", number, "to"), "step_without_effect", step.to.value, message, together
                )
        if rule.escalate and not self.solver.is_possible(ends(rule)[f"{Outcome.RAISED}, {rule.priority}"]):
            message = f"{rule.id} is never just {rule.priority.value}: some step always makes it more urgent"
            yield self._remark(rule, ("priority",), "never_its_priority", rule.priority.value, message, raised(rule))

    def _lines(self, rule: Rule) -> Iterator[Remark]:
        """Lines to consider that are never shown while the rule is raised, and parts of their conditions."""
        for number, line in enumerate(rule.consider):
            if line.when is None:
                continue
            path: Path = ("rules", rule.id, "consider", number, "when")
            if self.solver.is_possible(Every((raised(rule), Is(line.when, True)))):
                yield from self._impossible(rule, line.when, path, (raised(rule),), wanted=True)
            else:
                message = f'this line is never shown: {rule.id} is not raised when "{as_text(line.when)}"'
                yield self._remark(rule, path, "line_never_shown", as_text(line.when), message)

    def _numbers(self, rule: Rule) -> list[str]:
        """The numbers that two or more different tests of a rule look at."""
        tests = {finding for condition in rule.conditions().values() for finding in findings(condition)}
        counts = Counter(test.variable for test in tests)
        bounds = self.questionnaire.bounds
        return [name for name in sorted(counts) if counts[name] > 1 and bounds(name) is not None]

    def _gap(self, rule: Rule, variable: str) -> Iterator[Remark]:
        """A number between two others at which the rule is less urgent than at both, or is not raised at all."""
        between, above = _twin_rule(rule, variable, TWIN), _twin_rule(rule, variable, TWIN * 2)
        rises = Rises((variable, variable + TWIN, variable + TWIN * 2))
        for priority in rule.priorities:
            rank = priority.rank
            claim = Every((rises, level(rule, rank), below(between, rank), level(above, rank)))
            example = self.solver.example(claim, complete=True)
            if example is None:
                continue
            lower = read(self.questionnaire, example.answers).values[variable]
            middle, upper = (example.twins[variable + mark] for mark in (TWIN, TWIN * 2))
            what = f"{rule.id} is {priority.value} or more urgent at {lower} and {upper}, but not at {middle}"
            message = f'there is a gap in "{variable}": {what}'
            yield self._remark(rule, ("raised_when", ""), "gap", variable, message, example)
            return

    def _of_others(self, inner: Rule, rules: Sequence[Rule]) -> Iterator[Remark]:
        items = set(self.solver.depends_on(raised(inner)))
        others = [rule for rule in rules if rule is not inner and items & set(self.solver.depends_on(raised(rule)))]
        for outer in self._containing(inner, others):
            yield self._contained(inner, outer)

    def _containing(self, inner: Rule, others: Sequence[Rule]) -> list[Rule]:
        """Those of the other rules that nobody who raises `inner` can be clear of; halved until one is left."""
        if not others or self.solver.is_possible(Every((raised(inner), *map(cleared, others)))):
            return []
        if len(others) == 1:
            return list(others)
        half = len(others) // 2
        return self._containing(inner, others[:half]) + self._containing(inner, others[half:])

    def _contained(self, inner: Rule, outer: Rule) -> Remark:
        ranks = {priority.rank for priority in inner.priorities}
        more = Some(tuple(Every((level(inner, rank), below(outer, rank))) for rank in sorted(ranks)))
        is_more_urgent = self.solver.is_possible(more)
        how = f"{inner.id} is more urgent for some of them" if is_more_urgent else f"{outer.id} is always as urgent"
        message = f"{inner.id} is contained in {outer.id}: whoever raises it raises {outer.id} too; {how}"
        both = Every((raised(inner), raised(outer)))
        return self._remark(inner, ("raised_when", ""), "contained_in", outer.id, message, both)

    def _never_both_cleared(self, rules: Sequence[Rule]) -> Sequence[Rule]:
        """All rules, unless somebody is clear of every one of them: then no two are opposites."""
        return [] if self.solver.is_possible(Every(tuple(map(cleared, rules)))) else rules

    def _opposite(self, one: Rule, other: Rule) -> Iterator[Remark]:
        claims = Every((raised(one), raised(other))), Every((cleared(one), cleared(other)))
        if not any(self.solver.is_possible(claim) for claim in claims):
            message = f"{one.id} is the opposite of {other.id}: everybody who answers raises one of them, nobody both"
            yield self._remark(one, ("raised_when", ""), "opposite_of", other.id, message, raised(one))

    def _explanation(self, remark: Remark) -> str:
        rule = next(rule for rule in self.in_use if rule.id == remark.rule)
        return next((e.because for e in rule.explained if (e.finding, e.about) == (remark.kind, remark.about)), "")

    def _out_of_date(self, used: set[tuple[str, str, str]]) -> Iterator[Remark]:
        for rule in self.in_use:
            for number, reason in enumerate(rule.explained):
                if (rule.id, reason.finding, reason.about) not in used:
                    what = f"{reason.finding} {reason.about}".rstrip()
                    message = f'{rule.id} explains "{what}", which is not so'
                    problem = self.places.of_rule(rule, ("rules", rule.id, "explained", number), message, "take it out")
                    yield Remark(rule.id, "out_of_date", reason.finding, problem)


def _applies(rule: Rule) -> Claim:
    return Every(()) if rule.applies_when is None else Is(rule.applies_when, True)


def _twin_rule(rule: Rule, variable: str, mark: str) -> Rule:
    """The same rule of the same patient, at another value of one number."""
    steps = tuple(step.model_copy(update={"when": twin(step.when, variable, mark)}) for step in rule.escalate)
    applies = rule.applies_when and twin(rule.applies_when, variable, mark)
    raised_when = twin(rule.raised_when, variable, mark)
    return rule.model_copy(update={"applies_when": applies, "raised_when": raised_when, "escalate": steps})
