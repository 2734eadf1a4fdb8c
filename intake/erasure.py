"""Erasing a patient's encounter: every row of it goes, then its key, which makes the copies in backups unreadable too.

What is left is a receipt, which names no patient: the encounter's id, when, why, and how many rows there were. It is
written with the deletion of the rows, before the key is destroyed, so that a cut in between is found (`finish`).
Mails that were written to the mail folder go too. Files that staff took out of the product are not reached.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from intake import mail, names
from intake.account_tables import KeptFormRow
from intake.audit import Event, Trail
from intake.database import Database
from intake.key_store import KeyRing, empty_log
from intake.outgoing_tables import HandOverRow, MailRow
from intake.stuck_tables import StuckJobRow
from intake.tables import (
    AlertRow,
    EmergencyRow,
    EncounterRow,
    ImpactRow,
    ResponseRow,
    ReviewRow,
    Row,
    ScreeningRow,
    SignedSummaryRow,
)
from intake.vault_tables import ErasureRow

# what refers to others goes before them
KINDS: tuple[type[Row], ...] = (
    HandOverRow,
    SignedSummaryRow,
    ReviewRow,
    AlertRow,
    EmergencyRow,
    MailRow,
    ScreeningRow,
    ResponseRow,
)
LONGEST_REASON = 200  # characters


@dataclass(frozen=True)
class Receipt:
    """What was erased: the encounter's id, when and why, by whom (the id of a member of staff; None: by the product).

    `rows` counts what was deleted. The key was destroyed at `key_destroyed_at`; None if that is still to be done.
    """

    id: str
    encounter_id: str
    erased_at: datetime
    reason: str
    by: str | None
    rows: int
    key_destroyed_at: datetime | None

    @property
    def sha256(self) -> str:
        """What tells this receipt from one that was changed."""
        return hashlib.sha256(json.dumps(list(map(str, astuple(self)))).encode()).hexdigest()


def erase(
    database: Database,
    data: Path,
    encounter_id: str,
    *,
    reason: str,
    by: str | None = None,
    trail: Trail | None = None,
) -> Receipt | None:
    """Erase an encounter with all that is stored of it, in the data folder too; None if there is no such encounter.

    `reason` says why in a few words, without a name: it is kept. Nothing of the encounter can be read afterwards, here
    or in a backup of the database. Safe to repeat.
    """
    with database.writing() as session:
        row = _delete(session, encounter_id, reason, by)
        if row is not None and trail is not None:
            trail.note(session, Event.ERASED, encounter_id, f"receipt {row.id}")
    if row is None:
        return None
    _destroy(database, data, [encounter_id])
    if database.engine.dialect.name == "sqlite":
        empty_log(database.engine)  # it still holds pages with the rows
    with database.reading() as session:
        return _receipt(session.get_one(ErasureRow, row.id))


def finish(database: Database, data: Path) -> int:
    """Destroy the keys of encounters whose erasing was cut off; return how many. Each start does it."""
    with database.reading() as session:
        cut_off = session.scalars(select(ErasureRow.encounter_id).where(ErasureRow.key_destroyed_at.is_(None))).all()
    if cut_off:
        _destroy(database, data, cut_off)
    return len(cut_off)


def receipts(session: Session) -> list[Receipt]:
    """Return all receipts, the newest first."""
    return [_receipt(row) for row in session.scalars(select(ErasureRow).order_by(ErasureRow.erased_at.desc()))]


def receipt_of(session: Session, encounter_id: str) -> Receipt | None:
    """Return the receipt of an encounter that was erased; None for one that was not."""
    row = session.scalar(select(ErasureRow).where(ErasureRow.encounter_id == encounter_id))
    return None if row is None else _receipt(row)


def was_erased(session: Session, encounter_id: str) -> bool:
    """Whether there is a receipt for an encounter."""
    return session.scalar(select(ErasureRow.id).where(ErasureRow.encounter_id == encounter_id)) is not None


def is_unreadable(ring: KeyRing, encounter_id: str) -> bool:
    """Whether nothing that was sealed for an encounter can be opened any more, wherever a copy of it lies."""
    return not ring.has(encounter_id)


def _delete(session: Session, encounter_id: str, reason: str, by: str | None) -> ErasureRow | None:
    if session.get(EncounterRow, encounter_id) is None:
        return None
    rows = names.forget(session, [encounter_id]) + _delete_what_names_it(session, encounter_id)
    for kind in KINDS:
        mine = kind.__table__.c.encounter_id == encounter_id
        rows += session.execute(delete(kind).where(mine)).rowcount  # type: ignore[attr-defined]
    session.execute(delete(ImpactRow).where(ImpactRow.done_at.is_not(None)))  # it may name the response
    session.execute(delete(EncounterRow).where(EncounterRow.id == encounter_id))
    row = ErasureRow(id=str(uuid4()), encounter_id=encounter_id, erased_at=datetime.now(UTC), rows=rows + 1, by=by)
    row.reason = reason[:LONGEST_REASON]
    session.add(row)
    return row


def _delete_what_names_it(session: Session, encounter_id: str) -> int:
    """What staff typed and did not save, which is theirs and not shown to the patient, and jobs that failed."""
    its_mails = select(MailRow.id).where(MailRow.encounter_id == encounter_id)
    is_about_it = or_(StuckJobRow.job_id.startswith(encounter_id, autoescape=True), StuckJobRow.job_id.in_(its_mails))
    typed = session.execute(delete(KeptFormRow).where(KeptFormRow.encounter_id == encounter_id))
    session.execute(delete(StuckJobRow).where(is_about_it))
    return typed.rowcount  # type: ignore[attr-defined]


def _destroy(database: Database, data: Path, encounter_ids: Sequence[str]) -> None:
    for encounter_id in encounter_ids:
        mail.forget(data, encounter_id)
    database.keys.destroy(encounter_ids)
    with database.writing() as session:
        waiting = ErasureRow.encounter_id.in_(encounter_ids), ErasureRow.key_destroyed_at.is_(None)
        for row in session.scalars(select(ErasureRow).where(*waiting)):
            row.key_destroyed_at = datetime.now(UTC)


def _receipt(row: ErasureRow) -> Receipt:
    return Receipt(row.id, row.encounter_id, row.erased_at, row.reason, row.by, row.rows, row.key_destroyed_at)
