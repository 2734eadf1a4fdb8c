"""What a draft would do to all past responses, worked out in the background, once, and kept for a while."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from intake.database import Database
from intake.past_responses import past_impact, sent_responses
from intake.rulesets import stored
from intake.tables import ImpactRow
from rules.impact import Impact
from rules.load import load_texts
from rules.ruleset import content_hash

FEW = 2_000  # responses that are compared while the page is waited for
WAITS = (10, 60)  # seconds until it is tried again
KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Work:
    """What was asked for: on how many responses, how far it is, and the impact once it is done.

    `has_failed`: it is not tried again by itself.
    """

    id: str
    responses: int
    asked_at: datetime
    parts: int
    parts_done: int
    has_failed: bool
    impact: Impact | None


def find(session: Session, before: str, after: Mapping[str, str]) -> Work | None:
    """Return what was asked for last of these files in the place of a published rule set, by its hash."""
    row = _newest(session, before, content_hash(after))
    return None if row is None else _work(row)


def ask(session: Session, before: str, after: Mapping[str, str]) -> Work:
    """Have it worked out on all responses sent so far, unless that is being done or nothing was sent since."""
    row, number, now = _newest(session, before, content_hash(after)), sent_responses(session), datetime.now(UTC)
    is_under_way = row is not None and row.done_at is None and row.tries <= len(WAITS)
    if row is None or not (is_under_way or (row.done_at and row.responses == number)):
        session.execute(delete(ImpactRow).where(ImpactRow.asked_at < now - KEPT_FOR))
        row = ImpactRow(id=str(uuid4()), before_hash=before, after_hash=content_hash(after), files=dict(after))
        row.responses, row.asked_at = number, now
        session.add(row)
        session.flush()
    return _work(row)


def waiting(session: Session) -> list[str]:
    """Return the ids of what is to be worked out."""
    return list(session.scalars(select(ImpactRow.id).where(ImpactRow.done_at.is_(None), ImpactRow.tries <= len(WAITS))))


def run(database: Database, impact_id: str) -> None:
    """Work one out, unless that has been done. Safe to repeat."""
    with database.writing() as session:
        row = session.get(ImpactRow, impact_id)
        if row is None or row.done_at:
            return
        row.tries, row.parts_done = row.tries + 1, 0
        before, after = load_texts(stored(session, row.before_hash)), load_texts(row.files)

    def told(done: int, parts: int) -> None:
        with database.writing() as session:
            row = session.get_one(ImpactRow, impact_id)
            row.parts_done, row.parts = done, parts

    impact = past_impact(database, before, after, told=told)
    with database.writing() as session:
        row = session.get_one(ImpactRow, impact_id)
        row.result, row.responses, row.done_at = impact.stored(), impact.before.patients, datetime.now(UTC)


def _newest(session: Session, before: str, after: str) -> ImpactRow | None:
    asked = select(ImpactRow).where(ImpactRow.before_hash == before, ImpactRow.after_hash == after)
    return session.scalar(asked.order_by(ImpactRow.asked_at.desc()).limit(1))


def _work(row: ImpactRow) -> Work:
    impact = Impact.from_stored(row.result) if row.done_at and row.result else None
    has_failed = impact is None and row.tries > len(WAITS)
    return Work(row.id, row.responses, row.asked_at, row.parts, row.parts_done, has_failed, impact)
