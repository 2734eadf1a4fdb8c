"""Getting off a sensitive page: at once, with the answers closed on this device and kept from whoever comes next."""

import re
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake import encounters, invitations
from intake.database import Database
from intake.encounters import Encounter
from intake.invitee import Invitee
from rules.load import library
from tests.conftest import come_in

PAGES = library().questionnaire.pages
SENSITIVE = [page.id for page in PAGES.values() if page.sensitive]
BORN = date(1970, 5, 17)
BUTTON = "Leave this page quickly"


@pytest.fixture
def phone(client: FlaskClient, ada: Encounter) -> FlaskClient:
    """Ada's own phone."""
    come_in(client, ada)
    return client


def test_connection_safety_at_home_and_hormones_are_sensitive() -> None:
    assert {"safety_at_home", "contact", "hormones", "companionship"} <= set(SENSITIVE)
    assert "food_day" not in SENSITIVE


def test_sensitive_pages_and_no_others_offer_to_be_left_quickly(phone: FlaskClient) -> None:
    assert BUTTON in phone.get("/questions/safety_at_home").text
    assert BUTTON not in phone.get("/questions/food_day").text


def test_leaving_opens_another_site_and_closes_the_answers_here(phone: FlaskClient) -> None:
    phone.post("/questions/contact", data={"asked-items": "contact_frequency", "contact_frequency": "weekly"})
    left = phone.post("/leave")
    assert left.headers["Refresh"] == "0; url=https://www.bbc.co.uk/weather"
    assert not re.search(r"(?i)clinic|question|answer", re.sub(r"<[^>]*>", "", left.text))
    assert phone.get("/questions/contact").status_code == 303
    assert phone.get("/questions/contact").headers["Location"] == "/enter"


def test_a_copy_of_the_cookie_opens_nothing_once_the_page_was_left(
    app: Flask, client: FlaskClient, database: Database, ada: Encounter
) -> None:
    with database.writing() as session:
        made = invitations.create(session, str(app.secret_key), Invitee("Ada Example", BORN), 30)
        token = invitations.link_token(session, str(app.secret_key), made)
    thief, elsewhere = app.test_client(), app.test_client()
    for browser in (client, elsewhere):
        browser.get(f"/start/{token}")
        browser.post("/enter", data={"date_of_birth": [str(part) for part in (BORN.day, BORN.month, BORN.year)]})
    with client.session_transaction() as session, thief.session_transaction() as copy:
        copy.update(session)
    assert thief.get("/welcome").status_code == 200
    client.post("/leave")
    assert thief.get("/welcome").location == "/enter"
    assert elsewhere.get("/welcome").status_code == 200


def test_leaving_needs_no_token_and_harms_nobody_without_a_session(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    assert app.test_client().post("/leave").status_code == 200


class TestAfterComingBack:
    @pytest.fixture
    def back(self, phone: FlaskClient, ada: Encounter) -> FlaskClient:
        """Ada answered on a sensitive page and on another one, left quickly, and has come in again."""
        phone.post("/questions/contact", data={"asked-items": "contact_frequency", "contact_frequency": "weekly"})
        phone.post("/questions/food_day", data={"asked-items": "wholegrain_per_day", "wholegrain_per_day": "4"})
        phone.post("/leave")
        come_in(phone, ada)
        return phone

    def test_earlier_answers_to_sensitive_questions_are_not_shown(self, back: FlaskClient) -> None:
        page = back.get("/questions/contact?show=all").text
        assert "checked" not in page
        assert "your answers are not shown here" in page
        assert 'value="4"' in back.get("/questions/food_day?show=all").text

    def test_what_stays_blank_there_stays_as_it_was(
        self, back: FlaskClient, database: Database, ada: Encounter
    ) -> None:
        back.post(
            "/questions/contact", data={"asked-items": "contact_frequency touch_frequency", "touch_frequency": "rarely"}
        )
        with database.reading() as session:
            answers = encounters.answers(session, ada.id)
        assert (answers["contact_frequency"], answers["touch_frequency"]) == ("weekly", "rarely")

    def test_the_page_to_check_does_not_show_them_either(self, back: FlaskClient) -> None:
        for page in PAGES.values():
            asked = [item.id for item in page.items if not item.derived and item.id != "wholegrain_per_day"]
            back.post(f"/questions/{page.id}", data={"asked-items": " ".join(asked)})
        page = back.get("/check").text
        row = page[page.index(PAGES["contact"].items[0].text) :].split("</dd>")[0]
        assert "Not shown here" in row


def test_who_needs_help_now_is_told_to_call_and_the_clinic_is_told(
    phone: FlaskClient, database: Database, ada: Encounter
) -> None:
    phone.post("/questions/urgent", data={"asked-items": "chest_pain_now", "chest_pain_now": "yes"})
    assert "I need help now" in phone.get("/help-now").text
    back = phone.post("/help-now", data={"need-help": "yes"}, follow_redirects=True)
    assert "We have told the clinic that you need help" in back.text
    assert "tel:999" in back.text
    with database.reading() as session:
        encounter = encounters.find(session, ada.id)
    assert encounter is not None
    assert encounter.help_wanted_at is not None
