"""A deeper look at a draft: what is odd in all rules, and what the tests of its files would not notice."""

from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from tests.intake.admins import Admin


def test_the_way_there_stands_on_the_draft(sam: Admin):
    draft = sam.begins()
    assert f"{draft}/deeper" in sam.sees(draft)
    assert "This draft changes nothing yet." in sam.sees(f"{draft}/deeper")


def test_a_rule_that_nobody_can_raise_is_named_with_its_place(sam: Admin):
    draft = sam.begins()
    sam.changes(draft, "raised_when: phq2 >= 3", "raised_when: {all: [phq2 >= 3, phq9_1 = 0, phq9_2 = 0]}")
    page = sam.sees(f"{draft}/deeper")
    assert "S1 can never be raised" in page
    assert "safety.yaml</a>, line" in page


def test_changes_that_no_test_notices_come_with_a_test_to_paste(sam: Admin):
    draft = sam.begins()
    sam.changes(draft, "phq2 >= 3", "phq2 >= 2")
    page = sam.sees(f"{draft}/deeper")
    assert "no test of S1 notices" in page
    assert "answers: {phq9_1: 1, phq9_2: 0}, expect: not raised" in page


def test_two_admins_may_look_at_once(sam: Admin, app: Flask):
    drafts = [sam.begins(name) for name in ("One", "Two")]
    for number, draft in enumerate(drafts):
        sam.changes(draft, "bmi >= 40", f"bmi >= {41 + number}")

    def look(draft: str) -> int:
        return Admin(app, "Sam Rivers").browser.get(f"{draft}/deeper").status_code

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(look, drafts)) == [200, 200]


def test_a_draft_with_problems_is_to_be_mended_first(sam: Admin):
    draft = sam.begins()
    sam.changes(draft, "phq2 >= 3", "phq2 >= 30")
    back = sam.browser.get(f"{draft}/deeper")
    assert back.status_code == 404
    assert "once they are mended" in back.text


def test_where_no_rule_is_changed_nothing_is_said_of_its_tests(sam: Admin):
    draft = sam.begins()
    sam.changes(draft, "title: Second page", "title: Last page", "questionnaire/10-small.yaml")
    page = sam.sees(f"{draft}/deeper")
    assert "No file that this draft changes holds a rule." in page
    assert "Every change would be noticed" not in page
