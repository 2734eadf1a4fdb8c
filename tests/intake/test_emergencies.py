"""A patient who needs somebody now stands on top of every page for staff until one of them takes care of it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake import emergencies, outbox
from intake.database import Database
from intake.emergencies import Cause
from intake.encounters import Encounter
from intake.staff import Role
from tests.conftest import come_in, sign_in
from tests.intake.test_mail import waiting

PAGES = {"clinician": ("/clinician", "/desk", "/desk/new", "/desk/import"), "front_desk": ("/desk", "/desk/new")}
NEEDED = "A patient needs somebody now"


def need_somebody(database: Database, encounter: Encounter, cause: Cause = Cause.ANSWERS) -> None:
    with database.writing() as session:
        emergencies.raise_one(session, encounter.id, cause)


def browser(app: Flask, role: Role, name: str = "") -> FlaskClient:
    client = app.test_client()
    sign_in(client, role, name)
    return client


@pytest.mark.parametrize("role", ["clinician", "front_desk"])
def test_it_stands_on_every_page_by_name_until_somebody_takes_it(
    app: Flask, database: Database, ada: Encounter, role: Role
):
    staff = browser(app, role)
    addresses = (*PAGES[role], f"/{'clinician' if role == 'clinician' else 'desk'}/{ada.id}")
    assert NEEDED not in staff.get(addresses[0]).text
    need_somebody(database, ada)
    for address in addresses:
        page = staff.get(address).text
        assert NEEDED in page, address
        assert "Ada Example" in page
    back = staff.post(f"/staff/emergencies/{ada.id}")
    assert back.headers["Location"] == addresses[-1]
    for address in addresses:
        assert NEEDED not in staff.get(address).text


def test_admins_learn_that_somebody_is_needed_and_not_who(app: Flask, database: Database, ada: Encounter):
    need_somebody(database, ada)
    admin = browser(app, "admin")
    page = admin.get("/admin").text
    assert NEEDED in page
    assert "Ada" not in page
    assert ada.id not in page
    assert admin.post(f"/staff/emergencies/{ada.id}").status_code == 403


def test_who_took_it_first_and_when_is_shown_afterwards(app: Flask, database: Database, ada: Encounter):
    need_somebody(database, ada)
    browser(app, "clinician", "Dr Ada Price").post(f"/staff/emergencies/{ada.id}")
    second = browser(app, "front_desk", "Jo Field")
    second.post(f"/staff/emergencies/{ada.id}")
    page = second.get(f"/desk/{ada.id}").text
    assert "Dr Ada Price is taking care of this" in page
    assert "Jo Field is taking care" not in page
    with database.reading() as session:
        (taken,) = emergencies.of_encounters(session, [ada.id])
    assert taken.taken_at is not None
    assert taken.taken_by == "Dr Ada Price"


def test_the_same_call_is_made_once_and_anew_after_it_was_taken(app: Flask, database: Database, ada: Encounter):
    for _ in range(3):
        need_somebody(database, ada)
    assert len(waiting(database)) == 1
    browser(app, "clinician").post(f"/staff/emergencies/{ada.id}")
    need_somebody(database, ada)
    assert len(waiting(database)) == 1
    with database.reading() as session:
        assert len(emergencies.of_encounters(session, [ada.id])) == 2
        assert len(emergencies.not_taken(session)) == 1


def test_alerts_that_did_not_go_out_are_not_needed_once_somebody_has_taken_it(
    app: Flask, database: Database, ada: Encounter
):
    need_somebody(database, ada)
    browser(app, "clinician").post(f"/staff/emergencies/{ada.id}")
    with database.reading() as session:
        assert outbox.waiting(session) == []


def test_a_patient_who_asks_for_help_calls_for_somebody(app: Flask, client: FlaskClient, ada: Encounter):
    come_in(client, ada)
    client.post("/questions/today", data={"asked-items": ""})
    client.post("/help-now", data={"need-help": "yes"})
    staff = browser(app, "clinician")
    page = staff.get("/clinician").text
    assert NEEDED in page
    assert "priority--emergency" in page


def test_what_a_script_asks_for_comes_once_and_then_not_until_it_changes(
    app: Flask, database: Database, ada: Encounter
):
    staff = browser(app, "clinician")
    for address, change in (("/staff/notices", "Ada Example"), ("/clinician/list", "Needs somebody now")):
        first = staff.get(address)
        known = {"If-None-Match": first.headers["ETag"]}
        again = staff.get(address, headers=known)
        assert (again.status_code, again.data) == (304, b"")
        need_somebody(database, ada)
        changed = staff.get(address, headers=known)
        assert changed.status_code == 200
        assert change in changed.text
        assert "<html" not in changed.text
        with database.writing() as session:
            emergencies.take(session, ada.id, "nobody known")


class TestWhatCouldNotBeSent:
    @pytest.fixture
    def failed(self, database: Database, ada: Encounter) -> None:
        need_somebody(database, ada)
        with database.writing() as session:
            for mail_id in outbox.waiting(session):
                mail = outbox.find(session, mail_id)
                assert mail is not None
                outbox.mark_failed(session, mail.key, "the server is away", for_good=False)

    @pytest.mark.usefixtures("failed")
    def test_it_is_shown_with_what_to_do(self, app: Flask):
        for role, address in (("clinician", "/clinician"), ("front_desk", "/desk"), ("admin", "/admin")):
            page = browser(app, role).get(address).text  # type: ignore[arg-type]
            assert "2 alerts to the clinic could not be sent" in page
            assert "By e-mail: 1" in page
            assert "By the webhook: 1" in page
            assert "the server is away" in page
            assert "look at the worklist often" in page

    @pytest.mark.usefixtures("failed")
    def test_a_button_has_it_tried_anew_and_once(self, app: Flask, database: Database):
        with database.reading() as session:
            before = {mail.key: mail.id for mail in outbox.to_clinic_failing(session)}
        assert browser(app, "front_desk").post("/staff/alerts").headers["Location"] == "/desk"
        with database.reading() as session:
            after = {mail.key: mail.id for mail in outbox.to_clinic_failing(session)}
        assert after.keys() == before.keys()
        assert not set(after.values()) & set(before.values())
