"""What is stored of who read or changed what. Entries are only ever added: triggers refuse all else."""

from datetime import datetime

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from intake.moments import Moment
from intake.tables import Row

NUMBER = BigInteger().with_variant(Integer, "sqlite")


class AuditRow(Row):
    """One entry. `number` counts them from 1, without gaps; `digest` is the SHA-256 of the one before and of this one.

    It refers to nothing: it outlives the encounter or member of staff that it is about.
    """

    __tablename__ = "audit_entry"

    number: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Moment, index=True)
    who_kind: Mapped[str] = mapped_column(String(20))
    who: Mapped[str] = mapped_column(String(36), index=True)
    event: Mapped[str] = mapped_column(String(60))
    encounter_id: Mapped[str] = mapped_column(String(36), index=True)
    about: Mapped[str] = mapped_column(String(80))
    digest: Mapped[str] = mapped_column(String(64))


class AuditHeadRow(Row):
    """How far the entries go: the number and digest of the last one, and `mark`, made of both with the secret key."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(NUMBER)
    digest: Mapped[str] = mapped_column(String(64))
    mark: Mapped[str] = mapped_column(String(64))
