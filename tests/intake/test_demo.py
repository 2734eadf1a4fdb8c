"""The invented patients: always the same few, whatever is asked of them twice."""

from datetime import UTC, date, datetime

import pytest

from intake import demo, demo_review, encounters, history, reviews, rulesets, submission
from intake.database import Database
from intake.encounters import Encounter
from intake.rulesets import Screeners
from intake.settings import Settings
from intake.worklist import Asked, Line, View, worklist
from rules.load import library
from rules.ruleset import Priority

KEY = "a key for tests only"  # as in the settings of tests


@pytest.fixture
def screeners(database: Database) -> Screeners:
    """The library, published."""
    with database.writing() as session:
        rulesets.publish(session, library())
    return Screeners()


def everybody(database: Database) -> dict[str, Line]:
    with database.reading() as session:
        return {line.patient_name: line for line in worklist(session, Asked(View.ALL), datetime.now(UTC)).lines}


def invited(database: Database, found: tuple[str, date] | None) -> Encounter:
    token, _ = found or ("", None)
    with database.reading() as session:
        encounter = encounters.find_by_token(session, token or "")
    assert encounter is not None
    return encounter


def test_every_kind_of_patient_is_there(database: Database, screeners: Screeners):
    assert demo.fill(database, screeners, KEY) == 6
    people = everybody(database)
    flags = {name: line.flag_count for name, line in people.items() if line.flag_count is not None}
    assert people["Patricia Lindqvist"].priority is Priority.EMERGENCY
    assert flags["Susan Okafor"] >= 5
    assert flags["Daniel Marsh"] == 0
    assert set(people) - set(flags) == {"Helen Whitcombe", "George Adeyemi"}
    assert people["George Adeyemi"].started_at is not None
    assert people["Helen Whitcombe"].started_at is None


def test_who_was_invited_is_a_woman_of_52_today(database: Database, screeners: Screeners):
    demo.fill(database, screeners, KEY)
    helen = invited(database, demo.invitation(database, KEY))
    assert encounters.age_on(helen.date_of_birth, datetime.now(UTC).date()) == 52


def test_the_second_time_adds_nobody(database: Database, screeners: Screeners):
    demo.fill(database, screeners, KEY)
    assert demo.fill(database, screeners, KEY) == 0
    assert len(everybody(database)) == 5, "one of them has been here before"


def test_a_new_patient_is_invited_once_the_last_one_has_answered(database: Database, screeners: Screeners):
    demo.fill(database, screeners, KEY)
    first = demo.invitation(database, KEY)
    encounter = invited(database, first)
    with database.writing() as session:
        encounters.save_page(session, encounter.id, {"has_uterus": "yes"})
    assert demo.invitation(database, KEY) == first
    submission.send(database, screeners, encounter.id)
    assert demo.invitation(database, KEY) is None

    assert demo.fill(database, screeners, KEY) == 1
    assert invited(database, demo.invitation(database, KEY)).sent_at is None
    assert demo.fill(database, screeners, KEY) == 0


def test_one_patient_has_been_here_before_and_that_summary_is_signed(
    settings: Settings, database: Database, screeners: Screeners
):
    demo.fill(database, screeners, KEY)
    for _ in range(2):
        demo_review.sign_past(database, screeners, settings)
    with database.reading() as session:
        encounter_id = everybody(database)["Susan Okafor"].encounter_id
        found = history.history(session, encounter_id)
        visit = (*found.earlier, *found.later)[0]
        signed = [reviews.versions(session, one) for one in (encounter_id, visit.encounter_id)]
    assert sorted(map(len, signed)) == [0, 1]


def test_links_cannot_be_made_without_the_secret_key(database: Database, screeners: Screeners):
    demo.fill(database, screeners, KEY)
    assert demo.invitation(database, "another key") is None


def test_what_was_cut_off_is_finished(database: Database, screeners: Screeners, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        patch.setattr(submission, "send", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            demo.fill(database, screeners, KEY)
    demo.fill(database, screeners, KEY)
    assert sum(line.flag_count is not None for line in everybody(database).values()) == 3
