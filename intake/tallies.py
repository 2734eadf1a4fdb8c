"""How often something is tried, counted in the database, so that it holds for all processes together.

Two ways to bound it: `strike` lets a few wrong tries pass and then asks for longer and longer waits (sign-in);
`is_too_often` allows so many in a stretch of time (what anybody may ask for). Keys are hashed: the table names nobody.
"""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from intake.account_tables import TallyRow

FREE_TRIES = 5  # wrong ones after each other, before the first wait
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
MOST_DOUBLINGS = 10
FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Rate:
    """So many in so long a time, of one kind."""

    kind: str
    most: int
    time: timedelta


def strike(session: Session, secret_key: str, kind: str, subject: str) -> timedelta | None:
    """Count a try before it is looked at; return how long to wait if it may not be looked at.

    `forget` it if it turns out right. Tries during a wait neither count nor make it longer.
    """
    row, now = _row(session, _key(secret_key, kind, subject), FORGOTTEN_AFTER), datetime.now(UTC)
    if row.until is not None and row.until > now:
        return row.until - now
    row.count, row.since = row.count + 1, now
    if row.count >= FREE_TRIES:
        row.until = now + min(FIRST_WAIT * 2 ** min(row.count - FREE_TRIES, MOST_DOUBLINGS), LONGEST_WAIT)
    return None


def forget(session: Session, secret_key: str, kind: str, subject: str) -> None:
    """Begin anew, after a right try."""
    session.execute(delete(TallyRow).where(TallyRow.key == _key(secret_key, kind, subject)))


def is_too_often(session: Session, secret_key: str, rate: Rate, subject: str) -> bool:
    """Count one, and tell whether there were more than the rate allows."""
    row = _row(session, _key(secret_key, rate.kind, subject), rate.time)
    row.count += 1
    return row.count > rate.most


def is_over(session: Session, secret_key: str, rate: Rate, subject: str) -> bool:
    """Tell whether there were as many as the rate allows, without counting one."""
    row = session.get(TallyRow, _key(secret_key, rate.kind, subject))
    return row is not None and row.count >= rate.most and row.since > datetime.now(UTC) - rate.time


def clear_old(session: Session) -> None:
    """Forget what no longer matters."""
    session.execute(delete(TallyRow).where(TallyRow.since < datetime.now(UTC) - FORGOTTEN_AFTER))


def _row(session: Session, key: str, lasts: timedelta) -> TallyRow:
    row, now = session.get(TallyRow, key, with_for_update=True), datetime.now(UTC)
    if row is None:
        clear_old(session)
        row = TallyRow(key=key, count=0, since=now, until=None)
        session.add(row)
    elif row.since < now - lasts:
        row.count, row.since, row.until = 0, now, None
    return row


def _key(secret_key: str, kind: str, subject: str) -> str:
    return hmac.new(secret_key.encode(), f"tally\0{kind}\0{subject}".encode(), "sha256").hexdigest()
