"""The second factor of a member of staff: proved at sign-in, set up, added to, taken away.

Whoever has given a password is half-way (`HALF` in the session) for ten minutes. Without a second factor yet, that is
enough to set one up; for all else the session must be open, and what changes the account asks for the password again
if it was not given in the last ten minutes.
"""

from io import BytesIO
from time import time

import segno
from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, session, url_for
from govuk_frontend_wtf.wtforms_widgets import GovTextInput
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse
from wtforms import StringField

from intake import accounts, audit, credentials, passkeys, security
from intake.account_forms import OurForm
from intake.accounts import SignInFirst
from intake.audit import Event
from intake.credentials import Account
from intake.services import services

views = Blueprint("second_factor", __name__, url_prefix="/account/second-factor")
HALF = "half"  # in the session: the account's stamp, and when the password was given
CHALLENGE = "challenge"
SECRET = "authenticator"  # in the session: the app's secret until its first code, encrypted
HALF_SECONDS = 600
FRESH_SECONDS = 600
PROVED_AT = "fs_paa"  # in the session, by the sign-in library

Answer = str | BaseResponse | tuple[str, int]


class AppForm(OurForm):
    """The first code of an authenticator app."""

    code = StringField("Code that the app shows now", widget=GovTextInput())


class PasskeyForm(OurForm):
    """What a passkey is called."""

    name = StringField(
        "What to call it", widget=GovTextInput(), description="For example, laptop, telephone or blue key"
    )


def begin_half(found: Account) -> None:
    """Remember whose password was given on this device."""
    session[HALF] = {"stamp": found.fs_uniquifier, "at": int(time())}


def half_way() -> Account | None:
    """Return whose password was given here in the last ten minutes."""
    half = session.get(HALF)
    if half is None or half["at"] + HALF_SECONDS < time():
        return None
    with services().database.reading() as database:
        found = credentials.by_stamp(database, half["stamp"])
    return found if found is not None and found.active else None


def is_proved(half: Account, code: str, passkey: str) -> bool:
    """Whether a code, a recovery code or a passkey's answer is right. Each works once."""
    if passkey:
        challenge = session.pop(CHALLENGE, "")
        with services().database.writing() as database:
            return passkeys.is_proved(database, services().settings, half, passkey, challenge)
    typed = "".join(code.split())
    if len(typed) == security.FIGURES and half.totp_secret:
        return _takes_code(half.staff.id, typed)
    with services().database.writing() as database:
        return credentials.use_recovery_code(database, half.staff.id, _key(), typed)


def _takes_code(staff_id: str, code: str) -> bool:
    with services().database.writing() as database:  # looked up anew: another device may just have used the code
        found = credentials.of_member(database, staff_id)
        if found is None or not found.totp_secret or not security.takes_code(found, found.totp_secret, code):
            return False
        credentials.set_totp(database, staff_id, found.totp_secret, found.totp_counter)
        return True


def _whose() -> Account:
    """Return who may change the second factor here: see the top."""
    found = accounts.account()
    if found is not None:
        return found
    half = half_way()
    if half is None or half.has_second_factor:
        raise SignInFirst
    return half


def stale() -> BaseResponse | None:
    """Return the way to the page that asks for the password again, where it was given too long ago."""
    if accounts.account() is None or session.get(PROVED_AT, 0) + FRESH_SECONDS > time():
        return None
    return redirect(url_for("my_account.confirm"), 303)


@views.get("")
def choose() -> Answer:
    """Offer the ways to set up a second factor."""
    found = _whose()
    return stale() or render_template(
        "accounts/choose.html", account=found, passkeys_work=passkeys.works_here(services().settings)
    )


@views.get("/app")
def app() -> Answer:
    """Show the QR code that an authenticator app reads."""
    found = _whose()
    if again := stale():
        return again
    session[SECRET] = security.new_totp_secret()
    return _app_page(found, AppForm(formdata=None))


@views.post("/app")
def add_app() -> Answer:
    """Store the app once its first code is right."""
    found, form = _whose(), AppForm(request.form)
    if again := stale():
        return again
    if SECRET not in session:
        return redirect(url_for("second_factor.app"), 303)
    found.totp_counter = None
    if not security.takes_code(found, session[SECRET], "".join((form.code.data or "").split())):
        form.code.errors = ["This is not the code that the app shows now. Type the next one."]
        return _app_page(found, form, 422)
    with services().database.writing() as database:
        credentials.set_totp(database, found.staff.id, session.pop(SECRET), found.totp_counter)
        _note(database, found, Event.APP_ADDED)
    return _done(found)


def _app_page(found: Account, form: AppForm, status: int = 200) -> tuple[str, int]:
    key = security.totp_key(session[SECRET])
    return render_template("accounts/app.html", form=form, account=found, key=key), status


@views.get("/app.svg")
def app_code() -> BaseResponse:
    """Draw the QR code."""
    found = _whose()
    if SECRET not in session:
        abort(404)
    drawing = BytesIO()
    address = security.totp_address(found, session[SECRET])
    segno.make(address, micro=False).save(drawing, kind="svg", border=4, scale=6, xmldecl=False, light="#fff")
    return Response(drawing.getvalue(), mimetype="image/svg+xml")


@views.get("/passkey")
def passkey() -> Answer:
    """Ask the browser for a passkey."""
    found = _whose()
    return stale() or _passkey_page(found, PasskeyForm(formdata=None))


@views.post("/passkey")
def add_passkey() -> Answer:
    """Store a passkey."""
    found, form = _whose(), PasskeyForm(request.form)
    if again := stale():
        return again
    challenge, settings = session.pop(CHALLENGE, ""), services().settings
    with services().database.writing() as database:
        answer, name = request.form.get("passkey", ""), form.name.data or ""
        is_made = passkeys.add(database, settings, found, answer, challenge, name)
        if is_made:
            _note(database, found, Event.PASSKEY_ADDED)
    if not is_made:
        form.name.errors = ["No passkey was made. Try again, with this device or another key."]
        return _passkey_page(found, form, 422)
    return _done(found)


def _passkey_page(found: Account, form: PasskeyForm, status: int = 200) -> tuple[str, int]:
    settings = services().settings
    if not passkeys.works_here(settings):
        abort(404, "Passkeys need an address with a name that begins with https. Use an authenticator app.")
    with services().database.reading() as database:
        asked = passkeys.ask_for_new(settings, found, passkeys.listing(database, found.staff.id))
    session[CHALLENGE] = asked.challenge
    return render_template(
        "accounts/passkey.html", form=form, asked=asked.options, longest=passkeys.LONGEST_NAME
    ), status


def _done(found: Account) -> Answer:
    """Go back to the account; on the way in, give out recovery codes, and let the member in."""
    if accounts.account() is not None:
        return redirect(url_for("my_account.overview"), 303)
    chosen = session.get("next")
    accounts.enter(found)
    return show_new_codes(found, chosen or accounts.home(found.staff))


def show_new_codes(found: Account, on: str) -> str:
    """Make recovery codes, and show them this once."""
    codes = security.new_recovery_codes()
    with services().database.writing() as database:
        credentials.set_recovery_codes(database, found.staff.id, _key(), codes)
        _note(database, found, Event.CODES_MADE)
    return render_template("accounts/codes.html", codes=codes, on=on)


def _note(database: Session, found: Account, what: Event) -> None:
    accounts.trail_of(audit.member_of_staff(found.staff.id)).note(database, what)


def _key() -> str:
    return str(current_app.secret_key)
