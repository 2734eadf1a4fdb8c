"""The admin's page of background work: what fails, since when and of what, with a button to try again. No names."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake import stuck
from intake.accounts import requires, trail
from intake.audit import Event
from intake.services import services

views = Blueprint("admin_jobs", __name__, url_prefix="/admin/jobs")

KINDS = {
    "screening": "Screening sent answers",
    "alert": "Telling the clinic",
    "mail": "Sending an invitation",
    "hand-over": "Handing over to the record system",
    "erasing": "Erasing what is over its time",
    "impact": "Working out what a draft would do",
}


@views.get("")
@requires("admin")
def overview() -> str:
    """List the jobs whose last try failed."""
    with services().database.reading() as database:
        found = stuck.listing(database)
    return render_template("admin/jobs.html", jobs=found, kinds=KINDS)


@views.post("")
@requires("admin")
def try_again() -> Response:
    """Have one tried at once, and as long as anew."""
    kind, job_id = request.form.get("kind", ""), request.form.get("job", "")
    with services().database.writing() as database:
        if not stuck.try_again(database, kind, job_id):
            abort(404, "This job is not on the list any more: it is done.")
        trail().note(database, Event.JOB_AGAIN, about=f"{kind} {job_id}")
    return redirect(url_for("admin_jobs.overview"), 303)
