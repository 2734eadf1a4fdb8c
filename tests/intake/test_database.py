"""The database: made by migrations, safe for several processes at once, silent about what it holds."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from intake import credentials, encounters
from intake.database import Database
from intake.encounters import Encounter
from intake.settings import Settings
from intake.tables import EncounterRow, ResponseRow
from tests.conftest import member

WRITER = """
import os, sys
from intake import encounters
from intake.database import database_of
from intake.settings import Settings
data, encounter_id, name, count = sys.argv[1:]
database = database_of(Settings.from_environment({**os.environ, "INTAKE_DATA": data}))
sys.stdin.readline()  # both begin at once
for number in range(int(count)):
    with database.writing() as session:
        encounters.save_page(session, encounter_id, {f"{name}{number}": number})
    with database.reading() as session:
        assert f"{name}{number}" in encounters.answers(session, encounter_id)
"""


@pytest.mark.sqlite
def test_sqlite_is_set_up_for_several_processes_and_power_cuts(database: Database):
    with database.engine.connect() as connection:
        pragmas = ("journal_mode", "foreign_keys", "synchronous")
        assert [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas] == ["wal", 1, 2]
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 10_000


def test_two_processes_lose_none_of_each_others_answers(database: Database, ada: Encounter, settings: Settings):
    command = [sys.executable, "-c", WRITER, str(settings.data), ada.id]
    writers = [
        subprocess.Popen([*command, name, "60"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for name in ("left", "right")
    ]
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    assert [writer.communicate(timeout=60)[1] for writer in writers] == ["", ""]
    with database.reading() as session:
        stored = encounters.answers(session, ada.id)
    assert set(stored) == {f"{name}{number}" for name in ("left", "right") for number in range(60)} | {"age"}


def test_a_reader_is_not_kept_waiting_by_a_writer(database: Database, ada: Encounter):
    with database.writing() as writing, database.reading() as reading:
        encounters.save_page(writing, ada.id, {"phq9_1": 1})
        writing.flush()
        assert encounters.answers(reading, ada.id).keys() == {"age"}


def test_who_reads_sees_one_moment_however_long_it_takes(database: Database, ada: Encounter):
    with database.reading() as reading:
        assert encounters.answers(reading, ada.id).keys() == {"age"}
        with database.writing(ada.id) as writing:
            encounters.save_page(writing, ada.id, {"phq9_1": 1})
        assert encounters.answers(reading, ada.id).keys() == {"age"}


@pytest.mark.parametrize("holds_all", [(True,), (False,), (True, False)], ids=["everything", "one encounter", "both"])
def test_what_a_writer_has_read_is_still_so_when_it_writes(
    database: Database, ada: Encounter, holds_all: tuple[bool, ...]
):
    def count(number: int) -> None:
        with database.writing(None if holds_all[number % len(holds_all)] else ada.id) as session:
            row = session.get_one(EncounterRow, ada.id)
            time.sleep(0.01)
            row.wrong_tries += 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(12)))
    with database.reading() as session:
        assert session.get_one(EncounterRow, ada.id).wrong_tries == 12


def test_a_recovery_code_is_taken_once_however_many_send_it_at_once(database: Database):
    who = member(database, "clinician").id
    with database.writing() as session:
        credentials.set_recovery_codes(session, who, "key", ["abcd efgh"])

    def use(_: int) -> bool:
        with database.writing() as session:
            return credentials.use_recovery_code(session, who, "key", "abcdefgh")

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(use, range(4))) == [False, False, False, True]


@pytest.mark.postgres
def test_two_patients_are_written_at_the_same_time(database: Database, ada: Encounter):
    with database.writing() as session:
        ben, _ = encounters.create(session, patient_name="Ben Example", date_of_birth=ada.date_of_birth)
    with database.writing(ada.id) as of_ada, database.writing(ben.id) as of_ben:
        assert encounters.save_page(of_ada, ada.id, {"phq9_1": 1})
        assert encounters.save_page(of_ben, ben.id, {"phq9_1": 1})


@pytest.mark.postgres
def test_connections_that_were_cut_off_are_made_anew(database: Database, ada: Encounter):
    with database.reading() as session:
        assert encounters.find(session, ada.id) == ada
    other = Database(database.url, database.keys)
    with other.engine.connect() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        connection.exec_driver_sql(f"{others} AND pid != pg_backend_pid()")
    other.engine.dispose()
    with database.writing(ada.id) as session:
        assert encounters.save_page(session, ada.id, {"phq9_1": 1})


def test_an_error_while_writing_leaves_nothing_behind(database: Database, ada: Encounter):
    def save_and_fail() -> None:
        with database.writing() as session:
            encounters.save_page(session, ada.id, {"phq9_1": 1})
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        save_and_fail()
    with database.reading() as session:
        assert session.scalar(select(ResponseRow)) is None


def test_a_database_error_does_not_repeat_what_a_patient_wrote(database: Database):
    def store(session: Session) -> None:
        statement = text("INSERT INTO response (id, encounter_id, answers_sealed) VALUES (:id, 'nobody', :answers)")
        session.execute(statement, {"id": "1", "answers": '{"own_words": "a secret worry"}'})

    with pytest.raises(IntegrityError) as refused, database.writing() as session:
        store(session)
    for error in (refused.value, refused.value.orig):
        assert "a secret worry" not in str(error)
