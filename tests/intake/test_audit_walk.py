"""A walk along every route: whoever reads or changes something of a patient leaves an entry in the audit trail.

A new route that names an encounter, or belongs to patients, fails here until it leaves one, or stands on the list of
those that need none, with the reason.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import date
from time import time

from flask import Flask
from flask.testing import FlaskClient

from intake import audit, encounters, invitations, submission
from intake.audit_tables import AuditRow
from intake.database import Database
from intake.invitations import Invitation
from intake.invitee import Invitee
from tests.conftest import sign_in
from tests.intake.clinicians import form
from tests.intake.test_accounts import routes
from tests.intake.test_paper import name

ANSWERS = {"breast_change": "yes"}
LISTS = ("clinician.overview", "clinician_hand_over.overview", "desk.overview")  # of patients, by name
PATIENTS = ("patient", "patients_copy", "correction", "entry")
NO_ENTRY = {
    (
        "clinician.worklist_now",
        "GET",
    ): "the list that clinician.overview shows, asked again by the page every few seconds",
    ("notices.now", "GET"): "stands on every page for staff",
    ("desk.new", "GET"): "an empty form",
    ("desk_import.choose", "GET"): "an empty form",
    ("desk_import.template", "GET"): "an empty file",
    ("desk_import.preview", "POST"): "what the sender has just chosen, and stores nothing",
    ("desk_import.bad", "POST"): "what the sender has just chosen, and stores nothing",
    ("patient.home", "GET"): "shows nothing of a patient",
    ("patient.help_now", "GET"): "numbers to call, and the patient's own advice",
    ("patient.welcome", "GET"): "the patient's own way, after coming in, which is an entry",
    ("patient.questions", "GET"): "the same",
    ("patient.save", "POST"): "the same: that the answers were begun, sent and corrected are entries",
    ("patient.check", "GET"): "the same",
    ("patient.sent", "GET"): "the same",
    ("entry.start", "GET"): "shows nothing of a patient",
    ("entry.ask", "GET"): "shows nothing of a patient",
    ("entry.time_left", "GET"): "a clock",
    ("entry.stay", "POST"): "a clock",
}
ERASE = {"reason": "Made twice", "sure": "yes"}
NOT_BEGUN = ("desk_paper.ask", "desk_paper.take")  # only there before the patient has answered anything


def invite(app: Flask, database: Database, endpoint: str) -> Invitation:
    """A patient who was invited, and has sent answers unless the view needs one who has not."""
    with database.writing() as session:
        who = Invitee(f"Ada {endpoint}", date(1970, 5, 17))
        made = invitations.create(session, str(app.secret_key), who, 30)
        if endpoint in NOT_BEGUN:
            return made
        encounters.save_page(session, made.encounter_id, ANSWERS)
    submission.send(database, app.extensions["intake"].screeners, made.encounter_id)
    return made


def come_in(client: FlaskClient, found: Invitation, endpoint: str) -> None:
    """Open the link, and all but the view that asks for the date of birth too."""
    with client.session_transaction() as session:
        session.clear()
        session["invited"] = {"encounter": found.encounter_id, "link": found.link_number}
        if endpoint != "entry.check":
            session["encounter"], session["active"] = found.encounter_id, int(time())


def what_to_send(endpoint: str, client: FlaskClient, found: Invitation) -> Mapping[str, object]:
    """What a form of this view is filled in with."""
    address = f"/clinician/{found.encounter_id}"
    if endpoint == "review.save":
        return form(client.get(f"{address}/review").text)
    if endpoint == "review.signed_pdf":
        client.post(f"{address}/review", data=form(client.get(address).text) | {"action": "sign"})
    if endpoint == "clinician_record.receipt":
        client.post(f"{address}/erase", data=ERASE)
    born = ["17", "5", "1970"]
    forms: dict[str, Mapping[str, object]] = {
        "entry.check": {"date_of_birth": born},
        "patient.go_on": {"need-help": "yes"},
        "desk_paper.take": {name("chest_pain_now"): "1"},
        "clinician_record.erase": ERASE,
        "desk_import.invite": {"kept": b64encode(b"name,date of birth\nBea Example,17.5.1970\n").decode()},
        "desk.add": {"patient_name": "Bea", "date_of_birth": born, "language": "en"},
    }
    return forms.get(endpoint, {})


def entries(database: Database, encounter_id: str | None) -> int:
    with database.reading() as session:
        return audit.count(session, *([AuditRow.encounter_id == encounter_id] if encounter_id else []))


def concerned(app: Flask) -> list[tuple[str, str]]:
    """Every view and method that is about a patient."""
    found = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) & {"GET", "POST"}
        if "encounter_id" in rule.arguments
        or rule.endpoint.split(".")[0] in (*PATIENTS, "desk_import")
        or rule.endpoint in LISTS
    }
    return sorted(found - set(NO_ENTRY))


def faults(app: Flask, database: Database, endpoint: str, method: str) -> str:
    """What is wrong when this view does its work; "" if it leaves an entry."""
    client, found, is_patients = app.test_client(), invite(app, database, endpoint), endpoint.split(".")[0] in PATIENTS
    if is_patients:
        come_in(client, found, endpoint)
    else:
        sign_in(client, "clinician")
    sent = what_to_send(endpoint, client, found)
    address = next(at for view, how, at in routes(app, found.encounter_id) if (view, how) == (endpoint, method))
    about = found.encounter_id if is_patients or found.encounter_id in address else None
    before = entries(database, about)
    answer = client.open(address, method=method, data=sent)
    answer.close()
    if answer.status_code >= 400:
        return f"{method} {endpoint}: the walk does not know how to ask ({answer.status_code})"
    return "" if entries(database, about) > before else f"{method} {endpoint} leaves no entry in the audit trail"


def test_every_view_about_a_patient_leaves_an_entry(app: Flask, database: Database):
    found = [faults(app, database, endpoint, method) for endpoint, method in concerned(app)]
    assert len(found) > 25
    assert [fault for fault in found if fault] == []


def test_what_needs_no_entry_is_a_view_that_there_is(app: Flask):
    assert {endpoint for endpoint, _ in NO_ENTRY} <= set(app.view_functions)
