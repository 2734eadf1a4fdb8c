"""The admin's page of members of staff: add one, change roles, let one in no more, hand out links, reset factors."""

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake import credentials, staff
from intake.accounts import ROLE_WORDS, current_staff, link_token, requires, trail
from intake.audit import Event
from intake.credentials import Account
from intake.services import services
from intake.staff import ROLES, Role, StaffError

views = Blueprint("members", __name__, url_prefix="/admin/staff")
ROLE_TITLES: dict[Role, str] = {
    "clinician": "Clinician: reads, reviews and signs summaries; invites patients",
    "admin": "Admin: rules and members of staff; no patients",
    "front_desk": "Front desk: invitations, who and when; no answers",
}

Answer = str | Response | tuple[str, int]


@views.get("")
@requires("admin")
def overview() -> str:
    """List the members of staff."""
    with services().database.reading() as database:
        found = [credentials.of_member(database, member.id) for member in staff.listing(database)]
    return render_template("accounts/members.html", accounts=found, role_words=ROLE_WORDS)


@views.get("/new")
@requires("admin")
def new() -> str:
    """Ask who is to be added."""
    return render_template("accounts/new_member.html", role_titles=ROLE_TITLES, typed={}, error=None)


@views.post("/new")
@requires("admin")
def add() -> Answer:
    """Add a member of staff; go on to the page with the link."""
    try:
        with services().database.writing() as database:
            made = staff.add(database, request.form.get("name", ""), _roles())
            credentials.set_email(database, made.id, request.form.get("email", ""))
            trail().note(database, Event.MEMBER_ADDED, about=made.id)
    except StaffError as error:
        page = render_template(
            "accounts/new_member.html", role_titles=ROLE_TITLES, typed=request.form, roles=_roles(), error=str(error)
        )
        return page, 422
    return redirect(url_for("members.member", staff_id=made.id), 303)


@views.get("/<staff_id>")
@requires("admin")
def member(staff_id: str) -> str:
    """Show a member of staff."""
    return _page(_found(staff_id))


@views.post("/<staff_id>/link")
@requires("admin")
def link(staff_id: str) -> str:
    """Make a sign-in link and show it this once; the one before works no more."""
    found = _found(staff_id)
    if not found.active:
        abort(409, f"{found.staff.name} has left.")
    with services().database.writing() as database:
        number = credentials.new_link(database, staff_id)
        trail().note(database, Event.STAFF_LINK_MADE, about=staff_id)
    token = link_token(str(current_app.secret_key), staff_id, number)
    return _page(found, link=f"{services().settings.base_url}/sign-in/{token}")


@views.post("/<staff_id>/roles")
@requires("admin")
def change_roles(staff_id: str) -> Answer:
    """Change what a member may do. No admin takes away the own admin's role: somebody must be left to give it back."""
    found = _found(staff_id)
    if staff_id == current_staff().id and "admin" not in _roles():
        return _page(found, error="You cannot take the role of admin from yourself. Ask another admin."), 422
    try:
        with services().database.writing() as database:
            staff.set_roles(database, staff_id, _roles())
            trail().note(database, Event.ROLES_CHANGED, about=f"{staff_id} {', '.join(_roles())}")
    except StaffError as error:
        return _page(found, error=str(error)), 422
    return redirect(url_for("members.member", staff_id=staff_id), 303)


@views.post("/<staff_id>/active")
@requires("admin")
def change_active(staff_id: str) -> Answer:
    """Let a member in no more, or again. Nobody shuts themselves out."""
    found = _found(staff_id)
    if staff_id == current_staff().id:
        return _page(found, error="You cannot shut yourself out. Ask another admin."), 422
    with services().database.writing() as database:
        (staff.remove if found.active else staff.take_back)(database, staff_id)
        credentials.end_sessions(database, staff_id)
        trail().note(database, Event.MEMBER_REMOVED if found.active else Event.MEMBER_BACK, about=staff_id)
    return redirect(url_for("members.member", staff_id=staff_id), 303)


@views.post("/<staff_id>/reset")
@requires("admin")
def reset(staff_id: str) -> Response:
    """Take away a member's second factor, for somebody who has lost it; it is set up anew at the next sign-in."""
    found = _found(staff_id)
    with services().database.writing() as database:
        credentials.reset_second_factor(database, found.staff.id)
        trail().note(database, Event.FACTOR_RESET, about=found.staff.id)
    return redirect(url_for("members.member", staff_id=staff_id), 303)


def _found(staff_id: str) -> Account:
    with services().database.reading() as database:
        return credentials.of_member(database, staff_id) or abort(404, "There is no such member of staff.")


def _roles() -> list[Role]:
    return [role for role in ROLES if role in request.form.getlist("roles")]


def _page(found: Account, *, link: str = "", error: str | None = None) -> str:
    return render_template(
        "accounts/member.html", account=found, role_titles=ROLE_TITLES, link=link, error=error, me=current_staff().id
    )
