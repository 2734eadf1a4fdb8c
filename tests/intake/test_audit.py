"""The audit trail: every reading and change leaves an entry, and no entry can be changed or taken away unseen."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from intake import audit, audit_check, encounters, submission
from intake.audit import Entry, Event, Trail
from intake.cli import main
from intake.database import Database
from intake.encounters import Encounter
from intake.rulesets import Screeners
from intake.settings import Settings
from tests.conftest import sign_in

KEY = "a key for tests only"
TRAIL = Trail(KEY, audit.member_of_staff("a member"))
WRITER = """
import os, sys
from intake.audit import COMMAND_LINE, Event, Trail
from intake.database import database_of
from intake.settings import Settings
data, key, count = sys.argv[1:]
database = database_of(Settings.from_environment({**os.environ, "INTAKE_DATA": data}))
sys.stdin.readline()  # all begin at once
for number in range(int(count)):
    with database.writing() as session:
        Trail(key, COMMAND_LINE).note(session, Event.SUMMARY_READ, "somebody", str(number))
"""


def note(database: Database, *events: Event) -> None:
    for what in events:
        with database.writing() as session:
            TRAIL.note(session, what, "an encounter")


def stored(database: Database) -> list[Entry]:
    with database.reading() as session:
        return list(audit.entries(session))


def problems(database: Database, kept: str = "", key: str = KEY) -> list[str]:
    with database.reading() as session:
        return list(audit_check.problems(session, key, kept))


def tamper(database: Database, *statements: str) -> None:
    """Change the database as somebody who may do anything with it, and has no secret key."""
    with database.engine.begin() as connection:
        if database.is_sqlite:
            for name in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS audit_entry_no_{name}"))
        else:
            connection.execute(text("DROP TRIGGER IF EXISTS audit_entry_no_change ON audit_entry"))
        for statement in statements:
            connection.execute(text(statement))


@pytest.fixture
def five(database: Database) -> Database:
    """A trail of six entries: its beginning, and five of readings."""
    note(database, *[Event.SUMMARY_READ] * 5)
    return database


def test_entries_are_numbered_and_say_who_what_whom_and_when(database: Database):
    note(database, Event.SUMMARY_READ, Event.PDF_READ)
    found = stored(database)
    assert [(entry.number, entry.event) for entry in found] == [
        (1, Event.BEGUN),
        (2, Event.SUMMARY_READ),
        (3, Event.PDF_READ),
    ]
    assert (found[1].who, found[1].encounter_id) == (TRAIL.who, "an encounter")
    assert found[0].at <= found[1].at <= found[2].at
    assert problems(database) == []


def test_an_entry_and_what_it_tells_of_are_stored_together_or_not_at_all(database: Database, ada: Encounter):
    def fail_halfway() -> None:
        with database.writing() as session:
            encounters.save_page(session, ada.id, {"a": 1})
            TRAIL.note(session, Event.SENT, ada.id)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        fail_halfway()
    assert stored(database) == []


def test_an_entry_that_would_be_lost_is_a_mistake_that_shows(database: Database):
    with database.reading() as session, pytest.raises(RuntimeError):
        TRAIL.note(session, Event.SUMMARY_READ)


@pytest.mark.parametrize("change", ["UPDATE audit_entry SET who = 'x'", "DELETE FROM audit_entry"])
def test_the_database_refuses_to_change_entries_or_to_take_them_away(five: Database, change: str):
    with pytest.raises(DatabaseError, match="only added"), five.engine.begin() as connection:
        connection.execute(text(change))


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["UPDATE audit_entry SET who = 'x' WHERE number = 3"], "entry 3 "),
        (["UPDATE audit_entry SET at = '2020-01-01' WHERE number = 3"], "entry 3 "),
        (["DELETE FROM audit_entry WHERE number = 3"], "entry 3 is missing"),
        (["DELETE FROM audit_entry WHERE number IN (3, 4)"], "entries 3 to 4 are missing"),
        (["DELETE FROM audit_entry WHERE number = 1"], "entry 1 is missing"),
        (["DELETE FROM audit_entry WHERE number > 4"], "entries 5 to 6 are missing at the end"),
        (["DELETE FROM audit_entry"], "entries 1 to 6 are missing at the end"),
        (["DELETE FROM audit_head"], "the head is missing"),
        (
            [
                "UPDATE audit_entry SET number = 99 WHERE number = 3",
                "UPDATE audit_entry SET number = 3 WHERE number = 4",
                "UPDATE audit_entry SET number = 4 WHERE number = 99",
            ],
            "entry 3 ",
        ),
        (
            [
                "DELETE FROM audit_entry WHERE number = 6",
                "UPDATE audit_head SET number = 5, digest = (SELECT digest FROM audit_entry WHERE number = 5)",
            ],
            "the head was not written with the secret key",
        ),
    ],
)
def test_whatever_is_changed_missing_or_moved_is_found_and_named(five: Database, statements: list[str], said: str):
    tamper(five, *statements)
    assert problems(five)[0].startswith(said)


def test_entries_that_were_cut_off_are_not_made_good_by_what_is_written_later(five: Database):
    tamper(
        five,
        "DELETE FROM audit_entry WHERE number = 6",
        "UPDATE audit_head SET number = 5, digest = (SELECT digest FROM audit_entry WHERE number = 5)",
    )
    note(five, Event.SUMMARY_READ)
    assert "the head before it did not fit" in problems(five)[0]


def test_a_head_that_was_taken_away_is_made_anew_and_told_of(five: Database):
    tamper(five, "DELETE FROM audit_head")
    note(five, Event.SUMMARY_READ)
    assert len(stored(five)) == 8
    assert "did not fit" in problems(five)[0]


def test_a_whole_trail_put_in_the_place_of_another_is_found_by_a_head_kept_elsewhere(five: Database):
    with five.reading() as session:
        kept = audit_check.kept_head(session)
    note(five, Event.PDF_READ)
    assert problems(five, kept) == []
    tamper(five, "DELETE FROM audit_entry", "UPDATE audit_head SET number = 0, digest = '', mark = ''")
    note(five, *[Event.PDF_READ] * 6)
    assert problems(five) == []
    assert "does not go through the head that was kept" in problems(five, kept)[0]


def test_another_secret_key_does_not_pass_for_the_right_one(five: Database):
    assert problems(five, key="another key of some length") == [
        "the head was not written with the secret key: entries may be missing at the end"
    ]


def test_many_processes_write_one_chain(database: Database, settings: Settings):
    command = [sys.executable, "-c", WRITER, str(settings.data), KEY, "25"]
    writers = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    faults = [writer.communicate(timeout=60)[1] for writer in writers]
    assert faults == [""] * 3
    assert len(stored(database)) == 76
    assert problems(database) == []


@pytest.fixture
def told(app: Flask, database: Database, ada: Encounter) -> Encounter:
    """Ada, who has sent answers."""
    with database.writing() as session:
        encounters.save_page(session, ada.id, {"breast_change": "yes"})
    submission.send(database, Screeners(), ada.id)
    return ada


def test_clinicians_see_who_has_read_a_summary_by_name(client: FlaskClient, told: Encounter):
    sign_in(client, "clinician", "Dr Bo Head")
    client.get(f"/clinician/{told.id}")
    sign_in(client, "clinician", "Dr Ada Price")
    page = client.get(f"/clinician/{told.id}/readers").text
    assert "Dr Bo Head" in page
    assert "Summary read" in page


def test_admins_see_the_trail_without_any_patients_name(client: FlaskClient, told: Encounter):
    sign_in(client, "clinician", "Dr Bo Head")
    client.get(f"/clinician/{told.id}")
    sign_in(client, "admin")
    page = client.get("/admin/audit").text
    assert "Dr Bo Head" in page
    assert told.id in page
    assert "Ada" not in page
    assert "Summary read" not in client.get("/admin/audit?until=2020-01-01").text
    assert "Summary read" in client.get(f"/admin/audit?encounter={told.id}&since=2020-01-01&who=").text


def test_the_trail_is_listed_page_by_page(client: FlaskClient, app: Flask, database: Database):
    sign_in(client, "admin")
    with database.writing() as session:
        for number in range(60):
            TRAIL.note(session, Event.INVITED, f"e{number}")
    first = client.get("/admin/audit").text
    assert "e59" in first
    assert ">e3<" not in first
    assert ">e3<" in client.get("/admin/audit?before=11").text


def test_what_admins_do_to_an_account_is_an_entry_that_names_it(client: FlaskClient, app: Flask, database: Database):
    sign_in(client, "admin")
    client.post("/admin/staff/new", data={"name": "Dr New", "email": "new@example.org", "roles": "clinician"})
    made = stored(database)[-1]
    assert made.event == Event.MEMBER_ADDED
    client.post(f"/admin/staff/{made.about}/link")
    client.post(f"/admin/staff/{made.about}/reset")
    client.post(f"/admin/staff/{made.about}/roles", data={"roles": "front_desk"})
    client.post(f"/admin/staff/{made.about}/active")
    assert [entry.event for entry in stored(database)[-4:]] == [
        Event.STAFF_LINK_MADE,
        Event.FACTOR_RESET,
        Event.ROLES_CHANGED,
        Event.MEMBER_REMOVED,
    ]
    assert "Dr New front_desk" in client.get("/admin/audit").text


def test_wrong_passwords_refusals_and_signing_out_are_entries(client: FlaskClient, app: Flask, database: Database):
    client.post("/sign-in", data={"email": "nobody@example.org", "password": "wrong"})
    assert stored(database)[-1].event == Event.PASSWORD_WRONG
    sign_in(client, "front_desk")
    client.get("/admin")
    assert (stored(database)[-1].event, stored(database)[-1].about) == (Event.REFUSED, "admin.overview")
    client.post("/sign-in/out")
    assert stored(database)[-1].event == Event.SIGNED_OUT
    assert "nobody@example.org" not in repr(stored(database))


@pytest.fixture
def run(settings: Settings, five: Database, app: Flask, monkeypatch: pytest.MonkeyPatch):
    """The command line in this installation."""
    monkeypatch.setenv("INTAKE_DATA", str(settings.data))
    monkeypatch.setenv("INTAKE_SECRET_KEY", settings.secret_key)

    def command(*words: str) -> Result:
        return CliRunner().invoke(main, ["audit", *words])

    return command


def test_the_command_line_checks_the_trail(run, five: Database):
    assert run("check").output == "6 entries: whole.\n"
    head = run("head").output.strip()
    assert run("check", "--head", head).exit_code == 0
    tamper(five, "UPDATE audit_entry SET event = 'x' WHERE number = 2")
    broken = run("check")
    assert broken.exit_code == 1
    assert broken.output.startswith("entry 2 ")


def test_the_trail_of_one_patient_is_exported_in_two_formats(run, five: Database, tmp_path: Path):
    with five.writing() as session:
        TRAIL.note(session, Event.SIGNED, "another", "version 1")
    lines = list(csv.DictReader(io.StringIO(run("export", "--patient", "another").output)))
    assert [(line["event"], line["about"]) for line in lines] == [
        ("summary signed", "version 1"),
        ("audit trail exported", ""),
    ]
    run("export", "--format", "jsonl", "--from", "2020-01-01", "--out", str(tmp_path / "trail.jsonl"))
    entries = [json.loads(line) for line in (tmp_path / "trail.jsonl").read_text().splitlines()]
    assert [entry["number"] for entry in entries] == list(range(1, 10))
    assert run("export", "--to", "2020-01-01").output.splitlines()[1:] == []
