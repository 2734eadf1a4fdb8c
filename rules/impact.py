"""What a change of the rules does: the same responses screened with two rule sets, flag by flag; the burden of each."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any as Data
from typing import TypeVar

from rules.cohort import CohortScreener, End, Ends, Together, differing
from rules.columns import as_stored
from rules.response import RawAnswers
from rules.ruleset import Outcome, Priority, RuleSet

Key = TypeVar("Key")
BATCH = 50_000  # responses in memory at once


@dataclass(frozen=True, slots=True)
class Difference:
    """One response for which a rule's flag is gained, lost, or of another priority. `response` is its id."""

    response: str
    before: End
    after: End

    @property
    def is_gained(self) -> bool:
        """Whether there was no flag before."""
        return isinstance(self.before, Outcome)

    @property
    def is_lost(self) -> bool:
        """Whether there is no flag any more."""
        return isinstance(self.after, Outcome)


@dataclass(frozen=True)
class RuleImpact:
    """One rule in both rule sets: how it ended for how many responses, and the responses for which its flag differs.

    In a rule set without the rule it is not raised for anybody.
    """

    rule: str
    before: Mapping[End, int]
    after: Mapping[End, int]
    differences: tuple[Difference, ...]

    @property
    def gained(self) -> tuple[Difference, ...]:
        """The responses that have this flag only after the change."""
        return tuple(one for one in self.differences if one.is_gained)

    @property
    def lost(self) -> tuple[Difference, ...]:
        """The responses that had this flag only before the change."""
        return tuple(one for one in self.differences if one.is_lost)

    @property
    def moved(self) -> tuple[Difference, ...]:
        """The responses that have this flag in both, with different priorities."""
        return tuple(one for one in self.differences if not one.is_gained and not one.is_lost)


@dataclass(frozen=True)
class Burden:
    """How many flags patients have. `by_priority` and `together` tell how many patients have 0, 1, 2 … flags."""

    patients: int
    by_priority: Mapping[Priority, Mapping[int, int]]
    together: Mapping[int, int]

    def total(self, priority: Priority | None = None) -> int:
        """Return how many flags there are of a priority, or of all."""
        numbers = self.together if priority is None else self.by_priority[priority]
        return sum(flags * patients for flags, patients in numbers.items())

    def mean(self, priority: Priority | None = None) -> float:
        """Return the flags a patient of a priority, or of all; 0 where there are no patients."""
        return self.total(priority) / self.patients if self.patients else 0.0


@dataclass(frozen=True)
class Impact:
    """What comes of `after` in place of `before`: every rule of either, in the order of the files, and the burdens."""

    rules: tuple[RuleImpact, ...]
    before: Burden
    after: Burden

    @property
    def changed(self) -> tuple[RuleImpact, ...]:
        """The rules with flags that are gained, lost or of another priority."""
        return tuple(rule for rule in self.rules if rule.differences)

    def as_json(self) -> dict[str, Data]:
        """Return plain data for `intake rules impact --json`: rules that change, with ids, and both burdens."""
        return {
            "responses": self.before.patients,
            "rules": {
                rule.rule: {
                    "raised_before": raised(rule.before),
                    "raised_after": raised(rule.after),
                    "gained": [one.response for one in rule.gained],
                    "lost": [one.response for one in rule.lost],
                    "moved": [{"response": one.response, "from": one.before, "to": one.after} for one in rule.moved],
                }
                for rule in self.changed
            },
            "flags": {"before": _flags(self.before), "after": _flags(self.after)},
        }

    def stored(self) -> dict[str, Data]:
        """Return plain data for storage, all of it."""
        rules = [
            {
                "rule": rule.rule,
                "before": {end.value: number for end, number in rule.before.items()},
                "after": {end.value: number for end, number in rule.after.items()},
                "differences": [[one.response, one.before.value, one.after.value] for one in rule.differences],
            }
            for rule in self.rules
        ]
        return {"rules": rules, "before": _burden_as_data(self.before), "after": _burden_as_data(self.after)}

    @staticmethod
    def from_stored(data: Mapping[str, Data]) -> "Impact":
        """Read what `stored` wrote."""
        rules = (
            RuleImpact(
                rule["rule"],
                {_end(end): number for end, number in rule["before"].items()},
                {_end(end): number for end, number in rule["after"].items()},
                tuple(Difference(one, _end(before), _end(after)) for one, before, after in rule["differences"]),
            )
            for rule in data["rules"]
        )
        return Impact(tuple(rules), _burden_from_data(data["before"]), _burden_from_data(data["after"]))


def raised(ends: Mapping[End, int]) -> int:
    """Return how many of the ends are flags."""
    return sum(number for end, number in ends.items() if isinstance(end, Priority))


def _end(text: str) -> End:
    return Priority(text) if text in set(Priority) else Outcome(text)


def _burden_as_data(burden: Burden) -> dict[str, Data]:
    by_priority = {priority.value: _by_text(numbers) for priority, numbers in burden.by_priority.items()}
    return {"patients": burden.patients, "by_priority": by_priority, "together": _by_text(burden.together)}


def _by_text(numbers: Mapping[int, int]) -> dict[str, int]:
    """JSON has no numbers for keys."""
    return {str(flags): patients for flags, patients in numbers.items()}


def _burden_from_data(data: Mapping[str, Data]) -> Burden:
    by_priority = {priority: _by_number(data["by_priority"][priority.value]) for priority in Priority}
    return Burden(data["patients"], by_priority, _by_number(data["together"]))


def _by_number(numbers: Mapping[str, int]) -> dict[int, int]:
    return {int(flags): patients for flags, patients in numbers.items()}


def _flags(burden: Burden) -> dict[str, Data]:
    totals: dict[str, Data] = {priority.value: burden.total(priority) for priority in Priority}
    patients = {str(flags): burden.together[flags] for flags in sorted(burden.together)}
    return totals | {"all": burden.total(), "patients_by_flags": patients}


@dataclass
class _Counted:
    """What has been counted so far with one rule set."""

    ends: dict[str, Counter[End]]
    patients: int = 0
    by_priority: dict[Priority, Counter[int]] = field(default_factory=lambda: {each: Counter() for each in Priority})
    together: Counter[int] = field(default_factory=Counter)

    def add(self, ends: Ends) -> None:
        self.patients += ends.patients
        self.together += ends.all_flags()
        for priority, numbers in ends.flags().items():
            self.by_priority[priority] += numbers
        for rule, counted in self.ends.items():
            counted.update(ends.counts(rule))

    def burden(self) -> Burden:
        return Burden(self.patients, self.by_priority, self.together)


class Comparison:
    """Two rule sets, to be compared on one lot of responses after the other. Not to be shared by threads."""

    def __init__(self, before: RuleSet, after: RuleSet) -> None:
        self._rules = list(dict.fromkeys(rule.id for rule in chain(after.by_id.values(), before.by_id.values())))
        self._both = Together([CohortScreener(before), CohortScreener(after)])

    def of(self, responses: Iterable[tuple[str, bytes]]) -> Impact:
        """Screen responses, given with their ids as they are stored; any number, since few are held at once."""
        counted = [_Counted({rule: Counter() for rule in self._rules}) for _ in range(2)]
        differences: dict[str, list[Difference]] = {rule: [] for rule in self._rules}
        rest = iter(responses)
        while batch := list(islice(rest, BATCH)):
            ends = self._both.screen(text for _, text in batch)
            for one, found in zip(counted, ends, strict=True):
                one.add(found)
            for rule in self._rules:
                for place, was, now in differing(ends[0], ends[1], rule):
                    differences[rule].append(Difference(batch[place][0], was, now))
        rules = (
            RuleImpact(rule, counted[0].ends[rule], counted[1].ends[rule], tuple(differences[rule]))
            for rule in self._rules
        )
        return Impact(tuple(rules), counted[0].burden(), counted[1].burden())


def compare(before: RuleSet, after: RuleSet, responses: Iterable[tuple[str, RawAnswers]]) -> Impact:
    """Screen responses, given with their ids, with both rule sets."""
    return Comparison(before, after).of((response, as_stored(raw)) for response, raw in responses)


def joined(parts: Sequence[Impact]) -> Impact:
    """Return the impact on all responses from those on parts of them, which were found with the same two rule sets."""
    rules = [
        RuleImpact(
            of_one_rule[0].rule,
            _sum(rule.before for rule in of_one_rule),
            _sum(rule.after for rule in of_one_rule),
            tuple(chain.from_iterable(rule.differences for rule in of_one_rule)),
        )
        for of_one_rule in zip(*(part.rules for part in parts), strict=True)
    ]
    return Impact(tuple(rules), _together(part.before for part in parts), _together(part.after for part in parts))


def _together(burdens: Iterable[Burden]) -> Burden:
    several = list(burdens)
    by_priority = {priority: _sum(one.by_priority[priority] for one in several) for priority in Priority}
    return Burden(sum(one.patients for one in several), by_priority, _sum(one.together for one in several))


def _sum(counted: Iterable[Mapping[Key, int]]) -> Mapping[Key, int]:
    total: Counter[Key] = Counter()
    for numbers in counted:
        total.update(numbers)
    return total
