"""The keys of the encounters: wrapped, in a database of their own, so that one which is destroyed is gone for good.

Everything that is stored of one patient's appointment is sealed with the key of that encounter. The key stands here,
wrapped by a master key, and never in the database that it opens, nor in that one's backups. So whoever destroys a key
here makes every copy of what it sealed unreadable, in each backup too. That holds only if this store is backed up by
itself and only its latest state is kept: a copy from before brings destroyed keys back.

A key is committed here before the row that needs it. A key that no row needs does no harm.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    LargeBinary,
    String,
    create_engine,
    delete,
    event,
    func,
    select,
    update,
)
from sqlalchemy import insert as insert_into
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from intake.encryption import KEY, Cipher, Unreadable, new_key
from intake.master_keys import KeyPlaces, MasterKeys
from intake.remembered import Remembered

SEARCH = "search"  # the id of the key that names are searched by
OF_SEVERAL = "several"  # the id of the key for what is worked out of several patients' answers
MOST_KEPT = 1_000  # keys that a process keeps unwrapped
KEPT_FOR = 60.0  # seconds; by then no process opens anything with a key that was destroyed
AT_ONCE = 500  # keys in one statement
BUSY_MILLISECONDS = 10_000


class _Row(DeclarativeBase):
    """Base of the rows of the key store, which is no part of the database of patients."""


class WrappedKeyRow(_Row):
    """The key of one encounter, or the one to search by, wrapped by the master key of this id."""

    __tablename__ = "wrapped_key"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - in the order of the ids

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    master_id: Mapped[str] = mapped_column(String(16))
    wrapped: Mapped[bytes] = mapped_column(LargeBinary(KEY + 64))


@dataclass(frozen=True)
class Rotation:
    """What a rotation came to: how many keys were wrapped anew, and the id of the master key that wraps them."""

    rewrapped: int
    master_id: str


class KeyRing:
    """The keys of one installation, with a few kept unwrapped for a minute. Any number of threads may use it."""

    def __init__(self, places: KeyPlaces) -> None:
        self.places = places
        self.masters = MasterKeys(places)
        self.engine = create_engine(places.store_url, hide_parameters=True)
        if self.engine.dialect.name == "sqlite":
            _tune_sqlite(self.engine)
        self._kept = Remembered[str, Cipher](MOST_KEPT, KEPT_FOR)
        self._search: bytes | None = None

    def prepare(self) -> None:
        """Make the store, the first master key and the keys that are no encounter's, as far as they are not there.

        Raises `MasterKeyError` if a master key that the store needs is missing: none is made in its place.
        """
        with self._writing() as connection:
            _Row.metadata.create_all(connection)
            used = set(connection.scalars(select(WrappedKeyRow.master_id).distinct()))
            if not used:
                self.masters.make()
                self._insert(connection, [SEARCH, OF_SEVERAL])
        self.masters.check(used)

    def make(self, key_ids: Iterable[str]) -> None:
        """Make keys of these ids and commit them, before anything is sealed with them. Raises `MasterKeyError`."""
        with self._writing() as connection:
            self._insert(connection, key_ids)

    def _insert(self, connection: Connection, key_ids: Iterable[str]) -> None:
        # wrapped only once the store is held: a rotation that holds it too leaves none behind with the old master key
        wrapped = ((key_id, *self.masters.wrap(key_id, new_key())) for key_id in key_ids)
        rows = [{"id": key_id, "master_id": master, "wrapped": key} for key_id, master, key in wrapped]
        if rows:
            connection.execute(insert_into(WrappedKeyRow), rows)

    def cipher(self, key_id: str) -> Cipher:
        """Return what seals and opens with one key. Raises `Unreadable` if there is no such key (any more)."""
        found = self.ciphers((key_id,)).get(key_id)
        if found is None:
            raise Unreadable(f"the key of encounter {key_id} is gone: it was erased")
        return found

    def ciphers(self, key_ids: Collection[str]) -> dict[str, Cipher]:
        """Return those of these keys that there are, read together. Raises `MasterKeyError`, `Unreadable`."""
        found = {key_id: cipher for key_id in key_ids if (cipher := self._kept.get(key_id)) is not None}
        missing = [key_id for key_id in key_ids if key_id not in found]
        if missing:
            for key_id, cipher in self.read(missing).items():
                self._kept.put(key_id, cipher)
                found[key_id] = cipher
        return found

    def read(self, key_ids: Collection[str]) -> dict[str, Cipher]:
        """The same, from the store and without keeping them: for reading a great many once."""
        return {key_id: Cipher(key) for key_id, key in self._unwrapped(list(key_ids)).items()}

    def read_sorted(self, key_ids: Sequence[str]) -> dict[str, Cipher]:
        """The same for ids in their order, with hardly any others between them: read as one run of the store."""
        with self.engine.connect() as connection:
            run = self._chosen(connection, WrappedKeyRow.id.between(key_ids[0], key_ids[-1]))
        keys = run | self._unwrapped([key_id for key_id in key_ids if key_id not in run])  # a store may sort otherwise
        return {key_id: Cipher(key) for key_id, key in keys.items()}

    def _unwrapped(self, key_ids: list[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        with self.engine.connect() as connection:
            for start in range(0, len(key_ids), AT_ONCE):
                found |= self._chosen(connection, WrappedKeyRow.id.in_(key_ids[start : start + AT_ONCE]))
        return found

    def _chosen(self, connection: Connection, which: ColumnElement[bool]) -> dict[str, bytes]:
        wanted = select(WrappedKeyRow.id, WrappedKeyRow.master_id, WrappedKeyRow.wrapped).where(which)
        unwrap = self.masters.unwrap
        return {key_id: unwrap(key_id, master, key) for key_id, master, key in connection.execute(wanted).all()}

    @property
    def search_key(self) -> bytes:
        """The key by which names are found; it survives rotations. Raises `Unreadable`, `MasterKeyError`."""
        if self._search is None:
            self._search = self._unwrapped([SEARCH]).get(SEARCH)
        if self._search is None:
            raise Unreadable("the key that names are searched by is gone; run: intake init")
        return self._search

    def check(self) -> None:
        """Raise `MasterKeyError` or `Unreadable` unless a master key is there and opens those that are no encounter's.

        They are read anew: it tells also of a master key that was there when this process began.
        """
        _ = self.masters.ids
        if len(self._unwrapped([SEARCH, OF_SEVERAL])) < 2:
            raise Unreadable("the keys that are no encounter's are gone; run: intake init")

    def destroy(self, key_ids: Collection[str]) -> int:
        """Destroy keys, so that what they sealed cannot be read any more, here or in a backup; return how many.

        Other processes forget them within `KEPT_FOR` seconds.
        """
        for key_id in key_ids:
            self._kept.forget(key_id)
        with self._writing() as connection:
            gone = connection.execute(delete(WrappedKeyRow).where(WrappedKeyRow.id.in_(list(key_ids)))).rowcount
        if self.engine.dialect.name == "sqlite":
            empty_log(self.engine)  # it still holds the page with the key
        return gone

    def has(self, key_id: str) -> bool:
        """Whether there is a key of this id in the store."""
        with self.engine.connect() as connection:
            return connection.scalar(select(WrappedKeyRow.id).where(WrappedKeyRow.id == key_id)) is not None

    def missing(self, key_ids: Collection[str]) -> set[str]:
        """Return those of these ids that there is no key of, without unwrapping any."""
        chosen, found = list(key_ids), set[str]()
        with self.engine.connect() as connection:
            for start in range(0, len(chosen), AT_ONCE):
                some = WrappedKeyRow.id.in_(chosen[start : start + AT_ONCE])
                found.update(connection.scalars(select(WrappedKeyRow.id).where(some)))
        return set(chosen) - found

    def used(self) -> Mapping[str, int]:
        """Return how many keys each master key wraps, by the ids of the master keys."""
        counts = select(WrappedKeyRow.master_id, func.count().label("number")).group_by(WrappedKeyRow.master_id)
        with self.engine.connect() as connection:
            return {row.master_id: row.number for row in connection.execute(counts)}

    def rewrap(self) -> Rotation:
        """Wrap with the first master key whatever another wraps, while others read and write. Safe to repeat."""
        first, rewrapped = self.masters.ids[0], 0
        others = select(WrappedKeyRow).where(WrappedKeyRow.master_id != first).limit(AT_ONCE)
        while True:
            with self._writing() as connection:
                rows = connection.execute(others).all()
                for row in rows:
                    master_id, wrapped = self.masters.wrap(
                        row.id, self.masters.unwrap(row.id, row.master_id, row.wrapped)
                    )
                    values = {"master_id": master_id, "wrapped": wrapped}
                    connection.execute(update(WrappedKeyRow).where(WrappedKeyRow.id == row.id).values(values))
            rewrapped += len(rows)
            if not rows:
                return Rotation(rewrapped, first)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """Hold the store: who wraps keys, and who wraps them anew, take turns."""
        with self.engine.execution_options(writes=True).begin() as connection:
            if self.engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(3, 0)")
            yield connection


def empty_log(engine: Engine) -> None:
    """Let SQLite write its log of changes into the database and empty it, unless somebody reads just now."""
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def _tune_sqlite(engine: Engine) -> None:
    """One writer beside readers, on the disk before it counts, and what is deleted is overwritten."""

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", "temp_store = MEMORY"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")
