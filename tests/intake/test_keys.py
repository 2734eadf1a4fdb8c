"""Master keys: where they come from, that none is lost in silence, and that a new one takes over while others write."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from intake import encounters
from intake.cli import main
from intake.database import Database
from intake.encounters import Encounter
from intake.encryption import Unreadable
from intake.key_store import SEARCH, KeyRing
from intake.master_keys import MasterKeyError, id_of, parse
from intake.names import found
from intake.settings import Settings, SettingsError

KEY, OTHER = "ab" * 32, "cd" * 32

WRITER = """
import os, sys
from datetime import date
from intake import encounters
from intake.database import database_of
from intake.settings import Settings
database = database_of(Settings.from_environment({**os.environ, "INTAKE_DATA": sys.argv[1]}))
print("ready", flush=True)
number = 0
while not sys.stdin.readline().startswith("stop"):
    with database.writing() as session:
        made, _ = encounters.create(session, patient_name=f"Patient {number}", date_of_birth=date(1970, 5, 17))
    with database.reading() as session:
        assert encounters.find(session, made.id).patient_name == f"Patient {number}"
    number += 1
    print(made.id, flush=True)
"""


Opens = Callable[[Settings], Database]


def settings_with(settings: Settings, **more: str) -> Settings:
    same = {"INTAKE_DATA": str(settings.data), "INTAKE_DATABASE_URL": settings.database_url}
    return Settings.from_environment(same | {f"INTAKE_{key}": more[key] for key in more})


def name_of(database: Database, encounter: Encounter) -> str:
    with database.reading() as session:
        stored = encounters.find(session, encounter.id)
    assert stored is not None
    return stored.patient_name


def test_the_master_key_is_made_once_and_is_for_its_owner_alone(settings: Settings, database: Database):
    path = settings.data / "master_key"
    first = path.read_text()
    database.migrate()
    assert path.read_text() == first
    assert path.stat().st_mode & 0o077 == 0
    assert len(parse(first)) == 1


def test_keys_stand_in_a_file_of_their_own(settings: Settings, database: Database, ada: Encounter):
    wrapped = (settings.data / "keys.sqlite").read_bytes() + (settings.data / "keys.sqlite-wal").read_bytes()
    assert ada.id.encode() in wrapped
    key = parse((settings.data / "master_key").read_text())[0]
    assert key not in wrapped
    assert b"wrapped_key" not in (settings.data / "intake.sqlite").read_bytes()


def test_a_lost_master_key_is_told_of_and_none_is_made_in_its_place(
    settings: Settings, database: Database, opens: Opens
):
    database.close()
    (settings.data / "master_key").unlink()
    with pytest.raises(MasterKeyError, match="put it back"):
        opens(settings).migrate()
    assert not (settings.data / "master_key").exists()


def test_another_master_key_is_refused_by_its_id(settings: Settings, database: Database, ada: Encounter, opens: Opens):
    database.close()
    (settings.data / "master_key").rename(settings.data / "elsewhere")
    old = id_of(parse((settings.data / "elsewhere").read_text())[0])
    with pytest.raises(MasterKeyError, match=old):
        opens(settings_with(settings, MASTER_KEY=KEY)).migrate()
    again = opens(settings_with(settings, MASTER_KEY_FILE=str(settings.data / "elsewhere")))
    again.migrate()
    assert name_of(again, ada) == ada.patient_name
    again.close()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"MASTER_KEY": "short"}, "64 hexadecimal digits"),
        ({"MASTER_KEY": KEY + "0"}, "64 hexadecimal digits"),
        ({"MASTER_KEY": KEY, "MASTER_KEY_FILE": "/somewhere"}, "not both"),
        ({"DATABASE_URL": "sqlite:////a/b", "KEYS_URL": "sqlite:////a/b"}, "must not stand in the same database"),
        ({"KEYS_URL": "nowhere"}, "INTAKE_KEYS_URL"),
    ],
)
def test_settings_of_keys_that_cannot_be_meant_are_refused_without_repeating_a_key(
    settings: Settings, given: dict[str, str], words: str
):
    with pytest.raises(SettingsError, match=words) as refused:
        settings_with(settings, **given)
    assert KEY not in str(refused.value)


def test_the_settings_show_no_master_key(settings: Settings):
    assert KEY not in repr(settings_with(settings, MASTER_KEY=KEY))


def test_a_new_first_master_key_takes_over_and_the_old_one_can_go(settings: Settings, opens: Opens):
    database = opens(settings_with(settings, MASTER_KEY=KEY))
    database.migrate()
    with database.writing() as session:
        ada, _ = encounters.create(session, patient_name="Ada Example", date_of_birth=date(1970, 5, 17))
    both = opens(settings_with(settings, MASTER_KEY=f"{OTHER} {KEY}"))
    assert name_of(both, ada) == "Ada Example"
    assert both.keys.rewrap().rewrapped == 3  # hers, and the two that are no patient's
    assert both.keys.used() == {id_of(bytes.fromhex(OTHER)): 3}
    new = opens(settings_with(settings, MASTER_KEY=OTHER))
    new.migrate()
    assert name_of(new, ada) == "Ada Example"
    with new.reading() as session:
        assert [session.scalars(one).all() for one in found(session, "exam")] == [[ada.id]]
    with pytest.raises(MasterKeyError, match="is not known"):
        KeyRing(settings_with(settings, MASTER_KEY=KEY).key_places).cipher(ada.id)


def test_master_keys_rotate_while_another_process_writes(
    settings: Settings, database: Database, ada: Encounter, opens: Opens
):
    command = [sys.executable, "-c", WRITER, str(settings.data)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        made = []
        for _ in range(4):
            writer.stdin.write("on\n" * 5)
            database.keys.masters.add()
            database.keys.rewrap()
            made += [writer.stdout.readline().strip() for _ in range(5)]
        writer.stdin.write("stop\n")
        assert writer.wait(300) == 0
    ring = KeyRing(settings.key_places)
    ring.rewrap()
    first, *old = ring.masters.ids
    assert ring.used() == {first: len(made) + 3}
    ring.masters.forget(set(old))
    assert KeyRing(settings.key_places).masters.ids == (first,)
    again = opens(settings)
    with again.reading() as session:
        names = [encounter.patient_name for one in made if (encounter := encounters.find(session, one))]
    assert names == [f"Patient {number}" for number in range(20)]
    assert name_of(again, ada) == ada.patient_name


def test_a_destroyed_key_opens_nothing_any_more_and_leaves_no_bytes(
    settings: Settings, database: Database, ada: Encounter
):
    assert name_of(database, ada) == ada.patient_name
    assert database.keys.destroy([ada.id]) == 1
    with pytest.raises(Unreadable, match=f"{ada.id} is gone"):
        name_of(database, ada)
    for path in settings.data.glob("keys.sqlite*"):
        assert ada.id.encode() not in path.read_bytes()
    assert not database.keys.has(ada.id)
    assert database.keys.has(SEARCH)


def test_a_key_is_never_made_anew_for_what_was_erased(database: Database, ada: Encounter):
    database.keys.destroy([ada.id])
    with pytest.raises(Unreadable), database.writing() as session:
        encounters.save_page(session, ada.id, {"phq9_1": 1})
    assert not database.keys.has(ada.id)


@pytest.fixture
def command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The command line of an installation."""
    monkeypatch.setenv("INTAKE_DATA", str(settings.data))
    monkeypatch.delenv("INTAKE_MASTER_KEY", raising=False)
    runner = CliRunner()
    assert runner.invoke(main, ["init"]).exit_code == 0
    return runner


def test_the_commands_list_rotate_and_forget_and_never_print_a_key(command: CliRunner, settings: Settings):
    path = settings.data / "master_key"
    old = path.read_text().strip()
    shown = command.invoke(main, ["keys", "list"]).output
    assert id_of(bytes.fromhex(old)) in shown
    rotated = command.invoke(main, ["keys", "rotate"])
    assert "2 keys wrapped anew" in rotated.output
    new = path.read_text().split()[0]
    assert new != old
    assert [*map(len, path.read_text().split())] == [64, 64]
    assert path.stat().st_mode & 0o077 == 0
    forgotten = command.invoke(main, ["keys", "forget"])
    assert "1 master key forgotten, 1 left" in forgotten.output
    assert path.read_text() == f"{new}\n"
    told = shown + rotated.output + forgotten.output
    assert old not in told
    assert new not in told


def test_a_master_key_from_the_environment_is_rotated_by_hand(
    command: CliRunner, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    first = (settings.data / "master_key").read_text().strip()
    (settings.data / "master_key").unlink()
    monkeypatch.setenv("INTAKE_MASTER_KEY", first)
    refused = command.invoke(main, ["keys", "rotate"])
    assert refused.exit_code == 1
    assert "INTAKE_MASTER_KEY" in refused.output
    monkeypatch.setenv("INTAKE_MASTER_KEY", f"{OTHER} {first}")
    assert "2 keys wrapped anew" in command.invoke(main, ["keys", "rotate", "--keep"]).output


def test_commands_say_in_words_that_the_master_key_is_missing(command: CliRunner, settings: Settings):
    (settings.data / "master_key").unlink()
    refused = command.invoke(main, ["keys", "list"])
    assert refused.exit_code == 1
    assert "put it back" in refused.output
    assert "Traceback" not in refused.output


def test_processes_that_start_together_end_up_with_one_master_key(tmp_path: Path):
    places = Settings.from_environment({"INTAKE_DATA": str(tmp_path)}).key_places
    rings = [KeyRing(places) for _ in range(6)]  # as each process has one of its own
    with ThreadPoolExecutor(len(rings)) as pool:
        list(pool.map(KeyRing.prepare, rings))
    assert {ring.masters.ids for ring in rings} == {rings[0].masters.ids}
    assert {ring.search_key for ring in rings} == {rings[0].search_key}
