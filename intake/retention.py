"""How long what patients told is kept: which encounters are over their time, and which come to it when.

Finished is what was sent, or raised an alert that the clinic had to act on: it is kept for so many years after the last
of the day it was sent, the appointment and the last signature. All else is unfinished: it is kept for so many days
after the last of the invitation, the appointment and the day that the link ends.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Exists, exists, func, or_, select
from sqlalchemy.orm import Session

from intake import audit, erasure, kept_forms
from intake.audit import Trail
from intake.database import Database
from intake.settings import Settings
from intake.tables import AlertRow, EmergencyRow, EncounterRow, ResponseRow, SignedSummaryRow

DAILY = timedelta(days=1)


@dataclass(frozen=True)
class Policy:
    """For how long: days for what was never finished, years for what was."""

    unfinished_days: int
    years: int


@dataclass(frozen=True)
class Due:
    """An encounter that is erased at a moment. `is_finished`: see the top."""

    encounter_id: str
    is_finished: bool
    at: datetime

    @property
    def reason(self) -> str:
        """Why, in words for the receipt."""
        return "kept for as long as finished answers are" if self.is_finished else "never finished"


def policy_of(settings: Settings) -> Policy:
    """Return what the clinic has chosen."""
    return Policy(settings.keep_unfinished_days, settings.keep_years)


def due(session: Session, policy: Policy, until: datetime) -> list[Due]:
    """Return what is to be erased up to a moment, the longest overdue first."""
    rows = session.execute(
        select(
            EncounterRow.id,
            EncounterRow.created_at,
            EncounterRow.appointment_at,
            EncounterRow.expires_at,
            ResponseRow.sent_at,
            func.max(SignedSummaryRow.signed_at).label("signed_at"),
            or_(_has(AlertRow), _has(EmergencyRow)).label("was_urgent"),
        )
        .outerjoin(ResponseRow, ResponseRow.encounter_id == EncounterRow.id)
        .outerjoin(SignedSummaryRow, SignedSummaryRow.encounter_id == EncounterRow.id)
        .where(EncounterRow.created_at < until - timedelta(days=min(policy.unfinished_days, 365 * policy.years)))
        .group_by(EncounterRow.id, ResponseRow.id)
    )
    found = (_due(row, policy) for row in rows)
    return sorted((one for one in found if one.at <= until), key=lambda one: one.at)


def _has(kind: type[AlertRow] | type[EmergencyRow]) -> Exists:
    return exists().where(kind.encounter_id == EncounterRow.id)


def _due(row: Any, policy: Policy) -> Due:
    if row.sent_at is None and not row.was_urgent:
        last = _last(row.created_at, row.appointment_at, row.expires_at)
        return Due(row.id, False, last + timedelta(days=policy.unfinished_days))
    last = _last(row.created_at, row.sent_at, row.appointment_at, row.signed_at)
    return Due(row.id, True, years_after(last, policy.years))


def _last(*moments: datetime | None) -> datetime:
    return max(moment.replace(tzinfo=moment.tzinfo or UTC) for moment in moments if moment is not None)


def years_after(moment: datetime, years: int) -> datetime:
    """Return the same day so many years later; the 1st of March for a 29th of February that there is not."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return moment.replace(year=moment.year + years, month=3, day=1)


def erase_if_due(database: Database, settings: Settings, encounter_id: str) -> bool:
    """Erase an encounter whose time is over still; False if it is not, or not there any more."""
    with database.reading() as session:
        now = {one.encounter_id: one for one in due(session, policy_of(settings), datetime.now(UTC))}
    if encounter_id not in now:
        return False
    trail = Trail(settings.secret_key, audit.JOB)
    done = erasure.erase(database, settings.data, encounter_id, reason=now[encounter_id].reason, trail=trail)
    return done is not None


class Daily:
    """What the background worker is to erase, looked for once a day, as ids of jobs.

    What staff typed and did not save is not worth a job: it is forgotten while looking.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._policy = database, policy_of(settings)
        self._next = datetime.min.replace(tzinfo=UTC)
        self._found: list[str] = []

    def waiting(self) -> list[str]:
        """Return what was due when it was looked for today: the same, done or not, until tomorrow."""
        now = datetime.now(UTC)
        if now < self._next:
            return self._found
        with self._database.writing() as session:
            kept_forms.clear_old(session)
            found = due(session, self._policy, now)
        self._next, self._found = now + DAILY, [f"{one.encounter_id}/{now.date()}" for one in found]
        return self._found
