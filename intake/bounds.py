"""How often one person may ask for what costs much to make: PDFs, and pages that compute. For all processes together.

Far above what anybody does by hand: it keeps one session, or a program that uses one, from taking the machine.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import abort, current_app
from flask_babel import gettext

from intake import tallies
from intake.accounts import current_staff
from intake.services import services
from intake.tallies import Rate

FOR_STAFF = Rate("pages that cost much", 300, timedelta(minutes=10))
FOR_PATIENTS = Rate("own copies", 30, timedelta(minutes=10))
TOO_MANY = 429

P = ParamSpec("P")
R = TypeVar("R")


def bounded(view: Callable[P, R]) -> Callable[P, R]:
    """Let a member of staff ask for a view so often, together with all others that are bounded."""

    @wraps(view)
    def counted(*args: P.args, **kwargs: P.kwargs) -> R:
        check(FOR_STAFF, current_staff().id)
        return view(*args, **kwargs)

    return counted


def check(rate: Rate, subject: str) -> None:
    """Count one more of somebody; ask them to wait once there were too many."""
    with services().database.writing(subject) as database:
        is_too_often = tallies.is_too_often(database, str(current_app.secret_key), rate, subject)
    if is_too_often:
        abort(TOO_MANY, gettext("You asked for this very often in a short time. Wait ten minutes, and try again."))
