"""A patient changes answers that were sent, until somebody at the clinic opens them.

Until the changed answers are sent too, the clinic has those that were sent before.
"""

from flask import Blueprint, redirect, request, url_for
from sqlalchemy import select, update
from werkzeug.wrappers import Response

from intake import entry
from intake.audit import Event, Trail
from intake.database import Database
from intake.services import services
from intake.tables import ResponseRow
from intake.visits import Answer, Visit, for_patient

views = Blueprint("correction", __name__)
LEAVE = "leave"  # the button that leaves the answers as they were sent


def begin(database: Database, encounter_id: str, trail: Trail) -> None:
    """Let the patient change answers that were sent; does nothing once a clinician has opened them."""
    with database.writing(encounter_id) as session:
        response = session.scalar(select(ResponseRow).where(ResponseRow.encounter_id == encounter_id))
        if response is not None and response.sent_at and not response.opened_at and response.correction_sealed is None:
            response.correction = response.answers
            trail.note(session, Event.CORRECTING, encounter_id)


def give_up(database: Database, encounter_id: str, trail: Trail) -> None:
    """Forget what was changed in answers that were sent."""
    with database.writing(encounter_id) as session:
        mine = ResponseRow.encounter_id == encounter_id
        session.execute(update(ResponseRow).where(mine).values(correction_sealed=None))
        trail.note(session, Event.CORRECTION_DROPPED, encounter_id)


@views.post("/correct")
@for_patient
def correct(visit: Visit) -> Answer:
    """Open the answers once more, or leave them as they were sent."""
    trail = entry.trail_of(visit.encounter.id)
    if LEAVE in request.form:
        give_up(services().database, visit.encounter.id, trail)
        return _to("patient.sent")
    begin(services().database, visit.encounter.id, trail)
    return _to("patient.check")


def _to(endpoint: str) -> Response:
    return redirect(url_for(endpoint), 303)
