"""What a draft would do to past patients, before it is published; no admin learns who they are by it."""

import pytest
from flask import Flask

from intake import encounters, staff, submission
from intake.encounters import Encounter
from tests.conftest import sign_in
from tests.intake.admins import Admin


@pytest.fixture
def sam(sam: Admin, ada: Encounter) -> Admin:
    """An admin of a clinic where one patient has sent answers: PHQ-2 of 2, not weighed."""
    services = sam.browser.application.extensions["intake"]
    with services.database.writing() as session:
        encounters.save_page(session, ada.id, {"phq9_1": 1, "phq9_2": 1})
    submission.send(services.database, services.screeners, ada.id)
    return sam


def response_id(sam: Admin, ada: Encounter) -> str:
    with sam.database.reading() as session:
        return session.scalar(
            encounters.select(encounters.ResponseRow.id).where(encounters.ResponseRow.encounter_id == ada.id)
        )


def test_a_flag_that_past_patients_would_gain_is_counted_with_the_responses_behind_it(sam: Admin, ada: Encounter):
    draft = sam.begins()
    sam.changes(draft, "phq2 >= 3", "phq2 >= 2")
    page = sam.sees(f"{draft}/impact?rule=S1")
    assert "On the one response" in page
    assert "Low mood" in page
    assert response_id(sam, ada) in page
    assert "not raised" in page
    assert ada.patient_name not in page
    assert ada.id not in page
    assert f"{draft}/impact" in sam.sees(f"{draft}/review")


def test_only_an_admin_who_is_a_clinician_gets_from_a_response_to_the_patient(app: Flask, sam: Admin, ada: Encounter):
    draft = sam.begins()
    sam.changes(draft, "phq2 >= 3", "phq2 >= 2")
    with sam.database.writing() as session:
        both = staff.add(session, "Dr Bo Head", ["admin", "clinician"])
    browser = app.test_client()
    sign_in(browser, "admin", both.name)
    assert f"/clinician/{ada.id}" in browser.get(f"{draft}/impact?rule=S1").text


def test_a_draft_that_only_says_things_differently_changes_no_flag(sam: Admin):
    draft = sam.begins()
    sam.changes(draft, "title: Heavy", "title: Very heavy")
    assert "No flag is gained, lost or of another priority" in sam.sees(f"{draft}/impact")


def test_invented_patients_are_tried_where_nothing_was_sent_or_on_request(sam: Admin):
    draft = sam.begins()
    sam.changes(draft, "phq2 >= 3", "phq2 >= 2")
    page = sam.sees(f"{draft}/impact?on=invented&rule=S1")
    assert "2,000 invented patients" in page
    assert "invented " in page


def test_what_a_draft_with_problems_would_do_is_not_known(sam: Admin):
    draft = sam.begins()
    sam.changes(draft, "phq2 >= 3", "phq2 >= 30")
    answer = sam.browser.get(f"{draft}/impact")
    assert answer.status_code == 404
    assert "once they are mended" in answer.text
