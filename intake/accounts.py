"""Who of the staff is signed in, and what they may see. How they sign in is `intake.sign_in`.

Every view needs a role, except the few that are listed as open or belong to a patient's own link. The roles are looked
up each time: a member of staff who was removed is out at once. A session ends after some quiet, after 12 hours, and
when the password changes; what was typed on a page that is sent too late is kept (`kept_forms`).
"""

from collections.abc import Callable
from functools import wraps
from time import time
from typing import ParamSpec, TypeVar, cast
from uuid import uuid4

from flask import Blueprint, abort, current_app, g, redirect, request, session, url_for
from flask_security import current_user, login_user
from itsdangerous import URLSafeTimedSerializer
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from intake import audit, credentials, ended_sessions, kept_forms
from intake.audit import Event, Trail, Who
from intake.credentials import Account
from intake.ended_sessions import LONGEST_SESSION
from intake.security import SESSION_ID
from intake.services import services
from intake.staff import ROLES, Role, Staff

LINK_SECONDS = 12 * 60 * 60
SIGNED_IN = "_user_id"  # in the session, by the sign-in library: the account's stamp
ENDS_AT = "ends_at"
SEEN_AT = "seen_at"  # when the member last did something, in seconds
AWAY = "away"  # the session ended because nothing was done for too long
WAS = "was"  # who it was that was away
WARNING = 120  # seconds before the end, the page asks
LEEWAY = 30  # seconds more than the page's own clock
PASSIVE = (
    "static",
    "notices.now",
    "clinician.worklist_now",
    "impact.progress",
    "my_account.time_left",
)  # a page asks these by itself
HOME: dict[Role, str] = {"clinician": "clinician.overview", "admin": "admin.overview", "front_desk": "desk.overview"}
ROLE_WORDS: dict[Role, str] = {"clinician": "clinicians", "admin": "admins", "front_desk": "the front desk"}

P = ParamSpec("P")
R = TypeVar("R")

views = Blueprint("accounts", __name__)


class SignInFirst(Forbidden):
    """Nobody of the staff is signed in; the page to sign in on comes instead."""


def link_token(secret_key: str, staff_id: str, number: int) -> str:
    """Return the token of a sign-in link: its member and its number, for 12 hours."""
    return signer(secret_key).dumps([staff_id, number])


def sign_in_token(secret_key: str, staff_id: str) -> str:
    """Return the token of the link by which an invented member (`intake demo`) signs in, and nobody else."""
    return link_token(secret_key, staff_id, 0)


def signer(secret_key: str) -> URLSafeTimedSerializer:
    """Return what signs and reads sign-in links."""
    return URLSafeTimedSerializer(secret_key, salt="staff sign-in")


def let_in(account: Account) -> None:
    """Open a session for a member of staff, and end whatever session this browser had."""
    csrf = session.get("csrf_token") if session.get(WAS) == account.staff.id else None
    _end_for_good()
    session.clear()
    login_user(account)
    session[SESSION_ID] = uuid4().hex
    session[ENDS_AT], session[SEEN_AT] = int(time()) + int(LONGEST_SESSION.total_seconds()), int(time())
    if csrf:  # pages of theirs that are open in other windows can still be sent
        session["csrf_token"] = csrf
    g.pop("signed_in", None)


def enter(found: Account, chosen: str | None = None) -> Response:
    """Let a member in, and go on: to what was kept for them, to the page they had asked for, or to the first one."""
    let_in(found)
    with services().database.writing() as database:
        credentials.note_sign_in(database, found.staff.id)
        trail_of(audit.member_of_staff(found.staff.id)).note(database, Event.SIGNED_IN)
        kept = kept_forms.newest(database, str(current_app.secret_key), found.staff.id)
    return redirect(url_for("sign_in.kept") if kept else chosen or home(found.staff), 303)


def home(member: Staff) -> str:
    """Return the address of a member's first page."""
    return url_for(HOME[member.roles[0]])


def account() -> Account | None:
    """Return the account of the member of staff whose session this is; None for everybody else."""
    if SIGNED_IN not in session or seconds_left() < -LEEWAY or session.get(ENDS_AT, 0) < time():
        return None
    return cast(Account, current_user) if current_user.is_authenticated else None


def signed_in() -> Staff | None:
    """Return the member of staff whose session this is, as stored now; None for everybody else."""
    if "signed_in" not in g:
        found = account()
        g.signed_in = found.staff if found else None
    member: Staff | None = g.signed_in
    return member


def current_staff() -> Staff:
    """Return the member of staff who is signed in; ask everybody else to sign in."""
    member = signed_in()
    if member is None:
        raise SignInFirst
    return member


def trail_of(who: Who) -> Trail:
    """Return what writes the audit trail for somebody."""
    return Trail(str(current_app.secret_key), who)


def trail() -> Trail:
    """Return what writes the audit trail for the member of staff who is signed in; ask everybody else to sign in."""
    return trail_of(audit.member_of_staff(current_staff().id))


def write_down(who: Trail, what: Event, encounter_id: str = "", about: str = "") -> None:
    """Write one entry into the audit trail, in a transaction of its own that keeps nobody else from writing."""
    with services().database.writing(encounter_id or who.who.id or who.who.kind) as database:
        who.note(database, what, encounter_id, about)


def records(event: Event) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Write into the audit trail that a member of staff was shown what a view answers, before it is sent."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def recorded(*args: P.args, **kwargs: P.kwargs) -> R:
            answer = view(*args, **kwargs)
            write_down(trail(), event, str(kwargs.get("encounter_id", "")), str(kwargs.get("number", "")))
            return answer

        return recorded

    return decorate


def requires(*roles: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only staff with one of these roles see a view."""
    assert set(roles) <= set(ROLES)

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if not set(current_staff().roles) & set(roles):
                write_down(trail(), Event.REFUSED, about=request.endpoint or "")
                abort(403, f"This page is for {' and '.join(ROLE_WORDS[role] for role in roles)}.")
            return view(*args, **kwargs)

        guarded.for_staff = True  # type: ignore[attr-defined]
        return guarded

    return decorate


def seconds_left() -> int:
    """Return how long the session stays open if nothing is done, in seconds; less than 0 once that is over."""
    limit = services().settings.staff_quiet_minutes * 60
    return int(session.get(SEEN_AT, 0) + limit - time())


@views.before_app_request
def guard() -> None:
    """End a session that was quiet for too long, keeping what was sent; remember that the member is here otherwise."""
    if SIGNED_IN not in session or request.endpoint in PASSIVE:
        return
    is_for_staff = hasattr(current_app.view_functions.get(request.endpoint or ""), "for_staff")
    is_closing = is_for_staff and request.method == "POST" and kept_forms.KEEP in request.form
    if account() is not None and not is_closing:
        session[SEEN_AT] = int(time())
    elif current_user.is_authenticated:
        _close(cast(Account, current_user).staff, keeps=is_for_staff and request.method == "POST")
    else:
        _end()


def _close(member: Staff, *, keeps: bool) -> None:
    if keeps:
        key, address = str(current_app.secret_key), request.full_path.rstrip("?")
        about = (request.view_args or {}).get("encounter_id")
        with services().database.writing() as database:
            kept_forms.keep(database, key, member.id, address, request.form, about)
    leave(member)
    if keeps:
        raise SignInFirst


def leave(member: Staff) -> None:
    """End a session because nothing was done for too long."""
    write_down(trail_of(audit.member_of_staff(member.id)), Event.QUIET)
    _end_for_good()
    _end()
    session[AWAY], session[WAS] = True, member.id


def _end_for_good() -> None:
    """Let nobody go on with this session, nor with a copy of its cookie."""
    if SESSION_ID in session:
        with services().database.writing() as database:
            ended_sessions.end_for_good(database)


def _end() -> None:
    """Forget who was signed in. The page's own key stays, for what is open in other windows."""
    for name in [name for name in session if name != "csrf_token"]:
        session.pop(name)
    g.pop("signed_in", None)
    g.pop("_login_user", None)


def sign_out() -> None:
    """End the session of this browser."""
    member = signed_in()
    if member is not None:
        write_down(trail(), Event.SIGNED_OUT)
    _end_for_good()
    session.clear()
    g.pop("signed_in", None)
    g.pop("_login_user", None)


def is_invented() -> bool:
    """Whether an invented member is signed in, of an installation to look around in."""
    found = account()
    return found is not None and found.is_invented


def by_id(staff_id: str) -> Account | None:
    """Return a member's account if the member is still on staff."""
    with services().database.reading() as database:
        found = credentials.of_member(database, staff_id)
    return found if found is not None and found.active else None


@views.app_context_processor
def for_templates() -> dict[str, object]:
    """Tell every page who of the staff is signed in, and for how long without doing anything."""
    return {
        "signed_in": signed_in,
        "is_demonstration": is_invented,
        "staff_quiet": lambda: {"left": max(seconds_left(), 0), "warning": WARNING},
    }
