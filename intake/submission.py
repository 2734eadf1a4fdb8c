"""From sent answers to a stored screening. Answers are committed first; a screening that was cut off is made later."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake import encounters
from intake.database import Database, ResponseRow, ScreeningRow
from intake.rulesets import Screeners
from rules.response import RawAnswers, Response, read
from rules.ruleset import RuleSet
from rules.screening import Screening


@dataclass(frozen=True)
class Screened:
    """A stored screening with all it was made from."""

    ruleset: RuleSet
    response: Response
    screening: Screening


def send(database: Database, screeners: Screeners, encounter_id: str) -> None:
    """Commit that the answers are complete, then screen them. Safe to repeat."""
    with database.writing() as session:
        response = session.scalar(select(ResponseRow).where(ResponseRow.encounter_id == encounter_id))
        if response is None:
            raise LookupError(f"encounter {encounter_id} has no answers to send")
        response.sent_at = response.sent_at or datetime.now(UTC)
    screen(database, screeners, encounter_id)


def screen(database: Database, screeners: Screeners, encounter_id: str) -> None:
    """Screen a sent response with the published rule set and store the result, unless that has been done."""
    with database.writing() as session:
        response = session.scalar(select(ResponseRow).where(ResponseRow.encounter_id == encounter_id))
        if response is None or _screening(session, response.id) is not None:
            return
        screener = screeners.published(session)
        raw = encounters.answers(session, encounter_id)
        screening = screener.screen(read(screener.ruleset.questionnaire, raw))
        session.add(
            ScreeningRow(
                id=str(uuid4()),
                response_id=response.id,
                rule_set_hash=screening.rule_set,
                result=screening.as_json(),
                screened_at=datetime.now(UTC),
            )
        )


def screen_unfinished(database: Database, screeners: Screeners) -> int:
    """Screen every response that was sent and not screened, as after a crash; return how many there were."""
    with database.reading() as session:
        waiting = session.scalars(
            select(ResponseRow.encounter_id)
            .outerjoin(ScreeningRow, ScreeningRow.response_id == ResponseRow.id)
            .where(ResponseRow.sent_at.is_not(None), ScreeningRow.id.is_(None))
        ).all()
    for encounter_id in waiting:
        screen(database, screeners, encounter_id)
    return len(waiting)


def screen_now(session: Session, screeners: Screeners, raw: RawAnswers) -> Screening:
    """Screen the answers so far, to show help at once; nothing is stored."""
    screener = screeners.published(session)
    return screener.screen(read(screener.ruleset.questionnaire, raw))


def stored_screening(session: Session, screeners: Screeners, encounter_id: str) -> Screened | None:
    """Return the screening of an encounter with its response and rule set, or None while there is none."""
    response = session.scalar(select(ResponseRow).where(ResponseRow.encounter_id == encounter_id))
    row = response and _screening(session, response.id)
    if not row:
        return None
    ruleset = screeners.get(session, row.rule_set_hash).ruleset
    raw = encounters.answers(session, encounter_id)
    return Screened(ruleset, read(ruleset.questionnaire, raw), Screening.from_json(row.result))


def _screening(session: Session, response_id: str) -> ScreeningRow | None:
    return session.scalar(select(ScreeningRow).where(ScreeningRow.response_id == response_id))
