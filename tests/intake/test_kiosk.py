"""A tablet in the waiting room: closed to everything but one patient's questions, and cleared afterwards."""

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake import encounters, entry, invitations, kiosk
from intake.database import Database
from intake.encounters import Encounter
from intake.invitations import Invitation
from intake.invitee import Invitee
from intake.kiosk import LEEWAY, QUIET
from intake.settings import Settings
from tests.conftest import sign_in
from tests.intake.test_accounts import endpoints, routes

OPEN_ON_IT = {"static", "openid.start", "openid.back", "sign_in.ask", "sign_in.check", "kiosk.over", "kiosk.here"}


def invite(app: Flask, database: Database, name: str) -> Invitation:
    with database.writing() as session:
        return invitations.create(session, str(app.secret_key), Invitee(name, date(1970, 5, 17)), 30)


@pytest.fixture
def invitation(app: Flask, database: Database) -> Invitation:
    """Ada's invitation."""
    return invite(app, database, "Ada Example")


def lend(client: FlaskClient, settings: Settings, invitation: Invitation) -> FlaskClient:
    """Sign in on the tablet and hand it over."""
    sign_in(client, "clinician")
    lent = client.post(f"/desk/{invitation.encounter_id}/kiosk")
    assert (lent.status_code, lent.location) == (303, "/welcome")
    return client


@pytest.fixture
def tablet(client: FlaskClient, settings: Settings, invitation: Invitation) -> FlaskClient:
    """A tablet in Ada's hands."""
    return lend(client, settings, invitation)


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    moment = kiosk.time() + seconds
    monkeypatch.setattr(kiosk, "time", lambda: moment)


def is_cleared(tablet: FlaskClient) -> bool:
    """Whether nothing of the patient or of staff can be reached any more."""
    with tablet.session_transaction() as session:
        left = {entry.OPENED, entry.INVITED, kiosk.KIOSK, "role"} & set(session)
    return not left and tablet.get("/welcome").status_code == 403


def test_the_patient_answers_without_giving_a_date_of_birth(tablet: FlaskClient):
    page = tablet.get("/welcome")
    assert "Ada Example" in page.text
    assert "Give the tablet back" in page.text
    assert 'http-equiv="refresh"' in page.text


def test_no_address_leads_elsewhere(
    app: Flask, settings: Settings, database: Database, invitation: Invitation, ada: Encounter
):
    reached = set()
    for endpoint, method, address in routes(app, ada.id):
        tablet = lend(app.test_client(), settings, invitation)
        response = tablet.open(address, method=method)
        response.close()
        if response.status_code not in (401, 403):
            reached.add(endpoint)
    assert reached <= endpoints(app, "patient") | OPEN_ON_IT
    assert "patient.questions" in reached


@pytest.mark.parametrize("path", ["/clinician", "/desk", "/admin", "/about/evidence", "/nowhere", "/enter"])
def test_what_is_closed_says_so_and_leads_back(tablet: FlaskClient, path: str):
    answer = tablet.get(path)
    assert answer.status_code == 403
    assert 'href="/welcome"' in answer.text


def test_another_patients_link_does_not_open_on_it(app: Flask, tablet: FlaskClient, database: Database):
    other = invite(app, database, "Ben Example")
    with database.reading() as session:
        token = invitations.link_token(session, str(app.secret_key), other)
    assert tablet.get(f"/start/{token}").status_code == 403
    assert "Ada Example" in tablet.get("/welcome").text


def test_staff_sign_in_again_to_have_it_back(tablet: FlaskClient, settings: Settings):
    sign_in(tablet, "clinician")
    assert tablet.get("/clinician").status_code == 200
    assert tablet.get("/welcome").status_code == 403


def test_sending_clears_it(tablet: FlaskClient, database: Database, invitation: Invitation):
    with database.writing() as session:
        encounters.save_page(session, invitation.encounter_id, {"phq9_1": 3, "phq9_2": 3})
    thanks = tablet.post("/check", follow_redirects=True)
    assert thanks.request.path == "/kiosk/over"
    assert "give the tablet back" in thanks.text
    assert "Ada" not in thanks.text
    assert thanks.headers["Cache-Control"] == "no-store"
    assert is_cleared(tablet)
    with database.reading() as session:
        found = encounters.find(session, invitation.encounter_id)
    assert found is not None
    assert found.sent_at is not None


def test_a_copy_of_a_cookie_from_before_opens_nothing(app: Flask, client: FlaskClient, invitation: Invitation):
    sign_in(client, "clinician")
    copies = []
    with client.session_transaction() as session:
        session["session_id"] = "of staff"
        copies.append(dict(session))
    client.post(f"/desk/{invitation.encounter_id}/kiosk")
    with client.session_transaction() as session:
        copies.append(dict(session))
    client.get("/kiosk/over")
    for copy, address in zip(copies, ("/clinician", "/welcome"), strict=True):
        thief = app.test_client()
        with thief.session_transaction() as session:
            session.update(copy)
        assert thief.get(address).status_code in (303, 403)


def test_giving_it_back_keeps_the_answers(tablet: FlaskClient, database: Database, invitation: Invitation):
    with database.writing() as session:
        encounters.save_page(session, invitation.encounter_id, {"phq9_1": 3})
    tablet.get("/kiosk/over")
    assert is_cleared(tablet)
    with database.reading() as session:
        assert encounters.answers(session, invitation.encounter_id)["phq9_1"] == 3


def test_three_minutes_of_quiet_clear_it(tablet: FlaskClient, monkeypatch: pytest.MonkeyPatch):
    later(monkeypatch, QUIET + LEEWAY + 1)
    gone = tablet.get("/check")
    assert (gone.status_code, gone.location) == (303, "/kiosk/over")
    assert is_cleared(tablet)


def test_whoever_is_busy_is_not_cleared(tablet: FlaskClient, monkeypatch: pytest.MonkeyPatch):
    for _ in range(5):
        later(monkeypatch, QUIET - 1)
        assert tablet.get("/kiosk/here").status_code == 204
    assert tablet.get("/welcome").status_code == 200


def test_a_page_that_comes_after_the_quiet_is_not_taken(
    tablet: FlaskClient, database: Database, invitation: Invitation, monkeypatch: pytest.MonkeyPatch
):
    later(monkeypatch, QUIET + LEEWAY + 1)
    tablet.post("/questions/mood", data={"asked-items": "phq9_1", "phq9_1": "3"})
    with database.reading() as session:
        assert "phq9_1" not in encounters.answers(session, invitation.encounter_id)


def test_the_next_patient_finds_nothing_of_the_last_one(
    app: Flask, tablet: FlaskClient, settings: Settings, database: Database
):
    tablet.get("/welcome?language=es")
    assert tablet.get_cookie("language") is not None
    tablet.get("/kiosk/over")
    assert tablet.get_cookie("language") is None
    lend(tablet, settings, invite(app, database, "Ben Example"))
    page = tablet.get("/welcome").text
    assert "Ben Example" in page
    assert "Ada Example" not in page
    assert 'lang="en"' in page


def test_a_locked_or_cancelled_invitation_is_not_handed_over(
    client: FlaskClient, settings: Settings, database: Database, invitation: Invitation
):
    with database.writing() as session:
        invitations.cancel(session, invitation.encounter_id)
    sign_in(client, "clinician")
    assert client.post(f"/desk/{invitation.encounter_id}/kiosk").location == f"/desk/{invitation.encounter_id}"
    assert client.get("/clinician").status_code == 200


def test_other_devices_know_nothing_of_it(client: FlaskClient, settings: Settings):
    assert client.get("/kiosk/here").status_code == 403
    sign_in(client, "clinician")
    assert client.get("/kiosk/over").status_code == 200
    assert client.get("/clinician").status_code == 200
