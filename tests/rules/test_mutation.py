"""Small changes to a rule: all are tried, those that its tests notice are not told, and the others come with a test."""

from pathlib import Path

import pytest

from rules.check import run_tests
from rules.condition import as_text
from rules.load import library, load_texts, read_files
from rules.mutants import mutants
from rules.mutation import Mutation, mutate
from rules.ruleset import RuleSet

SMALL = read_files(Path(__file__).parents[1] / "data" / "small")
HEAD = """\
rules:
  R0:
    title: A rule
    status: draft
    priority: routine
    reason: Because.
    consider: [Ask]
    review_by: 2028-01-01
    evidence: {health: guideline, link: none, sources: [guide]}
"""


def ruleset(rule: str, *tests: str) -> RuleSet:
    written = "".join(f"      {test}\n" for test in tests)
    return load_texts(SMALL | {"rule.yaml": f"{HEAD}    {rule}\n" + (f"    tests:\n{written}" if tests else "")})


def tried(rule: str) -> list[str]:
    return [mutant.change for mutant in mutants(ruleset(rule).by_id["R0"])]


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("phq9_1 >= 2", ['"phq9_1 >= 2" made "phq9_1 >= 1"', '"phq9_1 >= 2" made "phq9_1 >= 3"']),
        ("hormone_status = past", []),
        (
            "hormone_status in [past, current]",
            [
                '"hormone_status in [past, current]" made "hormone_status in [current]"',
                '"hormone_status in [past, current]" made "hormone_status in [past]"',
            ],
        ),
        (
            "{all: [has_uterus = yes, hormone_status = past]}",
            ['"all" made "any"', '"has_uterus = yes" left out', '"hormone_status = past" left out'],
        ),
        (
            "{any: [has_uterus = yes, hormone_status = past]}",
            ['"any" made "all"', '"has_uterus = yes" left out', '"hormone_status = past" left out'],
        ),
        ("{not: has_uterus = yes}", ['"not" left out']),
        (
            "{at_least: {count: 2, of: [has_uterus = yes, hormone_status = past]}}",
            ["count 2 made 1", '"has_uterus = yes" left out', '"hormone_status = past" left out'],
        ),
    ],
    ids=lambda text: str(text)[:50],
)
def test_each_part_of_a_condition_is_changed_in_every_way(rule: str, changes: list[str]) -> None:
    assert tried(f"raised_when: {rule}") == changes


def test_a_scope_and_a_step_are_also_left_out_whole() -> None:
    rule = "applies_when: has_uterus = yes\n    raised_when: hormone_status = past"
    assert tried(rule) == ['"applies_when" left out']
    rule = "raised_when: hormone_status = past\n    escalate: [{to: soon, when: has_uterus = yes}]"
    assert tried(rule) == ['"escalate" left out']


def test_a_change_deep_down_leaves_the_rest_of_the_condition_as_it_is() -> None:
    rule = ruleset("raised_when: {all: [has_uterus = yes, {any: [phq9_1 >= 2, not: phq9_2 >= 1]}]}").by_id["R0"]
    changed = {mutant.change: as_text(mutant.rule.raised_when) for mutant in mutants(rule)}
    assert changed['"not" left out'] == "has_uterus = yes and (phq9_1 >= 2 or phq9_2 >= 1)"
    assert changed['"any" made "all"'] == "has_uterus = yes and (phq9_1 >= 2 and not (phq9_2 >= 1))"


def test_a_change_that_a_test_notices_is_not_told() -> None:
    tests = (
        "- {name: two, answers: {phq9_1: 2}, expect: raised}",
        "- {name: one, answers: {phq9_1: 1}, expect: not raised}",
    )
    assert mutate(ruleset("raised_when: phq9_1 >= 2", *tests)) == Mutation(2, ())
    (change,) = mutate(ruleset("raised_when: phq9_1 >= 2", tests[0])).survivors
    assert str(change.problem) == (
        'rule.yaml:10:18: no test of R0 notices: "phq9_1 >= 2" made "phq9_1 >= 1"; add a test'
    )
    assert change.test == '- {name: "First: Several days", answers: {phq9_1: 1}, expect: not raised}'


def test_a_priority_that_no_test_names_can_be_changed_unnoticed() -> None:
    rule = "raised_when: phq9_1 >= 1\n    escalate: [{to: soon, when: has_uterus = yes}]"
    raised = "- {name: raised, answers: {phq9_1: 1, has_uterus: yes}, expect: raised}"
    others = (
        "- {name: not raised, answers: {phq9_1: 0}, expect: not raised}",
        "- {name: not more, answers: {phq9_1: 1, has_uterus: no}, expect: raised, priority: routine}",
    )
    (change,) = mutate(ruleset(rule, raised, *others)).survivors
    assert '"escalate" left out' in change.problem.message
    assert change.test.endswith("expect: raised, priority: soon}")
    assert not mutate(ruleset(rule, raised.replace("raised}", "raised, priority: soon}"), *others)).survivors


def test_a_change_that_no_answers_show_is_counted_apart() -> None:
    found = mutate(ruleset("raised_when: {any: [phq9_1 >= 1, phq9_1 >= 2]}"))
    equal = [change.problem.message for change in found.unnoticed if change.equal]
    assert equal == [
        'nothing in R0 depends on this: "phq9_1 >= 2" left out',
        'nothing in R0 depends on this: "phq9_1 >= 2" made "phq9_1 >= 1"',
        'nothing in R0 depends on this: "phq9_1 >= 2" made "phq9_1 >= 3"',
    ]
    assert len(found.survivors) == found.tried - 3


@pytest.mark.parametrize(
    "rule",
    [
        "raised_when: {all: [hormone_status = current, hormone_kinds includes oestrogen, hormone_months >= 3]}",
        "applies_when: age >= 65\n    raised_when: bmi >= 30\n    escalate: [{to: soon, when: bmi >= 40.5}]",
        "raised_when: {at_least: {count: 2, of: [phq2 >= 3, counted < 2, not: weight_kg > 50.25]}}",
    ],
)
def test_the_proposed_tests_pass_and_notice_all_changes(rule: str) -> None:
    proposed = dict.fromkeys(change.test for change in mutate(ruleset(rule)).survivors)
    complete = ruleset(rule, *proposed)
    assert [result for result in run_tests(complete) if not result.passed] == []
    assert mutate(complete).survivors == ()


def test_the_tests_in_the_library_notice_every_change() -> None:
    found = mutate(library())
    assert found.tried > 800
    assert [f"{change.problem}\n{change.test}" for change in found.survivors] == []
