"""Mails and calls of the webhook that are to go out: one row each, written together with what it tells of.

So none is lost. A row names what it is about, and holds no words and no address: both are looked up when it is sent
(`mailing`).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from uuid import uuid4

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from intake import stuck
from intake.outgoing_tables import MailRow

LONGEST_PROBLEM = 200  # characters
NOW = ":now"  # how the key of an alert ends that cannot wait until later today
SOON = timedelta(minutes=2)  # by then what the clinic must know has been tried, unless nothing does the background jobs


class Kind(Enum):
    """What a mail is about; a webhook is the same alert by the other way."""

    INVITATION = "invitation"
    LOCK = "lock"
    ALERT = "alert"
    WEBHOOK = "webhook"


TO_CLINIC = (Kind.ALERT, Kind.WEBHOOK, Kind.LOCK)


@dataclass(frozen=True)
class Mail:
    """A mail to be sent, or one that was. `dropped_at`: it is not to be sent any more.

    `problem` is what the last try met, at `tried_at`.
    """

    id: str
    key: str
    kind: Kind
    encounter_id: str
    made_at: datetime
    sent_at: datetime | None
    dropped_at: datetime | None
    tries: int
    problem: str
    tried_at: datetime | None

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


def alert(session: Session, encounter_id: str, detail: str) -> None:
    """Have the clinic told by each way there is; one and the same is told only once."""
    for kind in (Kind.ALERT, Kind.WEBHOOK):
        add(session, kind, encounter_id, detail)


def waiting(session: Session, kinds: Collection[Kind] = tuple(Kind)) -> list[str]:
    """Return the ids of the mails to be sent: those to the clinic first, then in the order in which they were made."""
    rows = session.execute(
        select(MailRow.id, MailRow.kind)
        .where(
            MailRow.sent_at.is_(None), MailRow.dropped_at.is_(None), MailRow.kind.in_([kind.value for kind in kinds])
        )
        .order_by(MailRow.made_at)
    ).all()
    return [row.id for row in sorted(rows, key=lambda row: row.kind == Kind.INVITATION.value)]


def unsent(session: Session) -> list[Mail]:
    """Return everything that is still to be sent, the oldest first."""
    still = MailRow.sent_at.is_(None), MailRow.dropped_at.is_(None)
    return [_mail(row) for row in session.scalars(select(MailRow).where(*still).order_by(MailRow.made_at))]


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


def to_clinic_failing(session: Session) -> list[Mail]:
    """Return what the clinic should have been told by now and was not, the oldest first."""
    rows = session.scalars(
        select(MailRow)
        .where(
            MailRow.sent_at.is_(None),
            MailRow.dropped_at.is_(None),
            MailRow.kind.in_([kind.value for kind in TO_CLINIC]),
            or_(MailRow.problem_sealed.is_not(None), MailRow.made_at < datetime.now(UTC) - SOON),
        )
        .order_by(MailRow.made_at)
    )
    return [_mail(row) for row in rows]


def try_again(session: Session) -> int:
    """Have what the clinic was not told tried at once, and as long as anew; return how much that is.

    Each gets a new id, by which the background jobs take it for a new one; its key, that tells a repeat, stays.
    """
    failing = to_clinic_failing(session)
    for mail in failing:
        session.get_one(MailRow, mail.id).id = str(uuid4())
        stuck.forget(session, "alert", mail.id)
    return len(failing)


def mark_sent(session: Session, key: str) -> None:
    """Remember that a mail was handed over."""
    row = _by_key(session, key)
    row.sent_at = row.tried_at = datetime.now(UTC)
    row.tries, row.problem = row.tries + 1, None


def mark_failed(session: Session, key: str, problem: str, *, for_good: bool) -> None:
    """Remember what a try met; `for_good`: trying again would not help."""
    row = _by_key(session, key)
    row.tried_at = datetime.now(UTC)
    row.tries, row.problem = row.tries + 1, problem[:LONGEST_PROBLEM]
    if for_good:
        row.dropped_at = row.tried_at


def drop(session: Session, key: str) -> None:
    """Remember that a mail has nothing to say any more."""
    _by_key(session, key).dropped_at = datetime.now(UTC)


def drop_alerts(session: Session, encounter_id: str) -> None:
    """Leave unsent what is to be told of an encounter: somebody takes care of it already."""
    alerts = (Kind.ALERT.value, Kind.WEBHOOK.value)
    session.execute(
        update(MailRow)
        .where(MailRow.encounter_id == encounter_id, MailRow.kind.in_(alerts), MailRow.sent_at.is_(None))
        .values(dropped_at=datetime.now(UTC))
    )


def _by_key(session: Session, key: str) -> MailRow:
    return session.scalars(select(MailRow).where(MailRow.key == key)).one()


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
        tried_at=row.tried_at,
    )
