"""From sent answers to a stored screening: committed first, screened once, and never lost."""

import logging
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from intake import encounters, rulesets, submission
from intake.database import Database
from intake.encounters import Encounter
from intake.rulesets import Screeners
from intake.settings import Settings
from intake.tables import ResponseRow, ScreeningRow
from rules.load import load_texts
from rules.ruleset import RuleSet
from rules.screening import Screener, Screening

LOW_MOOD = {"phq9_1": 2, "phq9_2": 2, "own_words": "a secret worry"}

SEND_AND_DIE = """
import os, signal, sys
from intake import submission
from intake.database import database_of
from intake.rulesets import Screeners
from intake.settings import Settings
from rules.screening import Screener
Screener.screen = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
settings = Settings.from_environment({**os.environ, "INTAKE_DATA": sys.argv[1]})
submission.send(database_of(settings), Screeners(), sys.argv[2])
"""


@pytest.fixture
def answered(database: Database, screeners: Screeners, ada: Encounter) -> Encounter:
    """A patient with low mood, about to send the answers."""
    with database.writing() as session:
        encounters.save_page(session, ada.id, LOW_MOOD)
    return ada


def screening_of(database: Database, encounter: Encounter) -> Screening | None:
    with database.reading() as session:
        stored = submission.stored_screening(session, Screeners(), encounter.id)
    return stored and stored.screening


def screen_unfinished(database: Database, screeners: Screeners) -> int:
    """Do once what the background jobs do; return how many were screened."""
    with pytest.MonkeyPatch.context() as patch, database.reading() as session:
        patch.setattr(submission, "USUAL", timedelta(0))
        jobs = submission.unfinished(session)
    before = count_screenings(database)
    for job in jobs:
        with suppress(RuntimeError):
            submission.finish(database, screeners, job)
    return count_screenings(database) - before


def count_screenings(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(ScreeningRow)) or 0


def was_sent(database: Database, encounter: Encounter) -> bool:
    with database.reading() as session:
        return session.scalar(select(ResponseRow.sent_at).where(ResponseRow.encounter_id == encounter.id)) is not None


def test_sent_answers_are_screened_and_stored(database: Database, screeners: Screeners, answered: Encounter):
    submission.send(database, screeners, answered.id)
    with database.reading() as session:
        stored = submission.stored_screening(session, screeners, answered.id)
    assert stored is not None
    assert [flag.rule for flag in stored.screening.raised] == ["S1"]
    assert stored.ruleset.hash == stored.screening.rule_set
    assert stored.response.answer_text("own_words") == "a secret worry"


def test_answers_are_committed_before_they_are_screened(
    database: Database, screeners: Screeners, answered: Encounter, monkeypatch: pytest.MonkeyPatch
):
    seen: list[bool] = []
    screen = Screener.screen

    def look_first(screener: Screener, response: object) -> Screening:
        with closing(Database(database.url, database.keys)) as other:  # it sees only what is committed
            seen.append(was_sent(other, answered))
        return screen(screener, response)

    monkeypatch.setattr(Screener, "screen", look_first)
    submission.send(database, screeners, answered.id)
    assert seen == [True]


def test_others_can_write_while_answers_are_screened(
    database: Database, screeners: Screeners, answered: Encounter, monkeypatch: pytest.MonkeyPatch
):
    screen = Screener.screen

    def write_meanwhile(screener: Screener, response: object) -> Screening:
        with closing(Database(database.url, database.keys)) as other, other.writing() as session:
            encounters.mark_help_shown(session, answered.id, {"S1"})
        return screen(screener, response)

    monkeypatch.setattr(Screener, "screen", write_meanwhile)
    submission.send(database, screeners, answered.id)
    assert screening_of(database, answered) is not None


def test_sending_twice_makes_one_screening(database: Database, screeners: Screeners, answered: Encounter):
    submission.send(database, screeners, answered.id)
    first = screening_of(database, answered)
    submission.send(database, screeners, answered.id)
    assert count_screenings(database) == 1
    assert screening_of(database, answered) == first


def test_sending_at_the_same_moment_makes_one_screening(database: Database, screeners: Screeners, answered: Encounter):
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: submission.send(database, screeners, answered.id), range(8)))
    assert count_screenings(database) == 1


def test_a_process_killed_during_screening_loses_nothing(
    database: Database, screeners: Screeners, answered: Encounter, settings: Settings
):
    killed = subprocess.run(
        [sys.executable, "-c", SEND_AND_DIE, str(settings.data), answered.id], check=False, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL
    assert was_sent(database, answered)
    assert screening_of(database, answered) is None

    assert screen_unfinished(database, screeners) == 1
    screening = screening_of(database, answered)
    assert screening is not None
    assert [flag.rule for flag in screening.raised] == ["S1"]
    assert screen_unfinished(database, screeners) == 0


def test_a_fault_while_screening_is_not_the_patients_problem(
    database: Database, screeners: Screeners, answered: Encounter, monkeypatch: pytest.MonkeyPatch, caplog
):
    def fail(_screener: Screener, response: object) -> Screening:
        raise RuntimeError(f"cannot screen {response}")

    with monkeypatch.context() as patch, caplog.at_level(logging.DEBUG):
        patch.setattr(Screener, "screen", fail)
        submission.send(database, screeners, answered.id)
        assert screen_unfinished(database, screeners) == 0
    assert was_sent(database, answered)
    assert "RuntimeError" in caplog.text
    assert answered.id in caplog.text
    assert "a secret worry" not in caplog.text
    assert answered.patient_name not in caplog.text
    assert screen_unfinished(database, screeners) == 1


def test_one_response_that_cannot_be_screened_does_not_hold_up_the_others(
    database: Database, screeners: Screeners, answered: Encounter, monkeypatch: pytest.MonkeyPatch
):
    screen, calls = Screener.screen, []

    def fail_first(screener: Screener, response: object) -> Screening:
        calls.append(response)
        if len(calls) <= 3:
            raise RuntimeError("no")
        return screen(screener, response)

    monkeypatch.setattr(Screener, "screen", fail_first)
    submission.send(database, screeners, answered.id)
    with database.writing() as session:
        other, _ = encounters.create(session, patient_name="Ben Example", date_of_birth=answered.date_of_birth)
        encounters.save_page(session, other.id, LOW_MOOD)
    submission.send(database, screeners, other.id)
    assert count_screenings(database) == 0
    assert screen_unfinished(database, screeners) == 1


def test_what_was_just_sent_is_left_to_whoever_it_was_sent_to(
    database: Database, screeners: Screeners, answered: Encounter, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch:
        patch.setattr(Screener, "screen", lambda *_: 1 / 0)
        submission.send(database, screeners, answered.id)
    with database.reading() as session:
        assert submission.unfinished(session) == []


def test_what_was_sent_before_the_clock_was_put_back_is_found(
    database: Database, screeners: Screeners, answered: Encounter, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch:
        patch.setattr(Screener, "screen", lambda *_: 1 / 0)
        submission.send(database, screeners, answered.id)
    with database.writing() as session:
        session.execute(update(ResponseRow).values(unscreened_since=datetime.now(UTC) + timedelta(hours=2)))
    assert screen_unfinished(database, screeners) == 1


def test_answers_are_screened_with_the_rule_set_of_the_moment_of_sending(
    database: Database, screeners: Screeners, answered: Encounter, small: RuleSet, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch:
        patch.setattr(Screener, "screen", lambda *_: 1 / 0)
        submission.send(database, screeners, answered.id)
    newer = load_texts({**small.files, "safety.yaml": small.files["safety.yaml"].replace("phq2 >= 3", "phq2 >= 6")})
    with database.writing() as session:
        rulesets.publish(session, newer)
    screen_unfinished(database, screeners)
    screening = screening_of(database, answered)
    assert screening is not None
    assert screening.rule_set == small.hash


def test_answers_to_questions_that_are_no_longer_asked_do_not_stop_the_screening(
    database: Database, screeners: Screeners, answered: Encounter
):
    with database.writing() as session:
        encounters.save_page(session, answered.id, {"asked_last_year": "yes", "hormone_status": "a_code_of_old"})
    submission.send(database, screeners, answered.id)
    assert screening_of(database, answered) is not None


def test_an_encounter_without_answers_cannot_be_sent(database: Database, screeners: Screeners, ada: Encounter):
    with pytest.raises(LookupError):
        submission.send(database, screeners, ada.id)
    assert screening_of(database, ada) is None
