"""Staff who are quiet for too long are signed out, and what they typed comes back to them and to nobody else."""

import re
from datetime import UTC, datetime, timedelta
from time import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from intake import erasure, kept_forms
from intake.database import Database
from intake.encounters import Encounter
from intake.settings import Settings
from intake.staff import Staff
from intake.work import kinds
from tests.conftest import sign_in

WORDS = "A note that took long to write, <b>& nobody saw"


@pytest.fixture
def price(client: FlaskClient) -> Staff:
    """An admin who is signed in."""
    return sign_in(client, "admin", "Sam Rivers")


def be_quiet(client: FlaskClient, settings: Settings, more: int = 60) -> None:
    with client.session_transaction() as session:
        session["seen_at"] = int(time()) - settings.staff_quiet_minutes * 60 - more


def test_quiet_ends_the_session_and_that_is_said(client: FlaskClient, settings: Settings, price: Staff):
    be_quiet(client, settings)
    asked = client.get("/admin")
    assert asked.status_code == 403
    assert "nothing was done for a while" in asked.text


def test_a_page_that_asks_by_itself_does_not_begin_the_time_anew(client: FlaskClient, settings: Settings, price: Staff):
    be_quiet(client, settings, -60)
    assert client.get("/staff/notices").status_code == 200
    assert client.get("/account/time-left").json["seconds"] <= 60
    assert client.post("/account/time-left").json["seconds"] > 800


@pytest.mark.parametrize("more", [60, -60])
def test_what_was_typed_comes_back_to_who_typed_it(
    client: FlaskClient, settings: Settings, price: Staff, database: Database, more: int
):
    be_quiet(client, settings, more)
    sent = {"name": WORDS} | ({"keep": "yes"} if more < 0 else {})
    assert client.post("/admin/drafts", data=sent).status_code == 403
    sign_in(client, "admin", "Sam Rivers")
    page = client.get("/sign-in/kept").text
    assert "A note that took long to write, &lt;b&gt;" in page
    kept_id = re.search(r"/sign-in/kept/([0-9a-f-]+)", page)[1]
    sent_on = client.post(f"/sign-in/kept/{kept_id}", data={"name": WORDS})
    assert (sent_on.status_code, sent_on.location) == (307, "/admin/drafts")
    assert client.post("/admin/drafts", data={"name": WORDS}).status_code == 303
    assert client.get("/sign-in/kept").status_code == 303, "it is kept no longer"


def test_what_was_typed_can_be_thrown_away(client: FlaskClient, settings: Settings, price: Staff, database: Database):
    be_quiet(client, settings)
    client.post("/admin/drafts", data={"name": WORDS})
    sign_in(client, "admin", "Sam Rivers")
    kept_id = re.search(r"/sign-in/kept/([0-9a-f-]+)", client.get("/sign-in/kept").text)[1]
    assert client.post(f"/sign-in/kept/{kept_id}", data={"forget": "yes"}).location == "/admin"
    with database.reading() as session:
        assert session.query(kept_forms.KeptFormRow).count() == 0


def test_what_was_typed_is_stored_unreadable_and_is_nobody_elses(
    client: FlaskClient, settings: Settings, price: Staff, database: Database
):
    be_quiet(client, settings)
    client.post("/admin/drafts", data={"name": WORDS})
    with database.reading() as session:
        row = session.query(kept_forms.KeptFormRow).one()
    assert "note" not in row.sealed
    sign_in(client, "admin", "Another Admin")
    assert client.get("/sign-in/kept").status_code == 303
    assert client.post(f"/sign-in/kept/{row.id}", data={"forget": "yes"}).status_code == 303
    with database.reading() as session:
        assert session.query(kept_forms.KeptFormRow).count() == 1


def type_too_late(client: FlaskClient, settings: Settings, encounter_id: str) -> None:
    """Send a review after the session has ended."""
    sign_in(client, "clinician", "Dr Grace Hall")
    be_quiet(client, settings)
    assert client.post(f"/clinician/{encounter_id}/review", data={"note-RF2": WORDS}).status_code == 403


def test_what_was_typed_about_a_patient_comes_back_too(client: FlaskClient, settings: Settings, ada: Encounter):
    type_too_late(client, settings, ada.id)
    sign_in(client, "clinician", "Dr Grace Hall")
    page = client.get("/sign-in/kept").text
    assert "A note that took long to write, &lt;b&gt;" in page


def test_erasing_takes_what_was_typed_about_the_patient_along(
    client: FlaskClient, settings: Settings, ada: Encounter, database: Database
):
    type_too_late(client, settings, ada.id)
    with database.reading() as session:
        row = session.query(kept_forms.KeptFormRow).one()
        copy = {name: getattr(row, name) for name in ("id", "staff_id", "encounter_id", "sealed", "kept_at")}
    receipt = erasure.erase(database, settings.data, ada.id, reason="test")
    assert receipt is not None
    with database.writing() as session:
        assert session.query(kept_forms.KeptFormRow).count() == 0
        session.add(kept_forms.KeptFormRow(**copy))  # as a backup would bring it back
    with database.reading() as session:
        assert kept_forms.newest(session, settings.secret_key, str(copy["staff_id"])) is None


def test_nothing_is_kept_about_a_patient_who_is_not_there(
    client: FlaskClient, settings: Settings, database: Database, app: Flask
):
    type_too_late(client, settings, "none")
    with database.reading() as session:
        assert session.query(kept_forms.KeptFormRow).count() == 0


def test_what_nobody_came_back_for_is_forgotten_after_a_week(
    client: FlaskClient, settings: Settings, ada: Encounter, database: Database
):
    type_too_late(client, settings, ada.id)
    with database.writing() as session:
        session.execute(update(kept_forms.KeptFormRow).values(kept_at=datetime.now(UTC) - timedelta(days=8)))
    sign_in(client, "clinician", "Dr Grace Hall")
    assert client.get("/sign-in/kept").status_code == 303
    assert kinds(database, settings)["erasing"].waiting() == []
    with database.reading() as session:
        assert session.query(kept_forms.KeptFormRow).count() == 0
