"""What stands on top of every page for staff: patients who need somebody now, and what the clinic could not be told.

A script asks for it again every few seconds. Admins learn that somebody is needed, and not who.
"""

from dataclasses import dataclass
from hashlib import sha256

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from intake import emergencies, outbox
from intake.accounts import current_staff, requires, signed_in, trail
from intake.audit import Event
from intake.emergencies import Emergency
from intake.outbox import Kind, Mail
from intake.services import services

MOST = 5  # emergencies named on a page; the worklist has them all
MAY_SEE = {"clinician", "front_desk"}  # who is told who it is

views = Blueprint("notices", __name__, url_prefix="/staff")


@dataclass(frozen=True)
class Notices:
    """What stands on top. `more`: how many emergencies there are beside those named; `failing`: what is not sent."""

    emergencies: tuple[Emergency, ...] = ()
    more: int = 0
    failing: tuple[Mail, ...] = ()

    @property
    def failing_by_mail(self) -> tuple[Mail, ...]:
        """What could not be sent by e-mail."""
        return tuple(mail for mail in self.failing if mail.kind is not Kind.WEBHOOK)

    @property
    def failing_by_webhook(self) -> tuple[Mail, ...]:
        """What the webhook did not take."""
        return tuple(mail for mail in self.failing if mail.kind is Kind.WEBHOOK)


@views.get("/notices")
@requires("clinician", "front_desk", "admin")
def now() -> BaseResponse:
    """Answer with the notices alone; with nothing if they are as they were."""
    found = _notices()
    return unless_known(render_template("staff/notices.html", notices=found, fields=False), repr(found))


@views.post("/emergencies/<encounter_id>")
@requires("clinician", "front_desk")
def take(encounter_id: str) -> BaseResponse:
    """Remember that whoever is signed in takes care of a patient; go on to the patient's page."""
    with services().database.writing(encounter_id) as database:
        emergencies.take(database, encounter_id, current_staff().id)
        trail().note(database, Event.EMERGENCY_TAKEN, encounter_id)
    return redirect(page_of(encounter_id), 303)


@views.post("/alerts")
@requires("clinician", "front_desk")
def try_again() -> BaseResponse:
    """Have what the clinic was not told sent again."""
    with services().database.writing() as database:
        outbox.try_again(database)
    return redirect(url_for("clinician.overview" if "clinician" in current_staff().roles else "desk.overview"), 303)


def unless_known(page: str, version: str) -> BaseResponse:
    """Answer with a part of a page, or with 304 and nothing to who has this version of it."""
    response = Response(page)
    response.set_etag(sha256(version.encode()).hexdigest()[:32])
    return response.make_conditional(request)


def page_of(encounter_id: str) -> str:
    """Return the address of a patient's page: what was answered for clinicians, the invitation for the front desk."""
    is_clinician = "clinician" in current_staff().roles
    return url_for("clinician.summary" if is_clinician else "desk.invitation", encounter_id=encounter_id)


def _notices() -> Notices:
    with services().database.reading() as database:
        open_ones = emergencies.not_taken(database)
        failing = outbox.to_clinic_failing(database)
    return Notices(tuple(open_ones[:MOST]), max(len(open_ones) - MOST, 0), tuple(failing))


def _of_patient(encounter_id: str) -> list[Emergency]:
    with services().database.reading() as database:
        return emergencies.of_encounters(database, [encounter_id])


def _may_see() -> bool:
    member = signed_in()
    return member is not None and bool(MAY_SEE & set(member.roles))


@views.app_context_processor
def for_templates() -> dict[str, object]:
    """Hand the pages for staff what stands on top of them."""
    return {"notices_now": _notices, "emergencies_of": _of_patient, "may_see_who": _may_see, "patient_page": page_of}
