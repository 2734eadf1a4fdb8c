"""The service of CDS Hooks (cds-hooks.org): the flags as cards when somebody opens a patient in a record system.

It answers only the record system that is set (`INTAKE_CDS_ISSUER`, `INTAKE_CDS_KEYS`). The patient is found by name and
date of birth, which the request brings along.
"""

import logging
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any

from flask import Blueprint, abort, jsonify, request
from jwt import PyJWKClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from intake import audit, cds_callers, names
from intake.accounts import trail_of, write_down
from intake.audit import Event
from intake.cds_callers import Caller, NotTheCaller
from intake.fhir_export import stored
from intake.services import services
from intake.tables import EncounterRow, ResponseRow, ScreeningRow
from reports.cds_cards import cards
from reports.fhir_checks import problems_of

SERVICE = "intake-screening"
HOOK = "patient-view"
PATIENT = {"resourceType": "Patient"}
LOG = logging.getLogger(__name__)

views = Blueprint("cds_hooks", __name__, url_prefix="/cds-services")


@views.get("")
def discover() -> Response:
    """Tell which services there are: one, or none where no record system is set."""
    service = {
        "hook": HOOK,
        "id": SERVICE,
        "title": "Intake screening",
        "description": "Flags from what the patient answered before the appointment. A screening, not a diagnosis.",
        "prefetch": {"patient": "Patient/{{context.patientId}}"},
    }
    return jsonify({"services": [service] if _caller() else []})


@views.post(f"/{SERVICE}")
def serve() -> Response:
    """Answer with the cards of the patient's last screening."""
    _check_caller()
    asked = request.get_json(silent=True)
    if not isinstance(asked, dict) or asked.get("hook") != HOOK or not asked.get("hookInstance"):
        abort(400, f'This is no request of CDS Hooks for "{HOOK}".')
    prefetch = asked.get("prefetch")
    patient = prefetch.get("patient") if isinstance(prefetch, dict) else None
    if not isinstance(patient, dict) or not patient.get("birthDate") or problems_of({**patient, **PATIENT}):
        abort(412, "The request brings no patient with a date of birth along (prefetch).")
    work = services()
    with work.database.reading() as database:
        encounter_id = _last_screened(database, patient)
        found = encounter_id and stored(database, work.screeners, work.settings, encounter_id)
    if encounter_id:
        write_down(trail_of(audit.RECORD_SYSTEM), Event.CARDS_READ, encounter_id)
    return jsonify({"cards": cards(found) if found else []})


@views.after_request
def _for_browsers(response: Response) -> Response:
    """Let record systems that run in a browser ask; it is the token that lets in, never a cookie."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
    return response


def _caller() -> Caller | None:
    settings = services().settings
    return Caller(settings.cds_issuer, settings.cds_keys) if settings.cds_issuer else None


def _check_caller() -> None:
    caller = _caller()
    if caller is None:
        abort(403, "No record system is set that may ask.")
    address = f"{services().settings.base_url}/cds-services/{SERVICE}"
    try:
        cds_callers.check(caller, _keys(caller.keys_url), request.headers.get("Authorization", ""), address)
    except NotTheCaller as error:
        LOG.warning("a request for cards was refused: %s", error)
        abort(401, "This needs a token of the record system that is set.")


@cache
def _keys(url: str) -> PyJWKClient:
    return PyJWKClient(url, timeout=10)


def _last_screened(session: Session, patient: Mapping[str, Any]) -> str | None:
    """The encounter with the newest screening of somebody of this name and date of birth."""
    try:
        born = date.fromisoformat(str(patient["birthDate"]))
    except ValueError:
        return None
    persons = {names.person(session, name, born) for name in _names(patient)}
    newest = (
        select(EncounterRow.id)
        .join(ResponseRow, ResponseRow.encounter_id == EncounterRow.id)
        .join(ScreeningRow, ScreeningRow.response_id == ResponseRow.id)
        .where(EncounterRow.person.in_(persons))
        .order_by(ResponseRow.sent_at.desc())
        .limit(1)
    )
    return session.scalar(newest)


def _names(patient: Mapping[str, Any]) -> Iterator[str]:
    """The patient's names: as written, and with the first or all given names."""
    for name in patient.get("name") or ():
        given, family = list(name.get("given") or ()), name.get("family") or ""
        for words in ([name.get("text") or ""], [*given, family], [*given[:1], family]):
            if any(words):
                yield " ".join(words)
