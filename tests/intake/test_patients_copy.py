"""A patient's own copy: what was asked and answered, in their language, without flags and private questions."""

import io
import subprocess
from datetime import date

import pikepdf
import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader

from intake import encounters, submission
from intake.database import Database
from intake.encounters import Encounter
from rules.load import library
from tests.conftest import come_in

QUESTIONNAIRE = library().questionnaire
ADDRESS = "/my-answers.pdf"
ANSWERS = {
    "contact_frequency": "weekly",
    "afraid_at_home": "yes",
    "phq9_9": 1,
    "safe_now": "yes",
    "matters_most": "Sleep",
}


def text_of(pdf: bytes) -> str:
    made = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True)
    return " ".join(made.stdout.decode().split())


def smallest(pdf: bytes) -> float:
    """The size of the smallest letters, in points, as they stand on the page."""
    found: list[float] = []

    def note(text: str, _place: object, matrix: list[float], _font: object, size: float) -> None:
        if text.strip():
            found.append(round(0.75 * size * abs(matrix[3]), 1))  # from CSS pixels

    for page in PdfReader(io.BytesIO(pdf)).pages:
        page.extract_text(visitor_text=note)
    return min(found)


@pytest.fixture
def phone(app: Flask, client: FlaskClient, database: Database, ada: Encounter) -> FlaskClient:
    """Ada's phone; she has answered a little, left all else blank, and sent it."""
    come_in(client, ada)
    blank = {item.id: None for item in QUESTIONNAIRE.items.values() if not item.derived}
    with database.writing() as session:
        encounters.save_page(session, ada.id, blank | ANSWERS)
    submission.send(database, app.extensions["intake"].screeners, ada.id)
    return client


def test_the_copy_has_the_answers_and_who_gave_them(phone: FlaskClient) -> None:
    assert ADDRESS in phone.get("/sent").text
    sent = phone.get(ADDRESS)
    assert sent.mimetype == "application/pdf"
    text = text_of(sent.data)
    for words in ("Ada Example", "17 May 1970", "Harbour Clinic", "not a diagnosis", "Sleep", "Left blank"):
        assert words in text
    item = QUESTIONNAIRE.items["contact_frequency"]
    assert item.text in text
    assert item.option("weekly").label in text


def test_the_copy_has_no_flag_no_score_and_no_private_question(phone: FlaskClient) -> None:
    text = text_of(phone.get(ADDRESS).data)
    for rule in library().by_id.values():
        assert rule.title not in text
    for score in QUESTIONNAIRE.scores.values():
        assert score.title not in text
    for item in QUESTIONNAIRE.items.values():
        if item.private:
            assert item.text not in text
            assert item.short not in text


def test_the_copy_is_in_the_patients_language_and_tagged(phone: FlaskClient) -> None:
    phone.get("/?language=es")
    sent = phone.get(ADDRESS).data
    assert "Sus respuestas" in text_of(sent)
    with pikepdf.open(io.BytesIO(sent)) as pdf:
        assert str(pdf.Root.Lang) == "es"
        assert pdf.Root.MarkInfo.Marked


def test_large_print_is_18_points_and_more(phone: FlaskClient) -> None:
    assert smallest(phone.get(f"{ADDRESS}?print=large").data) >= 18
    assert smallest(phone.get(ADDRESS).data) < 18


def test_there_is_no_copy_before_the_answers_are_sent_or_while_they_are_changed(
    app: Flask, phone: FlaskClient, database: Database
) -> None:
    with database.writing() as session:
        bea, _ = encounters.create(session, patient_name="Bea Example", date_of_birth=date(1970, 5, 17))
    other = app.test_client()
    come_in(other, bea)
    assert other.get(ADDRESS).status_code == 303
    phone.post("/correct")
    assert phone.get(ADDRESS).status_code == 303
