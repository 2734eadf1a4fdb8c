"""A patient over time: who counts as the same person, and what the summary tells of the visits before."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from intake import encounters, history, submission
from intake.database import Database
from intake.encounters import Encounter
from intake.history import History
from intake.names import folded
from intake.rulesets import Screeners
from intake.tables import EncounterRow, ResponseRow
from reports.wording import day
from rules.load import library
from tests.conftest import sign_in

BORN = date(1970, 5, 17)
LONG_AGO, LATELY = 400, 10  # days


def visit(
    database: Database, days_ago: int, name: str = "Ada Example", born: date = BORN, **answers: object
) -> Encounter:
    """A visit of which the answers were sent some days ago."""
    with database.writing() as session:
        encounter, _ = encounters.create(session, patient_name=name, date_of_birth=born)
        encounters.save_page(session, encounter.id, {"chest_pain_now": "no", **answers})
    submission.send(database, Screeners(), encounter.id)
    with database.writing() as session:
        sent_at = datetime.now(UTC) - timedelta(days=days_ago)
        session.execute(update(ResponseRow).where(ResponseRow.encounter_id == encounter.id).values(sent_at=sent_at))
    return encounter


def others(database: Database, encounter: Encounter) -> History:
    with database.reading() as session:
        return history.history(session, encounter.id)


@pytest.fixture
def now(app: Flask, database: Database) -> Encounter:
    """Ada's visit of today."""
    return visit(database, 0)


@pytest.fixture
def clinician(app: Flask) -> FlaskClient:
    """A browser that a clinician has signed in with."""
    browser = app.test_client()
    sign_in(browser, "clinician")
    return browser


def test_earlier_and_later_visits_are_told_apart_the_newest_first(database: Database, now: Encounter):
    first, second = visit(database, LONG_AGO), visit(database, LATELY)
    assert [one.encounter_id for one in others(database, now).earlier] == [second.id, first.id]
    between = others(database, second)
    assert [one.encounter_id for one in between.earlier] == [first.id]
    assert [one.encounter_id for one in between.later] == [now.id]


def test_somebody_else_is_not_taken_for_the_same_person(database: Database, now: Encounter, ada: Encounter):
    visit(database, LATELY, name="Ada Examples")
    visit(database, LATELY, born=date(1970, 5, 18))
    assert others(database, now) == History(), "ada herself has sent nothing"
    assert others(database, ada) == History()


@pytest.mark.parametrize("name", ["ADA  example", "Ádà Example", " Ada\u00a0Example"])
def test_a_name_that_is_written_another_way_is_the_same(database: Database, now: Encounter, name: str):
    visit(database, LATELY, name=name)
    assert len(others(database, now).earlier) == 1


@given(st.text())
def test_comparing_a_name_as_it_is_compared_changes_nothing(name: str):
    assert folded(folded(name)) == folded(name)


def test_the_summary_links_the_visits_and_says_that_two_people_can_share_a_name(
    database: Database, now: Encounter, clinician: FlaskClient
):
    before = visit(database, LATELY, chest_pain_now="yes")
    page = clinician.get(f"/clinician/{now.id}").text
    assert "Two people can share both" in page
    assert f'href="/clinician/{before.id}"' in page
    assert "No longer raised:</b> Chest pain or collapse" in page
    older = clinician.get(f"/clinician/{before.id}").text
    assert "later than this one" in older
    assert "Newer screening" in older
    assert "Since the screening of" not in older


def test_a_score_is_followed_through_the_earlier_visits_but_not_where_nothing_was_answered(
    app: Flask, database: Database
):
    ucla = {"ucla3_1": 3, "ucla3_2": 2, "ucla3_3": 2}
    blank, partly = dict.fromkeys(ucla), {**ucla, "ucla3_3": None}
    for days, answers in ((400, ucla), (300, blank), (200, partly)):
        visit(database, days, **answers)
    found = others(database, visit(database, 0, **ucla))
    scores = history.earlier_scores(found, library().questionnaire)["ucla3"]
    assert [(score.low, score.high) for score in scores] == [(6, 8), (7, 7)]


def test_scores_and_hormones_are_drawn_on_the_page(app: Flask, database: Database, clinician: FlaskClient):
    hormones = {"hormone_status": "current", "hormone_kinds": ["oestrogen"], "hormone_months": 26}
    ucla = {"ucla3_1": 3, "ucla3_2": 2, "ucla3_3": 2}
    before = visit(database, LATELY, **ucla)
    page = clinician.get(f"/clinician/{visit(database, 0, **ucla, **hormones).id}").text
    assert f"7 on {others_day(database, before)}" in page
    assert page.count("<svg") >= 3


def others_day(database: Database, encounter: Encounter) -> str:
    with database.reading() as session:
        found = encounters.find(session, encounter.id)
    assert found is not None
    assert found.sent_at is not None
    return day(found.sent_at.astimezone().date())


def test_a_first_visit_says_nothing_of_others(now: Encounter, clinician: FlaskClient):
    page = clinician.get(f"/clinician/{now.id}").text
    assert "Other screenings" not in page
    assert "Since the screening of" not in page


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ("ada@mail.example", "Ada@mail.example", "the same e-mail address"),
        ("ada@mail.example", "else@mail.example", "another e-mail address"),
        ("ada@mail.example", None, None),
    ],
)
def test_addresses_help_to_tell_two_people_apart(
    database: Database, now: Encounter, clinician: FlaskClient, one: str, other: str | None, words: str | None
):
    before = visit(database, LATELY)
    with database.writing() as session:
        for encounter, email in ((now, one), (before, other)):
            session.get_one(EncounterRow, encounter.id).email = email
    page = clinician.get(f"/clinician/{now.id}").text
    assert ("e-mail address" in page) == (words is not None)
    assert words is None or words in page
