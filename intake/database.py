"""What is stored, and the connection to it: SQLite in the data folder by default, any SQLAlchemy address otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session

ROWS_TO_LOOK_AT = 1000
BUSY_MILLISECONDS = 10_000  # how long a writer waits for another process
MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """The database of one installation."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = create_engine(url, hide_parameters=True)  # they are a patient's answers: not in any message
        if self.engine.dialect.name == "sqlite":
            _tune_sqlite(self.engine)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session to read in."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session to write in, committed at its end and rolled back on an error."""
        bind = self.engine.execution_options(writes=True)
        with Session(bind, expire_on_commit=False) as session, session.begin():
            yield session

    def migrate(self) -> None:
        """Bring the tables up to date, and what the database knows of their size."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with self.engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if self.engine.dialect.name == "sqlite":  # by which it then chooses among indices; a look at some rows
                connection.exec_driver_sql(f"PRAGMA analysis_limit = {ROWS_TO_LOOK_AT}")
                connection.exec_driver_sql("ANALYZE")
                connection.commit()


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
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Any) -> None:
        # a read that turns into a write fails at once while another process writes; taking the lock first waits for it
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
