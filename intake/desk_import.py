"""Inviting many patients from a CSV file: choose it, see what fits and what does not, invite those that fit.

Between the two steps the file stays in the page, not on the server: what is not imported leaves no trace here.
"""

import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from intake import invitations
from intake.accounts import requires, trail
from intake.audit import Event
from intake.invitation_csv import (
    COLUMNS,
    LARGEST_FILE,
    MOST_ROWS,
    BadRow,
    FileError,
    GoodRow,
    bad_rows_csv,
    read_rows,
    template_csv,
)
from intake.services import services

views = Blueprint("desk_import", __name__, url_prefix="/desk/import")
FILE, KEPT = "file", "kept"  # the fields of the first and of the second step
CSV_TYPE = "text/csv; charset=utf-8"

Answer = str | tuple[str, int] | Response


@dataclass(frozen=True)
class Preview:
    """A file's rows: to be invited, already invited (or twice in the file), and those that do not fit."""

    new: tuple[GoodRow, ...]
    known: tuple[GoodRow, ...]
    bad: tuple[BadRow, ...]
    is_guessed: bool
    content: bytes

    @property
    def kept(self) -> str:
        """The file, as the page hands it on."""
        return b64encode(self.content).decode()


@views.get("")
@requires("clinician", "front_desk")
def choose() -> str:
    """Ask for a file."""
    return _choose(None)


@views.get("/template.csv")
@requires("clinician", "front_desk")
def template() -> Response:
    """Send a file to begin with."""
    return _file(template_csv(), "patients.csv")


@views.post("")
@requires("clinician", "front_desk")
def preview() -> Answer:
    """Show what is in the file, before anybody is invited."""
    uploaded = request.files.get(FILE)
    content = uploaded.read() if uploaded else b""
    if not content:
        return _choose("Choose a file that is not empty."), 422
    try:
        found = _preview(content)
    except FileError as error:
        return _choose(str(error)), 422
    return render_template("desk/preview.html", preview=found, kept=KEPT, columns=COLUMNS)


@views.post("/invite")
@requires("clinician", "front_desk")
def invite() -> Answer:
    """Invite those rows of the file that fit and are new."""
    try:
        found = _preview(_kept())
    except FileError as error:
        return _choose(str(error)), 422
    key, days = str(current_app.secret_key), services().settings.invitation_days
    with services().database.writing() as database:
        known = invitations.already_invited(database, (row.invitee for row in found.new))  # by another, meanwhile
        for row in found.new:
            if row.invitee not in known:
                made = invitations.create(database, key, row.invitee, days)
                trail().note(database, Event.INVITED, made.encounter_id, "from a file")
    count = len(found.new) - len(known)
    flash(f"{count} {'patient' if count == 1 else 'patients'} invited.")
    return redirect(url_for("desk.overview"), 303)


@views.post("/bad.csv")
@requires("clinician", "front_desk")
def bad() -> Answer:
    """Send the rows that do not fit, with their reasons."""
    try:
        found = read_rows(_kept())
    except FileError as error:
        return _choose(str(error)), 422
    return _file(bad_rows_csv(found.bad), "rows-to-correct.csv")


@views.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> tuple[str, int]:
    """Say that the file is too large where it was chosen."""
    return _choose(
        f"The file is larger than {LARGEST_FILE // 1000} KB. Split it, and import the parts one by one."
    ), 413


def _preview(content: bytes) -> Preview:
    rows = read_rows(content)
    with services().database.reading() as database:
        known = invitations.already_invited(database, [row.invitee for row in rows.good])
    new = tuple(row for row in rows.good if row.invitee not in known)
    again = tuple(row for row in rows.good if row.invitee in known) + rows.repeated
    return Preview(new, tuple(sorted(again, key=lambda row: row.number)), rows.bad, rows.is_guessed, content)


def _kept() -> bytes:
    try:
        return b64decode(request.form.get(KEPT, ""), validate=True)
    except (binascii.Error, ValueError):
        raise FileError("The file was lost on the way. Please choose it again.") from None


def _choose(error: str | None) -> str:
    limits = {"rows": MOST_ROWS, "kilobytes": LARGEST_FILE // 1000}
    return render_template("desk/import.html", error=error, field=FILE, columns=COLUMNS, limits=limits)


def _file(content: bytes, name: str) -> Response:
    response = Response(content, content_type=CSV_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
