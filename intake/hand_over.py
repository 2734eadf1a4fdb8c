"""Handing signed screenings over to the record system: what waits, what was refused, and the job that does it.

The last signed version of each encounter waits until it was taken; a version that was signed again before that is never
sent. Handing over twice does no harm (`reports.fhir`).
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, exists, func, select, update
from sqlalchemy.orm import Session, aliased

from intake import audit
from intake.audit import Event, Trail
from intake.database import Database
from intake.fhir_export import FhirFault, Write, transaction
from intake.fhir_server import HandOverError, hand_over
from intake.outgoing_tables import HandOverRow
from intake.rulesets import Screeners
from intake.settings import Settings
from intake.tables import EncounterRow, SignedSummaryRow

_IS_OF_VERSION = and_(
    HandOverRow.encounter_id == SignedSummaryRow.encounter_id, HandOverRow.number == SignedSummaryRow.number
)


@dataclass(frozen=True)
class HandOver:
    """What became of handing over the version `number`. Without a try there is no `tried_at`.

    `problem` is what the last try met; with `refused_at` it is not tried again by itself.
    """

    encounter_id: str
    patient_name: str
    number: int
    round: int
    tries: int
    tried_at: datetime | None
    problem: str
    refused_at: datetime | None
    done_at: datetime | None


def waiting(session: Session) -> list[str]:
    """Return what is to be handed over, as ids of jobs; a new round has a new one."""
    signed, of_it = SignedSummaryRow, func.coalesce(HandOverRow.round, 0)
    rows = session.execute(
        select(signed.encounter_id, signed.number, of_it)
        .outerjoin(HandOverRow, _IS_OF_VERSION)
        .where(signed.unhanded_since.is_not(None))
        .order_by(signed.unhanded_since)
    )
    return ["/".join(map(str, row)) for row in rows]


def of_encounter(session: Session, encounter_id: str) -> HandOver | None:
    """Return what became of an encounter's last signed version; None where nothing is signed."""
    return next(iter(_last_versions(session, SignedSummaryRow.encounter_id == encounter_id)), None)


def not_taken(session: Session) -> list[HandOver]:
    """Return what was refused or has failed so far."""
    return _last_versions(session, HandOverRow.problem_sealed.is_not(None))


def try_again(session: Session, encounter_id: str) -> None:
    """Have what was refused, or failed so far, tried at once, and as long as anew."""
    found = of_encounter(session, encounter_id)
    row = found and session.get(HandOverRow, (encounter_id, found.number))
    if found and row and row.done_at is None:
        row.round, row.refused_at, row.problem = row.round + 1, None, None
        _wait(session, encounter_id, found.number, datetime.now(UTC))


def run(database: Database, screeners: Screeners, settings: Settings, write: Write, job_id: str) -> None:
    """Hand one version over, unless that has been done or another was signed since. Safe to repeat.

    Raises `HandOverError` where it is to be tried again.
    """
    encounter_id, number = job_id.split("/")[0], int(job_id.split("/")[1])
    if settings.fhir_server is None or not _still_waits(database, job_id):
        return
    try:
        bundle = transaction(database, screeners, settings, encounter_id, write)
        if bundle is not None:
            hand_over(settings.fhir_server, bundle)
            _record(database, settings, encounter_id, number)
    except FhirFault as error:
        _note(database, encounter_id, number, f"not sent, a mistake of this program: {error}", refused=True)
    except HandOverError as error:
        _note(database, encounter_id, number, str(error), refused=error.refused)
        if not error.refused:
            raise
    else:
        _note(database, encounter_id, number, None)


def _record(database: Database, settings: Settings, encounter_id: str, number: int) -> None:
    with database.writing() as session:
        Trail(settings.secret_key, audit.JOB).note(session, Event.HANDED_OVER, encounter_id, f"version {number}")


def _still_waits(database: Database, job_id: str) -> bool:
    with database.reading() as session:
        return job_id in waiting(session)


def _note(database: Database, encounter_id: str, number: int, problem: str | None, *, refused: bool = False) -> None:
    """Remember what a try met: None is that it was taken."""
    now = datetime.now(UTC)
    with database.writing(encounter_id) as session:
        row = session.get(HandOverRow, (encounter_id, number))
        if row is None:
            row = HandOverRow(encounter_id=encounter_id, number=number, round=0, tries=0)
            session.add(row)
        row.tries, row.tried_at, row.problem = row.tries + 1, now, problem
        row.refused_at = now if refused else None
        row.done_at = now if problem is None else None
        if row.done_at or row.refused_at:
            _wait(session, encounter_id, number, None)


def _wait(session: Session, encounter_id: str, number: int, since: datetime | None) -> None:
    """Remember that a version waits to be handed over, or that it does not any more."""
    version = SignedSummaryRow.encounter_id == encounter_id, SignedSummaryRow.number == number
    session.execute(update(SignedSummaryRow).where(*version).values(unhanded_since=since))


def _last_versions(session: Session, *where: ColumnElement[bool]) -> list[HandOver]:
    """What became of those last signed versions that are asked for. The database leaves out the rest."""
    signed, later = SignedSummaryRow, aliased(SignedSummaryRow)
    is_last = ~exists().where(later.encounter_id == signed.encounter_id, later.number > signed.number)
    rows = session.execute(
        select(EncounterRow, signed.number, HandOverRow)
        .join(signed, signed.encounter_id == EncounterRow.id)
        .outerjoin(HandOverRow, _IS_OF_VERSION)
        .where(is_last, *where)
        .order_by(HandOverRow.refused_at, EncounterRow.id)
    )
    return [_hand_over(*row) for row in rows]


def _hand_over(patient: EncounterRow, number: int, row: HandOverRow | None) -> HandOver:
    encounter_id, name = patient.id, patient.patient_name
    if row is None:
        return HandOver(encounter_id, name, number, 0, 0, None, "", None, None)
    return HandOver(
        encounter_id, name, number, row.round, row.tries, row.tried_at, row.problem or "", row.refused_at, row.done_at
    )
