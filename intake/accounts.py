"""How staff come in: a signed link that expires, printed by the command line, opens a session for one member of staff.

Every view needs a role, except the few that are listed as open or belong to a patient's own link. The roles are looked
up each time: a member of staff who was removed is out at once.
"""

from collections.abc import Callable
from functools import wraps
from time import time
from typing import ParamSpec, TypeVar

from flask import Blueprint, abort, current_app, g, redirect, session, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from intake import staff
from intake.services import services
from intake.staff import ROLES, Role, Staff

LINK_SECONDS = 12 * 60 * 60
SIGNED_IN = "staff"  # in the session: the id of the member of staff
HOME: dict[Role, str] = {"clinician": "clinician.overview", "admin": "admin.overview", "front_desk": "desk.overview"}
ROLE_WORDS: dict[Role, str] = {"clinician": "clinicians", "admin": "admins", "front_desk": "the front desk"}
REFUSED = "This sign-in link is not valid any more. Please ask for a new one."

P = ParamSpec("P")
R = TypeVar("R")

views = Blueprint("accounts", __name__)


def sign_in_token(secret_key: str, staff_id: str) -> str:
    """Return the token of a link that lets a member of staff in for the next 12 hours."""
    return _signer(secret_key).dumps(staff_id)


def _signer(secret_key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key, salt="staff sign-in")


@views.get("/sign-in/<token>")
def sign_in(token: str) -> Response:
    """Open a session of 12 hours for a member of staff whose link is genuine and not older than that."""
    try:
        staff_id = str(_signer(str(current_app.secret_key)).loads(token, max_age=LINK_SECONDS))
    except BadSignature:
        abort(403, REFUSED)
    member = _active(staff_id) or abort(403, REFUSED)
    session.clear()
    session[SIGNED_IN], session["ends_at"] = member.id, int(time()) + LINK_SECONDS
    return redirect(url_for(HOME[member.roles[0]]))


def signed_in() -> Staff | None:
    """Return the member of staff whose session this is, as stored now; None for everybody else."""
    if SIGNED_IN not in session or session.get("ends_at", 0) < time():
        return None
    if "signed_in" not in g:
        g.signed_in = _active(session[SIGNED_IN])
    member: Staff | None = g.signed_in
    return member


def _active(staff_id: str) -> Staff | None:
    with services().database.reading() as database:
        member = staff.find(database, staff_id)
    return member if member is not None and member.active else None


def current_staff() -> Staff:
    """Return the member of staff who is signed in; refuse everybody else."""
    return signed_in() or abort(403, "This page is for staff. Please open your sign-in link again.")


def requires(*roles: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only staff with one of these roles see a view."""
    assert set(roles) <= set(ROLES)

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            member = signed_in()
            if member is None or not set(member.roles) & set(roles):
                allowed = " and ".join(ROLE_WORDS[role] for role in roles)
                abort(403, f"This page is for {allowed}. Please open your sign-in link again.")
            return view(*args, **kwargs)

        return guarded

    return decorate


@views.app_context_processor
def for_templates() -> dict[str, object]:
    """Tell every page who of the staff is signed in."""
    return {"signed_in": signed_in}
