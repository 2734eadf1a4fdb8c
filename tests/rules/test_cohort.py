"""A table of stored responses: what does not fit, what is counted, and a body mass index at the edge of rounding."""

import pytest

from intake.navigation import journey_of
from rules.cohort import CohortScreener, differing
from rules.load import library, load_texts
from rules.response import read
from rules.ruleset import Outcome, Priority, RuleSet
from rules.screening import Screener
from tests.conftest import SMALL

RULE = """
rules:
  S1:
    title: Low mood
    status: draft
    raised_when: phq2 >= 3
    priority: routine
    escalate: [{to: same_day, when: phq2 >= 5}]
    reason: "PHQ-2 of {phq2}."
    consider: [Ask about mood.]
    review_by: 2028-01-01
    evidence: {health: guideline, link: none, sources: [guide]}
"""
UNFIT = [True, 1.0, "1", "perhaps", [1], ["yes"], [], ["none", "thyroid"], ["thyroid", "unheard_of"], {"a": 1}, -1, 1e9]


def ends_one_by_one(ruleset: RuleSet, raw: dict[str, object]) -> dict[str, Priority | Outcome]:
    screener = Screener(ruleset)
    outcomes = screener.screen(journey_of(ruleset.questionnaire, raw).response).outcomes
    screener.close()
    return {rule: ended.priority or ended.outcome for rule, ended in outcomes.items()}


@pytest.mark.parametrize("answer", UNFIT, ids=repr)
def test_an_answer_that_does_not_fit_counts_as_where_a_stored_response_is_read(answer: object) -> None:
    raw = {**dict.fromkeys(library().questionnaire.items, answer), "of_an_older_version": answer}
    ends = CohortScreener(library()).screen([raw])
    assert {rule: ends.of(rule)[0] for rule in library().by_id} == ends_one_by_one(library(), raw)


def test_an_answer_that_does_not_fit_changes_nothing_about_those_beside_it() -> None:
    sound, unfit = {"phq9_1": 3, "phq9_2": 1}, {"phq9_1": True, "phq9_2": [1]}
    people = [sound, {**sound, "phq9_1": 3.0}, unfit, sound]
    ends = CohortScreener(load_texts(SMALL | {"safety.yaml": RULE})).screen(people)
    assert ends.of("S1") == [Priority.ROUTINE, Outcome.NOT_ASSESSED, Outcome.NOT_ASSESSED, Priority.ROUTINE]


def test_flags_are_counted_by_patient_and_by_rule() -> None:
    people = [{"phq9_1": one, "phq9_2": one} for one in (0, 2, 3, 3)] + [{}]
    ends = CohortScreener(load_texts(SMALL | {"safety.yaml": RULE})).screen(people)
    assert ends.counts("S1") == {
        Outcome.NOT_RAISED: 1, Priority.ROUTINE: 1, Priority.SAME_DAY: 2, Outcome.NOT_ASSESSED: 1
    }  # fmt: skip
    assert ends.flags()[Priority.SAME_DAY] == {0: 3, 1: 2}
    assert ends.all_flags() == {0: 2, 1: 3}


def test_patients_differ_where_a_flag_is_gained_lost_or_of_another_priority() -> None:
    changed = RULE.replace("phq2 >= 3", "phq2 >= 4").replace("phq2 >= 5", "phq2 >= 6")
    people = [{"phq9_1": one, "phq9_2": other} for one, other in ((3, 0), (3, 1), (3, 2), (3, 3))] + [{}]
    before, after = (
        CohortScreener(load_texts(SMALL | {"safety.yaml": text})).screen(people) for text in (RULE, changed)
    )
    assert list(differing(before, after, "S1")) == [
        (0, Priority.ROUTINE, Outcome.NOT_RAISED),
        (2, Priority.SAME_DAY, Priority.ROUTINE),
    ]


def test_a_rule_set_without_rules_raises_nothing_for_anybody() -> None:
    before = CohortScreener(load_texts(SMALL | {"safety.yaml": RULE})).screen([{"phq9_1": 3, "phq9_2": 3}, {}])
    after = CohortScreener(load_texts(SMALL)).screen([{"phq9_1": 3, "phq9_2": 3}, {}])
    assert after.all_flags() == {0: 2}
    assert after.counts("S1") == {Outcome.NOT_RAISED: 2}
    assert list(differing(before, after, "S1")) == [(0, Priority.SAME_DAY, Outcome.NOT_RAISED)]


def test_nobody_at_all_is_no_mistake() -> None:
    ends = CohortScreener(library()).screen([])
    assert ends.patients == 0
    assert ends.of("RF1") == []


def test_a_body_mass_index_is_rounded_as_for_a_single_patient(small: RuleSet) -> None:
    # at these heights many weights stand on the edge between two tenths
    people = [
        {"weight_kg": tenths / 10, "height_cm": height}
        for height in (100, 125, 160, 170, 200)
        for tenths in range(200, 2500, 2)
    ]
    values = [read(small.questionnaire, person).values["bmi"] for person in people]
    for edge in (18.5, 20.4, 22.3, 30.1):
        rule = RULE.replace("phq2 >= 3", f"bmi >= {edge}").replace("phq2 >= 5", f"bmi >= {edge + 10:.1f}")
        ends = CohortScreener(load_texts(SMALL | {"safety.yaml": rule})).screen(people).of("S1")
        assert [isinstance(end, Priority) for end in ends] == [value >= edge for value in values]  # type: ignore[operator]
