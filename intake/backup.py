"""Backups: the database in one sealed file, the keys in another, and both put back on an empty machine.

The two are apart so that what was erased stays erased. The file of the keys is written over each time: only its latest
state may be kept. With it, a backup of the database from before an erasure opens everything but what was erased; what
it still holds of that is deleted as it is put back. With the keys go the secret key and the master key, where they are
in the data folder; those that are set elsewhere are yours to keep.
"""

import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select

from intake import audit, erasure, master_keys, sealed_file, snapshots
from intake.audit import Event, Trail
from intake.database import Database, database_of
from intake.sealed_file import SealedFileError
from intake.settings import Settings
from intake.snapshots import SnapshotError
from intake.tables import EncounterRow

SECRET_KEY = "secret_key"  # noqa: S105 - the name of the file in the data folder
KEPT_FILES = (SECRET_KEY, master_keys.FILE)  # of the data folder, beside the keys
DATABASE, KEYS = "database", "keys"
ABOUT = "about.json"


class BackupError(Exception):
    """A backup could not be made or put back; the message says why and what to do."""


@dataclass(frozen=True)
class Restored:
    """What was put back: when the backup was made, and how many encounters had been erased since and stay so."""

    made_at: datetime
    erased_since: int


def make(settings: Settings, database: Database, file: Path, keys_file: Path) -> None:
    """Write a backup of the database, and then the keys over those of before. Others go on working meanwhile.

    Raises `BackupError`.
    """
    passphrase = _passphrase(settings)
    with database.writing() as session:
        Trail(settings.secret_key, audit.COMMAND_LINE).note(session, Event.BACKED_UP)
    with _in_words(), TemporaryDirectory(dir=settings.data) as folder:
        snapshots.take(settings.database_url, Path(folder) / DATABASE)
        _seal(Path(folder), [Path(folder) / DATABASE], file, passphrase)
        # after the database: a key is there before the row that needs it
        snapshots.take(settings.key_places.store_url, Path(folder) / KEYS)
        kept = [settings.data / name for name in KEPT_FILES if (settings.data / name).exists()]
        _seal(Path(folder), [Path(folder) / KEYS, *kept], keys_file, passphrase)


def restore(settings: Settings, file: Path, keys_file: Path) -> Restored:
    """Put a backup back into an installation where nothing is yet, with the keys. Raises `BackupError`."""
    passphrase, store_url = _passphrase(settings), settings.key_places.store_url
    with _in_words():
        if not (snapshots.is_empty(settings.database_url) and snapshots.is_empty(store_url)):
            raise BackupError("there is something here already; a backup is put back into an empty data folder")
        settings.data.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=settings.data) as folder:
            about = _open(file, Path(folder), DATABASE, passphrase)
            _open(keys_file, Path(folder), KEYS, passphrase)
            for name in KEPT_FILES:
                _put_beside(Path(folder) / name, settings.data / name)
            snapshots.put_back(Path(folder) / KEYS, store_url)
            snapshots.put_back(Path(folder) / DATABASE, settings.database_url)
    return Restored(datetime.fromisoformat(about["made_at"]), _delete_what_was_erased(settings))


def _delete_what_was_erased(settings: Settings) -> int:
    """Delete the encounters whose keys are gone: they were erased after this backup was made."""
    database, trail = database_of(settings), Trail(settings.secret_key, audit.COMMAND_LINE)
    try:
        database.migrate()
        with database.reading() as session:
            gone = database.keys.missing(session.scalars(select(EncounterRow.id)).all())
        for encounter_id in gone:
            erasure.erase(
                database, settings.data, encounter_id, reason="erased before, and found in a backup", trail=trail
            )
        with database.writing() as session:
            trail.note(session, Event.RESTORED, about=f"{len(gone)} erased since")
    finally:
        database.close()
    return len(gone)


def _passphrase(settings: Settings) -> str:
    if not settings.backup_key:
        raise BackupError("set INTAKE_BACKUP_KEY, a passphrase to seal the backup with, and keep it elsewhere too")
    return settings.backup_key


def _seal(folder: Path, parts: list[Path], file: Path, passphrase: str) -> None:
    """Write these files into one, sealed, whole or not at all."""
    about, bundle, sealed = folder / ABOUT, folder / "bundle", file.with_name(f"{file.name}.part")
    about.write_text(json.dumps({"made_at": datetime.now(UTC).isoformat()}), encoding="ascii")
    with tarfile.open(bundle, "w") as archive:
        for part in (about, *parts):
            archive.add(part, part.name)
    with bundle.open("rb") as source, sealed.open("wb") as target:
        sealed_file.seal_file(source, target, passphrase)
        target.flush()
        os.fsync(target.fileno())
    os.replace(sealed, file)


def _open(file: Path, folder: Path, needed: str, passphrase: str) -> dict[str, str]:
    """Open what `_seal` wrote into a folder; return what is said about it."""
    bundle = folder / "bundle"
    with file.open("rb") as source, bundle.open("wb") as target:
        sealed_file.open_file(source, target, passphrase)
    with tarfile.open(bundle) as archive:
        if needed not in archive.getnames():
            raise BackupError(f"{file} is not the file of the {needed}")
        for part in archive:
            content = archive.extractfile(part)
            if content is not None:  # a file; Python 3.11 before 3.11.4 has no filter of its own for all else
                with (folder / Path(part.name).name).open("wb") as target:
                    shutil.copyfileobj(content, target)
    about: dict[str, str] = json.loads((folder / ABOUT).read_text(encoding="ascii"))
    return about


def _put_beside(kept: Path, place: Path) -> None:
    """Put a key of the data folder back, unless there is one, or it is set elsewhere."""
    if kept.exists() and not place.exists():
        shutil.copyfile(kept, place)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except (SealedFileError, SnapshotError) as error:
        raise BackupError(str(error)) from error
    except OSError as error:
        raise BackupError(f"{error.filename}: {error.strerror}") from error
