"""What is stored for signing in: one class for each table, beside the members of staff themselves."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from intake.moments import Moment
from intake.tables import Row


class AccountRow(Row):
    """How one member of staff signs in.

    `stamp` names the sessions that are open: with a new one, all that were opened before end. `password` is an argon2id
    hash; `totp_secret` is encrypted, `totp_counter` the last code that was taken; `recovery_codes` are hashes.
    `link_number` counts the sign-in links made, of which only the last works, and once. `is_invented` members sign in
    by a link alone; only `intake demo` makes them.
    """

    __tablename__ = "account"

    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    stamp: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    password: Mapped[str | None] = mapped_column(Text)
    totp_secret: Mapped[str | None] = mapped_column(Text)
    totp_counter: Mapped[int | None]
    recovery_codes: Mapped[list[str]] = mapped_column(JSON)
    link_number: Mapped[int]
    is_invented: Mapped[bool]
    signed_in_at: Mapped[datetime | None] = mapped_column(Moment)


class PasskeyRow(Row):
    """A passkey of a member of staff: what it proves itself by, and how often it says it was used."""

    __tablename__ = "passkey"

    id: Mapped[str] = mapped_column(String(1400), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("account.staff_id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class TallyRow(Row):
    """How often something was tried since `since`, by a key that tells nobody who it is; closed until `until`."""

    __tablename__ = "tally"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]
    since: Mapped[datetime] = mapped_column(Moment, index=True)
    until: Mapped[datetime | None] = mapped_column(Moment)


class EndedSessionRow(Row):
    """A session that was signed out of: a copy of its cookie opens nothing any more."""

    __tablename__ = "ended_session"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    ended_at: Mapped[datetime] = mapped_column(Moment, index=True)


class KeptFormRow(Row):
    """What a member of staff typed on a page that was sent after the session had ended, encrypted.

    On a page about a patient it is sealed with the key of the encounter too, and goes with it.
    """

    __tablename__ = "kept_form"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), index=True)
    encounter_id: Mapped[str | None] = mapped_column(String(36), index=True)
    sealed: Mapped[str] = mapped_column(Text)
    kept_at: Mapped[datetime] = mapped_column(Moment)
