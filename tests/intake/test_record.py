"""How long what patients told is kept, and what a patient is shown or has erased on request."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from intake import alerts, audit, encounters, erasure, retention
from intake.cli import main
from intake.database import Database
from intake.encounters import Encounter
from intake.everything import everything
from intake.retention import Policy
from intake.settings import Settings
from intake.tables import EncounterRow, ResponseRow
from intake.work import kinds
from tests.conftest import sign_in
from tests.intake.conftest import WORDS

POLICY = Policy(unfinished_days=30, years=8)


def age(database: Database, days: float) -> None:
    """Put all that is stored back by so many days."""
    past = timedelta(days=days)
    with database.writing() as session:
        session.execute(update(EncounterRow).values(created_at=datetime.now(UTC) - past))
        sent = ResponseRow.sent_at.is_not(None)
        session.execute(update(ResponseRow).where(sent).values(sent_at=datetime.now(UTC) - past))


def due(database: Database, ahead: float = 0) -> list[retention.Due]:
    with database.reading() as session:
        return retention.due(session, POLICY, datetime.now(UTC) + timedelta(days=ahead))


def test_what_was_never_finished_is_due_after_thirty_days(database: Database, ada: Encounter):
    assert due(database) == []
    age(database, 29)
    assert due(database) == []
    assert [(one.encounter_id, one.is_finished) for one in due(database, ahead=2)] == [(ada.id, False)]
    age(database, 31)
    assert [one.encounter_id for one in due(database)] == [ada.id]


def test_a_link_that_still_opens_and_an_appointment_to_come_keep_what_is_unfinished(database: Database, ada: Encounter):
    age(database, 400)
    with database.writing() as session:
        session.execute(update(EncounterRow).values(appointment_at=datetime.now(UTC) + timedelta(days=1)))
    assert due(database) == []
    with database.writing() as session:
        far = datetime.now(UTC) + timedelta(days=60)
        session.execute(update(EncounterRow).values(appointment_at=None, expires_at=far))
    assert due(database, ahead=89) == []
    assert len(due(database, ahead=91)) == 1


def test_what_was_sent_is_kept_for_eight_years(database: Database, told: Encounter):
    age(database, 8 * 365.25 - 3)
    assert due(database) == []
    age(database, 8 * 365.25 + 3)
    assert [one.is_finished for one in due(database)] == [True]


def test_what_raised_an_alert_is_kept_as_long_even_if_it_was_never_sent(app: Flask, database: Database, ada: Encounter):
    with database.writing() as session:
        encounters.save_page(session, ada.id, {"chest_pain_now": "yes"})
        alerts.help_wanted(session, ada.id)
    age(database, 365)
    assert due(database) == []


@pytest.mark.parametrize(("day", "later"), [((2024, 2, 29), (2032, 2, 29)), ((2023, 2, 28), (2031, 2, 28))])
def test_years_are_counted_by_the_calendar(day: tuple[int, int, int], later: tuple[int, int, int]):
    assert retention.years_after(datetime(*day, tzinfo=UTC), 8) == datetime(*later, tzinfo=UTC)
    assert retention.years_after(datetime(2024, 2, 29, tzinfo=UTC), 1) == datetime(2025, 3, 1, tzinfo=UTC)


def test_the_daily_job_erases_what_is_due_and_tells_the_audit_trail(
    database: Database, settings: Settings, told: Encounter
):
    daily = kinds(database, settings)["erasing"]
    assert daily.waiting() == []
    age(database, 9 * 365.25)
    assert daily.waiting() == []  # once a day
    job = kinds(database, settings)["erasing"]
    (waiting,) = job.waiting()
    job.run(waiting)
    job.run(waiting)  # a second time does nothing
    with database.reading() as session:
        assert encounters.find(session, told.id) is None
        receipt = erasure.receipt_of(session, told.id)
        last = list(audit.entries(session))[-1]
    assert receipt is not None
    assert (last.event, last.who, last.encounter_id) == (audit.Event.ERASED, audit.JOB, told.id)
    assert last.about == f"receipt {receipt.id}"
    assert not database.keys.has(told.id)


def test_a_job_that_comes_late_erases_nothing_that_is_not_due_any_more(
    database: Database, settings: Settings, told: Encounter
):
    assert not retention.erase_if_due(database, settings, told.id)


def test_everything_holds_every_table_and_the_patients_own_words(app: Flask, database: Database, told: Encounter):
    work = app.extensions["intake"]
    made = everything(database, work.screeners, work.settings, told.id, work.pdf_worker.write)
    assert made is not None
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        record = json.loads(archive.read("record.json"))
        assert archive.read("summary.pdf").startswith(b"%PDF")
    assert set(record) == {kind.__tablename__ for kind in (EncounterRow, *erasure.KINDS)}
    assert record["encounter"][0]["patient_name"] == "Ada Example"
    assert record["response"][0]["answers"]["matters_most"] == WORDS
    assert "token_hash" not in record["encounter"][0]
    assert record["screening"]


def test_a_clinician_hands_out_all_of_it_and_erases_it_with_a_receipt(
    client: FlaskClient, database: Database, told: Encounter
):
    sign_in(client, "clinician")
    page = client.get(f"/clinician/{told.id}/record").text
    assert "Download all of it" in page
    sent = client.post(f"/clinician/{told.id}/record.zip")
    assert sent.mimetype == "application/zip"
    assert "Ada" not in sent.headers["Content-Disposition"]
    refused = client.post(f"/clinician/{told.id}/erase", data={"reason": "The patient asked for it"})
    assert refused.status_code == 422
    assert "Nothing was erased" in refused.text
    assert client.post(f"/clinician/{told.id}/erase", data={"reason": "Ada wants it", "sure": "yes"}).status_code == 422
    done = client.post(
        f"/clinician/{told.id}/erase", data={"reason": "The patient asked for it", "sure": "yes"}, follow_redirects=True
    )
    with database.reading() as session:
        receipt = erasure.receipt_of(session, told.id)
    assert receipt is not None
    assert receipt.sha256 in done.text
    assert "Ada" not in done.text.replace("A clinician", "")
    assert client.get(f"/clinician/{told.id}").status_code == 404
    assert client.get("/clinician/none/erased").status_code == 404


def test_admins_see_what_comes_to_its_end_and_the_receipts_by_ids(
    client: FlaskClient, database: Database, ada: Encounter, settings: Settings
):
    sign_in(client, "admin")
    age(database, 20)
    page = client.get("/admin/retention").text
    assert ada.id in page
    assert "Ada" not in page
    erasure.erase(database, settings.data, ada.id, reason="made twice")
    assert "Made twice" in client.get("/admin/retention").text


def test_the_command_line_previews_shows_and_erases(
    settings: Settings, database: Database, told: Encounter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("INTAKE_DATA", str(settings.data))
    monkeypatch.setenv("INTAKE_SECRET_KEY", settings.secret_key)

    def run(*words: str) -> str:
        return CliRunner().invoke(main, words).output

    assert told.id in run("retention", "preview", "--days", "3000")
    assert run("retention", "preview") == "0 encounters to be erased within 30 days.\n"
    assert "bytes written" in run("show", told.id, str(tmp_path / "all.zip"))
    assert WORDS in zipfile.ZipFile(tmp_path / "all.zip").read("record.json").decode()
    assert "Aborted" in run("erase", told.id, "--reason", "asked for")
    assert "SHA-256" in run("erase", told.id, "--reason", "asked for", "--yes")
    assert "there is no encounter" in run("show", told.id, str(tmp_path / "all.zip"))
