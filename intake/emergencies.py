"""Emergencies: a patient who needs somebody now stands on top of every page for staff until one of them takes it.

What raised it is not said here: a screen in a clinic is seen by others too.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from uuid import uuid4

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from intake import outbox
from intake.tables import EmergencyRow, EncounterRow, StaffRow


class Cause(Enum):
    """How it came about: by answers, or because the patient said so."""

    ANSWERS = "answers"
    HELP_WANTED = "help wanted"


@dataclass(frozen=True)
class Emergency:
    """One patient who needs somebody now. `taken_by` is the name of who takes care of it, since `taken_at`."""

    encounter_id: str
    patient_name: str
    cause: Cause
    raised_at: datetime
    taken_at: datetime | None
    taken_by: str


def raise_one(session: Session, encounter_id: str, cause: Cause) -> None:
    """Call for somebody, and tell the clinic; nothing more happens while the same call is not taken yet.

    The writer must hold the encounter (`Database.writing`).
    """
    same = select(EmergencyRow.id).where(
        EmergencyRow.encounter_id == encounter_id, EmergencyRow.cause == cause.value, EmergencyRow.taken_at.is_(None)
    )
    if session.scalar(same) is None:
        row = EmergencyRow(id=str(uuid4()), encounter_id=encounter_id, cause=cause.value, raised_at=datetime.now(UTC))
        session.add(row)
        outbox.alert(session, encounter_id, row.id + outbox.NOW)


def take(session: Session, encounter_id: str, staff_id: str) -> None:
    """Remember who takes care of a patient. Alerts that are not sent yet are not needed any more. Safe to repeat."""
    rows = session.scalars(
        select(EmergencyRow)
        .where(EmergencyRow.encounter_id == encounter_id, EmergencyRow.taken_at.is_(None))
        .with_for_update()
    ).all()
    for row in rows:
        row.taken_at, row.taken_by = datetime.now(UTC), staff_id
    if rows:
        outbox.drop_alerts(session, encounter_id)


def not_taken(session: Session) -> list[Emergency]:
    """Return one for each patient whom nobody has taken care of yet, the longest wait first."""
    found = _select(session, EmergencyRow.taken_at.is_(None))
    by_patient: dict[str, Emergency] = {}
    for emergency in found:
        by_patient.setdefault(emergency.encounter_id, emergency)
    return list(by_patient.values())


def of_encounters(session: Session, encounter_ids: list[str]) -> list[Emergency]:
    """Return all emergencies of some encounters, taken or not, the oldest first."""
    return _select(session, EmergencyRow.encounter_id.in_(encounter_ids))


def _select(session: Session, which: ColumnElement[bool]) -> list[Emergency]:
    rows = session.execute(
        select(EmergencyRow, EncounterRow, StaffRow.name)
        .join(EncounterRow, EncounterRow.id == EmergencyRow.encounter_id)
        .outerjoin(StaffRow, StaffRow.id == EmergencyRow.taken_by)
        .where(which)
        .order_by(EmergencyRow.raised_at)
    ).all()
    return [
        Emergency(row.encounter_id, patient.patient_name, Cause(row.cause), row.raised_at, row.taken_at, taken_by or "")
        for row, patient, taken_by in rows
    ]
