"""A tablet in the waiting room: lent to one patient, closed to everything else, and cleared afterwards.

Staff start it on the tablet itself, which ends their own session there; they know whom they hand it to, so it asks for
no date of birth. It ends when the answers are sent, when the patient gives it back, or after three minutes of quiet.
Only signing in again leads staff back.
"""

from time import time

from flask import Blueprint, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from intake import ended_sessions, entry, language
from intake.invitations import Invitation

views = Blueprint("kiosk", __name__, url_prefix="/kiosk")
KIOSK = "kiosk"  # in the session: when the patient last did something, in seconds
QUIET = 180  # seconds until the tablet is cleared
WARNING = 30  # seconds before that, the patient is asked whether they are still there
LEEWAY = 15  # seconds more than the page's own clock, for the way of a request
NO_PAGE = 204

OPEN_BLUEPRINTS = ("patient", "kiosk")
SIGN_IN = ("ask", "check", "second", "check_second", "link", "join", "join_now")  # staff sign in to have it back
OPEN_ENDPOINTS = ("static", *(f"sign_in.{name}" for name in SIGN_IN), "openid.start", "openid.back")


def begin(invitation: Invitation) -> None:
    """Make this device the patient's, and nobody else's."""
    entry.come_in(invitation)
    session[KIOSK] = int(time())


def is_lent() -> bool:
    """Whether this device is lent to a patient."""
    return KIOSK in session


@views.before_app_request
def guard() -> Response | tuple[str, int] | None:
    """Keep a device that is lent to the pages of its patient, and take it back once they are done or gone."""
    if KIOSK not in session or request.endpoint in OPEN_ENDPOINTS:
        return None
    if request.endpoint == "patient.sent" or time() - session[KIOSK] > QUIET + LEEWAY:
        ended_sessions.forget()
        return redirect(url_for("kiosk.over"), 303)
    if request.blueprint not in OPEN_BLUEPRINTS:
        return render_template("patient/lent.html"), 403
    session[KIOSK] = int(time())
    return None


@views.app_context_processor
def for_templates() -> dict[str, object]:
    """Tell every page whether it is shown on a device that is lent, and for how long it may be quiet."""
    return {"kiosk": {"quiet": QUIET, "warning": WARNING, "reload": QUIET + LEEWAY} if KIOSK in session else None}


@views.get("/here")
def here() -> tuple[str, int]:
    """Hear from the page that the patient is still busy with it."""
    return "", NO_PAGE if KIOSK in session else 403


@views.get("/over")
def over() -> Response:
    """Clear the device, and ask for it back. The next patient finds the clinic's own language again."""
    response = make_response(render_template("patient/over.html", kiosk=None))
    if KIOSK in session:
        ended_sessions.forget()
    response.delete_cookie(language.COOKIE)
    return response
