"""Backups: sealed, made while others write, and put back on an empty machine without bringing back what was erased."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from intake import audit, audit_check, backup, create_app, encounters, erasure, snapshots
from intake.audit import Trail
from intake.backup import BackupError
from intake.cli import main
from intake.database import Database, database_of
from intake.encounters import Encounter
from intake.settings import Settings
from intake.tables import EncounterRow
from tests.conftest import sign_in
from tests.intake.conftest import WORDS

PASSPHRASE = "a passphrase for backups in tests"


@pytest.fixture
def safe(settings: Settings) -> Settings:
    """The clinic, with a passphrase for backups."""
    return replace(settings, backup_key=PASSPHRASE)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Where the database goes, and where the keys go."""
    return tmp_path / "monday.backup", tmp_path / "keys.backup"


@pytest.fixture
def empty(tmp_path: Path, elsewhere: str) -> Settings:
    """Another machine, where nothing is yet."""
    environ = {"INTAKE_DATA": str(tmp_path / "new"), "INTAKE_BACKUP_KEY": PASSPHRASE, "INTAKE_DATABASE_URL": elsewhere}
    return Settings.from_environment(environ | {"INTAKE_SECRET_KEY": "a key for tests only"})


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    database = database_of(settings)
    yield database
    database.close()


def test_a_summary_is_read_on_an_empty_machine_after_restoring(
    safe: Settings, database: Database, told: Encounter, files: tuple[Path, Path], empty: Settings
):
    backup.make(safe, database, *files)
    assert backup.restore(empty, *files).erased_since == 0
    app = create_app(empty)
    browser = app.test_client()
    sign_in(browser, "clinician")
    page = browser.get(f"/clinician/{told.id}")
    assert WORDS in page.text
    with app.extensions["intake"].database.reading() as session:
        assert list(audit_check.problems(session, empty.secret_key)) == []
    app.extensions["intake"].pdf_worker.close()
    app.extensions["intake"].database.close()


def test_a_backup_made_while_others_write_is_whole(
    safe: Settings, database: Database, told: Encounter, files: tuple[Path, Path], empty: Settings
):
    over, trail = Event(), Trail(safe.secret_key, audit.COMMAND_LINE)

    def write() -> None:
        while not over.is_set():
            with database.writing() as session:
                made, _ = encounters.create(session, patient_name="Ben Example", date_of_birth=told.date_of_birth)
                trail.note(session, audit.Event.INVITED, made.id)

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        backup.make(safe, database, *files)
        over.set()
        writer.result()
    assert backup.restore(empty, *files).erased_since == 0  # there is a key for every row
    with opened(empty) as restored, restored.reading() as session:
        assert list(audit_check.problems(session, empty.secret_key)) == []
        names = [row.patient_name for row in session.scalars(select(EncounterRow))]
    assert set(names) == {told.patient_name, "Ben Example"}


def test_what_was_erased_since_stays_erased(
    safe: Settings, database: Database, told: Encounter, files: tuple[Path, Path], empty: Settings, tmp_path: Path
):
    backup.make(safe, database, *files)
    erasure.erase(database, safe.data, told.id, reason="asked for")
    backup.make(safe, database, tmp_path / "tuesday.backup", files[1])
    assert backup.restore(empty, *files).erased_since == 1  # the older database, with the keys as they are now
    with opened(empty) as restored, restored.reading() as session:
        assert encounters.find(session, told.id) is None
        assert erasure.was_erased(session, told.id)
        assert not restored.keys.has(told.id)


def test_a_backup_shows_nothing_without_the_passphrase(
    safe: Settings, database: Database, told: Encounter, files: tuple[Path, Path], empty: Settings
):
    backup.make(safe, database, *files)
    for file in files:
        assert not any(sign in file.read_bytes() for sign in (b"SQLite format", b"PGDMP", b"encounter"))
        assert file.stat().st_size > 1000
    with pytest.raises(BackupError, match="passphrase"):
        backup.restore(replace(empty, backup_key="another passphrase altogether"), *files)
    with pytest.raises(BackupError, match="not the file of the database"):
        backup.restore(empty, files[1], files[0])
    assert snapshots.is_empty(empty.database_url)
    assert [path.name for path in safe.data.iterdir() if "tmp" in path.name] == []


def test_nothing_is_written_over(safe: Settings, database: Database, files: tuple[Path, Path]):
    backup.make(safe, database, *files)
    with pytest.raises(BackupError, match="something here already"):
        backup.restore(safe, *files)


def test_a_backup_needs_a_passphrase(settings: Settings, database: Database, files: tuple[Path, Path]):
    with pytest.raises(BackupError, match="INTAKE_BACKUP_KEY"):
        backup.make(settings, database, *files)


def test_the_command_line_makes_a_backup_and_puts_it_back(
    safe: Settings,
    database: Database,
    told: Encounter,
    empty: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
):
    monkeypatch.setenv("INTAKE_BACKUP_KEY", PASSPHRASE)
    monkeypatch.setenv("INTAKE_SECRET_KEY", safe.secret_key)
    monkeypatch.setenv("INTAKE_DATA", str(safe.data))
    made = CliRunner().invoke(main, ["backup", str(tmp_path / "monday.backup")])
    assert "keys.backup" in made.output
    monkeypatch.setenv("INTAKE_DATA", str(empty.data))
    monkeypatch.setenv("INTAKE_DATABASE_URL", empty.database_url)
    assert "0 encounters erased since" in CliRunner().invoke(main, ["restore", str(tmp_path / "monday.backup")]).output
    assert "whole" in CliRunner().invoke(main, ["audit", "check"]).output
