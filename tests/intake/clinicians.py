"""A clinician in the browser, and a patient to review, for tests of what happens after answers are sent."""

import re
from collections.abc import Mapping

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake import encounters, submission
from intake.database import Database
from intake.encounters import Encounter
from intake.rulesets import Screeners

ANSWERS = {"chest_pain_now": "yes", "breast_change": "yes", "afraid_at_home": "yes"}  # RF2, RF8 and the private RF14
HIDDEN = re.compile(r'name="(revision|basis)" value="([^"]*)"')


def send(database: Database, encounter: Encounter, answers: Mapping[str, object]) -> None:
    with database.writing() as session:
        encounters.save_page(session, encounter.id, answers)
    submission.send(database, Screeners(), encounter.id)


def form(page: str, **typed: str) -> dict[str, str]:
    """What a page's form sends: its hidden fields, and what is typed; `__` stands for a dash."""
    return dict(HIDDEN.findall(page)) | {name.replace("__", "-"): value for name, value in typed.items()}


def post(client: FlaskClient, encounter: Encounter, data: Mapping[str, str]) -> TestResponse:
    return client.post(f"/clinician/{encounter.id}/review", data=data)


def look(client: FlaskClient, encounter: Encounter, more: str = "") -> str:
    return client.get(f"/clinician/{encounter.id}{more}").text


def sign(client: FlaskClient, encounter: Encounter, **typed: str) -> TestResponse:
    urgent = {f"verdict__{rule}": "agree" for rule in ("RF2", "RF14")}
    page = look(client, encounter, "/review")
    return post(client, encounter, form(page, **urgent, **typed) | {"action": "sign"})
