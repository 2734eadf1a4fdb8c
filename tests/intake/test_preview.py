"""A draft's questions as patients would see them: added in a draft, tried, published; earlier answers stay readable."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake import encounters, submission
from intake.encounters import Encounter
from tests.conftest import come_in, sign_in
from tests.intake.admins import Admin

SLEEP = """
  - id: sleep
    title: Your sleep
    intro: A few words on nights.
    items:
      - {id: naps, type: yes_no, text: Do you sleep in the day?, short: Naps}
      - {id: nap_minutes, type: integer, text: For how long?, short: Nap, min: 1, max: 600, when: naps = yes}
"""
FILE = "questionnaire/10-small.yaml"
WEIGHT = "      - {id: weight_kg, type: decimal, text: Your weight, short: Weight, min: 20, max: 400, unit: kg}\n"
BMI = "      - {id: weight_kg, type: decimal, text: How heavy are you?, short: Weight, min: 20, max: 300, unit: kg}\n"


@pytest.fixture
def draft(sam: Admin) -> str:
    """The address of a draft with one more page, and one question in other words."""
    begun = sam.begins("Sleep")
    sam.changes(begun, WEIGHT, BMI, FILE)
    text = sam.content(begun)[1][FILE]
    sam.changes(begun, text, text.rstrip("\n") + SLEEP, FILE)
    return begun


def test_the_pages_are_listed_with_what_is_new(sam: Admin, draft: str) -> None:
    assert f"{draft}/questions" in sam.sees(draft)
    page = " ".join(sam.sees(f"{draft}/questions").split())
    assert 'Your sleep</a> <strong class="change">new</strong>' in page
    assert 'First page</a> <strong class="change">changed</strong>' in page
    assert "Second page</a> </li>" in page


def test_a_page_is_shown_as_patients_see_it_and_says_who_is_asked(sam: Admin, draft: str) -> None:
    page = sam.sees(f"{draft}/questions/sleep")
    assert "Do you sleep in the day?" in page
    assert "A few words on nights." in page
    assert "Naps: yes" in page
    assert sam.browser.get(f"{draft}/questions/nowhere").status_code == 404


def test_answers_are_tried_without_being_stored(sam: Admin, draft: str) -> None:
    tried = sam.browser.post(f"{draft}/questions/sleep", data={"naps": "yes", "nap_minutes": "30"})
    assert "answers: {naps: yes, nap_minutes: 30}" in tried.text
    tried = sam.browser.post(f"{draft}/questions/sleep", data={"nap_minutes": "900"})
    assert tried.status_code == 422
    assert "A patient would be told" in tried.text
    assert "must be from 1 to 600" in tried.text


def test_questions_of_a_draft_with_problems_are_to_be_mended_first(sam: Admin, draft: str) -> None:
    sam.changes(draft, "when: naps = yes", "when: nap = yes", FILE)
    assert "once they are mended" in sam.sees(f"{draft}/questions")


def test_answers_given_before_are_read_with_the_questions_that_were_asked(
    clinic: Flask, client: FlaskClient, ada: Encounter, sam: Admin, kim: Admin, draft: str
) -> None:
    services = clinic.extensions["intake"]
    with services.database.writing() as session:
        encounters.save_page(session, ada.id, {"weight_kg": 350, "height_cm": 170, "phq9_1": 1})
        ben, _ = encounters.create(session, patient_name="Ben Example", date_of_birth=encounters.date(1990, 1, 2))
        encounters.save_page(session, ben.id, {"weight_kg": 350, "height_cm": 170})
    submission.send(services.database, services.screeners, ada.id)
    kim.approves(draft)
    assert sam.publishes(draft)[0] == 303
    browser = clinic.test_client()
    sign_in(browser, "clinician")
    summary = browser.get(f"/clinician/{ada.id}").text
    assert "350 kg" in summary
    assert "Naps" not in summary
    come_in(client, ben)
    assert "Do you sleep in the day?" in client.get("/questions/sleep").text, "who is in the middle is asked it"
    submission.send(services.database, services.screeners, ben.id)
    summary = browser.get(f"/clinician/{ben.id}").text
    assert "350 kg" not in summary, "this version takes no such answer"
    assert "Naps" in summary
