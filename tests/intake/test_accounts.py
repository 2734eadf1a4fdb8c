"""Who may see what: a walk along every route as everybody, and when a session is over."""

from time import time

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from intake import staff
from intake.database import Database
from intake.encounters import Encounter
from intake.staff import ROLES, Role
from tests.conftest import come_in, sign_in

OPEN = {"static", "patient.home", "entry.start", "patient.help_now", "kiosk.over", "about.evidence"}
OPEN |= {"sign_in.ask", "sign_in.check", "sign_in.out", "sign_in.away"}
OPEN |= {"openid.start", "openid.back"}  # not found where there is no provider
OPEN |= {"health.alive", "health.ready", "metrics.show"}  # figures are not found without their token
OPEN |= {"patient.leave"}  # it only closes a session, and sends whoever presses it to another site
OPEN |= {"fhir.questionnaire"}  # what is asked, without what is private
OPEN |= {"cds_hooks.discover"}  # which services there are, and nothing of patients
OPEN |= {"entry.time_left", "entry.stay"}  # they say 0 to whoever is not in
THEIRS: dict[Role, tuple[str, ...]] = {  # the views of each role
    "clinician": (
        "clinician",
        "clinician_fhir",
        "clinician_hand_over",
        "clinician_audit",
        "clinician_record",
        "review",
        "desk",
        "desk_import",
        "desk_paper",
    ),
    "admin": (
        "admin",
        "admin_audit",
        "admin_jobs",
        "admin_retention",
        "drafts",
        "publishing",
        "rule_form",
        "preview",
        "impact",
        "what_if",
        "deeper",
        "record",
        "members",
    ),
    "front_desk": ("desk", "desk_import", "desk_paper"),
}
EVERYBODYS = ("my_account", "second_factor")  # of all staff
PATIENTS = ("patient", "patients_copy", "correction", "entry")
ALL_STAFF = {"sign_in.kept", "sign_in.send_kept"}
NOTICES: dict[Role, set[str]] = {  # those of all staff: admins see that somebody is needed, and can take nobody
    "clinician": {"notices.now", "notices.take", "notices.try_again"},
    "admin": {"notices.now"},
    "front_desk": {"notices.now", "notices.take", "notices.try_again"},
}
METHODS = {"GET", "POST"}


def routes(app: Flask, encounter_id: str) -> list[tuple[str, str, str]]:
    """Every method of every view: endpoint, method, an address of it."""
    values = {
        "encounter_id": encounter_id,
        "rule_id": "RF1",
        "page_id": "mood",
        "token": "x",
        "code": "en",
        "filename": "icon.svg",
    }
    values["number"] = "1"
    values |= {"kept_id": "none", "staff_id": "none"}
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
    seen = {endpoint for endpoint, method, address in routes(app, ada.id) if lets_in(client, method, address)}
    assert seen - OPEN == set()


@pytest.mark.parametrize("role", ROLES)
def test_staff_see_their_own_pages_and_no_others(app: Flask, ada: Encounter, role: Role):
    seen = set()
    for endpoint, method, address in routes(app, ada.id):
        client = app.test_client()  # a new one each time: some views end the session
        sign_in(client, role)
        if lets_in(client, method, address):
            seen.add(endpoint)
    theirs = {name for blueprint in (*THEIRS[role], *EVERYBODYS) for name in endpoints(app, blueprint)}
    assert seen - OPEN == theirs | NOTICES[role] | ALL_STAFF


def test_patients_see_their_own_pages_and_no_others(app: Flask, ada: Encounter):
    seen = set()
    for endpoint, method, address in routes(app, ada.id):
        client = app.test_client()
        come_in(client, ada)
        if lets_in(client, method, address):
            seen.add(endpoint)
    assert seen - OPEN == {name for part in PATIENTS for name in endpoints(app, part)} - OPEN


def test_who_is_not_signed_in_is_asked_to_at_the_address_they_asked_for(client: FlaskClient):
    asked = client.get("/clinician?show=all")
    assert asked.status_code == 403
    assert "Sign in" in asked.text


def test_who_is_removed_is_out_at_once_and_does_not_come_in_again(client: FlaskClient, database: Database):
    who = sign_in(client, "clinician")
    with database.writing() as session:
        staff.remove(session, who.id)
    assert client.get("/clinician").status_code == 403


def test_a_role_that_is_taken_away_is_gone_from_the_next_page_on(client: FlaskClient, database: Database):
    who = sign_in(client, "clinician")
    with database.writing() as session:
        staff.set_roles(session, who.id, ["front_desk"])
    assert client.get("/clinician").status_code == 403
    assert client.get("/desk").status_code == 200


def test_somebody_with_two_roles_sees_the_pages_of_both(client: FlaskClient, database: Database):
    who = sign_in(client, "clinician")
    with database.writing() as session:
        staff.set_roles(session, who.id, ["admin", "clinician"])
    page = client.get("/admin")
    assert page.status_code == 200
    assert 'href="/clinician"' in page.text


def test_opening_a_patients_link_ends_a_session_of_staff(client: FlaskClient):
    sign_in(client, "clinician")
    client.get("/start/unknown")
    assert client.get("/clinician").status_code == 403


def test_a_session_ends_after_twelve_hours_whatever_is_done(client: FlaskClient):
    sign_in(client, "clinician")
    with client.session_transaction() as session:
        session["ends_at"] = int(time()) - 1
    assert client.get("/clinician").status_code == 403


def test_a_copy_of_the_cookie_opens_nothing_once_its_session_was_signed_out_of(app: Flask, client: FlaskClient):
    sign_in(client, "clinician")
    with client.session_transaction() as session:
        session["session_id"] = "of this browser"
        copy = dict(session)
    client.post("/sign-in/out")
    thief, elsewhere = app.test_client(), app.test_client()
    for browser, session_id in ((thief, "of this browser"), (elsewhere, "of another browser")):
        with browser.session_transaction() as session:
            session.update(copy | {"session_id": session_id})
    assert thief.get("/clinician").status_code == 403
    assert elsewhere.get("/clinician").status_code == 200
