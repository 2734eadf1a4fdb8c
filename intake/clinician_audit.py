"""Who has read or changed what a patient told, for clinicians."""

from flask import Blueprint, abort, render_template, request

from intake import encounters
from intake.accounts import records, requires
from intake.audit import Event
from intake.audit_lists import Asked, listed
from intake.services import services

views = Blueprint("clinician_audit", __name__, url_prefix="/clinician")
LONGEST_NUMBER = 15  # figures


@views.get("/<encounter_id>/readers")
@requires("clinician")
@records(Event.READERS_READ)
def readers(encounter_id: str) -> str:
    """List what was done with an encounter, the newest first."""
    before = request.args.get("before", "")
    number = int(before) if before.isdecimal() and len(before) <= LONGEST_NUMBER else None
    with services().database.reading() as database:
        encounter = encounters.find(database, encounter_id) or abort(404, "There is no such patient.")
        found = listed(database, Asked(encounter_id=encounter_id, before=number))
    return render_template("clinician/readers.html", encounter=encounter, listed=found)
