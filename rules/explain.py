"""Why a rule ended as it did: the answers that made it true, the answers that are missing, and what would change it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product

from rules.condition import (
    All,
    Any,
    AtLeast,
    Condition,
    Finding,
    Interval,
    Not,
    Number,
    Special,
    Value,
    as_text,
    findings,
    negated,
    parts_of,
    push_negations,
    variables_of,
)
from rules.questionnaire import Questionnaire
from rules.reference import truth
from rules.response import Missing, Response
from rules.ruleset import Rule

PLACEHOLDER = re.compile(r"\{(\w+)\}")
LeafSets = Callable[[Condition], list[frozenset[str]]]
MOST_SETS = 32  # alternatives kept at each node; rules that people write have fewer
MOST_TRIES = 400  # combinations of new answers tried for one set of questions
MOST_CHANGES = 3  # alternatives shown to the clinician


@dataclass(frozen=True, slots=True)
class Because:
    """One answer that a flag rests on: the item or score, the test it passed, and the answer in short words."""

    variable: str
    test: str
    answer: str


@dataclass(frozen=True, slots=True)
class MissingAnswer:
    """One answer that a rule waits for, and why there is none."""

    item: str
    why: Missing


@dataclass(frozen=True, slots=True)
class Change:
    """Answers that would lower a flag, in words such as "PHQ-9: 9 or lower"; one or several at once."""

    variables: tuple[str, ...]
    to: str


def because(condition: Condition, response: Response) -> tuple[Because, ...]:
    """Return a smallest set of answers that makes a true condition true, whatever all the others were."""
    values = response.values
    pushed = push_negations(condition)

    def leaf(test: Condition) -> bool:
        return truth(test, values) is True

    sets = _sets(pushed, lambda test: [frozenset({_variable(test)})] if leaf(test) else [])
    if not sets:
        return ()
    tests: dict[str, list[str]] = {variable: [] for variable in variables_of(pushed) if variable in sets[0]}
    for test in dict.fromkeys(_tests(pushed)):
        if _variable(test) in tests and leaf(test):
            tests[_variable(test)].append(as_text(test))
    return tuple(
        Because(variable, " and ".join(texts), variable_words(variable, response)) for variable, texts in tests.items()
    )


def missing(conditions: Iterable[Condition], response: Response) -> tuple[MissingAnswer, ...]:
    """Return the missing answers that conditions of unknown truth wait for; a score stands for its missing items."""
    waited: dict[str, None] = {}
    for condition in conditions:
        for variable in _unknown(condition, response.values):
            score = response.questionnaire.scores.get(variable)
            waited |= dict.fromkeys(score.items if score else (variable,))
    return tuple(MissingAnswer(item, why) for item in waited if isinstance(why := response.answers.get(item), Missing))


def _unknown(condition: Condition, values: Mapping[str, Value]) -> Iterator[str]:
    if truth(condition, values) is None:
        if isinstance(condition, Finding):
            yield condition.variable
        for part in parts_of(condition):
            yield from _unknown(part, values)


def changes(condition: Condition, response: Response) -> tuple[Change, ...]:
    """Return the nearest answers, fewest first, that would make a true condition false while all others stay."""
    values = response.values
    opposite = negated(condition)
    fixed = {item.id for item in response.questionnaire.items.values() if item.derived}

    def leaf(test: Condition) -> list[frozenset[str]]:
        if truth(test, values) is True:
            return [frozenset()]
        variable = _variable(test)
        return [] if variable in fixed else [frozenset({variable})]

    found: list[Change] = []
    for variables in _sets(opposite, leaf):
        if found and len(variables) > len(found[0].variables):
            break
        change = _change(condition, variables, response)
        if change is not None and change not in found:
            found.append(change)
    return tuple(found[:MOST_CHANGES])


def _change(condition: Condition, variables: frozenset[str], response: Response) -> Change | None:
    order = [variable for variable in variables_of(condition) if variable in variables]
    choices = [_candidates(condition, variable, response) for variable in order]
    for chosen in islice(product(*choices), MOST_TRIES):
        new = dict(zip(order, chosen, strict=True))
        if truth(condition, {**response.values, **new}) is False:
            words = [_change_words(condition, name, value, new, response) for name, value in new.items()]
            return Change(tuple(order), " and ".join(words))
    return None


def _candidates(condition: Condition, variable: str, response: Response) -> list[Value]:
    """Other answers that could matter, nearest first."""
    current = response.values.get(variable, Special.MISSING)
    item = response.questionnaire.items.get(variable)
    wanted = [test.value for test in findings(condition) if test.variable == variable]
    if isinstance(current, frozenset):
        return [current ^ {str(code)} for code in wanted]
    if item is not None and item.options:
        codes: list[Value] = [option.code for option in item.options if option.code != current]
        return sorted(codes, key=lambda code: _distance(code, current))
    whole = all(isinstance(bound, int) for bound in response.questionnaire.bounds(variable) or ())
    step = 1 if whole else 0.1
    numbers = [
        n for value in wanted for n in (value if isinstance(value, tuple) else (value,)) if isinstance(n, int | float)
    ]
    near = {round(n + shift, 6) for n in numbers for shift in (-step, 0, step)}
    low, high = response.questionnaire.bounds(variable) or (0, 0)
    start = current.low if isinstance(current, Interval) else current if isinstance(current, int | float) else low
    inside: list[Number] = [n for n in near if low <= n <= high]
    inside.sort(key=lambda n: (abs(n - start), n))
    return list(inside)


def _distance(one: Value, other: Value) -> Number:
    return abs(one - other) if isinstance(one, int | float) and isinstance(other, int | float) else 0


def _change_words(
    condition: Condition, variable: str, value: Value, new: Mapping[str, Value], response: Response
) -> str:
    title = response.questionnaire.title(variable)
    item = response.questionnaire.items.get(variable)
    current = response.values.get(variable)
    if isinstance(value, frozenset):
        before = current if isinstance(current, frozenset) else frozenset()
        names = _option_words(response.questionnaire, variable, before ^ value)
        return f"{title}: {'without' if before - value else 'with'} {names}"
    if item is not None and item.options:
        return f"{title}: {_option_words(response.questionnaire, variable, frozenset({value}))}"
    low, high = response.questionnaire.bounds(variable) or (0, 0)
    for bound, words in ((low, " or lower"), (high, " or higher")):
        if truth(condition, {**response.values, **new, variable: bound}) is False and _toward(current, value, bound):
            return f"{title}: {value:g}{words}" if isinstance(value, int | float) else title
    return f"{title}: {value:g}" if isinstance(value, int | float) else title


def _toward(current: Value | None, value: Value, bound: Number) -> bool:
    """Whether `bound` lies on the same side of the present value as the new one does."""
    start = current.low if isinstance(current, Interval) else current
    if not isinstance(start, int | float) or not isinstance(value, int | float):
        return False
    return (value - start) * (bound - value) >= 0 and value != start


def _option_words(questionnaire: Questionnaire, variable: str, codes: frozenset[Value]) -> str:
    options = questionnaire.items[variable].options
    return ", ".join(option.short or option.label for option in options if option.code in codes)


def _tests(condition: Condition) -> Iterator[Condition]:
    """The leaves of a condition whose negations have been pushed down: findings, and `Not` of findings."""
    if isinstance(condition, Finding | Not):
        yield condition
    else:
        for part in parts_of(condition):
            yield from _tests(part)


def _variable(test: Condition) -> str:
    return findings(test)[0].variable


def _sets(condition: Condition, leaf: LeafSets) -> list[frozenset[str]]:
    """The smallest sets of variables, fewest first, that make a condition true, given those of each leaf."""
    match condition:
        case Finding() | Not():
            return leaf(condition)
        case All(parts):
            count = len(parts)
        case Any(parts):
            count = 1
        case AtLeast(count, parts):
            pass
    # reached[n]: sets that make n of the parts so far true
    reached: list[list[frozenset[str]]] = [[frozenset()], *([] for _ in range(count))]
    for part in parts:
        below = _sets(part, leaf)
        for n in range(count, 0, -1):
            grown = [one | other for one in reached[n - 1] for other in below]
            reached[n] = _smallest(reached[n] + grown)
    return reached[count]


def _smallest(sets: list[frozenset[str]]) -> list[frozenset[str]]:
    kept: list[frozenset[str]] = []
    for candidate in sorted(dict.fromkeys(sets), key=len):
        if len(kept) < MOST_SETS and not any(smaller <= candidate for smaller in kept):
            kept.append(candidate)
    return kept


def variable_words(variable: str, response: Response) -> str:
    """Return the answer to an item, or a score's bounds, in the clinician's short words."""
    if variable in response.questionnaire.items:
        return response.answer_text(variable)
    score = response.scores[variable]
    unit = response.questionnaire.scores[variable].unit
    if score.low is None or score.high is None:
        return "not asked"
    if score.complete:
        return f"{score.low:g} {unit}".strip()
    return f"{score.low:g} to {score.high:g} {unit}".strip() + " (incomplete)"


def reason_text(rule: Rule, response: Response) -> str:
    """Return a rule's reason with each `{item}` or `{score}` replaced by the patient's answer in short words."""
    return PLACEHOLDER.sub(lambda match: variable_words(match[1], response), rule.reason)


def considerations(rule: Rule, response: Response) -> tuple[str, ...]:
    """Return the lines of `consider` whose condition is true for this response, or that have none."""
    return tuple(line.text for line in rule.consider if line.when is None or truth(line.when, response.values) is True)
