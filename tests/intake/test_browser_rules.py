"""What every answer carries, and what no request gets past."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake import bounds, create_app, credentials, encounters, entry, submission, tallies
from intake.accounts import sign_in_token
from intake.browser_rules import LONGEST_REQUEST, OF_PAGES
from intake.database import Database
from intake.encounters import Encounter
from intake.settings import Settings
from intake.staff import ROLES, Role
from tests.conftest import come_in, member, sign_in
from tests.intake.test_accounts import routes

INLINE = re.compile(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)
TOKEN = "a-token-that-nobody-may-see"


def faults(client: FlaskClient, app: Flask, patient: Encounter) -> list[str]:
    """What is wrong with the answers to every GET of this browser."""
    found = []
    for endpoint, method, address in routes(app, patient.id):
        if method != "GET" or endpoint in ("sign_in.link", "entry.start"):
            continue
        answer = client.get(address)
        headers = answer.headers
        policy = headers["Content-Security-Policy"]
        if "unsafe" in policy or "frame-ancestors 'none'" not in policy or "default-src 'none'" not in policy:
            found.append(f"{endpoint}: {policy}")
        if headers["Referrer-Policy"] != "no-referrer" or headers["X-Content-Type-Options"] != "nosniff":
            found.append(f"{endpoint}: headers")
        if endpoint != "static" and headers["X-Frame-Options"] != "DENY":
            found.append(f"{endpoint}: may be framed")
        if endpoint != "static" and headers["Cache-Control"] != "no-store":
            found.append(f"{endpoint}: may be stored")
        if answer.mimetype == "text/html" and INLINE.search(answer.text):
            found.append(f"{endpoint}: {INLINE.search(answer.text)}")
        answer.close()
    return found


@pytest.mark.parametrize("role", ROLES)
def test_no_page_for_staff_holds_script_or_style_or_may_be_stored(
    app: Flask, client: FlaskClient, ada: Encounter, role: Role
):
    sign_in(client, role)
    assert faults(client, app, ada) == []


def test_no_page_for_patients_holds_script_or_style_or_may_be_stored(app: Flask, client: FlaskClient, ada: Encounter):
    come_in(client, ada)
    assert faults(client, app, ada) == []


def test_a_patient_reaches_nothing_of_another_patient(
    app: Flask, client: FlaskClient, ada: Encounter, database: Database
):
    with database.writing() as session:
        other, _ = encounters.create(session, patient_name="Beatrix Other", date_of_birth=ada.date_of_birth)
    for _, method, address in routes(app, other.id):
        if other.id in address:
            come_in(client, ada)
            answer = client.open(address, method=method)
            assert answer.status_code in (401, 403), address
            assert "Beatrix" not in answer.text


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/no-such-page", 404),
        ("GET", "/static/no-such-file.css", 404),
        ("GET", "/static/..%2f..%2fpyproject.toml", 404),
        ("DELETE", "/sign-in", 405),
        ("GET", "/clinician", 403),
        ("GET", "/metrics", 404),
        ("GET", "/healthz", 200),
        ("GET", "/cds-services", 200),
        ("GET", "/broken", 500),
    ],
)
def test_every_answer_that_is_no_file_of_a_page_carries_the_rules(
    app: Flask, client: FlaskClient, method: str, address: str, status: int
):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/broken", view_func=lambda: str(1 / 0))
    answer = client.open(address, method=method)
    assert answer.status_code == status
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert {name: answer.headers[name] for name in OF_PAGES} == OF_PAGES


@pytest.mark.parametrize("address", ["/no-such-page", "/admin", "/clinician/none"])
def test_staff_who_meet_an_error_are_led_back_and_not_spoken_to_as_patients(client: FlaskClient, address: str):
    sign_in(client, "clinician")
    page = client.get(address).text
    assert 'href="/clinician"' in page
    assert "Patients: please open the link" not in page
    assert "Patients: please open the link" in client.application.test_client().get("/no-such-page").text


def test_signing_in_takes_over_nothing_of_the_session_before(app: Flask, client: FlaskClient, database: Database):
    who = member(database, "clinician")
    with database.writing() as session:
        credentials.invent(session, who.id)
    with client.session_transaction() as session:  # as somebody else has put into this browser
        session.update(session_id="of somebody else", csrf_token="known to somebody else", kiosk=True)
    client.get(f"/sign-in/{sign_in_token(str(app.secret_key), who.id)}")
    with client.session_transaction() as session:
        assert "kiosk" not in session
        assert session["session_id"] != "of somebody else"
        assert session.get("csrf_token") != "known to somebody else"
    assert client.get("/clinician").status_code == 200


@pytest.fixture
def secure(settings: Settings, app: Flask) -> Iterator[FlaskClient]:
    """A clinic that is reached by https."""
    environment = {
        "INTAKE_DATA": str(settings.data),
        "INTAKE_DATABASE_URL": settings.database_url,
        "INTAKE_SECRET_KEY": settings.secret_key,
        "INTAKE_BASE_URL": "https://intake.example.org",
        "INTAKE_PROXIES": "1",
    }
    made = create_app(Settings.from_environment(environment))
    yield made.test_client()
    made.extensions["intake"].pdf_worker.close()
    made.extensions["intake"].database.close()


def test_with_https_browsers_are_told_to_stay_with_it_and_cookies_belong_to_this_host(secure: FlaskClient):
    answer = secure.get("/sign-in", base_url="https://intake.example.org")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    for mark in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert mark in cookie
    assert "Domain" not in cookie
    spoken = secure.get("/?language=es", base_url="https://intake.example.org").headers["Set-Cookie"]
    for mark in ("language=es", "Secure", "HttpOnly", "SameSite=Lax"):
        assert mark in spoken


def test_without_https_nothing_is_promised_that_does_not_hold(client: FlaskClient):
    assert "Strict-Transport-Security" not in client.get("/sign-in").headers


@pytest.mark.parametrize("host", ["evil.example", "intake.example.org.evil.example", "intake.example.org@evil.example"])
def test_another_host_name_is_refused(secure: FlaskClient, host: str):
    answer = secure.get("/sign-in", headers={"Host": host})
    assert answer.status_code == 400
    assert host not in answer.text


@pytest.mark.parametrize("host", ["intake.example.org", "intake.example.org:443", "127.0.0.1:5000", "localhost"])
def test_the_clinics_own_name_and_this_machine_are_answered(secure: FlaskClient, host: str):
    assert secure.get("/sign-in", headers={"Host": host}).status_code == 200


def test_what_is_too_large_is_refused(client: FlaskClient):
    assert client.post("/sign-in", data={"email": "x" * LONGEST_REQUEST}).status_code == 413


def test_a_form_from_another_site_is_refused(app: Flask, client: FlaskClient):
    app.config["WTF_CSRF_ENABLED"] = True
    sign_in(client, "clinician")
    assert client.post("/account/sessions").status_code == 400


def test_wrong_links_from_one_place_are_bounded_for_all_processes_together(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(entry, "TOO_OFTEN", tallies.Rate("test", 3, entry.TOO_OFTEN.time))
    statuses = [app.test_client().get(f"/start/{number}").status_code for number in range(4)]
    assert statuses == [404, 404, 404, 429]
    elsewhere = client.get("/start/x", environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert elsewhere.status_code == 404


def test_behind_a_proxy_the_callers_own_address_counts(secure: FlaskClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(entry, "TOO_OFTEN", tallies.Rate("test", 1, entry.TOO_OFTEN.time))
    callers = ["192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.9, 192.0.2.1"]
    found = [secure.get("/start/x", headers={"X-Forwarded-For": caller}).status_code for caller in callers]
    assert found == [404, 404, 429, 429]


def test_no_token_and_no_password_stands_in_a_log(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    caplog.set_level("DEBUG")
    client.get(f"/start/{TOKEN}")
    client.get(f"/sign-in/{TOKEN}")
    client.post("/sign-in", data={"email": "ada@example.org", "password": TOKEN})
    monkeypatch.setattr("intake.invitations.find_by_token", lambda *_: 1 / 0)
    monkeypatch.setattr("intake.credentials.by_email", lambda *_: 1 / 0)
    assert client.get(f"/start/{TOKEN}").status_code == 500
    assert client.post("/sign-in", data={"email": "ada@example.org", "password": TOKEN}).status_code == 500
    assert caplog.records
    assert TOKEN not in caplog.text
    assert "ada@example.org" not in caplog.text


def test_what_costs_much_is_bounded_for_each_member_of_staff(app: Flask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bounds, "FOR_STAFF", tallies.Rate("test", 2, bounds.FOR_STAFF.time))
    busy, other = app.test_client(), app.test_client()
    sign_in(busy, "admin", "Sam Rivers")
    sign_in(other, "admin", "Kim Banks")
    assert [busy.get("/admin/what-if").status_code for _ in range(3)] == [200, 200, 429]
    assert "Wait ten minutes" in busy.get("/admin/what-if").text
    assert other.get("/admin/what-if").status_code == 200
    assert busy.get("/admin/history").status_code == 200


def test_a_patients_own_copies_are_bounded_too(
    app: Flask, client: FlaskClient, ada: Encounter, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bounds, "FOR_PATIENTS", tallies.Rate("test", 0, bounds.FOR_PATIENTS.time))
    services = app.extensions["intake"]
    with services.database.writing() as session:
        encounters.save_page(session, ada.id, {"breast_change": "no"})
    submission.send(services.database, services.screeners, ada.id)
    come_in(client, ada)
    assert client.get("/my-answers.pdf").status_code == 429
