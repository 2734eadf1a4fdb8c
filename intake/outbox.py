"""Mails that are to be sent: one row each, written in the same transaction as what it tells of, so that none is lost.

A row names what it is about and holds no words and no address; both are looked up when it is sent (`mailing`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.database import MailRow

LONGEST_PROBLEM = 200  # characters


class Kind(Enum):
    """What a mail is about."""

    INVITATION = "invitation"
    LOCK = "lock"
    ALERT = "alert"


@dataclass(frozen=True)
class Mail:
    """A mail to be sent, or one that was. `problem`: what the last try met; `dropped_at`: it is not tried any more."""

    id: str
    key: str
    kind: Kind
    encounter_id: str
    made_at: datetime
    sent_at: datetime | None
    dropped_at: datetime | None
    tries: int
    problem: str

    @property
    def is_waiting(self) -> bool:
        """Whether it is still to be sent."""
        return self.sent_at is None and self.dropped_at is None


def add(session: Session, kind: Kind, encounter_id: str, detail: str) -> None:
    """Have a mail sent once this session is committed; one and the same is made only once."""
    key = mail_key(kind, encounter_id, detail)
    if session.scalar(select(MailRow.id).where(MailRow.key == key)) is None:
        row = MailRow(id=str(uuid4()), key=key, kind=kind.value, encounter_id=encounter_id, made_at=datetime.now(UTC))
        session.add(row)
        session.flush()


def mail_key(kind: Kind, encounter_id: str, detail: str) -> str:
    """Return what tells one mail from every other."""
    return f"{kind.value}:{encounter_id}:{detail}"


def waiting(session: Session) -> list[str]:
    """Return the ids of the mails to be sent: those to the clinic first, then in the order in which they were made."""
    rows = session.execute(
        select(MailRow.id, MailRow.kind)
        .where(MailRow.sent_at.is_(None), MailRow.dropped_at.is_(None))
        .order_by(MailRow.made_at)
    ).all()
    return [row.id for row in sorted(rows, key=lambda row: row.kind == Kind.INVITATION.value)]


def find(session: Session, mail_id: str) -> Mail | None:
    """Return a mail by its id."""
    row = session.get(MailRow, mail_id)
    return None if row is None else _mail(row)


def last_invitations(session: Session, encounter_ids: Iterable[str]) -> dict[str, Mail]:
    """Return the last mail with a link that each of these encounters' patients was sent, or is to be sent."""
    rows = session.scalars(
        select(MailRow)
        .where(MailRow.encounter_id.in_(list(encounter_ids)), MailRow.kind == Kind.INVITATION.value)
        .order_by(MailRow.made_at)
    )
    return {row.encounter_id: _mail(row) for row in rows}


def to_clinic_failing(session: Session) -> int:
    """Return how many mails to the clinic itself were tried and have not gone out."""
    rows = session.scalars(
        select(MailRow.id).where(
            MailRow.kind != Kind.INVITATION.value, MailRow.sent_at.is_(None), MailRow.problem.is_not(None)
        )
    )
    return len(rows.all())


def mark_sent(session: Session, mail_id: str) -> None:
    """Remember that a mail was handed over."""
    row = session.get_one(MailRow, mail_id)
    row.sent_at, row.tries, row.problem = datetime.now(UTC), row.tries + 1, None


def mark_failed(session: Session, mail_id: str, problem: str, *, for_good: bool) -> None:
    """Remember what a try met; `for_good`: trying again would not help."""
    row = session.get_one(MailRow, mail_id)
    row.tries, row.problem = row.tries + 1, problem[:LONGEST_PROBLEM]
    row.dropped_at = datetime.now(UTC) if for_good else None


def drop(session: Session, mail_id: str) -> None:
    """Remember that a mail has nothing to say any more."""
    session.get_one(MailRow, mail_id).dropped_at = datetime.now(UTC)


def _mail(row: MailRow) -> Mail:
    return Mail(
        id=row.id,
        key=row.key,
        kind=Kind(row.kind),
        encounter_id=row.encounter_id,
        made_at=row.made_at,
        sent_at=row.sent_at,
        dropped_at=row.dropped_at,
        tries=row.tries,
        problem=row.problem or "",
    )
