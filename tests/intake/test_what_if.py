"""What-if: invented answers put through the version in use and a draft, side by side."""

import re

from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from intake import what_if
from rules.load import library
from tests.intake.admins import Admin


def test_a_draft_stands_beside_the_version_in_use(sam: Admin):
    draft = sam.begins()
    sam.changes(draft, "phq2 >= 3", "phq2 >= 2")
    answer = sam.browser.post(f"{draft}/what-if", data={"phq9_1": "1", "phq9_2": "1", "part": "outcomes"})
    assert "<html" not in answer.text, "the script gets the outcomes alone"
    assert "Different with the draft: 1" in answer.text
    before, after = answer.text.split("With the draft</span>")[:2]
    assert "not raised" in before
    assert "Same day" in after
    assert "PHQ-2 of 2." in after
    assert "answers: {phq9_1: 1, phq9_2: 1}" in answer.text


def test_what_is_missing_is_told_and_what_does_not_fit_is_left_out(sam: Admin):
    page = sam.browser.post("/admin/what-if", data={"phq9_1": "1", "weight_kg": "9999"}).text
    assert "Missing: Second (skipped)" in page
    assert "weight_kg:" in page
    assert "does not fit" in page


def test_a_case_is_loaded_from_a_test_an_invented_patient_or_a_text(sam: Admin):
    pages = [sam.sees("/admin/what-if?invented=7") for _ in range(2)]
    assert "selected" in pages[0]
    first, second = (re.findall(r"answers: {[^<]+", page) for page in pages)
    assert first == second != []
    typed = sam.browser.post("/admin/what-if", data={"pasted": "title: Low\nanswers: {phq9_1: 3, phq9_2: 0}"}).text
    assert "PHQ-2 of 3." in typed
    wrong = sam.browser.post("/admin/what-if", data={"pasted": "phq9_1"}).text
    assert "Write answers as" in wrong


def test_a_draft_with_problems_shows_the_version_in_use_alone(sam: Admin):
    draft = sam.begins()
    sam.changes(draft, "phq2 >= 3", "phq2 >= 30")
    assert "shows the version in use alone" in sam.sees(f"{draft}/what-if")


def test_every_test_of_a_rule_file_is_a_case_that_ends_as_it_says():
    rule = library().by_id["H6"]
    for number, test in enumerate(rule.tests):
        answers = what_if.from_test(library(), f"H6/{number}")
        ended = next(one for one in what_if.compare(library(), None, answers) if one.rule == "H6")
        assert ended.now is not None
        assert (ended.now.rank < 10) == (test.expect == "raised")
    assert what_if.from_test(library(), "H6/999") == what_if.from_test(library(), "x") == {}


@given(st.integers(0, 10_000))
def test_the_form_gives_back_the_answers_that_it_shows(number: int):
    questionnaire = library().questionnaire
    answers = what_if.invented(questionnaire, number)
    sent = MultiDict[str, str]()
    for name, raw in answers.items():
        sent.setlist(name, [str(one) for one in raw] if isinstance(raw, list) else [str(raw)])
    again = what_if.from_form(questionnaire, sent)
    assert what_if.fitting(questionnaire, again)[0].answers == what_if.fitting(questionnaire, answers)[0].answers
