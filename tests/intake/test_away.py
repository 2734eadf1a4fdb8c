"""The database is away for a while: a page says so, what was typed is kept on it, and all goes on afterwards."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from intake import encounters
from intake.database import Database
from intake.encounters import Encounter
from tests.conftest import come_in, sign_in
from tests.intake.test_quiet import hidden

PAGE = "/questions/closing"
WORDS = 'What I typed: it’s "mine"'


@contextmanager
def away(app: Flask) -> Iterator[None]:
    """Let every transaction of the application fail, as when the database cannot be reached."""
    engine = app.extensions["intake"].database.engine

    def fail(*_: object) -> None:
        raise OperationalError("BEGIN", {}, sqlite3.OperationalError("database is locked: Ada Example"))

    event.listen(engine, "begin", fail)
    yield
    event.remove(engine, "begin", fail)


@pytest.fixture
def phone(app: Flask, client: FlaskClient, ada: Encounter) -> FlaskClient:
    """Ada's own phone, with protection against forged forms as in service."""
    app.config["WTF_CSRF_ENABLED"] = True
    come_in(client, ada)
    return client


def stored(database: Database, patient: Encounter) -> dict[str, object]:
    with database.reading() as session:
        return encounters.answers(session, patient.id)


def test_what_was_typed_is_kept_on_the_page_and_saved_when_it_is_sent_again(
    app: Flask, phone: FlaskClient, database: Database, ada: Encounter, caplog: pytest.LogCaptureFixture
) -> None:
    form = hidden(phone.get(PAGE).text)
    with away(app):
        page = phone.post(PAGE, data={**form, "matters_most": WORDS})
    assert page.status_code == 503
    assert page.headers["Retry-After"]
    assert "What you just sent is not saved yet" in page.text
    assert 'href="tel:999"' in page.text
    assert "matters_most" not in stored(database, ada)
    assert "Ada" not in caplog.text
    assert WORDS not in caplog.text

    address = re.search(r'<form method="post" action="([^"]+)"', page.text)
    kept = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text)
    assert address
    fields: dict[str, list[str]] = {}
    for name, value in kept:
        fields.setdefault(name, []).append(unescape(value))
    assert phone.post(address[1], data=fields).status_code == 303
    assert stored(database, ada) | {"matters_most": WORDS} == stored(database, ada)


def test_a_page_that_cannot_be_shown_offers_itself_again(app: Flask, phone: FlaskClient) -> None:
    with away(app):
        page = phone.get("/questions/contact?show=all")
    assert page.status_code == 503
    assert 'href="/questions/contact?show=all"' in page.text
    assert "is not saved" not in page.text
    assert phone.get("/questions/contact?show=all").status_code == 200


def test_it_is_said_in_spanish_too(app: Flask, phone: FlaskClient) -> None:
    phone.get("/welcome?language=es")
    with away(app):
        page = phone.get("/welcome").text
    assert "Nuestro ordenador no puede guardar" in page
    assert "Our computer" not in page


def test_a_sensitive_page_is_left_all_the_same(app: Flask, phone: FlaskClient) -> None:
    with away(app):
        page = phone.post("/leave")
    assert page.status_code == 200
    assert "Refresh" in page.headers
    assert phone.get("/welcome").status_code == 303


def test_a_password_is_not_written_into_the_page(app: Flask, client: FlaskClient) -> None:
    with away(app):
        page = client.post("/sign-in", data={"email": "ada@example.org", "password": "a secret of mine"})
    assert page.status_code == 503
    assert "a secret of mine" not in page.text


def test_staff_are_told_what_to_do(app: Flask, client: FlaskClient) -> None:
    sign_in(client, "clinician")
    with away(app):
        page = client.get("/clinician")
    assert page.status_code == 503
    assert "tell whoever looks after this system" in page.text
    assert "999" not in page.text
