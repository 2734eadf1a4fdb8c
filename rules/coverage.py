"""How well the tests inside rule files try each rule: every leaf of its conditions seen true, false and missing."""

from dataclasses import dataclass

from rules.condition import Finding, findings, holds
from rules.response import read
from rules.ruleset import Rule, RuleSet


@dataclass(frozen=True, slots=True)
class LeafCoverage:
    """One test of a rule's conditions, and which of its three ends the tests in the file have seen."""

    rule: str
    finding: Finding
    seen_true: bool
    seen_false: bool
    seen_missing: bool

    @property
    def lacking(self) -> tuple[str, ...]:
        """The ends that no test has seen: of true, false and missing."""
        ends = {"true": self.seen_true, "false": self.seen_false, "missing": self.seen_missing}
        return tuple(name for name, seen in ends.items() if not seen)


def coverage(ruleset: RuleSet) -> tuple[LeafCoverage, ...]:
    """Return the coverage of every leaf of every rule that is in use, in the order of the files."""
    return tuple(leaf for rule in ruleset.by_id.values() if rule.status != "retired" for leaf in _of(rule, ruleset))


def _of(rule: Rule, ruleset: RuleSet) -> tuple[LeafCoverage, ...]:
    leaves = dict.fromkeys(leaf for condition in rule.conditions().values() for leaf in findings(condition))
    patients = [read(ruleset.questionnaire, test.answers).values for test in rule.tests]
    covered = []
    for leaf in leaves:
        ends = [holds(leaf, values[leaf.variable]) for values in patients]
        covered.append(LeafCoverage(rule.id, leaf, True in ends, False in ends, None in ends))
    return tuple(covered)
