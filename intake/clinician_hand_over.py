"""What the record system did not take, for clinicians: in its own words, with a button to try again."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from intake import hand_over
from intake.accounts import records, requires, trail
from intake.audit import Event
from intake.hand_over import HandOver
from intake.services import services

views = Blueprint("clinician_hand_over", __name__, url_prefix="/clinician")


@views.get("/hand-over")
@requires("clinician")
@records(Event.LIST_READ)
def overview() -> str:
    """List what was not taken."""
    return render_template("clinician/hand_over.html", not_taken=_not_taken())


@views.post("/<encounter_id>/hand-over")
@requires("clinician")
def try_again(encounter_id: str) -> Response:
    """Have one tried again; go on to the patient's page."""
    with services().database.writing() as database:
        hand_over.try_again(database, encounter_id)
        trail().note(database, Event.HAND_OVER_AGAIN, encounter_id)
    return redirect(url_for("clinician.summary", encounter_id=encounter_id, _anchor="hand-over"), 303)


def _not_taken() -> list[HandOver]:
    if services().settings.fhir_server is None:
        return []
    with services().database.reading() as database:
        return hand_over.not_taken(database)


def _of_encounter(encounter_id: str) -> HandOver | None:
    if services().settings.fhir_server is None:
        return None
    with services().database.reading() as database:
        return hand_over.of_encounter(database, encounter_id)


@views.app_context_processor
def for_templates() -> dict[str, object]:
    """Hand the clinicians' pages what became of handing over."""
    return {"hand_over_of": _of_encounter, "not_handed_over": _not_taken}
