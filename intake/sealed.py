"""Columns that are stored sealed, and read and set like others: `row.answers` is kept, sealed, in `row.answers_sealed`.

    class ResponseRow(HoldsSealed, Row):
        encounter_id: Mapped[str] = …
        answers_sealed: Mapped[bytes] = mapped_column(LargeBinary)
        answers = json_column()

Each value is sealed with the key of its encounter, for its place: table, row and column. A value is opened when it is
first asked for, with the keys of the session that the row was read in (`Database` puts them there); the keys of all
rows that were read until then are fetched together. It is sealed when the session writes the row. None stays None.
In queries there is the sealed column only.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, ClassVar, Generic, TypeVar, cast, overload

import orjson
from sqlalchemy import Connection, event
from sqlalchemy.orm import Session, object_session

from intake.encryption import Cipher, Unreadable
from intake.key_store import KeyRing

KEYS = "keys"  # in the session's info
NOT_YET = b""  # in the place of what is about to be sealed; it opens as nothing
PENDING, OPENED = "_pending", "_opened"
Value = TypeVar("Value")


class SessionKeys:
    """The keys that one session works with: those of all rows read so far are fetched when the first one is needed."""

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring
        self._wanted: set[str] = set()
        self._ciphers: dict[str, Cipher] = {}

    def want(self, key_id: str) -> None:
        """Fetch this key too with the next that is needed."""
        self._wanted.add(key_id)

    def cipher(self, key_id: str) -> Cipher:
        """Return what seals and opens with a key. Raises `Unreadable` if it was destroyed."""
        if key_id not in self._ciphers:
            self._wanted.add(key_id)
            self._ciphers |= self.ring.ciphers(self._wanted)
            self._wanted.clear()
        return self._ciphers.get(key_id) or self.ring.cipher(key_id)


def keys_of(session: Session) -> SessionKeys:
    """Return the keys of a session of `Database`."""
    return cast(SessionKeys, session.info[KEYS])


def connection_of(session: Session) -> Connection:
    """Return the connection of a session of `Database`, for statements that ask for columns: quicker than `execute`.

    What the session is still to write is written first.
    """
    session.flush()
    return cast(Connection, session.bind)


class HoldsSealed:
    """A row with sealed columns. `ENCOUNTER` names the column of the encounter's id, `IDENTITY` what tells the row."""

    ENCOUNTER: ClassVar[str] = "encounter_id"
    IDENTITY: ClassVar[tuple[str, ...]] = ("id",)
    __tablename__: str

    @property
    def key_id(self) -> str:
        """The id of the key that this row is sealed with."""
        return cast(str, getattr(self, self.ENCOUNTER))


class Sealed(Generic[Value]):
    """A value that is kept sealed in the column of its name with `_sealed` behind it."""

    def __init__(self, write: Callable[[Value], bytes], read: Callable[[bytes], Value]) -> None:
        self._write, self._read = write, read

    def __set_name__(self, owner: type, name: str) -> None:
        self.name, self.column, self.table = name, f"{name}_sealed", owner.__tablename__  # type: ignore[attr-defined]

    @overload
    def __get__(self, row: None, owner: type) -> "Sealed[Value]": ...

    @overload
    def __get__(self, row: HoldsSealed, owner: type) -> Value: ...

    def __get__(self, row: HoldsSealed | None, owner: type) -> "Value | Sealed[Value]":
        if row is None:
            return self
        pending = vars(row).get(PENDING)
        if pending and self.name in pending:
            return cast(Value, pending[self.name][1])
        return self._opened(row)

    def __set__(self, row: HoldsSealed, value: Value) -> None:
        pending = vars(row).setdefault(PENDING, {})
        pending.pop(self.name, None)
        if value is None:
            setattr(row, self.column, None)
        else:
            setattr(row, self.column, NOT_YET)
            pending[self.name] = self, value

    def _opened(self, row: HoldsSealed) -> Value:
        sealed = getattr(row, self.column)
        if sealed is None:
            return cast(Value, None)
        opened = vars(row).setdefault(OPENED, {})
        known = opened.get(self.name)
        if known is None or known[0] is not sealed:
            known = opened[self.name] = sealed, self.open(_cipher(row), _identity(row), sealed)
        return cast(Value, known[1])

    def put(self, row: HoldsSealed, value: Value) -> None:
        """Seal a value in the column of a row of an open session."""
        sealed = self.seal(_cipher(row), _identity(row), value)
        setattr(row, self.column, sealed)
        vars(row).setdefault(OPENED, {})[self.name] = sealed, value

    def seal(self, cipher: Cipher, row: str, value: Value) -> bytes:
        """Return a value sealed for the row of this identity, as it stands in the column."""
        return cipher.seal(self._write(value), f"{self.table} {row} {self.name}")

    def open(self, cipher: Cipher, row: str, sealed: bytes) -> Value:
        """Return what stands sealed in the column of the row of this identity. Raises `Unreadable`."""
        return self._read(self.open_bytes(cipher, row, sealed))

    def open_bytes(self, cipher: Cipher, row: str, sealed: bytes) -> bytes:
        """The same, as it was written: not yet read as JSON, a day, or the like. Raises `Unreadable`."""
        return cipher.open(sealed, f"{self.table} {row} {self.name}")


def _identity(row: HoldsSealed) -> str:
    return "/".join(str(getattr(row, part)) for part in row.IDENTITY)


def _cipher(row: HoldsSealed) -> Cipher:
    session = object_session(row)
    if session is None:
        raise Unreadable(f"{row.__tablename__}: the session that this row was read in is over")
    return keys_of(session).cipher(row.key_id)


@event.listens_for(HoldsSealed, "before_insert", propagate=True)
@event.listens_for(HoldsSealed, "before_update", propagate=True)
def _seal(_mapper: object, _connection: object, row: HoldsSealed) -> None:
    """Seal what was set, just before it is written."""
    for column, value in vars(row).pop(PENDING, {}).values():
        column.put(row, value)


@event.listens_for(HoldsSealed, "load", propagate=True)
def _want(row: HoldsSealed, context: Any) -> None:
    keys = context.session.info.get(KEYS)
    if keys is not None:
        keys.want(row.key_id)


def optional(column: Sealed[Value]) -> "Sealed[Value | None]":
    """The same column where None may stand in it."""
    return cast("Sealed[Value | None]", column)


def json_column() -> Sealed[Any]:
    """A JSON value; take the value that is read for unchangeable, and set another."""
    return Sealed(orjson.dumps, orjson.loads)


def text_column() -> Sealed[str]:
    """A text."""
    return Sealed(str.encode, bytes.decode)


def bytes_column() -> Sealed[bytes]:
    """Bytes as they are."""
    return Sealed(bytes, bytes)


def moment_column() -> Sealed[datetime]:
    """A moment with its time zone."""
    return Sealed(lambda moment: moment.isoformat().encode(), lambda text: datetime.fromisoformat(text.decode()))


def date_column() -> Sealed[date]:
    """A day."""
    return Sealed(lambda day: day.isoformat().encode(), lambda text: date.fromisoformat(text.decode()))
