"""What a change of the rules does to the flags of the same patients."""

import pytest

from rules import impact
from rules.impact import Difference, compare, joined
from rules.load import library, load_texts
from rules.response import read
from rules.ruleset import Outcome, Priority, RuleSet
from rules.screening import Screener
from rules.synthetic import patients
from tests.conftest import SMALL, SMALL_RULES

PEOPLE = [
    ("ann", {"phq9_1": 1, "phq9_2": 1}),
    ("ben", {"phq9_1": 2, "phq9_2": 1, "weight_kg": 130, "height_cm": 170}),
    ("cem", {"phq9_1": 3, "phq9_2": 3}),
    ("dot", {}),
]


def ruleset(text: str) -> RuleSet:
    return load_texts(SMALL | {"safety.yaml": text})


BEFORE = ruleset(SMALL_RULES)
STRICTER = ruleset(
    SMALL_RULES.replace("phq2 >= 3", "phq2 >= 2").replace(
        "priority: same_day", "priority: same_day\n    escalate: [{to: emergency, when: phq2 >= 6}]"
    )
)


def test_flags_gained_lost_and_moved_are_told_by_rule_with_the_responses() -> None:
    there = {rule.rule: rule for rule in compare(BEFORE, STRICTER, PEOPLE).rules}
    assert there["S1"].gained == (Difference("ann", Outcome.NOT_RAISED, Priority.SAME_DAY),)
    assert there["S1"].moved == (Difference("cem", Priority.SAME_DAY, Priority.EMERGENCY),)
    assert there["S1"].lost == ()
    assert there["S1"].before == {Outcome.NOT_RAISED: 1, Priority.SAME_DAY: 2, Outcome.NOT_ASSESSED: 1}
    back = {rule.rule: rule for rule in compare(STRICTER, BEFORE, PEOPLE).rules}
    assert [one.response for one in back["S1"].lost] == ["ann"]
    assert [one.response for one in back["S1"].moved] == ["cem"]


def test_a_rule_that_comes_or_goes_counts_as_not_raised_where_it_is_not() -> None:
    told = compare(BEFORE, ruleset(SMALL_RULES.replace("  S2:", "  S3:")), PEOPLE)
    assert {rule.rule: (len(rule.gained), len(rule.lost)) for rule in told.changed} == {"S2": (0, 1), "S3": (1, 0)}
    retired = compare(BEFORE, ruleset(SMALL_RULES.replace("draft", "retired")), PEOPLE)
    assert retired.after.total() == 0


def test_an_equal_rule_set_changes_nothing() -> None:
    told = compare(BEFORE, BEFORE, PEOPLE)
    assert told.changed == ()
    assert told.before == told.after


def test_the_burden_is_counted_by_priority_and_together() -> None:
    burden = compare(BEFORE, STRICTER, PEOPLE).before
    assert (burden.patients, burden.total(), burden.mean()) == (4, 3, 0.75)
    assert burden.by_priority[Priority.SAME_DAY] == {0: 2, 1: 2}
    assert burden.together == {0: 2, 1: 1, 2: 1}
    assert burden.mean(Priority.NOTE) == 0.25


def test_an_answer_that_only_one_of_two_questionnaires_knows_counts_in_that_one() -> None:
    older = "questionnaire/small.yaml"
    name = next(name for name in SMALL if name.startswith("questionnaire/"))
    fewer = SMALL[name].replace("    - {code: 3, label: Nearly every day}\n", "")
    files = {key: text for key, text in SMALL.items() if key != name} | {older: fewer, "safety.yaml": SMALL_RULES}
    told = compare(load_texts(files), BEFORE, PEOPLE)
    assert [(one.response, one.before) for one in told.changed[0].gained] == [("cem", Outcome.NOT_ASSESSED)]


def test_nobody_at_all_is_no_mistake() -> None:
    told = compare(BEFORE, STRICTER, [])
    assert (told.before.patients, told.before.mean(), told.changed) == (0, 0.0, ())


def test_it_makes_no_difference_how_many_are_held_in_memory_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = compare(BEFORE, STRICTER, PEOPLE)
    monkeypatch.setattr(impact, "BATCH", 2)
    assert compare(BEFORE, STRICTER, PEOPLE) == whole


def test_impacts_on_parts_are_the_impact_on_the_whole() -> None:
    parts = [compare(BEFORE, STRICTER, people) for people in (PEOPLE[:1], [], PEOPLE[1:])]
    assert joined(parts) == compare(BEFORE, STRICTER, PEOPLE)


def test_the_burden_of_the_library_is_what_screening_one_by_one_counts() -> None:
    people = list(patients(library().questionnaire, range(60)))
    told = compare(BEFORE, library(), ((str(number), person) for number, person in enumerate(people)))
    screener = Screener(library())
    flags = [screener.screen(read(library().questionnaire, person)).raised for person in people]
    screener.close()
    assert told.after.total() == sum(map(len, flags))
    assert told.after.total(Priority.SOON) == sum(flag.priority is Priority.SOON for one in flags for flag in one)
