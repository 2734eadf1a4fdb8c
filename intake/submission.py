"""From sent answers to a stored screening. Answers are committed first; a screening that was cut off is made later."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from intake import alerts, encounters
from intake.audit import Event, Trail
from intake.counters import DISAGREEMENTS, SCREENING_FAULTS, SCREENINGS
from intake.database import Database
from intake.faults import place_of
from intake.navigation import journey_of
from intake.rulesets import Screeners, published_hash
from intake.tables import ResponseRow, ScreeningRow
from rules.response import Response
from rules.ruleset import Priority, RuleSet
from rules.screening import Screener, Screening

USUAL = timedelta(seconds=5)  # more than a screening takes: what is not done by then was cut off
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Screened:
    """A stored screening with all it was made from."""

    ruleset: RuleSet
    response: Response
    screening: Screening


def send(database: Database, screeners: Screeners, encounter_id: str, trail: Trail | None = None) -> None:
    """Commit that the answers are complete, or corrected, then screen them. Safe to repeat.

    `trail` is of who sends them; None for invented patients.
    Should the screening fail, the answers are sent all the same: the background jobs try again (`unfinished`).
    """
    with database.writing(encounter_id) as session:
        response = _response(session, encounter_id)
        if response is None:
            raise LookupError(f"encounter {encounter_id} has no answers to send")
        if response.sent_at is None:
            response.sent_at = response.unscreened_since = datetime.now(UTC)
            response.rule_set_hash = published_hash(session)
        elif response.open_correction is not None:
            _replace(session, response, response.open_correction)
        if trail is not None:
            trail.note(session, Event.SENT, encounter_id)
    try:
        screen(database, screeners, encounter_id)
    except Exception as error:  # the patient has done all there is to do, and does not wait for it
        SCREENING_FAULTS.inc()
        LOG.error("encounter %s is not screened yet, and will be tried again: %s", encounter_id, place_of(error))


def _replace(session: Session, response: ResponseRow, corrected: dict[str, Any]) -> None:
    """Put the corrected answers in the place of those that were sent, to be screened anew."""
    session.execute(delete(ScreeningRow).where(ScreeningRow.response_id == response.id))
    response.first_sent_at = response.first_sent_at or response.sent_at
    response.answers, response.correction = corrected, None
    response.sent_at = response.unscreened_since = datetime.now(UTC)
    response.rule_set_hash = published_hash(session)


def screen(database: Database, screeners: Screeners, encounter_id: str) -> None:
    """Screen a sent response with the rule set that was in use when it was sent, unless that has been done."""
    with database.reading() as session:
        response = _response(session, encounter_id)
        if response is None or response.rule_set_hash is None or _screening(session, response.id) is not None:
            return
        screener = screeners.get(session, response.rule_set_hash)
        journey = journey_of(screener.ruleset.questionnaire, encounters.answers(session, encounter_id))
    # no transaction is open here: the screening must not keep others from writing
    with SCREENINGS.time():
        screening = screener.screen(journey.response)
    if not screening.agreed:
        DISAGREEMENTS.inc()
        LOG.error("the two evaluators differ on response %s; the flags of both are kept", response.id)
    raised = {flag.rule: flag.priority for flag in screening.raised if flag.priority is not None}
    with database.writing(encounter_id) as session:
        alerts.note(session, encounter_id, screener.ruleset, raised)
        if not _is_done_with(session, response):
            encounters.note_flags(session, encounter_id, list(raised.values()))
            session.execute(update(ResponseRow).where(ResponseRow.id == response.id).values(unscreened_since=None))
            session.add(
                ScreeningRow(
                    id=str(uuid4()),
                    response_id=response.id,
                    encounter_id=encounter_id,
                    rule_set_hash=screening.rule_set,
                    result=screening.as_json(),
                    screened_at=datetime.now(UTC),
                )
            )


def _is_done_with(session: Session, screened: ResponseRow) -> bool:
    """Whether another process was faster, or the answers were corrected and sent again since they were screened."""
    sent_at = session.scalar(select(ResponseRow.sent_at).where(ResponseRow.id == screened.id))
    return sent_at != screened.sent_at or _screening(session, screened.id) is not None


def unfinished(session: Session) -> list[str]:
    """Return, as ids of jobs, what was sent and should have been screened by now, as after a crash.

    Answers that were corrected and sent again have a new one.
    """
    since, now = ResponseRow.unscreened_since, datetime.now(UTC)
    is_late = or_(since < now - USUAL, since > now)  # after now: the clock was put back
    # that it is set is said too: so the database sees that the index of those few holds them all
    waiting = select(ResponseRow.encounter_id, since).where(since.is_not(None), is_late).order_by(since)
    return [f"{encounter_id}/{sent_at}" for encounter_id, sent_at in session.execute(waiting)]


def finish(database: Database, screeners: Screeners, job_id: str) -> None:
    """Screen what `unfinished` named, unless that has been done. Raises what it failed of, to be tried again."""
    screen(database, screeners, job_id.partition("/")[0])


def raised_so_far(screener: Screener, response: Response, before: Response, encounter_id: str) -> dict[str, Priority]:
    """Return what answers raise that cannot wait until they are sent; `before` are those of the page before.

    A fault is logged and raises nothing: the page is saved first.
    """
    try:
        return screener.urgent(response, before)
    except Exception as error:
        LOG.error("encounter %s: it is not known what the answers so far raise: %s", encounter_id, place_of(error))
        return {}


def stored_screening(session: Session, screeners: Screeners, encounter_id: str) -> Screened | None:
    """Return the screening of an encounter with its response and rule set, or None while there is none."""
    response = _response(session, encounter_id)
    row = response and _screening(session, response.id)
    if not row:
        return None
    ruleset = screeners.ruleset(session, row.rule_set_hash)
    journey = journey_of(ruleset.questionnaire, encounters.answers(session, encounter_id))
    return Screened(ruleset, journey.response, Screening.from_json(row.result))


def _response(session: Session, encounter_id: str) -> ResponseRow | None:
    return session.scalar(select(ResponseRow).where(ResponseRow.encounter_id == encounter_id))


def _screening(session: Session, response_id: str) -> ScreeningRow | None:
    return session.scalar(select(ScreeningRow).where(ScreeningRow.response_id == response_id))
