"""How staff come in: a signed link that expires, printed by the command line, opens a session with one role.

Every view needs a role, except the few that are listed as open or belong to a patient's own link.
"""

from collections.abc import Callable
from functools import wraps
from time import time
from typing import Literal, ParamSpec, TypeVar, get_args

from flask import Blueprint, abort, current_app, redirect, session, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

Role = Literal["clinician", "admin"]
LINK_SECONDS = 12 * 60 * 60

P = ParamSpec("P")
R = TypeVar("R")

views = Blueprint("accounts", __name__)


def sign_in_token(secret_key: str, role: Role) -> str:
    """Return the token of a link that lets a member of staff in for the next 12 hours."""
    return _signer(secret_key).dumps(role)


def _signer(secret_key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key, salt="staff sign-in")


@views.get("/sign-in/<token>")
def sign_in(token: str) -> Response:
    """Open a session of 12 hours for a member of staff whose link is genuine and not older than that."""
    try:
        role = _signer(str(current_app.secret_key)).loads(token, max_age=LINK_SECONDS)
    except BadSignature:
        abort(403, "This sign-in link is not valid any more. Please ask for a new one.")
    session.clear()
    session["role"], session["ends_at"] = role, int(time()) + LINK_SECONDS
    return redirect(url_for(f"{role}.overview"))


def requires(role: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only staff with this role see a view."""
    assert role in get_args(Role)

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if session.get("role") != role or session.get("ends_at", 0) < time():
                abort(403, f"This page is for signed-in {role}s. Please open your sign-in link again.")
            return view(*args, **kwargs)

        return guarded

    return decorate
