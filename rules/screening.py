"""A response put through a rule set: every rule's outcome, its reasons, what is missing and what would change it."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any as Data
from typing import Protocol

from rules.condition import All, Condition, Truth, Value, variables_of
from rules.engine import Engine
from rules.errors import EngineError
from rules.explain import Because, Change, MissingAnswer, because, changes, missing
from rules.predicates import Predicate, predicate
from rules.reference import meaning
from rules.response import Missing, Response
from rules.ruleset import AT_ONCE, Escalation, Outcome, Priority, Rule, RuleSet
from rules.scores import ScoreValue

LOG = logging.getLogger(__name__)


class Evaluator(Protocol):
    """What evaluates named conditions with durable-rules: `Engine`, or one in a process of its own."""

    def evaluate(self, values: Mapping[str, Value]) -> dict[str, Truth]:
        """Return the truth of each condition. Raises `EngineError`."""

    def close(self) -> None:
        """Free its memory."""


MakesEvaluator = Callable[[Mapping[str, Condition]], Evaluator]


@dataclass(frozen=True)
class RuleOutcome:
    """How one rule ended. `priority` is set while it is raised. For a raised rule, `missing` are the answers that could
    still make it more urgent."""

    rule: str
    outcome: Outcome
    priority: Priority | None = None
    because: tuple[Because, ...] = ()
    missing: tuple[MissingAnswer, ...] = ()
    would_change: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Screening:
    """The outcome of every rule for one response. `rule_set` is the hash of the rule set that made it.

    `agreed` tells whether durable-rules and the plain reference came to the same end; where they did not, the flags of
    both are raised. Where durable-rules came to none, the reference alone decides, and nothing is said to agree.
    """

    rule_set: str
    outcomes: Mapping[str, RuleOutcome]
    scores: Mapping[str, ScoreValue]
    agreed: bool

    @property
    def raised(self) -> tuple[RuleOutcome, ...]:
        """The raised flags, most urgent first."""
        flags = [outcome for outcome in self.outcomes.values() if outcome.priority is not None]
        return tuple(sorted(flags, key=lambda flag: flag.priority.rank if flag.priority else 0))

    @property
    def not_assessed(self) -> tuple[RuleOutcome, ...]:
        """The rules that depend on a missing answer, in the order of the files."""
        return tuple(o for o in self.outcomes.values() if o.outcome is Outcome.NOT_ASSESSED)

    def as_json(self) -> dict[str, Data]:
        """Return plain data for `intake screen --json` and for storage."""
        return {
            "rule_set": self.rule_set,
            "agreed": self.agreed,
            "scores": {
                name: {"low": score.low, "high": score.high, "complete": score.complete}
                for name, score in self.scores.items()
            },
            "outcomes": {
                rule: {
                    "outcome": o.outcome.value,
                    "priority": o.priority and o.priority.value,
                    "because": [{"item": b.variable, "test": b.test, "answer": b.answer} for b in o.because],
                    "missing": [{"item": m.item, "why": m.why.value} for m in o.missing],
                    "would_change": [{"items": list(c.variables), "to": c.to} for c in o.would_change],
                }
                for rule, o in self.outcomes.items()
            },
        }

    @staticmethod
    def from_json(data: Mapping[str, Data]) -> "Screening":
        """Read what `as_json` wrote."""
        outcomes = {
            rule: RuleOutcome(
                rule,
                Outcome(o["outcome"]),
                o["priority"] and Priority(o["priority"]),
                tuple(Because(b["item"], b["test"], b["answer"]) for b in o["because"]),
                tuple(MissingAnswer(m["item"], Missing(m["why"])) for m in o["missing"]),
                tuple(Change(tuple(c["items"]), c["to"]) for c in o["would_change"]),
            )
            for rule, o in data["outcomes"].items()
        }
        scores = {name: ScoreValue(score["low"], score["high"]) for name, score in data["scores"].items()}
        return Screening(data["rule_set"], outcomes, scores, data["agreed"])


class Evaluators:
    """Both evaluators of the conditions of some rules: durable-rules, and what `plain` makes of each condition."""

    def __init__(
        self,
        rules: Iterable[Rule],
        engine: Callable[[Mapping[str, Condition]], Evaluator],
        plain: Callable[[Condition], Predicate],
    ) -> None:
        self.rules = tuple(rules)
        self._conditions = {
            f"{rule.id} {name}": condition for rule in self.rules for name, condition in rule.conditions().items()
        }
        self._variables = {variable for condition in self._conditions.values() for variable in variables_of(condition)}
        self._engine = engine(self._conditions)
        self._plain = {name: plain(condition) for name, condition in self._conditions.items()}

    def truths(
        self, response: Response, before: Response | None = None
    ) -> tuple[Mapping[str, Truth], Mapping[str, Truth]]:
        """The truth of every condition, by durable-rules and by plain Python.

        By durable-rules there is nothing where it fails, nor where nothing that it reads is other than it was `before`.
        """
        plain = {name: holds(response.values) for name, holds in self._plain.items()}
        read = self._read(response)
        if before is not None and read == self._read(before):
            return {}, plain
        try:
            return self._engine.evaluate(read), plain
        except EngineError as error:  # its words could hold an answer
            LOG.error("durable-rules failed, plain Python alone decides: %s", type(error.__cause__).__name__)
            return {}, plain

    def outcomes(self, response: Response, rules: Iterable[Rule]) -> tuple[list[RuleOutcome], bool]:
        """How some of the rules end for a response, and whether the evaluators agree on all conditions."""
        engine, plain = self.truths(response)
        agreed = engine == plain
        found = []
        for rule in rules:
            outcome = _outcome(rule, engine or plain, response)
            if not agreed:
                outcome = _more_urgent(outcome, _outcome(rule, plain, response))
            found.append(outcome)
        return found, agreed

    def close(self) -> None:
        """Free the engine's memory."""
        self._engine.close()

    def _read(self, response: Response) -> dict[str, Value]:
        return {name: value for name, value in response.values.items() if name in self._variables}


class Screener:
    """Screens responses with one rule set. Both evaluators run on every response."""

    def __init__(self, ruleset: RuleSet, engine: MakesEvaluator = Engine) -> None:
        self.ruleset = ruleset
        in_use = [rule for rule in ruleset.by_id.values() if rule.status != "retired"]
        self._all = Evaluators(in_use, engine, meaning)
        self._urgent = Evaluators(filter(_can_be_urgent, in_use), engine, predicate)  # each page asks these

    def close(self) -> None:
        """Free the engine's memory; the screener cannot be used afterwards."""
        self._all.close()
        self._urgent.close()

    def urgent(self, response: Response, before: Response | None = None) -> dict[str, Priority]:
        """Return the raised rules that cannot wait (`AT_ONCE`) with their priorities, the most urgent first.

        It says what answers so far call for, at a small part of what a screening costs. Where these rules read nothing
        that is other than in the answers `before`, for which that was asked already, plain Python alone says it.
        """
        both = [truths for truths in self._urgent.truths(response, before) if truths]
        found = {}
        for rule in self._urgent.rules:
            priorities = [top for truths in both if (top := _priority(rule, truths)) in AT_ONCE]
            if priorities:
                found[rule.id] = min(priorities, key=lambda priority: priority.rank)
        return dict(sorted(found.items(), key=lambda pair: pair[1].rank))

    def screen(self, response: Response) -> Screening:
        """Return the screening of one response."""
        outcomes, agreed = self._all.outcomes(response, self._all.rules)
        return Screening(self.ruleset.hash, {end.rule: end for end in outcomes}, _numbers(response), agreed)


def _can_be_urgent(rule: Rule) -> bool:
    return rule.priority in AT_ONCE or any(step.to in AT_ONCE for step in rule.escalate)


def _numbers(response: Response) -> dict[str, ScoreValue]:
    """The scores, and before them the items that are worked out and not asked (age)."""
    numbers = {}
    for item in response.questionnaire.items.values():
        if item.derived:
            age = response.answers[item.id]
            numbers[item.id] = ScoreValue(age, age) if isinstance(age, int | float) else ScoreValue(item.min, item.max)
    return numbers | dict(response.scores)


def _steps(rule: Rule, truths: Mapping[str, Truth], above: Priority) -> list[tuple[Truth, Escalation]]:
    """The steps that lead higher than a priority, and whether each holds."""
    steps = ((truths[f"{rule.id} escalate {number}"], step) for number, step in enumerate(rule.escalate))
    return [(held, step) for held, step in steps if step.to.rank < above.rank]


def _priority(rule: Rule, truths: Mapping[str, Truth]) -> Priority | None:
    """The priority of a rule that is raised; None for any other."""
    if truths.get(f"{rule.id} applies_when", True) is not True or truths[f"{rule.id} raised_when"] is not True:
        return None
    held = [step.to for held, step in _steps(rule, truths, rule.priority) if held]
    return min(held, key=lambda priority: priority.rank, default=rule.priority)


def _outcome(rule: Rule, truths: Mapping[str, Truth], response: Response) -> RuleOutcome:
    applies = truths.get(f"{rule.id} applies_when", True)
    raised = truths[f"{rule.id} raised_when"]
    if applies is False:
        return RuleOutcome(rule.id, Outcome.NOT_APPLICABLE)
    scope = [rule.raised_when] if rule.applies_when is None else [rule.applies_when, rule.raised_when]
    if applies is None or raised is None:
        return RuleOutcome(rule.id, Outcome.NOT_ASSESSED, missing=missing(scope, response))
    if not raised:
        return RuleOutcome(rule.id, Outcome.NOT_RAISED)
    held = [step for held, step in _steps(rule, truths, rule.priority) if held]
    top = min(held, key=lambda step: step.to.rank, default=None)
    priority = top.to if top else rule.priority
    could_rise = [step.when for held, step in _steps(rule, truths, priority) if held is None]
    whole = All((*scope, top.when) if top else tuple(scope))
    return RuleOutcome(
        rule.id,
        Outcome.RAISED,
        priority,
        because(whole, response),
        missing(could_rise, response),
        changes(whole, response),
    )


def _more_urgent(one: RuleOutcome, other: RuleOutcome) -> RuleOutcome:
    """The outcome that a clinician must not miss: raised before not assessed before the rest; then by priority."""

    def rank(outcome: RuleOutcome) -> tuple[int, int]:
        order = (Outcome.RAISED, Outcome.NOT_ASSESSED, Outcome.NOT_RAISED, Outcome.NOT_APPLICABLE)
        return order.index(outcome.outcome), outcome.priority.rank if outcome.priority else 0

    return min(one, other, key=rank)


def screen_once(ruleset: RuleSet, response: Response) -> Screening:
    """Screen one response, and let go of what was compiled for it. Raises `EngineError`."""
    screener = Screener(ruleset)
    try:
        return screener.screen(response)
    finally:
        screener.close()
