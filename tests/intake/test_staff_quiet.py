"""Staff who are quiet for too long are signed out, and what they typed comes back to them and to nobody else."""

import re
from time import time

import pytest
from flask.testing import FlaskClient

from intake import kept_forms
from intake.database import Database
from intake.settings import Settings
from intake.staff import Staff
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
