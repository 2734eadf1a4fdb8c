"""The questionnaire on paper for the front desk: to print, and to type in what a patient ticked, by its codes."""

from functools import lru_cache

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake import alerts, encounters, language, paper_questionnaire, submission
from intake.accounts import records, requires, trail
from intake.audit import Event
from intake.bounds import bounded
from intake.encounters import Encounter
from intake.paper_codes import Numbered, numbered, read_codes
from intake.services import services
from reports.documents import Document
from reports.paper import first_document
from reports.pdf_worker import PdfWorker

views = Blueprint("desk_paper", __name__, url_prefix="/desk")
LARGE = "large"  # ?print=large: 18 point
MOST_KEPT = 8  # questionnaires kept as PDF: two languages in two sizes, and those of the rule set before
LONGEST = 120  # seconds to make one in; the usual one takes five


@views.get("/paper/<code>.pdf")
@requires("front_desk", "clinician")
@bounded
def paper(code: str) -> Response:
    """Send the questionnaire to print, in a language."""
    if code not in language.LANGUAGES:
        abort(404, "The questionnaire is not there in this language.")
    with services().database.reading() as database:
        ruleset = services().screeners.published(database).ruleset
    with language.in_language(code):
        is_large = request.args.get("print") == LARGE
        document = paper_questionnaire.document(ruleset, services().settings, code, is_large=is_large)
    response = Response(_pdf(document), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="questionnaire-{code}.pdf"'
    return response


@views.get("/<encounter_id>/type-in")
@requires("front_desk", "clinician")
@records(Event.INVITATION_READ)
def ask(encounter_id: str) -> str:
    """Ask for the codes of all questions."""
    return _page(_not_begun(encounter_id), {}, {})


@views.post("/<encounter_id>/type-in")
@requires("front_desk", "clinician")
def take(encounter_id: str) -> Response | tuple[str, int]:
    """Take the codes, and send the answers for the patient; what does not fit is shown again with all the rest."""
    encounter = _not_begun(encounter_id)
    given, wrong = read_codes(_questions(), request.form)
    if not any(answer is not None for answer in given.values()):
        wrong.setdefault(_questions()[0].name, "Nothing has been typed in.")
    if wrong:
        return _page(encounter, request.form, wrong), 422
    with services().database.writing() as database:
        if not encounters.save_page(database, encounter_id, given, encounter.revision):
            abort(409, "This patient has begun to answer online. Nothing was changed.")
        trail().note(database, Event.TYPED_IN, encounter_id)
    submission.send(services().database, services().screeners, encounter_id, trail())
    with services().database.reading() as database:
        if alerts.of_encounter(database, encounter_id):
            flash(f"Tell a clinician now: something in the answers of {encounter.patient_name} cannot wait.")
    flash(f"The answers of {encounter.patient_name} are typed in and sent.")
    return redirect(url_for("desk.overview"), 303)


@lru_cache(MOST_KEPT)
def _pdf(document: Document) -> bytes:
    """Make a questionnaire, which takes seconds, in a process of its own: summaries must not wait for it."""
    worker = PdfWorker(first_document(document.paper))
    try:
        return worker.write(document, LONGEST)
    finally:
        worker.close()


def _not_begun(encounter_id: str) -> Encounter:
    """The encounter, if nothing has been answered online: what a patient answered is not for the front desk to see."""
    with services().database.reading() as database:
        encounter = encounters.find(database, encounter_id) or abort(404, "There is no such invitation.")
    if encounter.started_at is not None:
        abort(409, "This patient has answered online already, so nothing can be typed in here.")
    return encounter


def _questions() -> list[Numbered]:
    with services().database.reading() as database:
        return numbered(services().screeners.published(database).ruleset.questionnaire)


def _page(encounter: Encounter, typed: object, wrong: dict[str, str]) -> str:
    with services().database.reading() as database:
        questionnaire = services().screeners.published(database).ruleset.questionnaire
    return render_template(
        "desk/type_in.html",
        encounter=encounter,
        sections=questionnaire.sections,
        questions=_questions(),
        typed=typed,
        wrong=wrong,
    )
