"""The database: made by migrations, safe for several processes at once, silent about what it holds."""

import subprocess
import sys

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from intake import encounters
from intake.database import Database
from intake.encounters import Encounter
from intake.tables import ResponseRow

WRITER = """
import sys
from intake import encounters
from intake.database import Database
url, encounter_id, name, count = sys.argv[1:]
database = Database(url)
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


def test_two_processes_lose_none_of_each_others_answers(database: Database, ada: Encounter):
    command = [sys.executable, "-c", WRITER, database.url, ada.id]
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
        statement = text("INSERT INTO response (id, encounter_id, answers) VALUES (:id, 'nobody', :answers)")
        session.execute(statement, {"id": "1", "answers": '{"own_words": "a secret worry"}'})

    with pytest.raises(IntegrityError) as refused, database.writing() as session:
        store(session)
    for error in (refused.value, refused.value.orig):
        assert "a secret worry" not in str(error)
