"""A whole database as one file while others read and write it, and such a file put back where nothing is."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine, inspect, make_url

OWNER_ONLY = 0o600
LONGEST = 3600  # seconds
TOO_OLD = b"server version mismatch"


class SnapshotError(Exception):
    """A database could not be copied or put back; the message says why, without what it holds."""


def take(url: str, target: Path) -> None:
    """Write all of a database as it is at one moment to a file. Raises `SnapshotError`."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(_file(url))) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
    else:
        _run(url, "pg_dump", "--format=custom", "--no-owner", "--file", str(target))


def is_empty(url: str) -> bool:
    """Whether nothing stands in a database yet; one in a file that is not there is empty."""
    if url.startswith("sqlite") and not _file(url).exists():
        return True
    engine = create_engine(url, hide_parameters=True)
    try:
        return not inspect(engine).get_table_names()
    finally:
        engine.dispose()


def put_back(source: Path, url: str) -> None:
    """Fill an empty database with what `take` wrote. Raises `SnapshotError`."""
    if url.startswith("sqlite"):
        _file(url).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, _file(url))
        os.chmod(_file(url), OWNER_ONLY)
    else:
        _run(url, "pg_restore", "--no-owner", "--single-transaction", str(source))


def _file(url: str) -> Path:
    return Path(make_url(url).database or "")


def _run(url: str, program: str, *words: str) -> None:
    """Run one of PostgreSQL's programs. The password goes in the environment: others can see the words of a command."""
    found = make_url(url)
    address = found.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environ = {**os.environ, "PGPASSWORD": found.password or ""}
    try:
        subprocess.run(  # noqa: S603 - no shell, and all words are ours
            [program, "--dbname", address, *words], env=environ, check=True, capture_output=True, timeout=LONGEST
        )
    except FileNotFoundError:
        raise SnapshotError(f"{program} is not there; it comes with PostgreSQL's client programs") from None
    except subprocess.SubprocessError as error:
        if isinstance(error, subprocess.CalledProcessError) and TOO_OLD in error.stderr:
            raise SnapshotError(
                f"{program} is older than the server; install the client programs of its version"
            ) from None
        raise SnapshotError(f"{program} failed ({type(error).__name__})") from None
