"""A real PostgreSQL that the tests start themselves, from Debian's programs, and end with the test run."""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg

from intake.database import Database
from intake.key_store import KeyRing
from intake.master_keys import KeyPlaces

PROGRAMS = Path("/usr/lib/postgresql")
OWNER = "postgres"  # PostgreSQL refuses to run as root
TEMPLATE = "of_the_newest_shape"
EMPTY = "template0"
LONGEST_START = 60  # seconds
PR_SET_PDEATHSIG = 1  # from linux/prctl.h
AT_ONCE = signal.SIGQUIT  # how PostgreSQL is told to end without ceremony
QUICK = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"


@dataclass(frozen=True)
class Server:
    """A running server; `folder` holds its socket."""

    folder: Path

    def url(self, database: str) -> str:
        """Return the address of one of its databases."""
        return f"postgresql+psycopg://intake@/{database}?host={self.folder}"

    @contextmanager
    def database(self, template: str = TEMPLATE) -> Iterator[str]:
        """Make a new database, of the newest shape; yield its address, and drop it at the end."""
        name = f"test_{uuid4().hex}"
        self._do(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        try:
            yield self.url(name)
        finally:
            self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def wait(self) -> None:
        """Wait until it answers."""
        for _ in range(LONGEST_START * 10):
            with suppress(psycopg.OperationalError):
                return self._do("SELECT 1")
            time.sleep(0.1)
        raise TimeoutError((self.folder / "log").read_text())

    def make_template(self) -> None:
        """Make the database that all others are copies of."""
        self._do(f"CREATE DATABASE {TEMPLATE}")
        places = KeyPlaces(f"sqlite:///{self.folder / 'keys.sqlite'}", self.folder / "master_key")
        database = Database(self.url(TEMPLATE), KeyRing(places))
        database.migrate()
        database.close()

    def _do(self, statement: str) -> None:
        with psycopg.connect(f"host={self.folder} user=intake dbname=postgres", autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def postgres(options: str = QUICK) -> Iterator[Server]:
    """Start a server that listens on a socket in a folder of its own, and ends with this process whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix="intake-postgres-"))
    user = {}
    if os.geteuid() == 0:
        owner = pwd.getpwnam(OWNER)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        user = {"user": owner.pw_uid, "group": owner.pw_gid}
    place = ["-D", str(folder / "data")]
    making = [_program("initdb"), *place, "--auth=trust", "--username=intake", "--encoding=UTF8", "--no-sync"]
    subprocess.run(making, check=True, cwd=folder, stdout=subprocess.DEVNULL, **user)
    command = [_program("postgres"), *place, *options.split(), "-c", "listen_addresses=", "-k", str(folder)]
    with (folder / "log").open("w") as log:
        running = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, preexec_fn=_end_with_parent, start_new_session=True, **user
        )
    try:
        server = Server(folder)
        server.wait()
        server.make_template()
        yield server
    finally:
        running.send_signal(AT_ONCE)
        running.wait()
        shutil.rmtree(folder)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, AT_ONCE)


def _program(name: str) -> str:
    versions = sorted(PROGRAMS.glob("*/bin"), key=lambda path: int(path.parent.name))
    assert versions, f"PostgreSQL is not installed in {PROGRAMS}: apt-get install postgresql"
    return str(versions[-1] / name)
