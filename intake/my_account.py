"""A member's own account: password, second factor, recovery codes, and how long the session stays open."""

from time import time

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask_security import current_user
from govuk_frontend_wtf.wtforms_widgets import GovPasswordInput
from werkzeug.wrappers import Response
from wtforms import PasswordField

from intake import accounts, credentials, passkeys, second_factor, security, tallies
from intake.account_forms import OurForm, PasswordForm
from intake.accounts import requires, trail
from intake.audit import Event
from intake.credentials import Account
from intake.second_factor import Answer, stale
from intake.services import services
from intake.staff import ROLES

views = Blueprint("my_account", __name__, url_prefix="/account")


class ConfirmForm(OurForm):
    """The password, asked for again."""

    password = PasswordField("Your password", widget=GovPasswordInput())


@views.get("")
@requires(*ROLES)
def overview() -> str:
    """Show how the member signs in."""
    found = _mine()
    with services().database.reading() as database:
        keys = passkeys.listing(database, found.staff.id)
    return render_template(
        "accounts/overview.html",
        account=found,
        keys=keys,
        may_remove=len(keys) + bool(found.totp_secret) > 1 or not services().settings.needs_second_factor,
        changed="changed" in request.args,
    )


@views.get("/confirm")
@requires(*ROLES)
def confirm() -> Answer:
    """Ask for the password before the account is changed."""
    return render_template("accounts/confirm.html", form=ConfirmForm(formdata=None), account=_mine())


@views.post("/confirm")
@requires(*ROLES)
def confirm_now() -> Answer:
    """Open the account for changes for the next minutes."""
    found, form = _mine(), ConfirmForm(request.form)
    with services().database.writing() as database:
        wait = tallies.strike(database, services().settings.secret_key, "password", found.email or found.staff.id)
    if wait is not None or not security.is_password_of(found, form.password.data or ""):
        what = Event.PASSWORD_WRONG if wait is None else Event.MADE_TO_WAIT
        accounts.write_down(trail(), what, about=found.staff.id)
        form.password.errors = ["This is not your password." if wait is None else "Too many wrong tries. Wait a while."]
        return render_template("accounts/confirm.html", form=form, account=found), 422
    with services().database.writing() as database:
        tallies.forget(database, services().settings.secret_key, "password", found.email or found.staff.id)
    session[second_factor.PROVED_AT] = time()
    return redirect(url_for("my_account.overview"), 303)


@views.get("/password")
@requires(*ROLES)
def password() -> Answer:
    """Ask for a new password."""
    return stale() or render_template("accounts/password.html", form=PasswordForm(formdata=None))


@views.post("/password")
@requires(*ROLES)
def change_password() -> Answer:
    """Store a new password, and end every other session."""
    form, found = PasswordForm(request.form), _mine()
    form.about = (found.staff.name, found.email)
    if again := stale():
        return again
    if not form.validate():
        return render_template("accounts/password.html", form=form), 422
    hashed = security.hashed(form.password.data or "")
    with services().database.writing() as database:
        found.fs_uniquifier = credentials.set_password(database, found.staff.id, hashed)
        trail().note(database, Event.PASSWORD_SET)
    accounts.let_in(found)
    return redirect(url_for("my_account.overview", changed="yes"), 303)


@views.post("/sessions")
@requires(*ROLES)
def end_others() -> Response:
    """End every other session."""
    found = _mine()
    with services().database.writing() as database:
        found.fs_uniquifier = credentials.end_sessions(database, found.staff.id)
        trail().note(database, Event.SESSIONS_ENDED)
    accounts.let_in(found)
    return redirect(url_for("my_account.overview", changed="yes"), 303)


@views.post("/codes")
@requires(*ROLES)
def codes() -> Answer:
    """Make new recovery codes; those before work no more."""
    return stale() or second_factor.show_new_codes(_mine(), url_for("my_account.overview"))


@views.post("/second-factor/remove")
@requires(*ROLES)
def remove() -> Answer:
    """Take away the authenticator app or a passkey, unless it is the last one and one is required."""
    if again := stale():
        return again
    found, chosen = _mine(), request.form.get("passkey")
    is_last = found.passkeys + bool(found.totp_secret) < 2
    if not (is_last and services().settings.needs_second_factor):
        with services().database.writing() as database:
            if chosen:
                passkeys.remove(database, found.staff.id, chosen)
            else:
                credentials.set_totp(database, found.staff.id, None, None)
            trail().note(database, Event.FACTOR_REMOVED, about="passkey" if chosen else "app")
    return redirect(url_for("my_account.overview"), 303)


@views.get("/time-left")
@requires(*ROLES)
def time_left() -> dict[str, int]:
    """Say for how many more seconds the session stays open if nothing is done."""
    return {"seconds": max(accounts.seconds_left(), 0)}


@views.post("/time-left")
@requires(*ROLES)
def stay() -> dict[str, int]:
    """Keep the session open."""
    return time_left()


def _mine() -> Account:
    found: Account = current_user._get_current_object()
    return found
