"""What a member of staff typed on a page that was sent after the session had ended: kept, encrypted, for them.

Only the member who typed it is given it back, within a week. What is about a patient is sealed with the key of the
encounter too: once that is erased, nobody opens it, in a backup neither.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from intake.account_tables import KeptFormRow
from intake.encryption import Cipher, Unreadable, seal, unseal
from intake.sealed import keys_of
from intake.tables import EncounterRow

KEEP = "keep"  # in a form that the page's own clock sends at the end of the quiet
NOT_KEPT = ("csrf_token", KEEP)
PURPOSE = "kept form"
LASTS = timedelta(days=7)
MOST = 10  # of one member


@dataclass(frozen=True)
class KeptForm:
    """A form that was not saved: where it was to go, and what it held."""

    id: str
    address: str
    fields: Sequence[tuple[str, str]]
    kept_at: datetime


def keep(
    session: Session,
    key: str,
    staff_id: str,
    address: str,
    sent: MultiDict[str, str],
    encounter_id: str | None = None,
) -> None:
    """Keep what was typed; the oldest give way to the newest.

    `encounter_id` is whom it is about, if anybody; where there is no such encounter (any more), nothing is kept.
    """
    if encounter_id is not None and session.get(EncounterRow, encounter_id) is None:
        return
    value = [address, [pair for pair in sent.items(multi=True) if pair[0] not in NOT_KEPT]]
    row = KeptFormRow(id=str(uuid4()), staff_id=staff_id, encounter_id=encounter_id, kept_at=datetime.now(UTC))
    row.sealed = seal(key, f"{PURPOSE} {staff_id}", value if encounter_id is None else _sealed(session, row, value))
    session.add(row)
    session.flush()
    clear_old(session)
    for old in _rows(session, staff_id)[MOST:]:
        session.delete(old)


def clear_old(session: Session) -> None:
    """Forget what nobody came back for."""
    session.execute(delete(KeptFormRow).where(KeptFormRow.kept_at < datetime.now(UTC) - LASTS))


def newest(session: Session, key: str, staff_id: str) -> KeptForm | None:
    """Return what the member typed last that is kept still."""
    for row in _rows(session, staff_id):
        found = unseal(key, f"{PURPOSE} {staff_id}", row.sealed)
        if found is not None and row.encounter_id is not None:
            found = _opened(session, row, found)
        if found is not None:
            return KeptForm(row.id, found[0], [(name, value) for name, value in found[1]], row.kept_at)
    return None


def drop(session: Session, staff_id: str, kept_id: str) -> None:
    """Forget what was kept."""
    session.execute(delete(KeptFormRow).where(KeptFormRow.id == kept_id, KeptFormRow.staff_id == staff_id))


def _rows(session: Session, staff_id: str) -> Sequence[KeptFormRow]:
    mine = KeptFormRow.staff_id == staff_id, KeptFormRow.kept_at >= datetime.now(UTC) - LASTS
    return session.scalars(select(KeptFormRow).where(*mine).order_by(KeptFormRow.kept_at.desc())).all()


def _sealed(session: Session, row: KeptFormRow, value: list[Any]) -> str:
    return b64encode(_cipher(session, row).seal(json.dumps(value).encode(), f"{PURPOSE} {row.id}")).decode()


def _opened(session: Session, row: KeptFormRow, sealed: str) -> Any:
    try:
        return json.loads(_cipher(session, row).open(b64decode(sealed), f"{PURPOSE} {row.id}"))
    except Unreadable:
        return None


def _cipher(session: Session, row: KeptFormRow) -> Cipher:
    return keys_of(session).cipher(str(row.encounter_id))
