"""The clinician's pages: who is coming, and each patient's summary on screen and as PDF."""

from datetime import UTC, datetime

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from intake import alerts, encounters, invitations, review
from intake.accounts import records, requires, trail, write_down
from intake.audit import Event
from intake.bounds import bounded
from intake.encounters import Encounter
from intake.notices import unless_known
from intake.services import services
from intake.worklist import Asked, View, worklist
from reports.html import style
from reports.paper import document
from reports.summary import PRIORITY_WORDS

views = Blueprint("clinician", __name__, url_prefix="/clinician")


@views.get("")
@requires("clinician")
@records(Event.LIST_READ)
def overview() -> str:
    """List the patients, the most urgent first."""
    return render_template("clinician/worklist.html", **_worklist())


@views.get("/list")
@requires("clinician")
def worklist_now() -> Response:
    """Answer with the list alone; with nothing if it is as it was."""
    page = render_template("clinician/worklist_lines.html", **_worklist())
    return unless_known(page, page)


def _worklist() -> dict[str, object]:
    now = datetime.now(UTC)
    with services().database.reading() as database:
        listed = worklist(database, Asked.read(request.args), now)
        locked = invitations.count_locked(database)
    return {"listed": listed, "locked": locked, "now": now, "View": View, "priority_words": PRIORITY_WORDS}


@views.get("/<encounter_id>")
@requires("clinician")
def summary(encounter_id: str) -> str:
    """Show a patient's summary, or that there is none yet."""
    encounter = _encounter(encounter_id)
    opened = review.open_summary(encounter_id)
    return _waiting(encounter) if opened is None else review.show(opened)


def _waiting(encounter: Encounter) -> str:
    write_down(trail(), Event.PAGE_READ, encounter.id)
    with services().database.reading() as database:
        invitation = invitations.find(database, encounter.id)
        urgent = alerts.of_encounter(database, encounter.id)
        by_id = services().screeners.published(database).ruleset.by_id if urgent else {}
    titles = {alert.rule: by_id[alert.rule].title for alert in urgent if alert.rule in by_id and not alert.is_private}
    return render_template(
        "clinician/waiting.html",
        encounter=encounter,
        invitation=invitation,
        alerts=urgent,
        titles=titles,
        priority_words=PRIORITY_WORDS,
    )


@views.get("/summary.css")
@requires("clinician")
def summary_style() -> Response:
    """Serve the summary's style sheet, the one that the PDF has too."""
    return Response(style(), mimetype="text/css")


@views.get("/<encounter_id>/summary.pdf")
@requires("clinician")
@bounded
@records(Event.PDF_READ)
def summary_pdf(encounter_id: str) -> Response:
    """Send a patient's summary as PDF: the signed one, byte for byte, if it is signed as it stands."""
    opened = review.open_or_refuse(encounter_id)
    if opened.signed:
        return review.pdf_response(encounter_id, review.read_signed(encounter_id, opened.signed.number))
    summary = opened.with_review(opened.review)
    return review.pdf_response(encounter_id, services().pdf_worker.write(document(summary, services().settings.paper)))


def _encounter(encounter_id: str) -> Encounter:
    with services().database.reading() as database:
        return encounters.find(database, encounter_id) or abort(404, "There is no such patient.")
