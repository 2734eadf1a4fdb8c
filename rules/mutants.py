"""Small changes to a rule, which its tests should notice: a threshold one off, `all` made `any`, a part left out."""

from collections.abc import Iterator
from dataclasses import dataclass

from rules.condition import All, Any, AtLeast, Condition, Finding, Not, as_text, parts_of
from rules.places import path_of, paths_below
from rules.ruleset import Rule
from rules.source import Path

NUMBER_OPERATORS = ("<", "<=", ">", ">=", "=", "!=")


@dataclass(frozen=True)
class Mutant:
    """A rule with one change: where the change is, and what it is (`"phq9 >= 10" made "phq9 >= 11"`)."""

    rule: Rule
    path: Path
    change: str


def mutants(rule: Rule) -> Iterator[Mutant]:
    """Yield a rule with each small change to the conditions that decide its outcome and priority."""
    for name, condition in rule.conditions().items():
        path = path_of(rule, name)
        for place, change, changed in _changes(condition, path):
            yield Mutant(_with(rule, name, changed), place, change)
        if name != "raised_when":
            place = path if name == "applies_when" else path[:-1]
            yield Mutant(_with(rule, name, None), place, f'"{name.split()[0]}" left out')


def _with(rule: Rule, name: str, condition: Condition | None) -> Rule:
    word, _, number = name.partition(" ")
    if not number:
        return rule.model_copy(update={word: condition})
    steps = list(rule.escalate)
    steps[int(number) : int(number) + 1] = (
        [] if condition is None else [steps[int(number)].model_copy(update={"when": condition})]
    )
    return rule.model_copy(update={"escalate": tuple(steps)})


def _changes(condition: Condition, path: Path) -> Iterator[tuple[Path, str, Condition]]:
    """Each change to a condition: its path, its words, and the whole condition with it."""
    parts = parts_of(condition)
    paths = paths_below(condition, path)
    yield from _own_changes(condition, path)
    for number, place in enumerate(paths if len(parts) > 1 else ()):
        yield (
            place,
            f'"{as_text(parts[number])}" left out',
            _rebuilt(condition, (*parts[:number], *parts[number + 1 :])),
        )
    for number, (part, below) in enumerate(zip(parts, paths, strict=True)):
        for place, change, changed in _changes(part, below):
            yield place, change, _rebuilt(condition, (*parts[:number], changed, *parts[number + 1 :]))


def _own_changes(condition: Condition, path: Path) -> Iterator[tuple[Path, str, Condition]]:
    match condition:
        case Finding():
            for changed in _shifted(condition):
                yield path, f'"{condition}" made "{changed}"', changed
        case All(parts) if len(parts) > 1:
            yield (*path, "all", ""), '"all" made "any"', Any(parts)
        case Any(parts) if len(parts) > 1:
            yield (*path, "any", ""), '"any" made "all"', All(parts)
        case Not(part):
            yield (*path, "not", ""), '"not" left out', part
        case AtLeast(count, of):
            for other in (count - 1, count + 1):
                if 1 <= other <= len(of):
                    yield (*path, "at_least", "count"), f"count {count} made {other}", AtLeast(other, of)


def _shifted(finding: Finding) -> Iterator[Finding]:
    variable, operator, value = finding.variable, finding.operator, finding.value
    if isinstance(value, tuple):
        for code in value if len(value) > 1 else ():
            yield Finding(variable, operator, tuple(other for other in value if other != code))
    elif operator in NUMBER_OPERATORS and not isinstance(value, str):
        yield Finding(variable, operator, value - 1)
        yield Finding(variable, operator, value + 1)


def _rebuilt(condition: Condition, parts: tuple[Condition, ...]) -> Condition:
    match condition:
        case All():
            return All(parts)
        case Any():
            return Any(parts)
        case AtLeast(count):
            return AtLeast(min(count, len(parts)), parts)
        case _:
            return Not(parts[0])
