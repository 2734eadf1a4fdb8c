"""What each member of staff signs in with, as stored. Plain functions over a session."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from flask_security import RoleMixin, UserMixin
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from intake import staff
from intake.account_tables import AccountRow, EndedSessionRow, PasskeyRow
from intake.invitee import read_email
from intake.staff import Staff, StaffError


@dataclass
class Account(UserMixin):
    """A member of staff as the sign-in library knows them: `fs_uniquifier` names the sessions that are open."""

    staff: Staff
    fs_uniquifier: str = ""
    email: str = ""
    active: bool = True
    password: str | None = None
    totp_secret: str | None = None
    totp_counter: int | None = None
    recovery_codes: tuple[str, ...] = ()
    link_number: int = 0
    is_invented: bool = False
    passkeys: int = 0
    signed_in_at: datetime | None = None
    roles: list[RoleMixin] = field(default_factory=list)  # the library's own are not used: `Staff.roles` is

    @property
    def has_second_factor(self) -> bool:
        """Whether a code or a passkey is set up."""
        return self.totp_secret is not None or self.passkeys > 0


def of_member(session: Session, staff_id: str) -> Account | None:
    """Return a member's account, also of one who has left."""
    row = session.get(AccountRow, staff_id)
    return None if row is None else _account(session, row)


def by_email(session: Session, email: str) -> Account | None:
    """Return the account with an e-mail address, in whatever case it is written."""
    row = session.scalar(select(AccountRow).where(AccountRow.email == email.strip().lower()))
    return None if row is None else _account(session, row)


def by_stamp(session: Session, stamp: str) -> Account | None:
    """Return the account whose sessions are named so."""
    row = session.scalar(select(AccountRow).where(AccountRow.stamp == stamp))
    return None if row is None else _account(session, row)


def end_session(session: Session, session_id: str, longest: timedelta) -> None:
    """Let nobody in with a copy of this session any more. `longest` is how long a session could have lasted."""
    now = datetime.now(UTC)
    session.execute(delete(EndedSessionRow).where(EndedSessionRow.ended_at < now - longest))
    session.merge(EndedSessionRow(id=session_id, ended_at=now))


def is_ended(session: Session, session_id: str) -> bool:
    """Whether this session was signed out of."""
    return session.get(EndedSessionRow, session_id) is not None


def free_email(session: Session, staff_id: str, text: str) -> str:
    """Return an e-mail address in lower case. Raises `StaffError` if it is none, or another member's."""
    try:
        email = read_email(text).lower()
    except ValueError as error:
        raise StaffError(str(error)) from error
    if not email:
        raise StaffError("Give the e-mail address to sign in with.")
    other = by_email(session, email)
    if other is not None and other.staff.id != staff_id:
        raise StaffError("This address belongs to another member of staff.")
    return email


def set_email(session: Session, staff_id: str, text: str) -> None:
    """Store an e-mail address. Raises `StaffError` if it is none, or another member's."""
    session.get_one(AccountRow, staff_id).email = free_email(session, staff_id, text)


def set_password(session: Session, staff_id: str, hashed: str) -> str:
    """Store a password's hash, and end all sessions and links; return the stamp of the sessions to come."""
    row = session.get_one(AccountRow, staff_id)
    row.password, row.stamp, row.link_number = hashed, uuid4().hex, row.link_number + 1
    return row.stamp


def keep_rehashed(session: Session, staff_id: str, hashed: str) -> None:
    """Store the same password's newer hash."""
    session.get_one(AccountRow, staff_id).password = hashed


def end_sessions(session: Session, staff_id: str) -> str:
    """End all of a member's sessions; return the stamp of those to come."""
    row = session.get_one(AccountRow, staff_id)
    row.stamp = uuid4().hex
    return row.stamp


def new_link(session: Session, staff_id: str) -> int:
    """Return the number of a new sign-in link; those before it work no more."""
    row = session.get_one(AccountRow, staff_id)
    row.link_number += 1
    return row.link_number


def invent(session: Session, staff_id: str) -> None:
    """Let an invented member sign in by a link alone."""
    session.get_one(AccountRow, staff_id).is_invented = True


def anybody_real(session: Session) -> bool:
    """Whether a member who is not invented has set a password."""
    real = select(AccountRow.staff_id).where(AccountRow.password.is_not(None), AccountRow.is_invented.is_(False))
    return session.scalar(real.limit(1)) is not None


def set_totp(session: Session, staff_id: str, secret: str | None, counter: int | None) -> None:
    """Store the secret of an authenticator app (None: none any more), and the code that was taken last."""
    row = session.get_one(AccountRow, staff_id)
    row.totp_secret, row.totp_counter = secret, counter


def set_recovery_codes(session: Session, staff_id: str, key: str, codes: Sequence[str]) -> None:
    """Store codes, each of which stands in for the second factor once, as hashes; those before work no more."""
    session.get_one(AccountRow, staff_id).recovery_codes = [_hashed(key, staff_id, code) for code in codes]


def use_recovery_code(session: Session, staff_id: str, key: str, code: str) -> bool:
    """Take a recovery code if it is one, once."""
    row, hashed = session.get_one(AccountRow, staff_id), _hashed(key, staff_id, code)
    if hashed not in row.recovery_codes:
        return False
    row.recovery_codes = [one for one in row.recovery_codes if one != hashed]
    return True


def reset_second_factor(session: Session, staff_id: str) -> None:
    """Take away code, passkeys and recovery codes, and end the sessions: they are set up at the next sign-in."""
    row = session.get_one(AccountRow, staff_id)
    row.totp_secret, row.totp_counter, row.recovery_codes, row.stamp = None, None, [], uuid4().hex
    for passkey in session.scalars(select(PasskeyRow).where(PasskeyRow.staff_id == staff_id)):
        session.delete(passkey)


def note_sign_in(session: Session, staff_id: str) -> None:
    """Remember when a member signed in last."""
    session.get_one(AccountRow, staff_id).signed_in_at = datetime.now(UTC)


def _account(session: Session, row: AccountRow) -> Account:
    member = staff.find(session, row.staff_id)
    assert member is not None
    passkeys = session.scalars(select(PasskeyRow.id).where(PasskeyRow.staff_id == row.staff_id)).all()
    return Account(
        staff=member,
        fs_uniquifier=row.stamp,
        email=row.email or "",
        active=member.active,
        password=row.password,
        totp_secret=row.totp_secret,
        totp_counter=row.totp_counter,
        recovery_codes=tuple(row.recovery_codes),
        link_number=row.link_number,
        is_invented=row.is_invented,
        passkeys=len(passkeys),
        signed_in_at=row.signed_in_at,
    )


def _hashed(key: str, staff_id: str, code: str) -> str:
    text = f"recovery code\0{staff_id}\0{''.join(code.lower().split())}"
    return hmac.new(key.encode(), text.encode(), "sha256").hexdigest()
