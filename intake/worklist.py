"""The worklist: who is coming, when, and how urgent it is; never what it is about, since others see a screen too.

All that it sorts and counts by stands in columns of its own (`EncounterRow`, `ResponseRow`): no answers are read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select, union
from sqlalchemy.orm import InstrumentedAttribute, Session

from intake import names
from intake.tables import EmergencyRow, EncounterRow, ResponseRow, SignedSummaryRow, StaffRow
from rules.ruleset import Priority

LINES = 50  # on one page
LATELY = timedelta(days=14)  # how long answers without an appointment are still to be looked at
LONGEST_SEARCH = 100  # characters
FIRST_FIRST, LAST_FIRST = False, True  # by what a list is sorted, and how
Order = list[tuple[ColumnElement | InstrumentedAttribute, bool]]
BY_RANK = {priority.rank: priority for priority in Priority}


class View(Enum):
    """Which patients are listed; the value is what stands in the address."""

    OPEN = "open"
    TODAY = "today"
    URGENT = "urgent"
    UNREAD = "unread"
    RECEIVED = "received"
    REVIEWED = "reviewed"
    NOT_SENT = "not-sent"
    ALL = "all"


COUNTED = (View.OPEN, View.TODAY, View.URGENT, View.UNREAD)  # what is to be done; counting the others takes time


@dataclass(frozen=True)
class Asked:
    """What is looked for: a view, words of a name, and a page, from 1."""

    view: View = View.OPEN
    search: str = ""
    page: int = 1

    @staticmethod
    def read(args: Mapping[str, str]) -> "Asked":
        """Take it from an address; what is not understood is as if it were not there."""
        view, page = args.get("view", ""), args.get("page", "")
        return Asked(
            view=View(view) if view in [one.value for one in View] else View.OPEN,
            search=" ".join(args.get("q", "").split())[:LONGEST_SEARCH],
            page=max(int(page), 1) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
        )


@dataclass(frozen=True)
class Line:
    """One patient. `flag_count` is None until the answers are screened; `priority` None if nothing urgent is known.

    `opened_by` is the name of who first opened the summary, `signed_by` of who signed it last. `needs_somebody`:
    there is an emergency that nobody has taken.
    """

    encounter_id: str
    patient_name: str
    date_of_birth: date
    appointment_at: datetime | None
    priority: Priority | None
    flag_count: int | None
    started_at: datetime | None
    sent_at: datetime | None
    opened_at: datetime | None
    opened_by: str
    needs_somebody: bool
    signed_at: datetime | None
    signed_by: str


@dataclass(frozen=True)
class Worklist:
    """One page of the list, and how many patients it and the `COUNTED` views have for the same search."""

    asked: Asked
    lines: tuple[Line, ...]
    counts: Mapping[View, int]

    @property
    def pages(self) -> int:
        """How many pages there are, at least 1."""
        return max(-(-self.counts[self.asked.view] // LINES), 1)


_IN_NEED = select(EmergencyRow.encounter_id).where(EmergencyRow.taken_at.is_(None))
_NEEDS_SOMEBODY = EncounterRow.id.in_(_IN_NEED)
_SIGNED = EncounterRow.id.in_(select(SignedSummaryRow.encounter_id))
_ANSWERED_OR_OPEN = or_(EncounterRow.cancelled_at.is_(None), EncounterRow.id.in_(select(ResponseRow.encounter_id)))


def worklist(session: Session, asked: Asked, now: datetime) -> Worklist:
    """Return the patients that are looked for: who needs somebody now, then by priority and time to the appointment.

    Those whose invitation was cancelled before anything was answered are left out. A page after the last is the last.
    """
    views = _views(now)
    counts = _counts(session, asked, {view: views[view] for view in View if view in COUNTED or view is asked.view})
    last = max(-(-counts[asked.view] // LINES), 1)
    asked = Asked(asked.view, asked.search, min(asked.page, last))
    chosen, order = _listed(session, select(EncounterRow.id), asked).where(views[asked.view]), _order(now)
    if asked.view is View.RECEIVED:
        chosen = chosen.join(ResponseRow, ResponseRow.encounter_id == EncounterRow.id)
        order = [(ResponseRow.sent_at, LAST_FIRST)]
    ids = _one_page(session, chosen, [*order, (EncounterRow.id, FIRST_FIRST)], asked.page, counts[asked.view])
    return Worklist(asked, _lines(session, ids), counts)


def _one_page(session: Session, chosen: Select, order: Order, page: int, count: int) -> Sequence[str]:
    """Return the ids of a page of `count` in all. A page of the later half is found from the end: less is sorted."""
    begin = (page - 1) * LINES
    end = min(begin + LINES, count)
    if begin <= count // 2:
        forward = [column.desc() if backward else column.asc() for column, backward in order]
        return session.scalars(chosen.order_by(*forward).offset(begin).limit(LINES)).all()
    reverse = [column.asc() if backward else column.desc() for column, backward in order]
    return session.scalars(chosen.order_by(*reverse).offset(count - end).limit(end - begin)).all()[::-1]


def _lines(session: Session, ids: Sequence[str]) -> tuple[Line, ...]:
    """Return what is shown of these patients, in this order."""
    query = (
        select(
            EncounterRow,
            ResponseRow.started_at,
            ResponseRow.sent_at,
            ResponseRow.opened_at,
            StaffRow.name.label("opened_by"),
            _NEEDS_SOMEBODY.label("needs_somebody"),
        )
        .outerjoin(ResponseRow, ResponseRow.encounter_id == EncounterRow.id)
        .outerjoin(StaffRow, StaffRow.id == ResponseRow.opened_by)
        .where(EncounterRow.id.in_(ids))
    )
    rows, signed = {row.EncounterRow.id: row for row in session.execute(query)}, _signed(session, ids)
    return tuple(_line(rows[one], signed) for one in ids)


def _line(row: Row, signed: Mapping[str, tuple[datetime, str]]) -> Line:
    patient: EncounterRow = row.EncounterRow
    signed_at, signed_by = signed.get(patient.id, (None, ""))
    return Line(
        encounter_id=patient.id,
        patient_name=patient.patient_name,
        date_of_birth=patient.date_of_birth,
        appointment_at=patient.appointment_at,
        priority=BY_RANK.get(patient.urgency),
        flag_count=patient.flag_count,
        started_at=row.started_at,
        sent_at=row.sent_at,
        opened_at=row.opened_at,
        opened_by=row.opened_by or "",
        needs_somebody=row.needs_somebody,
        signed_at=signed_at,
        signed_by=signed_by,
    )


def _signed(session: Session, encounter_ids: Sequence[str]) -> dict[str, tuple[datetime, str]]:
    """When and by whom each of these was signed last."""
    rows = session.execute(
        select(SignedSummaryRow.encounter_id, SignedSummaryRow.signed_at, StaffRow.name)
        .join(StaffRow, StaffRow.id == SignedSummaryRow.signed_by)
        .where(SignedSummaryRow.encounter_id.in_(encounter_ids))
        .order_by(SignedSummaryRow.number)
    )
    return {encounter_id: (signed_at, name) for encounter_id, signed_at, name in rows}


def _views(now: datetime) -> dict[View, ColumnElement[bool]]:
    """What each view lists. Those that are counted name their patients by what an index finds: few of many."""
    today, tomorrow = _day(now), _day(now, 1)
    when = EncounterRow.appointment_at
    received = select(ResponseRow.encounter_id).where(ResponseRow.sent_at.is_not(None))
    unread = received.where(ResponseRow.opened_at.is_(None))
    urgent = select(EncounterRow.id).where(EncounterRow.urgency <= Priority.SAME_DAY.rank, ~_SIGNED)
    to_come = select(EncounterRow.id).where(when >= today)
    return {
        View.OPEN: _one_of(to_come, _undated(now), unread, _IN_NEED),
        View.TODAY: _one_of(to_come.where(when < tomorrow)),
        View.URGENT: _one_of(urgent, _IN_NEED),
        View.REVIEWED: _SIGNED,
        View.UNREAD: _one_of(unread),
        View.RECEIVED: EncounterRow.id.in_(received),
        View.NOT_SENT: EncounterRow.id.not_in(received),
        View.ALL: EncounterRow.id.is_not(None),
    }


def _undated(now: datetime) -> Select:
    """Who has no appointment, and sent answers lately or still may."""
    works = or_(EncounterRow.expires_at.is_(None), EncounterRow.expires_at > now)
    is_open = or_(ResponseRow.sent_at > now - LATELY, and_(ResponseRow.sent_at.is_(None), works))
    ids = select(EncounterRow.id).outerjoin(ResponseRow, ResponseRow.encounter_id == EncounterRow.id)
    return ids.where(EncounterRow.appointment_at.is_(None), is_open)


def _one_of(*ids: Select) -> ColumnElement[bool]:
    return EncounterRow.id.in_(select(union(*ids).subquery()))


def _day(now: datetime, later: int = 0) -> datetime:
    """When a day begins where the server stands."""
    day = now.astimezone().date() + timedelta(days=later)
    return datetime.combine(day, time()).astimezone()


def _counts(session: Session, asked: Asked, views: Mapping[View, ColumnElement[bool]]) -> dict[View, int]:
    numbers = [_listed(session, select(func.count()), asked).where(which).scalar_subquery() for which in views.values()]
    return dict(zip(views, session.execute(select(*numbers)).one(), strict=True))


def _listed(session: Session, query: Select, asked: Asked) -> Select:
    """Limit a query to patients who are listed at all, and to the name that is searched for."""
    found = query.select_from(EncounterRow)
    for has_word in names.found(session, asked.search):
        found = found.where(EncounterRow.id.in_(has_word))
    return found.where(_ANSWERED_OR_OPEN)


def _order(now: datetime) -> Order:
    """Who needs somebody, then what is not signed, by priority, then by appointment: the next first, past ones last.

    Then who was invited first: names are sealed, and cannot be sorted by.
    """
    when, today = EncounterRow.appointment_at, _day(now)
    is_to_come = when >= today
    return [
        (case((_NEEDS_SOMEBODY, 0), (_SIGNED, 2), else_=1), FIRST_FIRST),
        (EncounterRow.urgency, FIRST_FIRST),
        (case((is_to_come, 0), (when.is_(None), 1), else_=2), FIRST_FIRST),
        (case((is_to_come, when)), FIRST_FIRST),
        (when, LAST_FIRST),
        (EncounterRow.created_at, FIRST_FIRST),
    ]
