"""The names of workers: one process holds a name at a time, on all machines that share the jobs.

Who dies holds none from that moment: on SQLite the name is the lock of a file in the data folder, on PostgreSQL a lock
of the connection that took it. So a name that can be taken is that of a worker that is gone.
"""

import fcntl
import socket
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, ResourceClosedError

from intake.database import Database

TAKE = text("SELECT pg_try_advisory_lock(3, hashtext(:name))")


class AlreadyRunning(Exception):
    """Another worker holds this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"a worker named {name} runs already; give this one another --name")


def own_name(data: Path) -> str:
    """Return the name of the worker that serves this data folder of this machine, where none is chosen."""
    return f"{socket.gethostname()}-{zlib.crc32(str(data).encode()):08x}"


@contextmanager
def held(database: Database, data: Path, name: str) -> Iterator[Callable[[], None]]:
    """Hold a worker's name until the end of the block. Raises `AlreadyRunning`.

    Gives a function to call now and then: it takes the name again after the database was away, and raises
    `AlreadyRunning` if another was faster, or `DBAPIError` while the database is away still.
    """
    if database.is_sqlite:
        with _file_held(data / f"worker-{name}.lock", name):
            yield lambda: None
        return
    lock = _ServerLock(database.engine, name)
    try:
        yield lock.keep
    finally:
        lock.let_go()


@contextmanager
def _file_held(path: Path, name: str) -> Iterator[None]:
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(name) from None
        yield


class _ServerLock:
    """A lock that PostgreSQL keeps for as long as a connection of its own lives."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine, self._name = engine, name
        self._connection = self._take()

    def _take(self) -> Connection:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # from the pool: closing it ends the lock
        if connection.scalar(TAKE, {"name": self._name}):
            return connection
        connection.close()
        raise AlreadyRunning(self._name)

    def keep(self) -> None:
        try:
            self._connection.exec_driver_sql("SELECT 1")
        except (DBAPIError, ResourceClosedError):  # the second: the last try to take it again failed
            self._connection.close()
            self._connection = self._take()

    def let_go(self) -> None:
        self._connection.close()
