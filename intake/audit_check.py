"""Whether the audit trail is whole: every entry as it was written, in its place, and none missing, also at the end."""

import hmac
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from intake import audit
from intake.audit import Entry, Event, Who
from intake.audit_tables import AuditHeadRow

BEFORE_ALL = Entry(0, datetime.min.replace(tzinfo=UTC), Who(""), "", "", "", "")


def kept_head(session: Session) -> str:
    """Return how far the trail goes, as text to keep elsewhere, with which `problems` compares it later."""
    row = session.get_one(AuditHeadRow, audit.HEAD)
    return f"{row.number}:{row.digest}"


def problems(session: Session, key: str, kept: str = "") -> Iterator[str]:
    """Yield what is wrong, in words, with the number of the entry: nothing for a trail that is whole.

    `kept` is a head that was kept elsewhere; the trail must still go through it.
    """
    last, is_found = BEFORE_ALL, not kept or kept.startswith("0:")
    for entry in audit.entries(session):
        yield from _between(last, entry)
        is_found = is_found or kept == f"{entry.number}:{entry.digest}"
        last = entry
    yield from _at_the_end(session.get(AuditHeadRow, audit.HEAD), last, key)
    if not is_found:
        yield f"the trail does not go through the head that was kept, {kept}: it was cut off, or made anew"


def _between(last: Entry, entry: Entry) -> Iterator[str]:
    if entry.number != last.number + 1:
        yield f"{_numbers(last.number + 1, entry.number - 1)} missing"
    elif entry.digest != audit.digest_of(last.digest, entry):
        yield f"{_place(entry)} is not as it was written, or entry {last.number} is not"
    if entry.number == 1 and entry.event != Event.BEGUN:
        yield "entry 1 is not the beginning of the trail"
    if entry.event == Event.HEAD_WAS_CHANGED:
        yield (
            f"{_place(entry)} tells that the head before it did not fit: "
            "entries before it were taken away or changed, or the secret key was changed then"
        )


def _at_the_end(head: AuditHeadRow | None, last: Entry, key: str) -> Iterator[str]:
    if head is None:
        yield "the head is missing"
    elif head.number > last.number:
        yield f"{_numbers(last.number + 1, head.number)} missing at the end"
    elif (head.number, head.digest) != (last.number, last.digest):
        yield f"the head names entry {head.number}, and the last one is {last.number}"
    elif head.number and not hmac.compare_digest(head.mark, audit.mark_of(key, head.number, head.digest)):
        yield "the head was not written with the secret key: entries may be missing at the end"


def _place(entry: Entry) -> str:
    return f"entry {entry.number} ({entry.at:%Y-%m-%d %H:%M} UTC)"


def _numbers(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"
