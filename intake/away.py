"""The database is away, locked, or has no room: the page that says so, and keeps what was typed until it is back."""

import logging

from flask import Flask, Response, g, make_response, render_template, request
from flask_login import AnonymousUserMixin
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError

from intake.faults import place_of
from intake.help_at_once import phone_lines
from intake.language import PATIENTS
from intake.services import services

FAULTS = (OperationalError, InterfaceError, TimeoutError)  # the last: no connection of the pool became free
WITH_SECRETS = (
    "accounts",
    "sign_in",
    "openid",
    "second_factor",
    "my_account",
    "members",
)  # whose forms go nowhere else
TRY_AFTER = 30  # seconds
LOG = logging.getLogger(__name__)


def prepare(app: Flask) -> None:
    """Have the application answer so."""
    for fault in FAULTS:
        app.register_error_handler(fault, _show)


def _show(error: Exception) -> Response:
    LOG.error("the database failed while answering %s: %s", request.endpoint, place_of(error))
    is_kept = request.method == "POST" and request.blueprint not in WITH_SECRETS and not request.files
    g._login_user = AnonymousUserMixin()  # else every template asks the database who is signed in
    page = render_template(
        "away.html",
        typed=list(request.form.items(multi=True)) if is_kept else [],
        address=request.full_path,
        is_patients=request.blueprint in PATIENTS,
        lines=phone_lines(services().settings.help_lines),
    )
    answer = make_response(page, 503)
    answer.headers["Retry-After"] = str(TRY_AFTER)
    return answer
