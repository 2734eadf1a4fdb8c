"""What a member of staff typed on a page that was sent after the session had ended: kept, encrypted, for them.

Only the member who typed it is given it back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from intake.account_tables import KeptFormRow
from intake.encryption import seal, unseal

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


def keep(session: Session, key: str, staff_id: str, address: str, sent: MultiDict[str, str]) -> None:
    """Keep what was typed; the oldest give way to the newest."""
    fields = [pair for pair in sent.items(multi=True) if pair[0] not in NOT_KEPT]
    sealed = seal(key, f"{PURPOSE} {staff_id}", [address, fields])
    session.add(KeptFormRow(id=str(uuid4()), staff_id=staff_id, sealed=sealed, kept_at=datetime.now(UTC)))
    session.flush()
    session.execute(delete(KeptFormRow).where(KeptFormRow.kept_at < datetime.now(UTC) - LASTS))
    for row in _rows(session, staff_id)[MOST:]:
        session.delete(row)


def newest(session: Session, key: str, staff_id: str) -> KeptForm | None:
    """Return what the member typed last that is kept still."""
    for row in _rows(session, staff_id):
        found = unseal(key, f"{PURPOSE} {staff_id}", row.sealed)
        if found is not None:
            return KeptForm(row.id, found[0], [(name, value) for name, value in found[1]], row.kept_at)
    return None


def drop(session: Session, staff_id: str, kept_id: str) -> None:
    """Forget what was kept."""
    session.execute(delete(KeptFormRow).where(KeptFormRow.id == kept_id, KeptFormRow.staff_id == staff_id))


def _rows(session: Session, staff_id: str) -> Sequence[KeptFormRow]:
    mine = select(KeptFormRow).where(KeptFormRow.staff_id == staff_id)
    return session.scalars(mine.order_by(KeptFormRow.kept_at.desc())).all()
