"""Coverage names, for each leaf of a rule's conditions, the ends that its tests have not seen."""

from pathlib import Path

import pytest

from rules.condition import findings
from rules.coverage import coverage
from rules.load import library, load_texts, read_files
from rules.response import read
from rules.ruleset import Outcome, Rule

LIBRARY = [rule for rule in library().by_id.values() if rule.status != "retired"]
SMALL = read_files(Path(__file__).parents[1] / "data" / "small")
RULE = """
rules:
  T1:
    title: Low mood
    status: draft
    applies_when: has_uterus = yes
    raised_when: {not: phq9_1 = 0}
    priority: routine
    reason: Because.
    consider: [Ask]
    review_by: 2028-01-01
    evidence: {health: guideline, link: none, sources: [guide]}
    tests:
      - {name: raised, answers: {phq9_1: 2, has_uterus: yes}, expect: raised}
      - {name: not asked, answers: {has_uterus: yes}, expect: not assessed}
"""


def test_the_ends_that_no_test_has_seen_are_named_for_each_leaf() -> None:
    leaves = {str(leaf.finding): leaf.lacking for leaf in coverage(load_texts(SMALL | {"rule.yaml": RULE}))}
    assert leaves == {"has_uterus = yes": ("false", "missing"), "phq9_1 = 0": ("true",)}


def test_the_tests_in_the_library_see_every_leaf_true_false_and_missing() -> None:
    assert [f"{leaf.rule} {leaf.finding}: {leaf.lacking}" for leaf in coverage(library()) if leaf.lacking] == []


@pytest.mark.parametrize("rule", LIBRARY, ids=lambda rule: rule.id)
def test_each_rule_has_at_least_four_tests_and_one_for_each_outcome(rule: Rule) -> None:
    ends = {test.expect for test in rule.tests}
    assert len(rule.tests) >= 4
    assert {Outcome.RAISED, Outcome.NOT_RAISED, Outcome.NOT_ASSESSED} <= ends
    assert rule.applies_when is None or Outcome.NOT_APPLICABLE in ends


@pytest.mark.parametrize("rule", LIBRARY, ids=lambda rule: rule.id)
def test_both_sides_of_each_threshold_are_tried(rule: Rule) -> None:
    """For `age >= 65` a patient of 65 and one of 64; for a decimal the threshold itself and a value within 1 of it."""
    questionnaire = library().questionnaire
    patients = [read(questionnaire, test.answers).values for test in rule.tests]
    for leaf in dict.fromkeys(leaf for condition in rule.conditions().values() for leaf in findings(condition)):
        if leaf.operator not in ("<", "<=", ">", ">=") or not isinstance(leaf.value, int | float):
            continue
        lowest = questionnaire.items[leaf.variable].min if leaf.variable in questionnaire.items else None
        if leaf.operator == ">=" and leaf.value == lowest:
            continue  # true of every number: it asks whether there is one
        other = 1 if leaf.operator in ("<=", ">") else -1
        seen = [number for values in patients if isinstance(number := values[leaf.variable], int | float)]
        assert leaf.value in seen, f"{leaf}: no test has {leaf.variable} = {leaf.value:g}"
        beside = [number for number in seen if 0 < (number - leaf.value) * other <= 1]
        assert beside, f"{leaf}: no test has {leaf.variable} just {'above' if other > 0 else 'below'} {leaf.value:g}"
