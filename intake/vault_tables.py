"""What is stored beside sealed rows: tokens by which patients are found, and receipts of what was erased."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from intake.encryption import TOKEN
from intake.moments import Moment
from intake.tables import Row


class NameTokenRow(Row):
    """The beginning of one word of a patient's name, as a token (`intake.names`)."""

    __tablename__ = "name_token"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - in the order in which they are searched

    token: Mapped[bytes] = mapped_column(LargeBinary(TOKEN), primary_key=True)
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"), primary_key=True, index=True)


class ErasureRow(Row):
    """The receipt of an encounter that was erased. It names no patient, and outlives all else.

    `by` is the id of a member of staff. The key is destroyed after the rows are gone, at `key_destroyed_at`.
    """

    __tablename__ = "erasure"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    encounter_id: Mapped[str] = mapped_column(String(36), unique=True)
    erased_at: Mapped[datetime] = mapped_column(Moment)
    reason: Mapped[str] = mapped_column(String(200))
    by: Mapped[str | None] = mapped_column(String(36))
    rows: Mapped[int]
    key_destroyed_at: Mapped[datetime | None] = mapped_column(Moment)
