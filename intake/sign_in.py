"""How staff sign in: e-mail address and password, then a second factor; or a link, for whoever has no password yet.

A link works once and for 12 hours. It leads to a page where the member chooses a password; only members that
`intake demo` invented sign in by their link alone. Between the two factors the session holds who is half-way (`HALF`).
"""

from datetime import timedelta

from flask import Blueprint, abort, current_app, redirect, render_template, request, session, url_for
from govuk_frontend_wtf.wtforms_widgets import GovPasswordInput, GovTextInput
from itsdangerous import BadSignature
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField
from wtforms.validators import ValidationError

from intake import accounts, audit, credentials, kept_forms, passkeys, second_factor, security, tallies
from intake.account_forms import OurForm, PasswordForm
from intake.accounts import LINK_SECONDS, SignInFirst, current_staff, trail_of
from intake.audit import Event
from intake.credentials import Account
from intake.services import services
from intake.staff import StaffError
from intake.tallies import Rate

views = Blueprint("sign_in", __name__, url_prefix="/sign-in")
JOINING = "joining"  # in the session: whose link was opened, and its number
NEXT = "next"
WRONG = "E-mail address or password is wrong. Check both, and try again."
REFUSED = "This sign-in link is not valid any more. Please ask an admin for a new one."
TOO_OFTEN = Rate("sign-in of one address", 60, timedelta(minutes=10))

Answer = str | Response | tuple[str, int]


class SignInForm(OurForm):
    """The first factor."""

    email = StringField("E-mail address", widget=GovTextInput())
    password = PasswordField("Password", widget=GovPasswordInput())


class JoinForm(PasswordForm):
    """What a member needs to sign in from now on."""

    email = StringField("E-mail address to sign in with", widget=GovTextInput())
    staff_id = ""

    def validate_email(self, field: StringField) -> None:
        """Take an address that is nobody else's."""
        try:
            with services().database.reading() as database:
                credentials.free_email(database, self.staff_id, field.data or "")
        except StaffError as error:
            raise ValidationError(str(error)) from error


class CodeForm(OurForm):
    """The second factor, typed."""

    code = StringField(
        "Code", widget=GovTextInput(), description="6 figures from your authenticator app, or a recovery code"
    )


@views.get("")
def ask() -> Answer:
    """Ask for the first factor."""
    return _page(SignInForm(formdata=None))


@views.post("")
def check() -> Answer:
    """Look at the first factor; ask for the second one, or go on."""
    form = SignInForm(request.form)
    email, password = (form.email.data or "").strip().lower(), form.password.data or ""
    if not (email and password):
        form.password.errors = ["Give your e-mail address and your password."]
        return _page(form, 422)
    wait = _wait("password", email)
    if wait is not None:
        form.password.errors = [_wait_words(wait)]
        return _page(form, 429)
    found = _found(email, password)
    if found is None:
        form.password.errors = [WRONG]
        return _page(form, 422)
    return go_on(found)


def _found(email: str, password: str) -> Account | None:
    with services().database.reading() as database:
        found = credentials.by_email(database, email)
    if not security.is_password_of(found, password) or found is None or not found.active:
        accounts.write_down(trail_of(audit.NOBODY), Event.PASSWORD_WRONG, about=found.staff.id if found else "")
        return None
    with services().database.writing() as database:
        tallies.forget(database, _key(), "password", email)
    return found


def _wait(kind: str, subject: str) -> timedelta | None:
    """Count a try; say how long to wait if there were too many, by one person or from one place."""
    with services().database.writing() as database:
        is_too_often = tallies.is_too_often(database, _key(), TOO_OFTEN, request.remote_addr or "")
        wait = TOO_OFTEN.time if is_too_often else tallies.strike(database, _key(), kind, subject)
        if wait is not None:
            trail_of(audit.NOBODY).note(database, Event.MADE_TO_WAIT, about=kind)
        return wait


def _wait_words(wait: timedelta) -> str:
    minutes = -(-int(wait.total_seconds()) // 60)
    return f"There were too many wrong tries. Wait {minutes} minute{'s' * (minutes != 1)}, and try again."


def go_on(found: Account) -> Response:
    """Lead a member whose password was right to the second factor: to prove it, to set it up, or past it."""
    chosen = safe_next(request.form.get(NEXT)) or session.get(NEXT)
    if not found.has_second_factor and not services().settings.needs_second_factor:
        return accounts.enter(found, chosen)
    second_factor.begin_half(found)
    session[NEXT] = chosen
    return redirect(url_for("sign_in.second" if found.has_second_factor else "second_factor.choose"), 303)


@views.get("/second")
def second() -> Answer:
    """Ask for the second factor."""
    return _second_page(CodeForm(formdata=None))


@views.post("/second")
def check_second() -> Answer:
    """Look at a code, or at the proof of a passkey."""
    half, form = second_factor.half_way(), CodeForm(request.form)
    if half is None or not half.has_second_factor:
        raise SignInFirst
    wait = _wait("second factor", half.staff.id)
    if wait is not None:
        form.code.errors = [_wait_words(wait)]
        return _second_page(form, 429)
    if not second_factor.is_proved(half, form.code.data or "", request.form.get("passkey", "")):
        accounts.write_down(trail_of(audit.NOBODY), Event.FACTOR_WRONG, about=half.staff.id)
        form.code.errors = ["This is not the code. Type the one that the app shows now."]
        return _second_page(form, 422)
    with services().database.writing() as database:
        tallies.forget(database, _key(), "second factor", half.staff.id)
    return accounts.enter(half, session.get(NEXT))


def _second_page(form: CodeForm, status: int = 200) -> Answer:
    half = second_factor.half_way()
    if half is None or not half.has_second_factor:
        raise SignInFirst
    return render_template("accounts/second.html", form=form, half=half, asked=_asked_passkey(half)), status


def _asked_passkey(half: Account) -> str | None:
    settings = services().settings
    if not half.passkeys or not passkeys.works_here(settings):
        return None
    with services().database.reading() as database:
        asked = passkeys.ask_for_proof(settings, passkeys.listing(database, half.staff.id))
    session[second_factor.CHALLENGE] = asked.challenge
    return asked.options


@views.get("/<token>")
def link(token: str) -> Response:
    """Take a link out of the address, and go on: to the first page for invented members, to a password for others."""
    try:
        staff_id, number = accounts.signer(_key()).loads(token, max_age=LINK_SECONDS)
    except (BadSignature, ValueError, TypeError):
        abort(403, REFUSED)
    found = accounts.by_id(str(staff_id)) or abort(403, REFUSED)
    if found.is_invented:
        return accounts.enter(found, None)
    if number != found.link_number or not number:
        abort(403, REFUSED)
    session.clear()
    session[JOINING] = [found.staff.id, number]
    return redirect(url_for("sign_in.join"), 303)


@views.get("/new")
def join() -> Answer:
    """Ask whoever opened a link for a password."""
    found = _joining()
    return render_template(
        "accounts/join.html", form=JoinForm(formdata=None, email=found.email or ""), member=found.staff
    )


@views.post("/new")
def join_now() -> Answer:
    """Store the password, which uses the link up, and go on to the second factor."""
    found, form = _joining(), JoinForm(request.form)
    form.staff_id, form.about = found.staff.id, (found.staff.name, form.email.data or "")
    if not form.validate():
        return render_template("accounts/join.html", form=form, member=found.staff), 422
    hashed = security.hashed(form.password.data or "")
    with services().database.writing() as database:
        now = credentials.of_member(database, found.staff.id)
        if now is None or now.link_number != found.link_number:  # somebody else was faster with the same link
            abort(403, REFUSED)
        credentials.set_email(database, found.staff.id, form.email.data or "")
        credentials.set_password(database, found.staff.id, hashed)
        trail_of(audit.member_of_staff(found.staff.id)).note(database, Event.PASSWORD_SET, about="by link")
    session.clear()
    return go_on(accounts.by_id(found.staff.id) or abort(403, REFUSED))


def _joining() -> Account:
    staff_id, number = session.get(JOINING, ["", 0])
    found = accounts.by_id(staff_id)
    if found is None or found.link_number != number:
        abort(403, REFUSED)
    return found


@views.post("/out")
def out() -> Response:
    """End the session."""
    accounts.sign_out()
    return redirect(url_for("sign_in.ask", out="yes"), 303)


@views.get("/away")
def away() -> Response:
    """End a session whose page was quiet for too long, and say so."""
    member = accounts.signed_in()
    if member is not None and accounts.seconds_left() <= 0:
        accounts.leave(member)
    return redirect(url_for("sign_in.ask"), 303)


@views.get("/kept")
def kept() -> Answer:
    """Show what was typed and not saved, to be sent now or thrown away."""
    member = current_staff()
    with services().database.reading() as database:
        found = kept_forms.newest(database, _key(), member.id)
    return render_template("accounts/kept.html", kept=found) if found else redirect(accounts.home(member), 303)


@views.post("/kept/<kept_id>")
def send_kept(kept_id: str) -> Response:
    """Send what was kept on to where it belongs, with this page's key; or forget it."""
    member = current_staff()
    with services().database.writing() as database:
        found = kept_forms.newest(database, _key(), member.id)
        kept_forms.drop(database, member.id, kept_id)
    if found is None or found.id != kept_id or "forget" in request.form:
        return redirect(accounts.home(member), 303)
    return redirect(found.address, 307)


def ask_first(_error: SignInFirst) -> Answer:
    """Answer whoever is not signed in with the page to sign in on, at the address that they asked for."""
    if request.method == "GET" and request.blueprint != "sign_in":
        session[NEXT] = safe_next(request.full_path.rstrip("?"))
    return _page(SignInForm(formdata=None), 403)


def _page(form: SignInForm, status: int = 200) -> Answer:
    return render_template(
        "accounts/sign_in.html",
        form=form,
        away=session.get(accounts.AWAY),
        signed_out="out" in request.args,
        openid=services().settings.openid,
    ), status


def safe_next(address: str | None) -> str | None:
    """Return an address if it leads to a page of ours, and nowhere else."""
    if not address or not address.startswith("/") or address[1:2] in ("/", "\\") or not address.isprintable():
        return None
    return address


def _key() -> str:
    return str(current_app.secret_key)
