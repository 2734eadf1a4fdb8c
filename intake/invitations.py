"""Invitations: a link for one patient, which opens with the date of birth, ends, locks, and can be made anew.

A link's token follows from the secret key, the encounter and the number of the link. The database holds its hash alone,
so whoever reads the database cannot open anything; whoever holds the key too can print or mail the same link again.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake import encounters, names, outbox
from intake.encounters import token_hash
from intake.invitee import Invitee
from intake.outbox import Kind
from intake.tables import EncounterRow, ResponseRow

MOST_TRIES = 5  # wrong dates of birth, one after the other, until the link is locked
DAYS_AFTER_APPOINTMENT = 2
# 25 signs of 32 are 125 bits. Letters that are taken for one another on paper are not among them.
SIGNS = "0123456789abcdefghjkmnpqrstvwxyz"
TOKEN_SIGNS = 25
GROUP = 5
LOOKALIKES = str.maketrans("oil", "011")


class State(Enum):
    """Whether a link opens. A locked one is freed by the clinic; the others need a new link."""

    OPEN = "open"
    LOCKED = "locked"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Try(Enum):
    """What came of a date of birth that was given for a link."""

    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"


@dataclass(frozen=True)
class Invitation:
    """One patient's invitation. `link_number` counts its links; only the last one works."""

    encounter_id: str
    patient_name: str
    date_of_birth: date
    appointment_at: datetime | None
    email: str
    phone: str
    language: str
    link_number: int
    wrong_tries: int
    expires_at: datetime | None
    locked_at: datetime | None
    cancelled_at: datetime | None

    @property
    def state(self) -> State:
        """Whether the link opens at this moment."""
        if self.cancelled_at is not None:
            return State.CANCELLED
        if self.expires_at is not None and self.expires_at <= datetime.now(UTC):
            return State.EXPIRED
        return State.LOCKED if self.locked_at is not None else State.OPEN

    @property
    def tries_left(self) -> int:
        """How many wrong dates of birth are left until the link is locked."""
        return max(MOST_TRIES - self.wrong_tries, 0)


@dataclass(frozen=True)
class Listed:
    """One line of the list of invitations: the invitation, and how far the answers are."""

    invitation: Invitation
    started_at: datetime | None
    sent_at: datetime | None


def create(session: Session, secret_key: str, invitee: Invitee, days: int) -> Invitation:
    """Store a patient with a first link. Without an appointment it works for this many days."""
    encounter, _ = encounters.create(
        session,
        patient_name=invitee.patient_name,
        date_of_birth=invitee.date_of_birth,
        appointment_at=invitee.appointment_at,
    )
    row = session.get_one(EncounterRow, encounter.id)
    row.email, row.phone = invitee.email or None, invitee.phone or None
    row.language = invitee.language
    _make_link(session, row, secret_key, days)
    return _invitation(row)


def renew(session: Session, secret_key: str, encounter_id: str, days: int) -> Invitation:
    """Make a new link, unlocked; the one before, and every device that it opened, are shut out."""
    row = session.get_one(EncounterRow, encounter_id)
    row.wrong_tries, row.locked_at, row.cancelled_at = 0, None, None
    _make_link(session, row, secret_key, days)
    return _invitation(row)


def _make_link(session: Session, row: EncounterRow, secret_key: str, days: int) -> None:
    """Make the next link, and have it mailed where there is an address."""
    now = datetime.now(UTC)
    row.link_number += 1
    row.token_hash = token_hash(_token(secret_key, row.id, row.link_number))
    if row.appointment_at is None:
        row.expires_at = now + timedelta(days=days)
    else:
        row.expires_at = max(row.appointment_at, now) + timedelta(days=DAYS_AFTER_APPOINTMENT)
    session.flush()
    if row.email:
        outbox.add(session, Kind.INVITATION, row.id, str(row.link_number))


def _token(secret_key: str, encounter_id: str, number: int) -> str:
    digest = hmac.digest(secret_key.encode(), f"link {number} of encounter {encounter_id}".encode(), hashlib.sha256)
    bits = int.from_bytes(digest, "big")
    signs = "".join(SIGNS[(bits >> 5 * place) & 31] for place in range(TOKEN_SIGNS))
    return "-".join(signs[start : start + GROUP] for start in range(0, TOKEN_SIGNS, GROUP))


def link_token(session: Session, secret_key: str, invitation: Invitation) -> str | None:
    """Return the token of an invitation's link; None if the secret key has been changed since the link was made."""
    token = _token(secret_key, invitation.encounter_id, invitation.link_number)
    row = session.get_one(EncounterRow, invitation.encounter_id)
    return token if hmac.compare_digest(row.token_hash, token_hash(token)) else None


def find(session: Session, encounter_id: str) -> Invitation | None:
    """Return an encounter's invitation."""
    row = session.get(EncounterRow, encounter_id)
    return None if row is None else _invitation(row)


def find_by_token(session: Session, token: str) -> Invitation | None:
    """Return the invitation whose present link has this token, in whatever state; forgives how it was typed."""
    hashes = {token_hash(token), token_hash(_as_printed(token))}
    row = session.scalar(select(EncounterRow).where(EncounterRow.token_hash.in_(hashes)))
    return None if row is None else _invitation(row)


def _as_printed(token: str) -> str:
    """A token typed from paper, as it is printed: small letters, no letter for a figure, hyphens between groups."""
    signs = re.sub(r"[^0-9a-z]", "", token[: 4 * TOKEN_SIGNS].lower()).translate(LOOKALIKES)
    return "-".join(signs[start : start + GROUP] for start in range(0, len(signs), GROUP))


def try_date(session: Session, encounter_id: str, given: date) -> Try:
    """Compare a date with the date of birth.

    Five wrong ones after each other, from whatever devices, lock the link, and the clinic is told by e-mail.
    """
    row = session.get_one(EncounterRow, encounter_id, populate_existing=True)
    if row.locked_at is not None:
        return Try.LOCKED
    if given == row.date_of_birth:
        row.wrong_tries = 0
        return Try.RIGHT
    row.wrong_tries += 1
    if row.wrong_tries < MOST_TRIES:
        return Try.WRONG
    row.locked_at = datetime.now(UTC)
    outbox.add(session, Kind.LOCK, encounter_id, row.locked_at.isoformat())
    return Try.LOCKED


def unlock(session: Session, encounter_id: str) -> Invitation:
    """Let a locked link open again, with all tries."""
    row = session.get_one(EncounterRow, encounter_id)
    row.wrong_tries, row.locked_at = 0, None
    return _invitation(row)


def cancel(session: Session, encounter_id: str) -> Invitation:
    """Close a link, and every device that it opened. What was answered stays."""
    row = session.get_one(EncounterRow, encounter_id)
    row.cancelled_at = row.cancelled_at or datetime.now(UTC)
    return _invitation(row)


def already_invited(session: Session, invitees: Iterable[Invitee]) -> set[Invitee]:
    """Return those who have been invited to the same appointment: same name, date of birth and moment."""
    persons = {one: names.person(session, one.patient_name, one.date_of_birth) for one in invitees}
    rows = session.execute(
        select(EncounterRow.person, EncounterRow.appointment_at).where(
            EncounterRow.person.in_(set(persons.values())), EncounterRow.cancelled_at.is_(None)
        )
    )
    known = {(row.person, row.appointment_at) for row in rows}
    return {one for one, person in persons.items() if (person, one.appointment_at) in known}


def count_locked(session: Session) -> int:
    """Return how many links are locked and wait for the clinic."""
    locked = select(func.count()).select_from(EncounterRow)
    locked = locked.where(EncounterRow.locked_at.is_not(None), EncounterRow.cancelled_at.is_(None))
    return session.scalar(locked.where(EncounterRow.expires_at > datetime.now(UTC))) or 0


def listing(session: Session) -> list[Listed]:
    """Return all invitations: locked ones first, since a patient waits there, then the newest."""
    rows = session.execute(
        select(EncounterRow, ResponseRow.started_at, ResponseRow.sent_at)
        .outerjoin(ResponseRow, ResponseRow.encounter_id == EncounterRow.id)
        .order_by(EncounterRow.created_at.desc())
    ).all()
    listed = [Listed(_invitation(row), started_at, sent_at) for row, started_at, sent_at in rows]
    return sorted(listed, key=lambda line: line.invitation.state is not State.LOCKED)


def _invitation(row: EncounterRow) -> Invitation:
    return Invitation(
        encounter_id=row.id,
        patient_name=row.patient_name,
        date_of_birth=row.date_of_birth,
        appointment_at=row.appointment_at,
        email=row.email or "",
        phone=row.phone or "",
        language=row.language,
        link_number=row.link_number,
        wrong_tries=row.wrong_tries,
        expires_at=row.expires_at,
        locked_at=row.locked_at,
        cancelled_at=row.cancelled_at,
    )
