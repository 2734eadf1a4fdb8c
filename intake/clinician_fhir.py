"""A patient's screening as FHIR, for clinicians to look at or take elsewhere."""

import json

from flask import Blueprint, abort
from werkzeug.wrappers import Response

from intake.accounts import records, requires
from intake.audit import Event
from intake.bounds import bounded
from intake.fhir_export import transaction
from intake.services import services

MEDIA_TYPE = "application/fhir+json"

views = Blueprint("clinician_fhir", __name__, url_prefix="/clinician")


@views.get("/<encounter_id>/fhir.json")
@requires("clinician")
@bounded
@records(Event.FHIR_READ)
def bundle(encounter_id: str) -> Response:
    """Send a screening as a FHIR transaction, without what is private."""
    work = services()
    made = transaction(work.database, work.screeners, work.settings, encounter_id, work.pdf_worker.write)
    if made is None:
        abort(404, "This patient has not sent any answers yet.")
    response = Response(json.dumps(made, ensure_ascii=False), mimetype=MEDIA_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="screening-{encounter_id[:8]}.fhir.json"'
    return response
