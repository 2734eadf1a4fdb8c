"""Erasing: nothing of a patient is left but a receipt, nor can a backup be read, nor does anybody bring it back."""

from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from intake import encounters, erasure, invitations, outbox, snapshots, stuck, submission
from intake.database import Database, database_of
from intake.encounters import Encounter
from intake.encryption import Unreadable
from intake.invitee import Invitee
from intake.key_store import KeyRing
from intake.names import found
from intake.rulesets import Screeners
from intake.settings import Settings
from intake.tables import Row
from rules.load import library
from tests.conftest import come_in, sign_in
from tests.intake.test_mail import mails, send_all

BORN = date(1970, 5, 17)
REASON = "asked for by the patient"


@pytest.fixture
def sent(database: Database, screeners: Screeners, ada: Encounter) -> Encounter:
    """Ada has sent answers that raise an alert."""
    with database.writing() as session:
        encounters.save_page(session, ada.id, {"phq9_1": 3, "phq9_2": 3, "own_words": "a zyzzyva worry"})
    submission.send(database, screeners, ada.id)
    return ada


def rows_of(database: Database, encounter_id: str) -> dict[str, int]:
    """How many rows of each table name the encounter, whatever tables there are."""
    counts = {}
    with database.reading() as session:
        for table in Row.metadata.sorted_tables:
            column = table.c.id if table.name == "encounter" else table.c.get("encounter_id")
            if column is not None:
                counts[table.name] = session.scalar(select(func.count()).where(column == encounter_id))
    return {name: number for name, number in counts.items() if number}


def test_nothing_is_left_but_the_receipt(database: Database, sent: Encounter, settings: Settings):
    before = rows_of(database, sent.id)
    assert before.keys() >= {"encounter", "response", "screening", "alert", "name_token"}
    receipt = erasure.erase(database, settings.data, sent.id, reason=REASON, by="somebody")
    assert receipt is not None
    assert (receipt.encounter_id, receipt.reason, receipt.by) == (sent.id, REASON, "somebody")
    assert receipt.rows == sum(before.values())
    assert receipt.key_destroyed_at is not None
    assert rows_of(database, sent.id) == {"erasure": 1}
    assert erasure.is_unreadable(database.keys, sent.id)
    with database.reading() as session:
        assert erasure.receipts(session) == [receipt]
        assert erasure.was_erased(session, sent.id)
        assert encounters.find(session, sent.id) is None
        assert [session.scalars(one).all() for one in found(session, "ada")] == [[]]


def test_others_are_left_as_they_are(database: Database, sent: Encounter, settings: Settings):
    with database.writing() as session:
        ben, _ = encounters.create(session, patient_name="Ben Other", date_of_birth=date(1980, 1, 2))
        encounters.save_page(session, ben.id, {"phq9_1": 1})
    erasure.erase(database, settings.data, sent.id, reason=REASON)
    with database.reading() as session:
        assert encounters.answers(session, ben.id)["phq9_1"] == 1


def test_a_backup_from_before_cannot_be_read(
    database: Database, sent: Encounter, settings: Settings, elsewhere: str, tmp_path: Path
):
    snapshots.take(settings.database_url, tmp_path / "before")
    erasure.erase(database, settings.data, sent.id, reason=REASON)
    snapshots.put_back(tmp_path / "before", elsewhere)
    copy = Database(elsewhere, KeyRing(settings.key_places))
    with copy.reading() as session, pytest.raises(Unreadable, match=f"{sent.id} is gone"):
        encounters.find(session, sent.id)
    with copy.reading() as session, pytest.raises(Unreadable):
        encounters.answers(session, sent.id)
    copy.close()


def test_a_process_that_knows_the_key_still_cannot_bring_it_back(
    database: Database, sent: Encounter, settings: Settings, app: Flask
):
    other = database_of(settings)
    with other.reading() as session:
        assert encounters.answers(session, sent.id)["phq9_1"] == 3  # the other process keeps the key now
    erasure.erase(database, settings.data, sent.id, reason=REASON)
    with other.reading() as session:
        assert encounters.find(session, sent.id) is None
    assert rows_of(other, sent.id) == {"erasure": 1}
    other.close()


def test_a_patient_who_is_at_it_finds_the_answers_closed(
    app: Flask, database: Database, ada: Encounter, settings: Settings
):
    client = app.test_client()
    come_in(client, ada)
    assert client.get("/welcome", follow_redirects=True).status_code == 200
    erasure.erase(database, settings.data, ada.id, reason=REASON)
    assert client.get("/check").status_code == 403
    page = next(iter(library().questionnaire.pages))
    assert client.post(f"/questions/{page}", data={}).status_code == 403
    assert rows_of(database, ada.id) == {"erasure": 1}


def test_staff_find_nobody(app: Flask, client: FlaskClient, database: Database, ada: Encounter, settings: Settings):
    sign_in(client, "clinician")
    erasure.erase(database, settings.data, ada.id, reason=REASON)
    assert client.get(f"/clinician/{ada.id}").status_code == 404
    assert client.get(f"/desk/{ada.id}").status_code == 404
    assert "Ada Example" not in client.get("/clinician?view=all").text


def test_mails_that_were_written_to_files_go_too_and_those_of_others_stay(
    database: Database, ada: Encounter, settings: Settings
):
    for patient in ("Ada Example", "Ben Other"):
        with database.writing() as session:
            made = invitations.create(
                session, settings.secret_key, Invitee(patient, BORN, None, "somebody@example.org"), 30
            )
    send_all(database, settings)
    assert len(mails(settings)) == 2
    erasure.erase(database, settings.data, made.encounter_id, reason=REASON)
    assert len(mails(settings)) == 1
    assert list((settings.data / "mail").glob(f"{made.encounter_id}*")) == []


def test_jobs_that_failed_for_it_are_forgotten(database: Database, sent: Encounter, settings: Settings):
    with database.writing() as session:
        [mail_id, *_] = outbox.waiting(session)
        for kind, job_id in (("screening", f"{sent.id}/now"), ("alert", mail_id), ("mail", "of somebody else")):
            stuck.note(session, kind, job_id, 0, "MailError at intake/mailing.py:81", given_up=True)
    erasure.erase(database, settings.data, sent.id, reason=REASON)
    with database.reading() as session:
        assert [job.job_id for job in stuck.listing(session)] == ["of somebody else"]


def test_erasing_twice_gives_no_second_receipt(database: Database, ada: Encounter, settings: Settings):
    first = erasure.erase(database, settings.data, ada.id, reason=REASON)
    assert erasure.erase(database, settings.data, ada.id, reason=REASON) is None
    with database.reading() as session:
        assert erasure.receipts(session) == [first]


def test_erasing_that_was_cut_off_is_finished(
    database: Database, ada: Encounter, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    def breaks(*_: object) -> int:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(KeyRing, "destroy", breaks)
        with pytest.raises(OSError, match="full"):
            erasure.erase(database, settings.data, ada.id, reason=REASON)
    assert not erasure.is_unreadable(database.keys, ada.id)
    assert erasure.finish(database, settings.data) == 1
    assert erasure.is_unreadable(database.keys, ada.id)
    assert erasure.finish(database, settings.data) == 0
    with database.reading() as session:
        (receipt,) = erasure.receipts(session)
    assert receipt.key_destroyed_at is not None


def test_the_files_hold_no_byte_of_what_was_erased(database: Database, sent: Encounter, settings: Settings):
    with database.reading() as session:
        sealed = session.connection().exec_driver_sql("SELECT answers_sealed FROM response").scalar_one()
    erasure.erase(database, settings.data, sent.id, reason=REASON)
    held = b"".join(path.read_bytes() for path in settings.data.glob("*.sqlite*"))
    assert sealed not in held
