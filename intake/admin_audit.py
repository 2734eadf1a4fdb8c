"""The admin's page of the audit trail: who read or changed what, and when. Patients are ids here, never names."""

from datetime import date

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from intake import staff
from intake.accounts import requires
from intake.audit_lists import Asked, listed
from intake.services import services

views = Blueprint("admin_audit", __name__, url_prefix="/admin/audit")
LONGEST_ID = 36  # characters
LONGEST_NUMBER = 15  # figures

Answer = str | Response


@views.get("")
@requires("admin")
def overview() -> Answer:
    """List the entries, the newest first."""
    asked = _asked()
    with services().database.reading() as database:
        found = listed(database, asked)
        members = staff.listing(database)
    filters = {name: request.args.get(name, "") for name in ("who", "encounter", "since", "until")}
    return render_template("admin/audit.html", listed=found, members=members, filters=filters)


def _asked() -> Asked:
    before = request.args.get("before", "")
    return Asked(
        request.args.get("who", "").strip()[:LONGEST_ID],
        request.args.get("encounter", "").strip()[:LONGEST_ID],
        _day("since"),
        _day("until"),
        int(before) if before.isdecimal() and len(before) <= LONGEST_NUMBER else None,
    )


def _day(name: str) -> date | None:
    """A day of the filter; one that is none does not count."""
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
