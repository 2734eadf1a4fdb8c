"""What is new since the screening before, and what explains it."""

from dataclasses import replace

from reports.changes import Changes, changes
from reports.html import page
from reports.summary import Summary
from rules.load import load_texts
from rules.response import read
from rules.ruleset import Priority, RuleSet
from rules.screening import RuleOutcome, Screener, Screening
from tests.conftest import SMALL, SMALL_RULES

WELL, LOW, BLANK = {"phq9_1": 0, "phq9_2": 0}, {"phq9_1": 3, "phq9_2": 2}, {"phq9_1": None, "phq9_2": None}
ONE_RULE = SMALL_RULES[: SMALL_RULES.index("  S2:")]


def screened(ruleset: RuleSet, answers: dict[str, object]) -> Screening:
    screener = Screener(ruleset)
    screening = screener.screen(read(ruleset.questionnaire, answers))
    screener.close()
    return screening


def since(small: RuleSet, before: dict[str, object], now: dict[str, object]) -> Changes:
    return changes(screened(small, before), small, screened(small, now), small, "3 March 2026")


def test_a_flag_that_was_not_raised_before_is_new(small: RuleSet):
    assert since(small, WELL, LOW).groups == (("New", ("Low mood",)),)


def test_a_flag_that_could_not_be_assessed_before_is_new_and_says_so(small: RuleSet):
    assert since(small, BLANK, LOW).new == ("Low mood (could not be assessed then)",)


def test_a_flag_that_is_no_longer_raised_is_not_taken_for_well_where_the_answers_are_missing(small: RuleSet):
    assert since(small, LOW, WELL).gone == ("Low mood",)
    assert since(small, LOW, BLANK).gone == ("Low mood (cannot be assessed now)",)


def test_flags_as_before_are_counted(small: RuleSet):
    same = since(small, LOW, LOW)
    assert same.groups == ()
    assert same.same == 1


def test_a_flag_that_is_more_or_less_urgent_says_from_what_to_what(small: RuleSet):
    now = screened(small, LOW)
    outcome = RuleOutcome("S1", now.outcomes["S1"].outcome, Priority.ROUTINE)
    calmer = replace(now, outcomes={**now.outcomes, "S1": outcome})
    assert changes(calmer, small, now, small, "then").more_urgent == ("Low mood (was routine, is same day)",)
    assert changes(now, small, calmer, small, "then").less_urgent == ("Low mood (was same day, is routine)",)


def test_a_rule_that_came_or_went_with_the_rule_set_is_told_apart(small: RuleSet):
    fewer = load_texts(SMALL | {"safety.yaml": ONE_RULE})
    heavy = {**WELL, "height_cm": 160, "weight_kg": 140}
    few, many = screened(fewer, heavy), screened(small, heavy)
    assert changes(few, fewer, many, small, "then").new == ("Heavy (the rule was not in use then)",)
    assert changes(many, small, few, fewer, "then").gone == ("Heavy (the rule is not in use now)",)


def test_the_summary_says_what_is_new_and_how_the_earlier_screening_was_found(woman_of_52: Summary, small: RuleSet):
    text = page(replace(woman_of_52, changes=since(small, WELL, LOW)))
    assert "Since the screening of 3 March 2026" in text
    assert "<b>New:</b> Low mood." in text
    assert "found by name and date of birth alone" in text
    assert 'class="changes"' not in page(woman_of_52)
