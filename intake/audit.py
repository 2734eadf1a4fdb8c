"""Who read or changed what, and when: entries that are only added, each chained to the one before by its digest.

An entry names ids and an event, never a name or an answer. It is written in the transaction that it tells of, at its
very end, so that either both are stored or neither. The head of the chain carries a mark made with the secret key:
without the key nobody can take entries off the end, or put others in their place, so that `check` does not find it.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, event, func, insert, select, update
from sqlalchemy.orm import Session

from intake.audit_tables import AuditHeadRow, AuditRow

HEAD = 1  # the one row of heads
LONGEST_ABOUT = 80  # characters
PENDING = "audit"  # in a session's info: what is to be written when it is committed
AT_ONCE = 1000  # entries read at a time


class Event(StrEnum):
    """What happened, in the words that staff read."""

    BEGUN = "audit trail begun"
    HEAD_WAS_CHANGED = "head of the audit trail did not fit"
    LIST_READ = "list of patients read"
    PAGE_READ = "patient’s page read"
    SUMMARY_READ = "summary read"
    PDF_READ = "summary read as PDF"
    SIGNED_READ = "signed version read"
    FHIR_READ = "screening read as FHIR"
    CARDS_READ = "flags read by the record system"
    INVITATION_READ = "invitation read"
    LINK_SHOWN = "link shown"
    SHEET_SHOWN = "sheet with the link shown"
    READERS_READ = "list of its readers read"
    COPY_TAKEN = "own copy of the answers taken"
    INVITED = "invited"
    LINK_RENEWED = "new link made"
    LINK_UNLOCKED = "link unlocked"
    LINK_LOCKED = "link locked"
    CANCELLED = "invitation cancelled"
    LENT = "device lent to the patient"
    TYPED_IN = "answers typed in from paper"
    CAME_IN = "patient came in by link"
    WRONG_BIRTH = "wrong date of birth"
    SENT = "answers sent"
    CORRECTING = "correction of sent answers begun"
    CORRECTION_DROPPED = "correction given up"
    LEFT_QUICKLY = "page left quickly"
    HELP_WANTED = "help wanted now"
    REVIEW_SAVED = "review saved"
    SIGNED = "summary signed"
    EMERGENCY_TAKEN = "emergency taken"
    HANDED_OVER = "handed over to the record system"
    HAND_OVER_AGAIN = "handing over tried again"
    SIGNED_IN = "signed in"
    PASSWORD_WRONG = "sign-in failed: password"  # noqa: S105 - what happened
    FACTOR_WRONG = "sign-in failed: second factor"
    MADE_TO_WAIT = "sign-in made to wait"
    SIGNED_OUT = "signed out"
    QUIET = "session ended by quiet"
    SESSIONS_ENDED = "other sessions ended"
    REFUSED = "page refused"
    PASSWORD_SET = "password set"  # noqa: S105
    APP_ADDED = "authenticator app added"
    PASSKEY_ADDED = "passkey added"
    FACTOR_REMOVED = "second factor taken away by its owner"
    FACTOR_RESET = "second factor reset"
    CODES_MADE = "recovery codes made"
    STAFF_LINK_MADE = "sign-in link made"
    MEMBER_ADDED = "member of staff added"
    ROLES_CHANGED = "roles changed"
    MEMBER_REMOVED = "member of staff let in no more"
    MEMBER_BACK = "member of staff let in again"
    DRAFT_APPROVED = "draft approved"
    PUBLISHED = "rule set published"
    ROLLED_BACK = "earlier rule set published again"
    EXPORTED = "screenings exported for research"
    IMPACT_READ = "answers compared by changed rules"
    JOB_AGAIN = "background job tried again"
    TRAIL_EXPORTED = "audit trail exported"
    ALL_SHOWN = "all that is stored handed out"
    RECORD_READ = "page to see or erase read"
    ERASED = "erased"
    BACKED_UP = "backup made"
    RESTORED = "restored from a backup"
    KEYS_ROTATED = "keys wrapped with a new master key"


@dataclass(frozen=True)
class Who:
    """Who did it: `kind` and, for members of staff and patients, the id of the member or of the encounter."""

    kind: str
    id: str = ""


NOBODY = Who("not signed in")
COMMAND_LINE = Who("command line")
JOB = Who("background job")
RECORD_SYSTEM = Who("record system")


def member_of_staff(staff_id: str) -> Who:
    """Return a member of staff as who did something."""
    return Who("staff", staff_id)


def patient_of(encounter_id: str) -> Who:
    """Return the patient of an encounter as who did something."""
    return Who("patient", encounter_id)


@dataclass(frozen=True)
class Entry:
    """One entry as it is stored. `encounter_id` is "" where it is about none; `about` is a further id or figure."""

    number: int
    at: datetime
    who: Who
    event: str
    encounter_id: str
    about: str
    digest: str


@dataclass(frozen=True)
class Trail:
    """What writes entries of one person or program."""

    key: str = field(repr=False)
    who: Who

    def note(self, session: Session, what: Event, encounter_id: str = "", about: str = "") -> None:
        """Add an entry when this session is committed. `about` is an id or a figure; what is too long is cut."""
        if not session.get_bind().get_execution_options().get("writes"):
            raise RuntimeError("an entry of the audit trail needs a session that writes")
        session.info.setdefault(PENDING, []).append((self, what, encounter_id, about[:LONGEST_ABOUT]))


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    """Write what was noted. It comes last, since the head is locked from here to the end of the transaction."""
    pending = session.info.pop(PENDING, None)
    if not pending:
        return
    session.flush()
    head = _locked_head(session)
    key, rows, at = pending[0][0].key, [], datetime.now(UTC)
    number, digest = head.number, head.digest
    for who, what, encounter_id, about in _with_what_precedes(pending, head):
        number += 1
        row = _row(number, at, who, what, encounter_id, about)
        digest = row["digest"] = _digest(digest, row)
        rows.append(row)
    session.execute(insert(AuditRow), rows)
    session.execute(
        update(AuditHeadRow)
        .where(AuditHeadRow.id == HEAD)
        .values(number=number, digest=digest, mark=mark_of(key, number, digest))
    )


def _locked_head(session: Session) -> Any:
    """The head, which no other process moves until this transaction ends; made anew if somebody took it away."""
    found = session.execute(select(AuditHeadRow.__table__).with_for_update()).one_or_none()
    if found is not None:
        return found
    last = next(iter([*entries(session, newest_first=True, most=1)]), None)
    row = AuditHeadRow(id=HEAD, number=last.number if last else 0, digest=last.digest if last else "", mark="none")
    session.add(row)
    session.flush()
    return row


def _with_what_precedes(pending: list[Any], head: Any) -> Iterator[tuple[Who, Event, str, str]]:
    """The first entry of all, or one that keeps for ever that the head was not as this program left it."""
    key = pending[0][0].key
    if head.number == 0 and not head.mark:
        yield Who("program"), Event.BEGUN, "", ""
    elif not hmac.compare_digest(head.mark, mark_of(key, head.number, head.digest)):
        yield Who("program"), Event.HEAD_WAS_CHANGED, "", ""
    yield from ((trail.who, what, encounter_id, about) for trail, what, encounter_id, about in pending)


def _row(number: int, at: datetime, who: Who, what: str, encounter_id: str, about: str) -> dict[str, Any]:
    return {
        "number": number,
        "at": at,
        "who_kind": who.kind,
        "who": who.id,
        "event": str(what),
        "encounter_id": encounter_id,
        "about": about,
    }


def _digest(before: str, row: dict[str, Any]) -> str:
    who = Who(row["who_kind"], row["who"])
    return digest_of(before, Entry(row["number"], row["at"], who, row["event"], row["encounter_id"], row["about"], ""))


def digest_of(before: str, entry: Entry) -> str:
    """Return the digest of an entry that follows on one with the digest `before`, whatever digest it carries itself."""
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    content = [before, entry.number, at, entry.who.kind, entry.who.id, entry.event, entry.encounter_id, entry.about]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def mark_of(key: str, number: int, digest: str) -> str:
    """Return the mark of a head, which nobody makes without the secret key."""
    return hmac.new(key.encode(), f"head of the audit trail\0{number}\0{digest}".encode(), "sha256").hexdigest()


def entries(
    session: Session, *where: ColumnElement[bool], newest_first: bool = False, most: int | None = None
) -> Iterator[Entry]:
    """Yield entries, at most so many, in the order in which they were written or the other way round."""
    order = AuditRow.number.desc() if newest_first else AuditRow.number
    found = select(AuditRow.__table__).where(*where).order_by(order).limit(most)
    with session.execute(found, execution_options={"yield_per": AT_ONCE}) as rows:
        yield from map(_entry, rows)


def count(session: Session, *where: ColumnElement[bool]) -> int:
    """Return how many entries there are."""
    return session.scalar(select(func.count()).select_from(AuditRow).where(*where)) or 0


def _entry(row: Any) -> Entry:
    return Entry(row.number, row.at, Who(row.who_kind, row.who), row.event, row.encounter_id, row.about, row.digest)
