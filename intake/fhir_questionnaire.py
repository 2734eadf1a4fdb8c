"""The questionnaire at its canonical address, as FHIR, for everybody: what is private in it is left out."""

import json
from functools import lru_cache

from flask import Blueprint, request
from werkzeug.wrappers import Response

from intake.clinician_fhir import MEDIA_TYPE
from intake.database import Database
from intake.rulesets import Screeners, published_hash
from intake.services import services
from reports.fhir_questionnaire import questionnaire_resource
from reports.fhir_terms import Systems
from reports.without_private import open_ruleset
from rules.errors import RuleErrors

views = Blueprint("fhir", __name__, url_prefix="/fhir")

KEPT = 4  # versions


@views.get("/Questionnaire/intake")
def questionnaire() -> Response:
    """Send the questionnaire: the version in use, or with `?version=` any that was published."""
    work = services()
    with work.database.reading() as database:
        version = request.args.get("version") or published_hash(database) or ""
    try:
        content = _resource(work.database, work.screeners, version, work.settings.base_url, work.settings.clinic_name)
    except (LookupError, RuleErrors):
        return _answer(_not_found(), 404)
    response = _answer(content, 200)
    response.set_etag(version)
    return response.make_conditional(request)


@lru_cache(maxsize=KEPT)
def _resource(database: Database, screeners: Screeners, version: str, base: str, clinic: str) -> str:
    """A version never changes, so neither does what is said of it."""
    with database.reading() as session:
        ruleset = screeners.ruleset(session, version)
    return json.dumps(questionnaire_resource(open_ruleset(ruleset), Systems(base), clinic), ensure_ascii=False)


def _not_found() -> str:
    issue = {"severity": "error", "code": "not-found", "diagnostics": "There is no such version of the questionnaire."}
    return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]})


def _answer(content: str, status: int) -> Response:
    return Response(content, status, mimetype=MEDIA_TYPE)
