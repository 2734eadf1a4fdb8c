"""A patient asks to see all that is stored of them, or to have it erased: one page, with a button for each."""

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from intake import encounters, erasure
from intake.accounts import current_staff, records, requires, trail
from intake.audit import Event
from intake.bounds import bounded
from intake.everything import everything
from intake.services import services

views = Blueprint("clinician_record", __name__, url_prefix="/clinician")
REASONS = ("The patient asked for it", "Made twice", "Made by mistake, or for a wrong person")  # kept, so no free text
MISSING = "Choose why, and confirm that you want to erase it for good."

Answer = str | BaseResponse | tuple[str, int]


@views.get("/<encounter_id>/record")
@requires("clinician")
@records(Event.RECORD_READ)
def ask(encounter_id: str) -> Answer:
    """Offer both."""
    return _page(encounter_id)


@views.post("/<encounter_id>/record.zip")
@requires("clinician")
@bounded
@records(Event.ALL_SHOWN)
def download(encounter_id: str) -> BaseResponse:
    """Send all that is stored."""
    work = services()
    made = everything(work.database, work.screeners, work.settings, encounter_id, work.pdf_worker.write)
    if made is None:
        abort(404, "There is no such patient.")
    response = Response(made, mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="record-{encounter_id[:8]}.zip"'
    return response


@views.post("/<encounter_id>/erase")
@requires("clinician")
def erase(encounter_id: str) -> Answer:
    """Erase all of it, and go on to the receipt."""
    reason = request.form.get("reason", "")
    if reason not in REASONS or "sure" not in request.form:
        return _page(encounter_id, MISSING), 422
    work = services()
    done = erasure.erase(
        work.database, work.settings.data, encounter_id, reason=reason, by=current_staff().id, trail=trail()
    )
    if done is None:
        abort(404, "There is no such patient.")
    return redirect(url_for("clinician_record.receipt", encounter_id=encounter_id), 303)


@views.get("/<encounter_id>/erased")
@requires("clinician")
@records(Event.RECORD_READ)
def receipt(encounter_id: str) -> str:
    """Show the receipt of what was erased."""
    with services().database.reading() as database:
        found = erasure.receipt_of(database, encounter_id) or abort(404, "Nothing was erased under this address.")
    return render_template("clinician/erased.html", receipt=found)


def _page(encounter_id: str, error: str = "") -> str:
    with services().database.reading() as database:
        encounter = encounters.find(database, encounter_id) or abort(404, "There is no such patient.")
    return render_template("clinician/record.html", encounter=encounter, reasons=REASONS, error=error)
