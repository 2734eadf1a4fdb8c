"""A patient's way in: the link, the date of birth, and what is said when it does not open."""

import logging
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from intake import create_app, encounters, entry, invitations
from intake.database import Database
from intake.invitations import MOST_TRIES, Invitation
from intake.invitee import Invitee
from intake.settings import Settings
from intake.tables import EncounterRow

BORN = date(1970, 5, 17)


@pytest.fixture
def invitation(app: Flask, database: Database) -> Invitation:
    """Ada's invitation."""
    with database.writing() as session:
        return invitations.create(session, str(app.secret_key), Invitee("Ada Example", BORN), 30)


@pytest.fixture
def link(app: Flask, database: Database, invitation: Invitation) -> str:
    """The address of Ada's link."""
    with database.reading() as session:
        return f"/start/{invitations.link_token(session, str(app.secret_key), invitation)}"


def give(client: FlaskClient, *boxes: object) -> TestResponse:
    return client.post("/enter", data={"date_of_birth": [str(box) for box in boxes]})


def change(database: Database, **values: object) -> None:
    with database.writing() as session:
        session.execute(update(EncounterRow).values(**values))


def test_the_link_asks_for_the_date_of_birth_and_shows_no_name(client: FlaskClient, link: str):
    asked = client.get(link, follow_redirects=True)
    assert "What is your date of birth?" in asked.text
    assert "Ada" not in asked.text
    assert asked.request.path == "/enter"
    assert client.get("/welcome", follow_redirects=True).request.path == "/enter"


def test_the_date_of_birth_opens_the_questions(client: FlaskClient, link: str):
    client.get(link)
    opened = give(client, 17, 5, 1970)
    assert (opened.status_code, opened.location) == (303, "/welcome")
    assert "Ada Example" in client.get("/welcome").text


def test_another_device_goes_on_where_the_first_one_stopped(app: Flask, database: Database, invitation, link: str):
    with database.writing() as session:
        encounters.save_page(session, invitation.encounter_id, {"chest_pain_now": "no"})
    second = app.test_client()
    second.get(link)
    give(second, 17, 5, 1970)
    assert "Go on where you stopped" in second.get("/welcome").text


def test_a_wrong_date_is_told_and_the_boxes_keep_it(client: FlaskClient, link: str):
    client.get(link)
    refused = give(client, 18, 5, 1970)
    assert refused.status_code == 422
    assert "not the date of birth that belongs to this link" in refused.text
    assert 'value="18"' in refused.text
    assert "After that the link is locked" not in refused.text
    assert client.get("/welcome").status_code == 303


def test_the_last_tries_are_announced_and_five_from_any_device_lock(
    app: Flask, settings: Settings, client: FlaskClient, link: str
):
    """The tries are counted in the database: another process of the same clinic knows of them."""
    other = create_app(settings)
    other.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    words = []
    for number in range(MOST_TRIES):
        device = (app if number % 2 else other).test_client()
        device.get(link)
        words.append(give(device, 1, 1, 1980 + number).text)
    other.extensions["intake"].database.close()
    assert "You can try 2 more times" in words[2]
    assert "You can try once more" in words[3]
    assert "This link is locked for now" in words[4]
    client.get(link)
    locked = give(client, 17, 5, 1970)
    assert locked.status_code == 403
    assert "locked for now" in locked.text
    assert "Ada" not in locked.text


@pytest.mark.parametrize(
    "boxes", [("", "", ""), (31, 2, 1970), ("x", 5, 1970), (17, 5, 70), (17, 5, 2999), (17, 5, 1066)]
)
def test_a_slip_of_the_pen_does_not_count_as_a_try(client: FlaskClient, database: Database, link: str, boxes):
    client.get(link)
    for _ in range(MOST_TRIES + 1):
        assert give(client, *boxes).status_code == 422
    assert give(client, 17, 5, 1970).status_code == 303


def test_a_link_that_was_never_made_one_that_is_over_and_a_cancelled_one_look_the_same(
    client: FlaskClient, database: Database, link: str
):
    unknown = client.get("/start/7k2m9-7k2m9-7k2m9-7k2m9-7k2m9")
    change(database, expires_at=datetime.now(UTC) - timedelta(days=1))
    over = client.get(link)
    change(database, expires_at=datetime.now(UTC) + timedelta(days=1), cancelled_at=datetime.now(UTC))
    cancelled = client.get(link)
    assert unknown.status_code == over.status_code == cancelled.status_code == 404
    assert unknown.text == over.text == cancelled.text
    assert "does not open" in unknown.text


def test_the_clinics_number_stands_where_a_patient_is_stuck(
    settings: Settings, app: Flask, database: Database, link: str
):
    app.jinja_env.globals["clinic_phone"] = "020 7946 0000"
    client = app.test_client()
    assert 'href="tel:02079460000"' in client.get("/start/wrong").text
    change(database, locked_at=datetime.now(UTC))
    assert 'href="tel:02079460000"' in client.get(link, follow_redirects=True).text


@pytest.mark.parametrize("change_link", ["renew", "cancel"])
def test_a_new_link_and_a_cancelled_one_close_the_devices_that_were_open(
    app: Flask, client: FlaskClient, database: Database, invitation: Invitation, link: str, change_link: str
):
    client.get(link)
    give(client, 17, 5, 1970)
    assert client.get("/welcome").status_code == 200
    with database.writing() as session:
        if change_link == "renew":
            invitations.renew(session, str(app.secret_key), invitation.encounter_id, 30)
        else:
            invitations.cancel(session, invitation.encounter_id)
    assert client.get("/welcome").status_code == 403
    assert client.get(link).status_code == 404


def test_a_link_whose_time_ends_while_it_is_answered_stays_open_on_that_device(
    client: FlaskClient, database: Database, link: str
):
    client.get(link)
    give(client, 17, 5, 1970)
    change(database, expires_at=datetime.now(UTC) - timedelta(days=1))
    assert client.get("/welcome").status_code == 200


def test_stepping_out_asks_for_the_date_of_birth_again(app: Flask, client: FlaskClient, link: str):
    app.add_url_rule("/step-out", "step_out", view_func=lambda: entry.step_out() or "out")
    client.get(link)
    give(client, 17, 5, 1970)
    client.get("/step-out")
    assert client.get("/check", follow_redirects=True).request.path == "/enter"
    assert give(client, 17, 5, 1970).status_code == 303


def test_without_a_link_nothing_is_asked(client: FlaskClient):
    for answer in (client.get("/enter"), give(client, 17, 5, 1970), client.get("/welcome")):
        assert answer.status_code == 403
        assert "open your link again" in answer.text


def test_neither_the_date_nor_the_token_is_logged(client: FlaskClient, link: str, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG):
        client.get(link)
        give(client, 16, 5, 1970)
        give(client, 17, 5, 1970)
    assert "1970" not in caplog.text
    assert link.removeprefix("/start/") not in caplog.text
