"""Pages of questions are rendered once and kept; no patient sees what is another's, or what has changed since."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake import encounters, kept_pages, rulesets
from intake.database import Database
from rules.load import library, load_texts
from tests.conftest import come_in

WORDS = "My dog is called Bartholomew"


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All that is kept, as it is added."""
    added: list[str] = []
    original = kept_pages.cut

    def watched(*arguments: Any) -> tuple[str, ...]:
        parts = original(*arguments)
        added.append(f"{arguments} {parts}")
        return parts

    monkeypatch.setattr(kept_pages, "cut", watched)
    return added


@pytest.fixture
def two(kept: list[str], app: Flask, database: Database) -> tuple[FlaskClient, FlaskClient]:
    """The browsers of two patients, Ada and Ben, who have answered nothing."""
    browsers = []
    for name in ("Ada Example", "Ben Example"):
        with database.writing() as session:
            encounter, _ = encounters.create(session, patient_name=name, date_of_birth=date(1970, 5, 17))
        browsers.append(app.test_client())
        come_in(browsers[-1], encounter)
    return browsers[0], browsers[1]


def test_each_patient_sees_their_own_answers_alone(two):
    ada, ben = two
    ada.post("/questions/alcohol", data={"asked-items": "auditc_1", "auditc_1": "2"})
    for browser, picked in ((ada, True), (ben, False), (ada, True)):
        page = browser.get("/questions/alcohol?show=all").text
        assert (" checked" in page) is picked


def test_nothing_of_a_patient_is_kept(two, kept):
    ada, _ = two
    ada.post("/questions/closing", data={"asked-items": "matters_most", "matters_most": WORDS})
    page = ada.get("/questions/closing?show=all").text
    assert WORDS in page
    for found in ('name="csrf_token" value="', 'name="way-back" value="', 'name="seen" value="'):
        own = page.partition(found)[2].partition('"')[0]
        assert own not in "".join(kept) or not own
    assert "You can leave any question blank." in "".join(kept)
    assert WORDS not in "".join(kept)


def test_answers_on_the_page_to_check_are_not_kept(kept: list[str], app: Flask, database: Database):
    usual = dict.fromkeys(library().questionnaire.items) | {"matters_most": WORDS}
    with database.writing() as session:
        encounter, _ = encounters.create(session, patient_name="Cy Example", date_of_birth=date(1970, 5, 17))
        encounters.save_page(session, encounter.id, usual)
    browser = app.test_client()
    come_in(browser, encounter)
    page = browser.get("/check")
    assert page.status_code == 200
    assert WORDS in page.text
    assert "Change" in "".join(kept)
    assert WORDS not in "".join(kept)


def test_what_was_wrong_on_a_page_is_shown_to_nobody_else(two, kept):
    ada, ben = two
    wrong = {"asked-items": "oily_fish_per_week", "oily_fish_per_week": "as Bartholomew"}
    assert "as Bartholomew" in ada.post("/questions/food_week", data=wrong).text
    assert "Error" not in ben.get("/questions/food_week").text
    assert "Error" not in "".join(kept)


def test_a_kept_page_follows_the_language(two):
    ada, ben = two
    assert 'lang="en"' in ada.get("/questions/mood").text
    ben.get("/?language=es")
    assert "Continuar" in ben.get("/questions/mood").text
    assert "Continue" in ada.get("/questions/mood").text


def test_a_kept_page_follows_the_rule_set(database: Database, two):
    ada, _ = two
    assert '<h1 class="govuk-heading-l">Your days</h1>' in ada.get("/questions/daily_life").text
    changed = {name: text.replace("Your days", "Your everyday") for name, text in library().files.items()}
    with database.writing() as session:
        rulesets.publish(session, load_texts(changed), "alone")
    assert '<h1 class="govuk-heading-l">Your everyday</h1>' in ada.get("/questions/daily_life").text
