"""Background jobs that fail: which, since when, how often, and of what. No names, and no words that may hold one."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from intake.stuck_tables import StuckJobRow

LONGEST_PROBLEM = 200  # characters


@dataclass(frozen=True)
class StuckJob:
    """A job whose last try failed. `problem`: the kind of error and its place in the program.

    `given_up_at`: it is not tried again until somebody says so, which begins the next `round`.
    """

    kind: str
    job_id: str
    round: int
    tries: int
    since: datetime
    tried_at: datetime
    problem: str
    given_up_at: datetime | None


def listing(session: Session) -> list[StuckJob]:
    """Return all of them: those that are given up first, then the one that fails longest."""
    rows = session.scalars(select(StuckJobRow).order_by(StuckJobRow.since)).all()
    return [_stuck(row) for row in sorted(rows, key=lambda row: row.given_up_at is None)]


def rounds(session: Session) -> dict[tuple[str, str], int]:
    """Return the rounds of jobs that somebody had tried again, by kind and id; every other job is in round 0."""
    rows = session.scalars(select(StuckJobRow).where(StuckJobRow.round > 0))
    return {(row.kind, row.job_id): row.round for row in rows}


def note(session: Session, kind: str, job_id: str, number: int, problem: str, *, given_up: bool) -> None:
    """Remember that a try in a round failed. A round that is over changes nothing."""
    row, now = session.get(StuckJobRow, (kind, job_id)), datetime.now(UTC)
    if row is None:
        row = StuckJobRow(kind=kind, job_id=job_id, round=number, tries=0, since=now)
        session.add(row)
    if row.round != number:
        return
    row.tries, row.tried_at, row.problem = row.tries + 1, now, problem[:LONGEST_PROBLEM]
    row.given_up_at = now if given_up else None


def forget(session: Session, kind: str, job_id: str) -> None:
    """Forget a job: it is done, or another has taken its place."""
    session.execute(delete(StuckJobRow).where(StuckJobRow.kind == kind, StuckJobRow.job_id == job_id))


def try_again(session: Session, kind: str, job_id: str) -> bool:
    """Have a job tried at once, and as long as anew; False if it is not there any more."""
    row = session.get(StuckJobRow, (kind, job_id))
    if row is None:
        return False
    row.round, row.given_up_at = row.round + 1, None
    return True


def _stuck(row: StuckJobRow) -> StuckJob:
    moments = row.since, row.tried_at, row.problem, row.given_up_at
    return StuckJob(row.kind, row.job_id, row.round, row.tries, *moments)
