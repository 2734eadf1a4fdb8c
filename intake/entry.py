"""How a patient comes in: the link, then the date of birth, then a session for this one encounter.

What is kept in the session: which link was opened (`INVITED`), and, once the date of birth was right, the encounter
(`OPENED`), until nothing was done for too long (`quiet`). The token itself stands in one address only, from which the
browser is sent on at once.
A link that is unknown, replaced, cancelled or over gets one and the same page, whether it ever was somebody's or not.
"""

from datetime import date, timedelta
from typing import Any, cast
from uuid import uuid4

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms.validators import ValidationError

from intake import audit, ended_sessions, in_hand, invitations, language, quiet, tallies, typed
from intake.audit import Event, Trail
from intake.days import DayField
from intake.in_hand import InHand
from intake.invitations import MOST_TRIES, Invitation, State, Try
from intake.security import SESSION_ID
from intake.services import services
from intake.tallies import Rate

views = Blueprint("entry", __name__)
INVITED = "invited"  # encounter and number of the link that was opened on this device
OPENED = "encounter"  # the encounter whose date of birth was given on this device
AWAY = "away"  # the answers were closed because nothing was done for too long
CSRF = "csrf_token"
LONGEST_LIFE = timedelta(days=130 * 366)
TOO_OFTEN = Rate("wrong links and dates of one address", 100, timedelta(minutes=10))
EVENTS = {Try.RIGHT: Event.CAME_IN, Try.WRONG: Event.WRONG_BIRTH, Try.LOCKED: Event.LINK_LOCKED}
WARN_AT = 2  # how many tries are left when the patient is told so

Answer = str | Response | tuple[str, int]


class BirthForm(FlaskForm):
    """The date of birth, as the patient says it."""

    date_of_birth = DayField(
        lazy_gettext("What is your date of birth?"), description=lazy_gettext("For example, 27 3 1971")
    )

    def validate_date_of_birth(self, field: DayField) -> None:
        """Refuse what nobody's date of birth can be; that is a slip, and does not count as a try."""
        today = date.today()  # noqa: DTZ011 - the clinic's own day
        if field.process_errors:
            return  # said already
        if field.data is None:
            raise ValidationError(gettext("Write your date of birth."))
        if not today - LONGEST_LIFE <= field.data <= today:
            raise ValidationError(gettext("Check the year of your date of birth."))

    def error_list(self) -> list[dict[str, str]]:
        """Return the error with the address of its first box, for the box at the top."""
        field = self.date_of_birth
        return [{"text": str(error), "href": f"#{field.first_box}"} for error in field.errors]


@views.app_context_processor
def for_templates() -> dict[str, object]:
    """Tell every page for how long the patient may be quiet, in seconds, and when the page asks."""
    return {"quiet": {"left": quiet.seconds_left(), "warning": quiet.WARNING} if OPENED in session else None}


@views.get("/start/<token>")
def start(token: str) -> Answer:
    """Remember whose link this is, and send the browser on to an address without the token."""
    ended_sessions.forget()
    with services().database.reading() as database:
        invitation = invitations.find_by_token(database, token)
    if invitation is None or invitation.state in (State.EXPIRED, State.CANCELLED):
        return _wrong_try() or _no_link()
    session[INVITED] = _mark(invitation.encounter_id, invitation.link_number)
    language.prefer(invitation.language)
    return redirect(url_for("entry.ask"), 303)


@views.get("/enter")
def ask() -> Answer:
    """Ask for the date of birth."""
    invitation = _invited()
    if invitation is None:
        return ask_to_come_in()
    if quiet.seconds_left() <= 0:
        _close()
    return _page(invitation, BirthForm(formdata=None))


@views.post("/enter")
def check() -> Answer:
    """Let the patient in whose date of birth it is."""
    invitation = _invited()
    if invitation is None:
        return ask_to_come_in()
    if invitation.state is not State.OPEN:
        return _page(invitation, BirthForm(formdata=None))
    form = BirthForm(request.form)
    if language.is_switched():
        return _page(invitation, form)
    if not form.validate():
        return _page(invitation, form)
    if _tried_too_often():
        return _wait()
    with services().database.writing(invitation.encounter_id) as database:
        outcome = invitations.try_date(database, invitation.encounter_id, cast(date, form.date_of_birth.data))
        after = cast(Invitation, invitations.find(database, invitation.encounter_id))
        trail_of(invitation.encounter_id).note(database, EVENTS[outcome], invitation.encounter_id)
    if outcome is Try.RIGHT:
        return _let_in(invitation)
    if outcome is Try.WRONG:
        _wrong_try()
        form.date_of_birth.errors = [_wrong(after.tries_left)]
    return _page(after, form)


def trail_of(encounter_id: str) -> Trail:
    """Return what writes the audit trail for whoever uses a patient's link."""
    return Trail(_key(), audit.patient_of(encounter_id))


def _let_in(invitation: Invitation) -> Response:
    """Open the answers; what was typed before the session was lost goes on to be saved, with this page's own mark."""
    before, csrf = typed.kept(_key(), session[INVITED], request.form), session.get(CSRF)
    come_in(invitation)
    if before is None:
        return redirect(url_for("patient.welcome"), 303)
    session[CSRF] = csrf
    return redirect(before.address, 307)


def _wrong_try() -> Answer | None:
    """Count a wrong link or date of birth from where this request comes; ask to wait once there were too many."""
    with services().database.writing() as database:
        too_often = tallies.is_too_often(database, _key(), TOO_OFTEN, request.remote_addr or "")
    return _wait() if too_often else None


def _tried_too_often() -> bool:
    with services().database.reading() as database:
        return tallies.is_over(database, _key(), TOO_OFTEN, request.remote_addr or "")


def _wait() -> tuple[str, int]:
    message = gettext("There were too many wrong tries from here. Wait ten minutes, and try again.")
    return render_template("error.html", code=429, message=message), 429


def _wrong(tries_left: int) -> str:
    text = gettext("This is not the date of birth that belongs to this link. Check the day, the month and the year.")
    if tries_left > WARN_AT:
        return text
    left = ngettext("You can try once more.", "You can try %(num)d more times.", tries_left)
    return f"{text} {left} {gettext('After that the link is locked until you speak to the clinic.')}"


def _page(invitation: Invitation, form: BirthForm) -> Answer:
    if invitation.state is State.LOCKED:
        return render_template("patient/locked.html", tries=MOST_TRIES), 403
    if invitation.state is not State.OPEN:
        return _no_link()
    before = request.form.get(typed.TYPED) or _typed_here()
    page = render_template(
        "patient/enter.html", form=form, away=session.get(AWAY), typed_name=typed.TYPED, typed=before
    )
    return page, 422 if form.errors else 200


def _typed_here() -> str | None:
    """What this request brought, sealed, where it is a page of questions that was sent too late."""
    if request.method != "POST" or typed.WAY_BACK not in request.form:
        return None
    return typed.keep(_key(), session[INVITED], request.full_path, request.form)


def _no_link() -> tuple[str, int]:
    return render_template("patient/no_link.html"), 404


def come_in(invitation: Invitation) -> None:
    """Make this browser's session that of one patient and of nobody else."""
    ended_sessions.forget()
    session[INVITED] = _mark(invitation.encounter_id, invitation.link_number)
    session[OPENED], session[SESSION_ID] = invitation.encounter_id, uuid4().hex
    language.prefer(invitation.language)
    quiet.note()


def step_out() -> None:
    """Close the session's answers on this device; the date of birth opens them again."""
    session.pop(OPENED, None)


def _close() -> None:
    """Close the answers because nothing was done for too long; the next page says so."""
    if OPENED in session:
        step_out()
        session[AWAY] = True


def ask_again() -> Answer:
    """Ask for the date of birth, on a page that keeps what this request brought, until it can be saved."""
    mark = typed.whose(_key(), request.form)
    if mark is not None and mark != session.get(INVITED):
        session.clear()
        session[INVITED] = mark
    invitation = _invited()
    if invitation is None:
        return render_template("patient/closed.html"), 403
    step_out()
    session[AWAY] = True
    return _page(invitation, BirthForm(formdata=None))


def whose_page() -> str:
    """Return what a page of questions holds, to be saved even if it is sent after the session was lost."""
    return typed.way_back(_key(), session[INVITED])


def typed_before() -> typed.Typed | None:
    """Return what was typed before the session was lost, if this request brings it."""
    return typed.kept(_key(), session[INVITED], request.form)


def _key() -> str:
    return str(current_app.secret_key)


@views.get("/time-left")
def time_left() -> dict[str, int]:
    """Say for how many more seconds the answers stay open on this device."""
    return {"seconds": max(quiet.seconds_left(), 0) if OPENED in session else 0}


@views.post("/time-left")
def stay() -> dict[str, int]:
    """Keep the answers open."""
    if OPENED in session and not quiet.is_over():
        quiet.note()
    return time_left()


def ask_to_come_in() -> Answer:
    """Send a patient who is not in to the date of birth, if a link was opened here; otherwise ask for the link."""
    if typed.WAY_BACK in request.form:
        return ask_again()
    if INVITED in session and _invited() is not None and request.endpoint not in ("entry.ask", "entry.check"):
        return redirect(url_for("entry.ask"), 303)
    return render_template("patient/closed.html"), 403


def opened() -> InHand | None:
    """Return what the patient whose session this is works on, if the link that opened it still is the last."""
    if quiet.is_over():
        _close()
    found = in_hand.find(services().database, session.get(OPENED, ""), session.get(SESSION_ID, ""))
    if found is None or found.encounter.is_cancelled:
        return None
    if _mark(found.encounter.id, found.encounter.link_number) != session.get(INVITED):
        return None
    quiet.note()
    return found


def _invited() -> Invitation | None:
    with services().database.reading() as database:
        return _current(database)


def _current(database: Session) -> Invitation | None:
    mark: dict[str, Any] = session.get(INVITED, {})
    invitation = invitations.find(database, mark.get("encounter", ""))
    if (
        invitation is None
        or _mark(invitation.encounter_id, invitation.link_number) != mark
        or invitation.cancelled_at is not None
    ):
        return None
    return invitation


def _mark(encounter_id: str, link_number: int) -> dict[str, Any]:
    return {"encounter": encounter_id, "link": link_number}
