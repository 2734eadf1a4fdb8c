"""What is stored of what goes out: mails, calls of the webhook, and what is handed over to the record system."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from intake.moments import Moment
from intake.sealed import HoldsSealed, optional, text_column
from intake.tables import Row


class MailRow(HoldsSealed, Row):
    """A mail or a call of the webhook that is to go out, written together with what it tells of.

    `key` keeps the same one from being made twice. It holds no words: those are put together when it is sent.
    `problem` is what the last try met, at `tried_at`.
    """

    __tablename__ = "mail"
    IDENTITY = ("key",)
    __table_args__ = (Index("mail_unsent", "sent_at", "dropped_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    dropped_at: Mapped[datetime | None] = mapped_column(Moment)
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    problem_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    tried_at: Mapped[datetime | None] = mapped_column(Moment)
    problem = optional(text_column())


class HandOverRow(HoldsSealed, Row):
    """What became of handing a signed version over to the record system; there is none before the first try.

    `problem` is what the last try met, in the words of the other side; with `refused_at` it is not tried again until
    somebody says so, which begins the next `round`.
    """

    __tablename__ = "hand_over"
    IDENTITY = ("encounter_id", "number")

    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    round: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime] = mapped_column(Moment)
    problem_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    refused_at: Mapped[datetime | None] = mapped_column(Moment)
    done_at: Mapped[datetime | None] = mapped_column(Moment)
    problem = optional(text_column())
