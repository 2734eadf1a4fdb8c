"""The clinician's review of a summary: what they think of each flag, flags by hand, the signature, signed versions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake import review_form, reviews, signing, summaries
from intake.accounts import current_staff, records, requires, trail, write_down
from intake.audit import Event
from intake.review_form import Problem, Typed, typed_from
from intake.reviews import AlteredPdf, Draft
from intake.services import services
from intake.summaries import Opened
from reports.html import IN_TEMPLATE
from reports.letter import left_out, letter
from reports.review import Verdict
from reports.summary import PRIORITY_WORDS
from reports.wording import day_and_time

views = Blueprint("review", __name__, url_prefix="/clinician")

Page = str | tuple[str, int]


@dataclass(frozen=True)
class Conflict:
    """Why a review was not saved, and what somebody else saved in between, if anything."""

    words: str
    theirs: Draft | None = None


def open_or_refuse(encounter_id: str) -> Opened:
    """Return a patient's screening with its review, for who is signed in; refuse before there is one."""
    return open_summary(encounter_id) or abort(404, "This patient has not sent any answers yet.")


def open_summary(encounter_id: str) -> Opened | None:
    """Return a patient's screening with its review, for who is signed in; None while there is none."""
    work = services()
    return summaries.opened(work.database, work.screeners, work.settings.clinic_name, encounter_id, current_staff())


def show(opened: Opened, *, change: bool = False) -> str:
    """Show a summary: with the form of the review, unless it is signed as it stands and nobody wants to `change` it."""
    if opened.signed and not change:
        return _page("clinician/summary.html", opened)
    return _form(opened, typed_from(opened.review))


def _form(opened: Opened, typed: Typed, wrong: Sequence[Problem] = (), conflict: Conflict | None = None) -> str:
    return _page(
        "clinician/review.html",
        opened,
        typed=typed,
        problems=wrong,
        conflict=conflict,
        verdicts=Verdict,
        priority_words=PRIORITY_WORDS,
    )


def _page(template: str, opened: Opened, **values: object) -> str:
    write_down(trail(), Event.SUMMARY_READ, opened.encounter.id)
    return render_template(
        template,
        opened=opened,
        encounter=opened.encounter,
        summary=opened.with_review(opened.review),
        letter=letter(opened.summary, opened.review),
        left_out=left_out(opened.summary),
        stylesheet=url_for("clinician.summary_style"),
        **IN_TEMPLATE,
        **values,
    )


@views.get("/<encounter_id>/review")
@requires("clinician")
def change(encounter_id: str) -> str:
    """Show the form, also of a summary that is signed: signing again makes a new version."""
    return show(open_or_refuse(encounter_id), change=True)


@views.post("/<encounter_id>/review")
@requires("clinician")
def save(encounter_id: str) -> Page | Response:
    """Save the review, and sign it if that is asked for. Whatever keeps it from being saved, what was typed is kept."""
    opened = open_or_refuse(encounter_id)
    typed, to_sign = review_form.read(request.form, opened.flags), request.form.get("action") == "sign"
    wrong = review_form.problems(typed, opened.flags, signing=to_sign)
    if wrong:
        return _form(_since(opened), typed, wrong), 422
    if request.form.get("basis") != opened.basis:
        return _form(opened, typed, conflict=Conflict("The answers were corrected since you opened this page.")), 409
    with services().database.writing(encounter_id) as database:
        saved = reviews.save(database, encounter_id, typed.review, _revision(), current_staff())
        if saved:
            trail().note(database, Event.REVIEW_SAVED, encounter_id, f"save {_revision() + 1}")
    if not saved or (to_sign and not _sign(encounter_id)):
        return _overtaken(encounter_id, typed)
    return redirect(url_for("clinician.summary", encounter_id=encounter_id, _anchor="review"), 303)


def _revision() -> int:
    text = request.form.get("revision", "")
    return int(text) if text.isdecimal() and len(text) < 10 else -1


def _since(opened: Opened) -> Opened:
    """The same, as the reader saw it: what others saved meanwhile is told when it is saved, not passed over."""
    return replace(opened, draft=replace(opened.draft, revision=_revision()), basis=request.form.get("basis", ""))


def _overtaken(encounter_id: str, typed: Typed) -> Page:
    opened = open_or_refuse(encounter_id)
    theirs = opened.draft
    when = f" on {day_and_time(theirs.saved_at.astimezone())}" if theirs.saved_at else ""
    words = f"{theirs.saved_by or 'Somebody'} saved this review{when}, while you were writing."
    return _form(opened, typed, conflict=Conflict(words, theirs)), 409


def _sign(encounter_id: str) -> bool:
    """Freeze the summary as it stands under the name of who is signed in; False if it changed on the way."""
    at, work = datetime.now(UTC), services()
    signer = signing.Signer(current_staff(), at, trail())
    return signing.sign(work.database, open_or_refuse(encounter_id), signer, work.pdf_worker.write, work.settings.paper)


@views.get("/<encounter_id>/signed/<int:number>.pdf")
@requires("clinician")
@records(Event.SIGNED_READ)
def signed_pdf(encounter_id: str, number: int) -> Response:
    """Send a signed version, byte for byte."""
    return pdf_response(encounter_id, read_signed(encounter_id, number), f"-signed-{number}")


def read_signed(encounter_id: str, number: int) -> bytes:
    """Return a signed version's PDF; refuse to if it is not what was signed."""
    try:
        with services().database.reading() as database:
            pdf = reviews.signed_pdf(database, encounter_id, number)
    except AlteredPdf:
        abort(500, "This stored PDF is not the one that was signed. Please tell the admin of this system.")
    return pdf or abort(404, "There is no such signed version.")


def pdf_response(encounter_id: str, pdf: bytes, suffix: str = "") -> Response:
    """Return a PDF as a response. Its name says nothing about the patient."""
    response = Response(pdf, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="summary-{encounter_id[:8]}{suffix}.pdf"'
    return response
