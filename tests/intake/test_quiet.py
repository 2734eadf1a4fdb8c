"""A patient who is quiet for too long, or whose session is lost, gives the date of birth again and loses nothing."""

import re
from time import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake import encounters
from intake.database import Database
from intake.encounters import Encounter
from intake.quiet import LEEWAY
from intake.settings import Settings
from rules.load import library
from tests.conftest import come_in

CONTACT = "/questions/contact"
WORDS = "What I typed: it’s mine"


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page."""
    return dict(re.findall(r'<input[^>]*type="hidden"[^>]* name="([^"]+)" (?:value|type)="([^"]*)"', page))


def stored(database: Database, patient: Encounter) -> dict[str, object]:
    with database.reading() as session:
        return encounters.answers(session, patient.id)


def be_quiet(phone: FlaskClient, seconds: float) -> None:
    with phone.session_transaction() as session:
        session["active"] = int(time() - seconds)


def give_birth_date(phone: FlaskClient, page: TestResponse, *boxes: int) -> TestResponse:
    """Send the page that asks for the date of birth as a browser does, on to wherever it leads."""
    born = {"date_of_birth": [str(box) for box in boxes or (17, 5, 1970)]}
    back = phone.post("/enter", data={**hidden(page.text), **born})
    while back.status_code == 307:
        back = phone.post(back.location, data={**hidden(page.text), **born})
    return back


@pytest.fixture
def limit(settings: Settings) -> int:
    """After how many seconds of quiet the answers are closed."""
    return settings.patient_quiet_minutes * 60


@pytest.fixture
def phone(app: Flask, client: FlaskClient, ada: Encounter) -> FlaskClient:
    """Ada's own phone, with protection against forged forms as in service."""
    app.config["WTF_CSRF_ENABLED"] = True
    come_in(client, ada)
    return client


@pytest.fixture
def fields(phone: FlaskClient) -> dict[str, str]:
    """The hidden fields of a page that Ada has open."""
    return hidden(phone.get(CONTACT).text)


def test_the_answers_are_closed_after_the_quiet_and_that_is_said(phone: FlaskClient, limit: int) -> None:
    be_quiet(phone, limit + LEEWAY + 1)
    back = phone.get(CONTACT, follow_redirects=True)
    assert back.request.path == "/enter"
    assert "Nothing is lost" in back.text
    assert give_birth_date(phone, back).location == "/welcome"
    assert "Nothing is lost" not in phone.get("/enter").text


def test_every_page_begins_the_time_anew(phone: FlaskClient, limit: int) -> None:
    be_quiet(phone, limit - 10)
    assert phone.get(CONTACT).status_code == 200
    assert phone.get("/time-left").json["seconds"] > limit - 5


def test_asking_how_much_is_left_does_not_begin_it_anew_and_staying_does(
    phone: FlaskClient, fields: dict[str, str], limit: int
) -> None:
    be_quiet(phone, limit - 100)
    assert phone.get("/time-left").json["seconds"] <= 100
    assert phone.get("/time-left").json["seconds"] <= 100
    stayed = phone.post("/time-left", data={"csrf_token": fields["csrf_token"]})
    assert stayed.json["seconds"] > limit - 5


def test_nobody_can_stay_once_it_is_over(phone: FlaskClient, fields: dict[str, str], limit: int) -> None:
    be_quiet(phone, limit + LEEWAY + 1)
    assert phone.post("/time-left", data={"csrf_token": fields["csrf_token"]}).json == {"seconds": 0}
    assert phone.get(CONTACT).status_code == 303


def test_a_page_that_is_sent_too_late_is_saved_with_the_date_of_birth(
    phone: FlaskClient, fields: dict[str, str], limit: int, database: Database, ada: Encounter
) -> None:
    be_quiet(phone, limit + LEEWAY + 1)
    asked = phone.post(CONTACT, data={**fields, "contact_frequency": "weekly"})
    assert "What you typed last is saved" in asked.text
    assert "weekly" not in asked.text
    assert "contact_frequency" not in stored(database, ada)
    back = give_birth_date(phone, asked)
    assert back.status_code == 303
    assert "/questions/" in back.location
    assert stored(database, ada)["contact_frequency"] == "weekly"


def test_a_page_whose_session_is_gone_altogether_is_saved_too(
    app: Flask, fields: dict[str, str], database: Database, ada: Encounter
) -> None:
    elsewhere = app.test_client()  # the browser has lost its cookies
    asked = elsewhere.post(CONTACT, data={**fields, "contact_frequency": "weekly"})
    assert "date of birth" in asked.text
    assert give_birth_date(elsewhere, asked).status_code == 303
    assert stored(database, ada)["contact_frequency"] == "weekly"


def test_a_wrong_date_keeps_what_was_typed_and_another_language_too(
    app: Flask, fields: dict[str, str], database: Database, ada: Encounter
) -> None:
    elsewhere = app.test_client()
    asked = elsewhere.post(CONTACT, data={**fields, "contact_frequency": "weekly"})
    asked = give_birth_date(elsewhere, asked, 18, 5, 1970)
    assert asked.status_code == 422
    asked = elsewhere.post("/enter", data={**hidden(asked.text), "language": "es"})
    assert "nacimiento" in asked.text
    give_birth_date(elsewhere, asked)
    assert stored(database, ada)["contact_frequency"] == "weekly"


def test_what_was_typed_opens_nothing_for_another_patient(
    app: Flask, fields: dict[str, str], database: Database, ada: Encounter
) -> None:
    with database.writing() as session:
        other, _ = encounters.create(session, patient_name="Bea Example", date_of_birth=ada.date_of_birth)
    asked = app.test_client().post(CONTACT, data={**fields, "contact_frequency": "weekly"})
    sealed = hidden(asked.text)["typed"]
    thief = app.test_client()
    come_in(thief, other)
    own = hidden(thief.get(CONTACT).text)
    thief.post(CONTACT, data={**own, "typed": sealed, "asked-items": "touch_frequency"})
    assert "contact_frequency" not in stored(database, other)
    assert "contact_frequency" not in stored(database, ada)


def test_a_mark_that_was_not_made_here_leads_to_the_link(app: Flask, ada: Encounter) -> None:
    for mark in ("", "AAAA", "not base 64!", "é"):
        back = app.test_client().post(CONTACT, data={"way-back": mark, "contact_frequency": "weekly"})
        assert back.status_code == 403
        assert "Please open your link again" in back.text


def test_at_the_end_of_the_quiet_the_page_saves_what_was_typed_and_closes(
    phone: FlaskClient, fields: dict[str, str], limit: int, database: Database, ada: Encounter
) -> None:
    be_quiet(phone, limit + 1)
    asked = phone.post(CONTACT, data={**fields, "contact_frequency": "weekly", "keep": "yes"})
    assert "What you typed last is saved" in asked.text
    answers = stored(database, ada)
    assert answers["contact_frequency"] == "weekly"
    assert "touch_frequency" not in answers, "it was not left blank on purpose: the page was not done"
    assert phone.get(CONTACT).status_code == 303
    back = give_birth_date(phone, asked)
    assert back.location.startswith(CONTACT)


def test_what_does_not_fit_is_shown_again_as_it_was_typed(
    phone: FlaskClient, fields: dict[str, str], limit: int
) -> None:
    be_quiet(phone, limit + 1)
    form = {**fields, "asked-items": "hormone_months", "hormone_months": WORDS, "keep": "yes"}
    back = give_birth_date(phone, phone.post("/questions/hormone_times", data=form))
    assert back.status_code == 200
    assert WORDS in back.text


def test_help_is_shown_when_a_late_page_raises_it(phone: FlaskClient, fields: dict[str, str], limit: int) -> None:
    be_quiet(phone, limit + LEEWAY + 1)
    form = {**fields, "asked-items": "chest_pain_now", "chest_pain_now": "yes"}
    asked = phone.post(f"/questions/{library().questionnaire.items['chest_pain_now'].page}", data=form)
    assert "/help-now" in give_birth_date(phone, asked).location
