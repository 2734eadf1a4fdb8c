"""Urgent answers reach the clinic at once, by e-mail and on the worklist, even if the form is never finished."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake import alerts, encounters, mailing, outbox, submission
from intake.database import Database
from intake.encounters import Encounter
from intake.rulesets import Screeners
from intake.settings import Settings
from intake.tables import AlertRow, ResponseRow
from intake.worklist import Asked, worklist
from rules.load import library
from rules.ruleset import Priority, RuleSet
from rules.screening import Screener
from tests.conftest import come_in, sign_in
from tests.intake.test_mail import mails, send_all, set_up, waiting, words

LIBRARY = library()
CHEST_PAIN = {"chest_pain_now": "yes"}
AFRAID = {"afraid_at_home": "yes"}


@pytest.fixture
def patient(client: FlaskClient, ada: Encounter) -> FlaskClient:
    """Ada's own phone."""
    come_in(client, ada)
    return client


@pytest.fixture
def staff(app: Flask, settings: Settings) -> FlaskClient:
    """A browser that a clinician has signed in with."""
    browser = app.test_client()
    sign_in(browser, "clinician")
    return browser


def answer(patient: FlaskClient, page: str, **answers: str) -> None:
    data = {"asked-items": " ".join(answers), **answers}
    assert patient.post(f"/questions/{page}", data=data).status_code == 303


def page_of(item: str) -> str:
    return next(page.id for page in LIBRARY.questionnaire.pages.values() if item in [one.id for one in page.items])


def of(database: Database, encounter: Encounter) -> list[alerts.Alert]:
    with database.reading() as session:
        return alerts.of_encounter(session, encounter.id)


def note(database: Database, encounter: Encounter, ruleset: RuleSet, **raised: Priority) -> None:
    with database.writing() as session:
        alerts.note(session, encounter.id, ruleset, raised)


def listed(session: Session) -> list[str]:
    return [line.encounter_id for line in worklist(session, Asked(), datetime.now(UTC)).lines]


class TestNoting:
    def test_only_what_cannot_wait_is_noted(self, database: Database, ada: Encounter, small: RuleSet):
        note(database, ada, small, S1=Priority.SAME_DAY, S2=Priority.NOTE)
        assert [(alert.rule, alert.priority) for alert in of(database, ada)] == [("S1", Priority.SAME_DAY)]

    def test_saying_the_same_again_changes_nothing(self, database: Database, ada: Encounter, small: RuleSet):
        note(database, ada, small, S1=Priority.SAME_DAY)
        before = of(database, ada)
        note(database, ada, small, S1=Priority.SAME_DAY)
        assert of(database, ada) == before
        assert len(waiting(database)) == 1

    def test_many_at_once_note_it_once(self, database: Database, ada: Encounter, small: RuleSet):
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda _: note(database, ada, small, S1=Priority.SAME_DAY), range(16)))
        assert len(of(database, ada)) == 1
        assert len(waiting(database)) == 1

    def test_there_is_one_mail_for_each_priority(self, database: Database, ada: Encounter, small: RuleSet):
        note(database, ada, small, S1=Priority.SAME_DAY)
        note(database, ada, small, S1=Priority.SAME_DAY, S2=Priority.SAME_DAY)
        assert len(waiting(database)) == 1
        note(database, ada, small, S1=Priority.EMERGENCY)
        assert len(waiting(database)) == 2
        assert [alert.priority for alert in of(database, ada)] == [Priority.EMERGENCY, *[Priority.SAME_DAY] * 2]


class TestAPatientWhoNeverFinishes:
    def test_is_on_top_of_the_worklist_with_what_was_raised(
        self, patient: FlaskClient, staff: FlaskClient, database: Database, ada: Encounter
    ):
        with database.writing() as session:
            encounters.create(session, patient_name="Ben Example", date_of_birth=date(1980, 1, 1))
        answer(patient, page_of("chest_pain_now"), **CHEST_PAIN)
        (alert,) = of(database, ada)
        assert alert.priority is Priority.EMERGENCY
        worklist = staff.get("/clinician").text
        assert worklist.index("Ada Example") < worklist.index("Ben Example")
        assert "priority--emergency" in worklist
        assert "Not finished" in worklist
        assert "Needs somebody now" in worklist
        page = staff.get(f"/clinician/{ada.id}").text
        assert LIBRARY.by_id[alert.rule].title in page
        assert "get in touch now" in page

    def test_is_told_of_by_a_mail_that_says_nothing_of_the_answer(
        self, patient: FlaskClient, database: Database, settings: Settings, ada: Encounter
    ):
        answer(patient, page_of("chest_pain_now"), **CHEST_PAIN)
        settings = set_up(settings)
        send_all(database, settings)
        (mail,) = mails(settings)
        said = words(mail)
        assert mail["To"] == "desk@clinic.example"
        assert mail["Subject"] == "Please look at the worklist now"
        assert f"http://127.0.0.1:5000/clinician/{ada.id}" in said
        for secret in ("Ada", "1970", "chest", "pain", "mergency", *(alert.rule for alert in of(database, ada))):
            assert secret not in said

    def test_an_alert_stays_when_the_answer_is_taken_back(
        self, patient: FlaskClient, database: Database, ada: Encounter
    ):
        answer(patient, page_of("chest_pain_now"), **CHEST_PAIN)
        answer(patient, page_of("chest_pain_now"), chest_pain_now="no")
        assert len(of(database, ada)) == 1

    def test_of_a_private_rule_no_word_is_shown(
        self, patient: FlaskClient, staff: FlaskClient, database: Database, settings: Settings, ada: Encounter
    ):
        answer(patient, page_of("afraid_at_home"), **AFRAID)
        (alert,) = of(database, ada)
        assert alert.is_private
        for page in (staff.get("/clinician").text, staff.get(f"/clinician/{ada.id}").text):
            assert LIBRARY.by_id[alert.rule].title not in page
            assert "afraid" not in page.lower()
        assert "speak with the patient alone" in staff.get(f"/clinician/{ada.id}").text
        send_all(database, set_up(settings))
        assert "home" not in words(mails(settings)[0])

    def test_an_answer_that_is_saved_is_saved_with_its_alert_or_not_at_all(
        self, patient: FlaskClient, database: Database, ada: Encounter, monkeypatch: pytest.MonkeyPatch
    ):
        patient.application.config["PROPAGATE_EXCEPTIONS"] = False
        monkeypatch.setattr(outbox, "add", lambda *_: 1 / 0)
        data = {"asked-items": "chest_pain_now", **CHEST_PAIN}
        assert patient.post(f"/questions/{page_of('chest_pain_now')}", data=data).status_code == 500
        with database.reading() as session:
            assert session.scalar(select(func.count()).select_from(ResponseRow)) == 0
            assert session.scalar(select(func.count()).select_from(AlertRow)) == 0

    def test_a_fault_of_the_engine_does_not_lose_the_page(
        self, patient: FlaskClient, database: Database, ada: Encounter, monkeypatch: pytest.MonkeyPatch, caplog
    ):
        patient.application.config["PROPAGATE_EXCEPTIONS"] = False
        monkeypatch.setattr(Screener, "urgent", lambda *_: {}["a secret worry"])
        with caplog.at_level(logging.DEBUG):
            patient.post(
                f"/questions/{page_of('chest_pain_now')}", data={"asked-items": "chest_pain_now", **CHEST_PAIN}
            )
        with database.reading() as session:
            assert encounters.answers(session, ada.id)["chest_pain_now"] == "yes"
        assert ada.id in caplog.text
        assert "a secret worry" not in caplog.text


class TestAtSending:
    def test_what_the_screening_raises_is_noted_too(self, database: Database, screeners: Screeners, ada: Encounter):
        with database.writing() as session:
            encounters.save_page(session, ada.id, {"phq9_1": 2, "phq9_2": 2})
        submission.send(database, screeners, ada.id)
        submission.send(database, screeners, ada.id)
        assert [(alert.rule, alert.priority) for alert in of(database, ada)] == [("S1", Priority.SAME_DAY)]
        assert len(waiting(database)) == 1

    def test_the_worklist_then_goes_by_the_screening(self, database: Database, screeners: Screeners, ada: Encounter):
        with database.writing() as session:
            encounters.save_page(session, ada.id, {"phq9_1": 0, "phq9_2": 0})
            alerts.note(session, ada.id, screeners.published(session).ruleset, {"S1": Priority.SAME_DAY})
            other, _ = encounters.create(session, patient_name="Ben Example", date_of_birth=ada.date_of_birth)
            encounters.save_page(session, other.id, {"weight_kg": 150, "height_cm": 160})
        with database.reading() as session:
            assert listed(session) == [
                ada.id,
                other.id,
            ]
        for encounter in (ada, other):
            submission.send(database, screeners, encounter.id)
        with database.reading() as session:
            assert listed(session) == [
                other.id,
                ada.id,
            ]


def test_a_mail_of_an_alert_leads_to_the_summary_once_there_is_one(
    patient: FlaskClient, staff: FlaskClient, database: Database, settings: Settings, ada: Encounter
):
    answer(patient, page_of("chest_pain_now"), **CHEST_PAIN)
    patient.post("/check")
    (mail_id,) = waiting(database)
    mailing.send(database, set_up(settings), mail_id)
    (mail,) = mails(settings)
    path = f"/clinician/{ada.id}"
    assert path in words(mail)
    assert "EMERGENCY" in staff.get(path).text.upper()
