"""A response put through a rule set: outcome, priority, reasons, what is missing, and what an engine error does."""

import json
from pathlib import Path

import pytest

from rules.condition import Truth, Value
from rules.engine import Engine
from rules.load import library, load_texts, read_files
from rules.response import read
from rules.ruleset import AT_ONCE, Outcome, Priority, RuleSet
from rules.screening import RuleOutcome, Screener, Screening

SMALL = read_files(Path(__file__).parents[1] / "data" / "small")
RULES = """
rules:
  MOOD:
    title: Low mood
    status: draft
    raised_when: phq2 >= 3
    priority: routine
    escalate:
      - {to: soon, when: phq3 >= 6}
      - {to: emergency, when: phq9_3 = 3}
    reason: Score {phq2}; third question {phq9_3}; hormones {hormone_kinds}.
    consider: [Ask, {when: has_uterus = yes, text: Ask about periods}, {when: has_uterus = no, text: Ask about surgery}]
    review_by: 2028-01-01
    evidence: {health: guideline, link: none, sources: [guide]}
  WOMB:
    title: Hormones and the womb
    status: draft
    applies_when: has_uterus = yes
    raised_when: {all: [hormone_status = current, hormone_kinds includes oestrogen]}
    priority: soon
    reason: Takes {hormone_kinds}.
    consider: [Look]
    review_by: 2028-01-01
    evidence: {health: guideline, link: none, sources: [guide]}
  OLD:
    title: Not asked any more
    status: retired
    raised_when: phq2 >= 0
    priority: soon
    reason: Nothing.
    consider: [Look]
    review_by: 2028-01-01
    evidence: {health: guideline, link: none, sources: [guide]}
"""


@pytest.fixture(scope="module")
def ruleset() -> RuleSet:
    return load_texts(SMALL | {"small.yaml": RULES.replace("phq2 >= 0", "phq2 >= 1")})


def screen(ruleset: RuleSet, **raw: object) -> Screening:
    screener = Screener(ruleset)
    try:
        return screener.screen(read(ruleset.questionnaire, raw))
    finally:
        screener.close()


def mood(ruleset: RuleSet, **raw: object) -> RuleOutcome:
    return screen(ruleset, **raw).outcomes["MOOD"]


def test_a_rule_has_its_own_priority_until_an_escalation_is_true(ruleset: RuleSet) -> None:
    assert mood(ruleset, phq9_1=2, phq9_2=1, phq9_3=0).priority is Priority.ROUTINE
    assert mood(ruleset, phq9_1=3, phq9_2=3, phq9_3=0).priority is Priority.SOON


def test_the_most_urgent_true_escalation_counts(ruleset: RuleSet) -> None:
    flag = mood(ruleset, phq9_1=3, phq9_2=3, phq9_3=3)
    assert flag.priority is Priority.EMERGENCY
    assert "phq9_3 = 3" in [reason.test for reason in flag.because]


def test_a_raised_flag_names_the_missing_answers_that_could_make_it_more_urgent(ruleset: RuleSet) -> None:
    flag = mood(ruleset, phq9_1=3, phq9_2=1, phq9_3="declined")
    assert flag.priority is Priority.ROUTINE
    assert [(missing.item, missing.why.value) for missing in flag.missing] == [("phq9_3", "declined")]


def test_a_rule_out_of_its_scope_is_not_applicable_and_in_an_unknown_scope_not_assessed(ruleset: RuleSet) -> None:
    hormones = {"hormone_status": "current", "hormone_kinds": ["oestrogen"]}
    outcomes = {
        answer: screen(ruleset, has_uterus=answer, **hormones).outcomes["WOMB"] for answer in ("yes", "no", "not_sure")
    }
    assert outcomes["yes"].outcome is Outcome.RAISED
    assert outcomes["no"].outcome is Outcome.NOT_APPLICABLE
    assert outcomes["not_sure"].outcome is Outcome.NOT_ASSESSED
    assert [missing.item for missing in outcomes["not_sure"].missing] == ["has_uterus"]


def test_every_rule_in_use_has_an_entry_and_a_retired_one_none(ruleset: RuleSet) -> None:
    assert list(screen(ruleset).outcomes) == ["MOOD", "WOMB"]


def test_flags_are_listed_most_urgent_first(ruleset: RuleSet) -> None:
    screening = screen(
        ruleset, phq9_1=3, phq9_2=0, phq9_3=0, has_uterus="yes", hormone_status="current", hormone_kinds=["oestrogen"]
    )
    assert [flag.rule for flag in screening.raised] == ["WOMB", "MOOD"]


def test_a_quick_look_finds_the_same_urgent_flags_with_the_same_priorities_as_a_screening() -> None:
    screener = Screener(library())
    for rule in library().by_id.values():
        for example in rule.tests:
            response = read(library().questionnaire, example.answers)
            flags = [flag for flag in screener.screen(response).raised if flag.priority in AT_ONCE]
            assert list(screener.urgent(response).items()) == [(flag.rule, flag.priority) for flag in flags]
    screener.close()


def test_a_quick_look_asks_durable_rules_anew_only_where_an_urgent_rule_reads_something_new(
    ruleset: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Value]] = []
    evaluate = Engine.evaluate
    monkeypatch.setattr(Engine, "evaluate", lambda engine, values: asked.append(values) or evaluate(engine, values))
    screener = Screener(ruleset)
    before = read(ruleset.questionnaire, {"phq9_1": 3, "phq9_2": 3})
    assert screener.urgent(read(ruleset.questionnaire, {"phq9_1": 3, "phq9_2": 3, "age": 52}), before) == {}
    assert not asked
    after = read(ruleset.questionnaire, {"phq9_1": 3, "phq9_2": 3, "phq9_3": 3})
    assert screener.urgent(after, before) == {"MOOD": Priority.EMERGENCY}
    assert len(asked) == 1
    assert screener.urgent(after, after) == {"MOOD": Priority.EMERGENCY}
    assert len(asked) == 1
    screener.close()


def test_a_screening_is_the_same_after_a_round_trip_through_json(ruleset: RuleSet) -> None:
    screening = screen(ruleset, phq9_1=3, phq9_2=1, phq9_3="declined", age=52)
    data = json.loads(json.dumps(screening.as_json()))
    assert Screening.from_json(data) == screening
    assert data["scores"]["age"] == {"low": 52, "high": 52, "complete": True}
    assert data["scores"]["phq3"] == {"low": 4, "high": 7, "complete": False}
    assert data["outcomes"]["WOMB"]["outcome"] == "not assessed"


def test_where_engine_and_reference_differ_the_flags_of_both_are_raised_and_it_is_said(
    ruleset: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def errs(self: Engine, values: dict[str, Value]) -> dict[str, Truth]:
        return {
            "MOOD raised_when": False,
            "MOOD escalate 0": False,
            "MOOD escalate 1": False,
            "WOMB applies_when": True,
            "WOMB raised_when": True,
        }

    monkeypatch.setattr(Engine, "evaluate", errs)
    screening = screen(ruleset, phq9_1=3, phq9_2=3, phq9_3=0, has_uterus="no")
    assert not screening.agreed
    assert {flag.rule: flag.priority for flag in screening.raised} == {"MOOD": Priority.SOON, "WOMB": Priority.SOON}
