"""The audit trail as it is listed: a page at a time, the newest first, with the names of members of staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from intake import audit
from intake.audit import Entry
from intake.audit_tables import AuditRow
from intake.tables import StaffRow

A_PAGE = 50  # entries


@dataclass(frozen=True)
class Asked:
    """Which entries are asked for: all, or those of a person, of an encounter, of some days; older than a number."""

    who: str = ""
    encounter_id: str = ""
    since: date | None = None
    until: date | None = None
    before: int | None = None

    def where(self) -> list[ColumnElement[bool]]:
        """Return the same for the database. What others did to a member's account is that member's too."""
        found: list[ColumnElement[bool]] = []
        if self.who:
            found.append(or_(AuditRow.who == self.who, AuditRow.about.startswith(self.who, autoescape=True)))
        if self.encounter_id:
            found.append(AuditRow.encounter_id == self.encounter_id)
        if self.since:
            found.append(AuditRow.at >= _midnight(self.since))
        if self.until:
            found.append(AuditRow.at < _midnight(self.until + timedelta(days=1)))
        if self.before is not None:
            found.append(AuditRow.number < self.before)
        return found


@dataclass(frozen=True)
class Line:
    """One entry with who it was and whom it is about in words: a member's name; of a patient, no name."""

    entry: Entry
    who: str
    about: str


@dataclass(frozen=True)
class Listed:
    """A page of the trail; `older` is the number before which the next page goes on."""

    lines: Sequence[Line]
    older: int | None


def listed(session: Session, asked: Asked) -> Listed:
    """Return a page of the entries that are asked for."""
    found = list(audit.entries(session, *asked.where(), newest_first=True, most=A_PAGE + 1))
    names = {row.id: row.name for row in session.execute(select(StaffRow.id, StaffRow.name))}
    lines = [_line(entry, names) for entry in found[:A_PAGE]]
    return Listed(lines, found[A_PAGE - 1].number if len(found) > A_PAGE else None)


def _line(entry: Entry, names: dict[str, str]) -> Line:
    who = {"staff": names.get(entry.who.id, "a member of staff"), "patient": "the patient"}
    first, _, rest = entry.about.partition(" ")
    about = f"{names[first]} {rest}".strip() if first in names else entry.about
    return Line(entry, who.get(entry.who.kind, entry.who.kind), about)


def _midnight(day: date) -> datetime:
    """When a day begins where the clinic is."""
    return datetime.combine(day, time()).astimezone().astimezone(UTC)
