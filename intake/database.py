"""What is stored, and the connection to it: SQLite in the data folder by default, or PostgreSQL.

What the code relies on holds on both. A session to read in sees one moment of the database, however long it reads. A
session to write in has the database, or all that belongs to one encounter, for itself from its beginning to its end, so
that what it has read is still so when it writes.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import RLock
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, ExceptionContext, Select, create_engine, event, text
from sqlalchemy.orm import Session

from intake.key_store import KeyRing, empty_log
from intake.sealed import KEYS, SessionKeys
from intake.settings import Settings

ROWS_TO_LOOK_AT = 1000
BUSY_MILLISECONDS = 10_000  # how long a writer waits for another process
MIGRATIONS = Path(__file__).parent / "migrations"
CONNECT_SECONDS = 5  # a server that is away is asked again at the next page
# A machine that went away in the middle of writing holds its locks no longer than a minute.
AWAY = "idle_in_transaction_session_timeout"
AWAY_AFTER = "60s"
POSTGRESQL_OPTIONS = f"-c timezone=UTC -c lock_timeout={BUSY_MILLISECONDS} -c statement_timeout=60000"
KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}
# PostgreSQL lets many write at once. Locks by number, held to the end of a transaction, keep them apart: who may touch
# anything takes the first alone; who touches one encounter shares the first, and takes one named after it.
ALL_ALONE = text(f"SELECT pg_advisory_xact_lock(1, 0), set_config('{AWAY}', '{AWAY_AFTER}', true)")
ONE_ALONE = text(
    f"SELECT pg_advisory_xact_lock_shared(1, 0), set_config('{AWAY}', '{AWAY_AFTER}', true), "
    "pg_advisory_xact_lock(2, hashtext(:encounter_id))"
)
READ_ONE_MOMENT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


class Database:
    """The database of one installation, with the keys that open what is sealed in it."""

    def __init__(self, url: str, keys: KeyRing) -> None:
        self.url, self.keys = url, keys
        if url.startswith("sqlite"):
            self.engine = create_engine(url, hide_parameters=True)  # they are a patient's answers: not in any message
            _tune_sqlite(self.engine)
            self._reads, self._looks = self.engine, self.engine.execution_options(at_once=True)
        else:
            self.engine = create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=_connecting())
            _keep_rows_out_of_errors(self.engine)
            self._reads = self.engine.execution_options(**READ_ONE_MOMENT)
            self._looks = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writes = self.engine.execution_options(writes=True)
        # SQLite lets one write at a time; who waits for it sleeps longer and longer, and here is woken at once
        self._turn = RLock()

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file on this machine."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session to read in."""
        with self._reads.connect() as connection, self._session(connection) as session:
            yield session

    def look(self, statement: Select[Any], **values: str) -> Any | None:
        """Return the one row that a statement finds at this moment, or None; in no transaction, and for no session."""
        with self._looks.connect() as connection:
            return connection.execute(statement, values).one_or_none()

    @contextmanager
    def writing(self, encounter_id: str | None = None) -> Iterator[Session]:
        """A session to write in, committed at its end and rolled back on an error. Nobody else writes meanwhile.

        With an encounter's id only that encounter is held, and others can be written at the same time: for what
        patients do all day long, and where nothing but what belongs to that encounter is written.
        """
        turn = self._turn if self.is_sqlite else nullcontext()
        with turn, self._writes.begin() as connection, self._session(connection) as session, session.begin():
            if not self.is_sqlite:
                connection.execute(ONE_ALONE if encounter_id else ALL_ALONE, {"encounter_id": encounter_id})
            yield session

    def _session(self, connection: Connection) -> Session:
        return Session(connection, expire_on_commit=False, info={KEYS: SessionKeys(self.keys)})

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()
        self.keys.engine.dispose()

    def migrate(self, version: str = "head") -> None:
        """Bring the keys, the tables up to a version, and what the database knows of their size. Several take turns.

        Raises `MasterKeyError` where a master key that is needed is missing.
        """
        self.keys.prepare()
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with self._writes.connect() as connection:
            _take_turns(connection)
            config.attributes["connection"], config.attributes["keys"] = connection, self.keys
            command.upgrade(config, version)
            if self.is_sqlite:  # by which it then chooses among indices; a look at some rows
                connection.exec_driver_sql(f"PRAGMA analysis_limit = {ROWS_TO_LOOK_AT}")
                connection.exec_driver_sql("ANALYZE")
                connection.commit()
        if self.is_sqlite:
            empty_log(self.engine)  # it may still hold in clear what a migration has sealed


def database_of(settings: Settings) -> Database:
    """Return the database of an installation."""
    return Database(settings.database_url, KeyRing(settings.key_places))


def _take_turns(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(ALL_ALONE)
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")


def _keep_rows_out_of_errors(engine: Engine) -> None:
    """What PostgreSQL says in detail of an error repeats the row: what a patient wrote."""

    @event.listens_for(engine, "handle_error")
    def _on_error(context: ExceptionContext) -> None:
        error, ours = context.original_exception, context.sqlalchemy_exception
        if isinstance(error, psycopg.Error) and error.diag.message_primary and ours is not None:
            error.args = ours.args = (error.diag.message_primary,)


def _connecting() -> dict[str, Any]:
    return {"connect_timeout": CONNECT_SECONDS, "options": POSTGRESQL_OPTIONS, **KEEPALIVES}


def _tune_sqlite(engine: Engine) -> None:
    """Let readers and one writer work at the same time, and keep references whole."""

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, before the first read
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")  # what a patient saw as saved outlives a power cut
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Any) -> None:
        # a read that turns into a write fails at once while another process writes; taking the lock first waits for it
        chosen = connection.get_execution_options()
        if not chosen.get("at_once"):
            connection.exec_driver_sql("BEGIN IMMEDIATE" if chosen.get("writes") else "BEGIN")
