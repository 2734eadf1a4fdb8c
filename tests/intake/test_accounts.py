"""Who may see what: a walk along every route as everybody, and the links that let staff in."""

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

from intake import accounts, staff
from intake.accounts import LINK_SECONDS, sign_in_token
from intake.database import Database
from intake.encounters import Encounter
from intake.settings import Settings
from intake.staff import ROLES, Role, Staff
from tests.conftest import come_in, member, sign_in

OPEN = {"static", "accounts.sign_in", "patient.home", "entry.start", "patient.help_now", "kiosk.over", "about.evidence"}
OPEN |= {"patient.leave"}  # it only closes a session, and sends whoever presses it to another site
OPEN |= {"entry.time_left", "entry.stay"}  # they say 0 to whoever is not in
THEIRS: dict[Role, tuple[str, ...]] = {  # the views of each role
    "clinician": ("clinician", "clinician_fhir", "review", "desk", "desk_import", "desk_paper"),
    "admin": ("admin", "drafts", "publishing", "rule_form", "impact", "what_if"),
    "front_desk": ("desk", "desk_import", "desk_paper"),
}
PATIENTS = ("patient", "patients_copy", "correction", "entry")
NOTICES: dict[Role, set[str]] = {  # those of all staff: admins see that somebody is needed, and can take nobody
    "clinician": {"notices.now", "notices.take", "notices.try_again"},
    "admin": {"notices.now"},
    "front_desk": {"notices.now", "notices.take", "notices.try_again"},
}
METHODS = {"GET", "POST"}


def routes(app: Flask, encounter: Encounter) -> list[tuple[str, str, str]]:
    """Every method of every view: endpoint, method, an address of it."""
    values = {
        "encounter_id": encounter.id,
        "rule_id": "RF1",
        "page_id": "mood",
        "token": "x",
        "code": "en",
        "filename": "icon.svg",
    }
    values["number"] = "1"
    values |= {"draft_id": "none", "publication_id": "none", "file": "safety.yaml"}
    found = []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            address = url_for(rule.endpoint, **{name: values[name] for name in rule.arguments})
            found += [(rule.endpoint, method, address) for method in (rule.methods or set()) & METHODS]
    return found


def lets_in(client: FlaskClient, method: str, address: str) -> bool:
    """Whether anything but a refusal comes back."""
    response = client.open(address, method=method)
    response.close()
    assert response.status_code < 500, address
    return response.status_code not in (401, 403)


def endpoints(app: Flask, blueprint: str) -> set[str]:
    return {name for name in app.view_functions if name.startswith(f"{blueprint}.")}


def test_nobody_sees_only_what_is_open(app: Flask, client: FlaskClient, ada: Encounter):
    seen = {endpoint for endpoint, method, address in routes(app, ada) if lets_in(client, method, address)}
    assert seen - OPEN == set()


@pytest.mark.parametrize("role", ROLES)
def test_staff_see_their_own_pages_and_no_others(app: Flask, ada: Encounter, role: Role):
    seen = set()
    for endpoint, method, address in routes(app, ada):
        client = app.test_client()  # a new one each time: some views end the session
        sign_in(client, role)
        if lets_in(client, method, address):
            seen.add(endpoint)
    theirs = {name for blueprint in THEIRS[role] for name in endpoints(app, blueprint)}
    assert seen - OPEN == theirs | NOTICES[role]


def test_patients_see_their_own_pages_and_no_others(app: Flask, ada: Encounter):
    seen = set()
    for endpoint, method, address in routes(app, ada):
        client = app.test_client()
        come_in(client, ada)
        if lets_in(client, method, address):
            seen.add(endpoint)
    assert seen - OPEN == {name for part in PATIENTS for name in endpoints(app, part)} - OPEN


@pytest.mark.parametrize("role", ROLES)
def test_a_link_lets_in_for_twelve_hours_to_the_first_page_of_the_role(client: FlaskClient, monkeypatch, role: Role):
    who = sign_in(client, role)
    home = client.get(f"/sign-in/{token(client, who)}").location
    assert who.name in client.get(home).text
    later = accounts.time() + LINK_SECONDS + 1
    monkeypatch.setattr(accounts, "time", lambda: later)
    refused = client.get(home)
    assert refused.status_code == 403
    assert "sign-in link" in refused.text


def token(client: FlaskClient, who: Staff) -> str:
    return sign_in_token(str(client.application.secret_key), who.id)


@pytest.fixture
def price(database: Database) -> Staff:
    """A clinician."""
    return member(database, "clinician", "Dr Ada Price")


def test_an_old_link_is_refused_in_words(client: FlaskClient, price: Staff, monkeypatch):
    old = token(client, price)
    later = accounts.time() + LINK_SECONDS + 2
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: later)
    refused = client.get(f"/sign-in/{old}")
    assert refused.status_code == 403
    assert "Please ask for a new one" in refused.text


def test_a_forged_link_is_refused(client: FlaskClient, settings: Settings, price: Staff):
    genuine = token(client, price)
    other_key = sign_in_token("another key altogether", price.id)
    nobody = sign_in_token(settings.secret_key, "clinician")
    other_purpose = URLSafeTimedSerializer(settings.secret_key, salt="password").dumps(price.id)
    for forged in (genuine[:-1], genuine[::-1], other_key, other_purpose, nobody, "x"):
        assert client.get(f"/sign-in/{forged}").status_code == 403
    assert client.get("/clinician").status_code == 403


def test_who_is_removed_is_out_at_once_and_does_not_come_in_again(client: FlaskClient, database: Database):
    who = sign_in(client, "clinician")
    with database.writing() as session:
        staff.remove(session, who.id)
    assert client.get("/clinician").status_code == 403
    assert client.get(f"/sign-in/{token(client, who)}").status_code == 403


def test_somebody_with_two_roles_sees_the_pages_of_both(client: FlaskClient, database: Database):
    with database.writing() as session:
        both = staff.add(session, "Dr Bo Head", ["admin", "clinician"])
    assert client.get(f"/sign-in/{token(client, both)}").location == "/clinician"
    page = client.get("/admin")
    assert page.status_code == 200
    assert 'href="/clinician"' in page.text


def test_opening_a_patients_link_ends_a_session_of_staff(client: FlaskClient):
    sign_in(client, "clinician")
    client.get("/start/unknown")
    assert client.get("/clinician").status_code == 403
