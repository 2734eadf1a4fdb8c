"""The front desk's pages: invite a patient, see how each invitation fares, hand out its link, free it, cancel it."""

from io import BytesIO
from typing import Any, cast

import segno
from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovRadioInput, GovTextInput
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import Field, RadioField, StringField, TimeField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # the stubs are of a release before
from wtforms.validators import Optional, ValidationError

from intake import encounters, invitations, invitee, kiosk, language, outbox
from intake.accounts import records, requires, trail, write_down
from intake.audit import Event
from intake.days import DayField
from intake.invitations import Invitation, State
from intake.invitee import Invitee
from intake.services import services

views = Blueprint("desk", __name__, url_prefix="/desk")


def _text(label: str, **kwargs: Any) -> StringField:
    return StringField(label, widget=GovTextInput(), filters=[lambda text: text or ""], **kwargs)


class InviteForm(FlaskForm):
    """Who is invited, when the appointment is, and where the link goes."""

    patient_name = _text("Full name")
    date_of_birth = DayField("Date of birth", description="For example, 27 3 1971")
    appointment_day = DayField("Day of the appointment (optional)", validators=[Optional()])
    appointment_time = TimeField("Time of the appointment (optional)", widget=GovTextInput(), validators=[Optional()])
    email = _text("E-mail address (optional)", description="The link is sent there.")
    phone = _text("Telephone number (optional)", description="For your own use. Nothing is sent to it.")
    language = RadioField(
        "Language",
        description="That the patient is written to in. Every page can be switched.",
        choices=[SelectChoice(code, name) for code, name in invitee.NAMES.items()],
        default=language.ENGLISH,
        widget=GovRadioInput(),
    )

    def validate_patient_name(self, field: Field) -> None:
        """Take the name, tidied."""
        field.data = _checked(invitee.read_name, field.data)

    def validate_date_of_birth(self, field: DayField) -> None:
        """Let in only ages that the questionnaire is for."""
        _checked(invitee.check_birth, field.data)

    def validate_appointment_day(self, field: DayField) -> None:
        """An appointment is still to come."""
        if field.data is not None:
            _checked(lambda day: invitee.check_appointment(day, None), field.data)

    def validate_appointment_time(self, field: Field) -> None:
        """A time belongs to a day."""
        if field.data is not None and self.appointment_day.data is None:
            raise ValidationError("Give the day of the appointment too.")

    def validate_email(self, field: Field) -> None:
        """Take what an e-mail can be sent to."""
        field.data = _checked(invitee.read_email, field.data)

    def validate_phone(self, field: Field) -> None:
        """Take what can be called."""
        field.data = _checked(invitee.read_phone, field.data)

    def error_list(self) -> list[dict[str, str]]:
        """Return each error with the address of its field, for the box at the top."""
        return [
            {
                "text": str(field.errors[0]),
                "href": f"#{field.first_box if isinstance(field, DayField) else field.id}",
            }
            for field in self
            if field.errors
        ]

    def invitee(self) -> Invitee:
        """Return who is invited; call `validate` first."""
        day = self.appointment_day.data
        return Invitee(
            patient_name=cast(str, self.patient_name.data),
            date_of_birth=invitee.check_birth(self.date_of_birth.data),
            appointment_at=invitee.check_appointment(day, self.appointment_time.data) if day else None,
            email=cast(str, self.email.data),
            phone=cast(str, self.phone.data),
            language=self.language.data,
        )


def _checked(check: Any, value: Any) -> Any:
    try:
        return check(value)
    except ValueError as error:
        raise ValidationError(str(error)) from error


@views.get("")
@requires("clinician", "front_desk")
@records(Event.LIST_READ)
def overview() -> str:
    """List the invitations."""
    with services().database.reading() as database:
        listed = invitations.listing(database)
        mails = outbox.last_invitations(database, [line.invitation.encounter_id for line in listed])
    return render_template("desk/overview.html", listed=listed, mails=mails, State=State, languages=language.LANGUAGES)


@views.get("/new")
@requires("clinician", "front_desk")
def new() -> str:
    """Ask who is to be invited."""
    return render_template("desk/new.html", form=InviteForm(formdata=None))


@views.post("/new")
@requires("clinician", "front_desk")
def add() -> Response | tuple[str, int]:
    """Invite a patient."""
    form = InviteForm(request.form)
    if not form.validate():
        return render_template("desk/new.html", form=form), 422
    with services().database.writing() as database:
        made = invitations.create(database, _key(), form.invitee(), services().settings.invitation_days)
        trail().note(database, Event.INVITED, made.encounter_id)
    return redirect(url_for("desk.invitation", encounter_id=made.encounter_id), 303)


@views.get("/<encounter_id>")
@requires("clinician", "front_desk")
@records(Event.INVITATION_READ)
def invitation(encounter_id: str) -> str:
    """Show an invitation: its link, and what can be done with it."""
    with services().database.reading() as database:
        found = _found(database, encounter_id)
        link = link_of(database, found)
        mail = outbox.last_invitations(database, [encounter_id]).get(encounter_id)
        encounter = encounters.find(database, encounter_id)
    is_begun = encounter is not None and encounter.started_at is not None
    return render_template(
        "desk/invitation.html", invitation=found, link=link, mail=mail, State=State, is_begun=is_begun
    )


@views.get("/<encounter_id>/qr.svg")
@requires("clinician", "front_desk")
@records(Event.LINK_SHOWN)
def qr(encounter_id: str) -> Response:
    """Draw an invitation's link as a QR code."""
    with services().database.reading() as database:
        link = _link(database, _found(database, encounter_id))
    return Response(qr_svg(link), mimetype="image/svg+xml")


@views.get("/<encounter_id>/sheet")
@requires("clinician", "front_desk")
@records(Event.SHEET_SHOWN)
def sheet(encounter_id: str) -> str:
    """Show a sheet to print, with the link as a QR code and in letters."""
    with services().database.reading() as database:
        found = _found(database, encounter_id)
        link = _link(database, found)
    with language.in_language(found.language):
        return render_template("desk/sheet.html", invitation=found, link=link)


@views.post("/<encounter_id>/unlock")
@requires("clinician", "front_desk")
def unlock(encounter_id: str) -> Response:
    """Let a locked link open again."""
    with services().database.writing() as database:
        invitations.unlock(database, _found(database, encounter_id).encounter_id)
        trail().note(database, Event.LINK_UNLOCKED, encounter_id)
    return _back(encounter_id)


@views.post("/<encounter_id>/cancel")
@requires("clinician", "front_desk")
def cancel(encounter_id: str) -> Response:
    """Close a link."""
    with services().database.writing() as database:
        invitations.cancel(database, _found(database, encounter_id).encounter_id)
        trail().note(database, Event.CANCELLED, encounter_id)
    return _back(encounter_id)


@views.post("/<encounter_id>/kiosk")
@requires("clinician", "front_desk")
def lend(encounter_id: str) -> Response:
    """Lend this device to the patient: staff's own session on it ends."""
    with services().database.reading() as database:
        found = _found(database, encounter_id)
    if found.state is not State.OPEN:
        return _back(encounter_id)
    write_down(trail(), Event.LENT, encounter_id)
    kiosk.begin(found)
    return redirect(url_for("patient.welcome"), 303)


@views.post("/<encounter_id>/renew")
@requires("clinician", "front_desk")
def renew(encounter_id: str) -> Response:
    """Make a new link in place of the present one."""
    with services().database.writing() as database:
        _found(database, encounter_id)
        invitations.renew(database, _key(), encounter_id, services().settings.invitation_days)
        trail().note(database, Event.LINK_RENEWED, encounter_id)
    return _back(encounter_id)


def link_of(database: Session, invitation: Invitation) -> str | None:
    """Return the address that opens an invitation; None where only its hash is known."""
    token = invitations.link_token(database, _key(), invitation)
    return services().settings.base_url + url_for("entry.start", token=token) if token else None


def _link(database: Session, invitation: Invitation) -> str:
    link = link_of(database, invitation) if invitation.state is State.OPEN else None
    return link or abort(404, "This invitation has no link to show. Make a new one.")


def qr_svg(link: str) -> bytes:
    """Return a QR code as SVG, with the white margin that scanners need; a quarter of it may be smudged."""
    drawing = BytesIO()
    segno.make(link, error="q", micro=False).save(
        drawing, kind="svg", border=4, scale=8, xmldecl=False, dark="#000", light="#fff"
    )
    return drawing.getvalue()


def _found(database: Session, encounter_id: str) -> Invitation:
    return invitations.find(database, encounter_id) or abort(404, "There is no such invitation.")


def _back(encounter_id: str) -> Response:
    return redirect(url_for("desk.invitation", encounter_id=encounter_id), 303)


def _key() -> str:
    return str(current_app.secret_key)
