"""A patient may change answers that were sent until a clinician opens them; the clinic always has one whole set."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake import alerts, audit, correction, encounters, submission
from intake.database import Database
from intake.encounters import Encounter
from intake.rulesets import Screeners
from rules.load import library
from tests.conftest import come_in, sign_in

QUESTIONNAIRE = library().questionnaire
CONTACT = {"asked-items": "contact_frequency", "contact_frequency": "weekly"}


@pytest.fixture
def phone(client: FlaskClient, database: Database, ada: Encounter) -> FlaskClient:
    """Ada's phone; she has left nearly all blank and has sent it."""
    come_in(client, ada)
    blank = {item.id: None for item in QUESTIONNAIRE.items.values() if not item.derived}
    with database.writing() as session:
        encounters.save_page(session, ada.id, {**blank, "contact_frequency": "less"})
    assert client.post("/check").location == "/sent"
    return client


@pytest.fixture
def clinician(app: Flask) -> FlaskClient:
    """A browser that a clinician has signed in with."""
    browser = app.test_client()
    sign_in(browser, "clinician")
    return browser


def sent_answer(database: Database, patient: Encounter) -> object:
    """What the clinic has."""
    with database.reading() as session:
        screened = submission.stored_screening(session, Screeners(), patient.id)
    assert screened is not None
    return screened.response.answers["contact_frequency"]


def test_sent_answers_are_closed_until_the_patient_wants_to_change_them(phone: FlaskClient) -> None:
    assert phone.get("/check").location == "/sent"
    assert phone.post("/correct").location == "/check"
    page = phone.get("/check").text
    assert "You are changing answers that you have sent." in page
    assert "Send my changed answers" in page


def test_the_clinic_keeps_what_was_sent_until_the_change_is_sent_too(
    phone: FlaskClient, database: Database, ada: Encounter
) -> None:
    phone.post("/correct")
    phone.post("/questions/contact", data=CONTACT)
    labels = {option.code: option.label for option in QUESTIONNAIRE.items["contact_frequency"].options}
    page = phone.get("/check").text
    assert labels["weekly"] in page
    assert labels["less"] not in page
    assert sent_answer(database, ada) == "less"
    phone.post("/check")
    assert sent_answer(database, ada) == "weekly"
    with database.reading() as session:
        after = encounters.find(session, ada.id)
    assert after is not None
    assert after.first_sent_at is not None
    assert after.sent_at > after.first_sent_at


def test_a_change_can_be_given_up(phone: FlaskClient, database: Database, ada: Encounter) -> None:
    phone.post("/correct")
    phone.post("/questions/contact", data=CONTACT)
    assert phone.post("/correct", data={"leave": "yes"}).location == "/sent"
    phone.post("/check")
    assert sent_answer(database, ada) == "less"


def test_nothing_can_be_changed_once_a_clinician_has_opened_it(
    phone: FlaskClient, clinician: FlaskClient, database: Database, ada: Encounter
) -> None:
    clinician.get(f"/clinician/{ada.id}")
    page = phone.get("/sent").text
    assert "Your clinician has opened your answers" in page
    assert "Change my answers" not in page
    phone.post("/correct")
    assert phone.get("/check").location == "/sent"


def test_a_change_that_comes_too_late_is_not_taken_and_the_patient_is_told(
    phone: FlaskClient, clinician: FlaskClient, database: Database, ada: Encounter
) -> None:
    phone.post("/correct")
    phone.post("/questions/contact", data=CONTACT)
    clinician.get(f"/clinician/{ada.id}")
    assert phone.post("/questions/contact", data=CONTACT).location == "/sent"
    phone.post("/check")
    assert sent_answer(database, ada) == "less"
    assert "They have those that you sent first." in phone.get("/sent").text


def test_a_change_that_cannot_wait_reaches_the_clinic_before_it_is_sent(
    phone: FlaskClient, database: Database, ada: Encounter
) -> None:
    phone.post("/correct")
    page = QUESTIONNAIRE.items["chest_pain_now"].page
    back = phone.post(f"/questions/{page}", data={"asked-items": "chest_pain_now", "chest_pain_now": "yes"})
    assert "/help-now" in back.location
    with database.reading() as session:
        assert alerts.of_encounter(session, ada.id)


def test_a_screening_that_is_overtaken_by_a_correction_is_not_stored(
    database: Database, screeners: Screeners, ada: Encounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.writing() as session:
        encounters.save_page(session, ada.id, {"phq9_1": 2, "phq9_2": 2})
    real = screeners.get

    def slow(*args: object) -> object:
        """While the first answers are screened, the patient corrects them."""
        monkeypatch.setattr(screeners, "get", real)
        found = real(*args)
        correction.begin(database, ada.id, audit.Trail("a key for tests", audit.patient_of(ada.id)))
        with database.writing() as session:
            encounters.save_page(session, ada.id, {"phq9_1": 0, "phq9_2": 0})
        submission.send(database, screeners, ada.id)
        return found

    monkeypatch.setattr(screeners, "get", slow)
    submission.send(database, screeners, ada.id)
    with database.reading() as session:
        stored = submission.stored_screening(session, screeners, ada.id)
    assert stored is not None
    assert stored.screening.outcomes["S1"].outcome.value == "not raised"


def test_sending_a_correction_from_two_windows_screens_it_once(
    database: Database, screeners: Screeners, ada: Encounter
) -> None:
    with database.writing() as session:
        encounters.save_page(session, ada.id, {"phq9_1": 2, "phq9_2": 2})
    submission.send(database, screeners, ada.id)
    correction.begin(database, ada.id, audit.Trail("a key for tests", audit.patient_of(ada.id)))
    with database.writing() as session:
        encounters.save_page(session, ada.id, {"phq9_1": 0})
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: submission.send(database, screeners, ada.id), range(2)))
    with database.reading() as session:
        stored = submission.stored_screening(session, screeners, ada.id)
    assert stored is not None
    assert stored.response.answers["phq9_1"] == 0


def test_the_summary_says_that_the_answers_were_corrected(
    phone: FlaskClient, clinician: FlaskClient, ada: Encounter
) -> None:
    phone.post("/correct")
    phone.post("/questions/contact", data=CONTACT)
    phone.post("/check")
    assert "corrected by the patient; first sent" in clinician.get(f"/clinician/{ada.id}").text
