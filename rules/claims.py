"""What is claimed of one patient: that conditions are true, false or unknown, joined by every, some and no.

A claim is asked of a patient's values here, by the plain reference, and of all patients at once in solver.py.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from rules.condition import All, Any, AtLeast, Condition, Finding, Not, Truth, Value, findings
from rules.reference import truth
from rules.ruleset import Outcome, Rule

TWIN = "'"  # "age'" is the same patient's age at another value, all other answers being the same


@dataclass(frozen=True, slots=True)
class Is:
    """A condition has this truth: True, False or None for unknown."""

    condition: Condition
    truth: Truth


@dataclass(frozen=True, slots=True)
class Every:
    """All of the claims hold; without any, it holds of everybody."""

    claims: tuple["Claim", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of the claims holds."""

    claims: tuple["Claim", ...]


@dataclass(frozen=True, slots=True)
class No:
    """The claim does not hold."""

    claim: "Claim"


@dataclass(frozen=True, slots=True)
class Rises:
    """These numbers, twins among them, are all known, each higher than the one before."""

    variables: tuple[str, ...]


Claim = Is | Every | Some | No | Rises


def holds_of(claim: Claim, values: Mapping[str, Value]) -> bool:
    """Return whether a claim holds of one patient, by the plain reference."""
    match claim:
        case Is(condition, wanted):
            return truth(condition, values) is wanted
        case Every(claims):
            return all(holds_of(part, values) for part in claims)
        case Some(claims):
            return any(holds_of(part, values) for part in claims)
        case No(part):
            return not holds_of(part, values)
        case Rises(names):
            known = [value for name in names if isinstance(value := values.get(name), int | float)]
            return len(known) == len(names) and all(one < other for one, other in pairwise(known))


def variables(claim: Claim) -> frozenset[str]:
    """Return the items and scores that a claim asks for, twins by their own names."""
    return frozenset(test.variable for test in tests_of(claim)) | frozenset(_rising(claim))


def tests_of(claim: Claim) -> tuple[Finding, ...]:
    """Return the distinct tests of a claim's conditions, in order of appearance."""
    return tuple(dict.fromkeys(_tests(claim)))


def _tests(claim: Claim) -> Iterator[Finding]:
    if isinstance(claim, Is):
        yield from findings(claim.condition)
    for part in _parts(claim):
        yield from _tests(part)


def _rising(claim: Claim) -> Iterator[str]:
    if isinstance(claim, Rises):
        yield from claim.variables
    for part in _parts(claim):
        yield from _rising(part)


def _parts(claim: Claim) -> tuple[Claim, ...]:
    match claim:
        case Every(claims) | Some(claims):
            return claims
        case No(part):
            return (part,)
        case _:
            return ()


def raised(rule: Rule) -> Claim:
    """Claim that a rule is raised."""
    conditions = (rule.raised_when,) if rule.applies_when is None else (rule.applies_when, rule.raised_when)
    return Every(tuple(Is(condition, True) for condition in conditions))


def cleared(rule: Rule) -> Claim:
    """Claim that a rule is certainly not raised: it does not apply, or its condition is false."""
    applies = () if rule.applies_when is None else (Is(rule.applies_when, False),)
    return Some((*applies, Is(rule.raised_when, False)))


def level(rule: Rule, rank: int) -> Claim:
    """Claim that a rule is raised with the priority of this rank, 0 for emergency, or with a more urgent one."""
    if rule.priority.rank <= rank:
        return raised(rule)
    return Every((raised(rule), Some(tuple(Is(step.when, True) for step in rule.escalate if step.to.rank <= rank))))


def below(rule: Rule, rank: int) -> Claim:
    """Claim that a rule certainly stays less urgent than the priority of this rank, or is not raised at all."""
    if rule.priority.rank <= rank:
        return cleared(rule)
    return Some((cleared(rule), Every(tuple(Is(step.when, False) for step in rule.escalate if step.to.rank <= rank))))


def ends(rule: Rule) -> dict[str, Claim]:
    """Return each way in which a rule can end, by its words (`raised, soon`); exactly one holds of any patient."""
    applies = rule.applies_when
    known = Every(()) if applies is None else Is(applies, True)
    found: dict[str, Claim] = {} if applies is None else {Outcome.NOT_APPLICABLE.value: Is(applies, False)}
    found[Outcome.NOT_RAISED.value] = Every((known, Is(rule.raised_when, False)))
    unknown = Every((known, Is(rule.raised_when, None)))
    found[Outcome.NOT_ASSESSED.value] = unknown if applies is None else Some((Is(applies, None), unknown))
    for priority in rule.priorities:
        if priority.rank <= rule.priority.rank:
            above = No(level(rule, priority.rank - 1))
            found[f"{Outcome.RAISED.value}, {priority.value}"] = Every((level(rule, priority.rank), above))
    return found


def end_of(rule: Rule, values: Mapping[str, Value]) -> str:
    """Return how a rule ends for one patient, in the words of `ends`."""
    applies = True if rule.applies_when is None else truth(rule.applies_when, values)
    is_raised = truth(rule.raised_when, values)
    if applies is False:
        return Outcome.NOT_APPLICABLE.value
    if applies is None or is_raised is None:
        return Outcome.NOT_ASSESSED.value
    if not is_raised:
        return Outcome.NOT_RAISED.value
    steps = [step.to for step in rule.escalate if truth(step.when, values) is True]
    priority = min((rule.priority, *steps), key=lambda step: step.rank)
    return f"{Outcome.RAISED.value}, {priority.value}"


def twin(condition: Condition, variable: str, mark: str) -> Condition:
    """Return a condition with one of its variables replaced by that variable's twin."""
    match condition:
        case Finding(name, operator, value):
            return Finding(name + mark, operator, value) if name == variable else condition
        case Not(part):
            return Not(twin(part, variable, mark))
        case All(parts):
            return All(tuple(twin(part, variable, mark) for part in parts))
        case Any(parts):
            return Any(tuple(twin(part, variable, mark) for part in parts))
        case AtLeast(count, of):
            return AtLeast(count, tuple(twin(part, variable, mark) for part in of))
