"""The clinician's pages: who is coming, a new patient's link, and each patient's summary on screen and as PDF."""

from datetime import date, datetime, time
from typing import Any, cast

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovDateInput, GovTextInput
from werkzeug.wrappers import Response
from wtforms import DateField, StringField, TimeField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from intake import encounters, submission
from intake.accounts import requires
from intake.encounters import Encounter, age_on
from intake.services import services
from reports.charts import score_bar
from reports.html import style
from reports.summary import PRIORITY_WORDS, Patient, Summary, summarise

views = Blueprint("clinician", __name__, url_prefix="/clinician")
NEW_LINK = "new link"  # in the session until it has been shown, once
LONGEST_NAME = 200
YOUNGEST, OLDEST = 16, 120  # whom the questionnaire is for


class DayField(DateField):
    """A date in three boxes: day, month, year."""

    widget = GovDateInput()

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label, format="%d %m %Y", **kwargs)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take the three boxes; all of them blank is no date."""
        parts = [*(str(part).strip() for part in valuelist), "", "", ""][:3]
        self.raw_data = parts  # what the three boxes show again, even when something else was sent
        self.data = None
        if not any(parts):
            return
        try:
            day, month, year = map(int, parts)
            self.data = date(year, month, day)
        except ValueError:
            raise ValueError("This is not a date. Write it like 27 3 1971.") from None


class NewPatientForm(FlaskForm):
    """Who is invited, and when the appointment is."""

    patient_name = StringField(
        "Full name",
        widget=GovTextInput(),
        validators=[InputRequired("Give the patient’s name."), Length(max=LONGEST_NAME)],
        filters=[lambda text: text and " ".join(text.split())],
    )
    date_of_birth = DayField("Date of birth", description="For example, 27 3 1971")
    appointment_day = DayField("Day of the appointment (optional)", validators=[Optional()])
    appointment_time = TimeField("Time of the appointment (optional)", widget=GovTextInput(), validators=[Optional()])

    def validate_date_of_birth(self, field: DayField) -> None:
        """Let in only ages that the questionnaire is for."""
        if field.data is None:
            raise ValidationError("Give the date of birth.")
        if not YOUNGEST <= age_on(field.data, date.today()) <= OLDEST:  # noqa: DTZ011 - the clinic's own day
            raise ValidationError(f"The questionnaire is for people from {YOUNGEST} to {OLDEST} years.")

    def validate_appointment_time(self, field: TimeField) -> None:
        """A time belongs to a day."""
        if field.data is not None and self.appointment_day.data is None:
            raise ValidationError("Give the day of the appointment too.")

    def error_list(self) -> list[dict[str, str]]:
        """Return each error with the address of its field, for the box at the top."""
        return [
            # a date's first box stands for all three
            {
                "text": str(field.errors[0]),
                "href": f"#{field.id}-day" if isinstance(field, DayField) else f"#{field.id}",
            }
            for field in self
            if field.errors
        ]

    def appointment_at(self) -> datetime | None:
        """The appointment in the time zone of the server; without a time, the start of its day."""
        day = self.appointment_day.data
        return datetime.combine(day, self.appointment_time.data or time()).astimezone() if day else None


@views.app_template_global()
def day_and_time(moment: datetime) -> str:
    """Return a moment as staff and patients say it, in the time zone of the server: Tue 3 March 2026, 14:30."""
    return f"{moment.astimezone():%a %-d %B %Y, %H:%M}"


@views.get("")
@requires("clinician")
def overview() -> str:
    """List the patients, the most urgent first."""
    with services().database.reading() as database:
        entries = encounters.worklist(database)
    return render_template("clinician/worklist.html", entries=entries, priority_words=PRIORITY_WORDS)


@views.get("/new")
@requires("clinician")
def new() -> str:
    """Ask who is to be invited."""
    return render_template("clinician/new.html", form=NewPatientForm(formdata=None))


@views.post("/new")
@requires("clinician")
def add() -> Response | tuple[str, int]:
    """Store a new patient."""
    form = NewPatientForm(request.form)
    if not form.validate():
        return render_template("clinician/new.html", form=form), 422
    with services().database.writing() as database:
        encounter, token = encounters.create(
            database,
            patient_name=str(form.patient_name.data),
            date_of_birth=cast(date, form.date_of_birth.data),
            appointment_at=form.appointment_at(),
        )
    session[NEW_LINK] = {"encounter": encounter.id, "token": token}
    return redirect(url_for("clinician.invitation", encounter_id=encounter.id), 303)


@views.get("/<encounter_id>/link")
@requires("clinician")
def invitation(encounter_id: str) -> str:
    """Show a new patient's link. It is kept only as a hash, so this is the only time."""
    made = session.pop(NEW_LINK, {})
    token = made.get("token") if made.get("encounter") == encounter_id else None
    link = services().settings.base_url + url_for("patient.start", token=token) if token else None
    return render_template("clinician/invitation.html", encounter=_encounter(encounter_id), link=link)


@views.get("/<encounter_id>")
@requires("clinician")
def summary(encounter_id: str) -> str:
    """Show a patient's summary, or that there is none yet."""
    encounter = _encounter(encounter_id)
    found = _summary(encounter)
    if found is None:
        return render_template("clinician/waiting.html", encounter=encounter)
    stylesheet = url_for("clinician.summary_style")
    return render_template(
        "clinician/summary.html",
        encounter=encounter,
        summary=found,
        stylesheet=stylesheet,
        score_bar=score_bar,
        style=style,
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
    pdf = services().pdf_worker.write(found)
    response = Response(pdf, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="summary-{encounter.id[:8]}.pdf"'
    return response


def _encounter(encounter_id: str) -> Encounter:
    with services().database.reading() as database:
        return encounters.find(database, encounter_id) or abort(404, "There is no such patient.")


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
