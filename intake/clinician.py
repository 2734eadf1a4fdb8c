"""The clinician's pages: who is coming, and each patient's summary on screen and as PDF."""

from flask import Blueprint, abort, render_template, url_for
from werkzeug.wrappers import Response

from intake import alerts, encounters, invitations, submission
from intake.accounts import current_staff, requires
from intake.encounters import Encounter
from intake.services import services
from reports.charts import score_bar
from reports.html import style
from reports.paper import document
from reports.summary import PRIORITY_WORDS, Patient, Summary, summarise

views = Blueprint("clinician", __name__, url_prefix="/clinician")


@views.get("")
@requires("clinician")
def overview() -> str:
    """List the patients, the most urgent first."""
    with services().database.reading() as database:
        entries, locked = encounters.worklist(database), invitations.count_locked(database)
    return render_template("clinician/worklist.html", entries=entries, locked=locked, priority_words=PRIORITY_WORDS)


@views.get("/<encounter_id>")
@requires("clinician")
def summary(encounter_id: str) -> str:
    """Show a patient's summary, or that there is none yet."""
    encounter = _encounter(encounter_id)
    found = _summary(encounter)
    if found is None:
        return _waiting(encounter)
    _opened(encounter)
    stylesheet = url_for("clinician.summary_style")
    return render_template(
        "clinician/summary.html",
        encounter=encounter,
        summary=found,
        stylesheet=stylesheet,
        score_bar=score_bar,
        style=style,
    )


def _waiting(encounter: Encounter) -> str:
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
def summary_pdf(encounter_id: str) -> Response:
    """Send a patient's summary as PDF. Its name says nothing about the patient."""
    encounter = _encounter(encounter_id)
    found = _summary(encounter) or abort(404, "This patient has not sent any answers yet.")
    _opened(encounter)
    pdf = services().pdf_worker.write(document(found, services().settings.paper))
    response = Response(pdf, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="summary-{encounter.id[:8]}.pdf"'
    return response


def _encounter(encounter_id: str) -> Encounter:
    with services().database.reading() as database:
        return encounters.find(database, encounter_id) or abort(404, "There is no such patient.")


def _opened(encounter: Encounter) -> None:
    if encounter.opened_at is None:
        with services().database.writing() as database:
            encounters.mark_opened(database, encounter.id, current_staff().id)


def _summary(encounter: Encounter) -> Summary | None:
    with services().database.reading() as database:
        screened = submission.stored_screening(database, services().screeners, encounter.id)
    if screened is None:
        return None
    return summarise(
        screened.ruleset,
        screened.response,
        screened.screening,
        patient=Patient(encounter.patient_name, encounter.date_of_birth),
        clinic=services().settings.clinic_name,
        completed_at=encounter.sent_at,
    )
