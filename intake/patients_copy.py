"""A patient's own copy of the answers as PDF, without flags and without private questions."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake import bounds, entry, given_answers, language
from intake.audit import Event
from intake.paper_questionnaire import style
from intake.services import services
from intake.visits import Answer, Visit, for_patient
from reports.documents import Document

views = Blueprint("patients_copy", __name__)
LARGE = "large"  # ?print=large: 18 point


@views.get("/my-answers.pdf")
@for_patient
def answers(visit: Visit) -> Answer:
    """Send the patient a copy of what the clinic has; there is none before the answers are sent."""
    if visit.encounter.sent_at is None or visit.encounter.is_corrected_now:
        return redirect(url_for("patient.welcome"), 303)
    bounds.check(bounds.FOR_PATIENTS, visit.encounter.id)
    document = copy_of(visit, is_large=request.args.get("print") == LARGE)
    response = Response(services().pdf_worker.write(document), mimetype="application/pdf")
    with services().database.writing(visit.encounter.id) as database:
        entry.trail_of(visit.encounter.id).note(database, Event.COPY_TAKEN, visit.encounter.id)
    response.headers["Content-Disposition"] = 'attachment; filename="my-answers.pdf"'
    return response


def copy_of(visit: Visit, *, is_large: bool) -> Document:
    """Return the copy as a document, in the language of this request."""
    html = render_template(
        "paper/copy.html",
        encounter=visit.encounter,
        sent=language.day(visit.encounter.sent_at.astimezone()) if visit.encounter.sent_at else "",
        born=language.day(visit.encounter.date_of_birth),
        sections=given_answers.for_copy(visit.journey, hide_sensitive=visit.encounter.left_quickly),
        large=is_large,
    )
    return Document(html, style(), visit.encounter.id.encode()[:16], services().settings.paper)
