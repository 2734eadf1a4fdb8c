"""Cards for a record system by CDS Hooks: only for the one that is set, of the right patient, and nothing private."""

import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from flask.testing import FlaskClient
from jwt.algorithms import ECAlgorithm
from werkzeug.test import TestResponse

from intake import create_app, rulesets
from intake.choices import SettingsError
from intake.database import Database
from intake.encounters import Encounter
from intake.settings import Settings
from rules.load import library
from tests.conftest import sign_in
from tests.intake.clinicians import send, sign

ISSUER = "https://sandbox.cds-hooks.org"
SERVICE = "/cds-services/intake-screening"
KEY = ec.generate_private_key(ec.SECP384R1())
ANSWERS = {"chest_pain_now": "yes", "breast_change": "yes", "afraid_at_home": "yes", "age": 56}
ADA = {
    "resourceType": "Patient",
    "id": "smart-1288992",
    "name": [{"use": "official", "family": "Example", "given": ["Ada", "Mary"]}],
    "gender": "female",
    "birthDate": "1970-05-17",
}


def asking(patient: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A request in the shape in which the sandbox of CDS Hooks sends it."""
    request = {
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "hook": "patient-view",
        "fhirServer": "https://launch.smarthealthit.org/v/r4/fhir",
        "context": {"patientId": "smart-1288992", "userId": "Practitioner/COREPRACTITIONER1"},
        "prefetch": {"patient": patient or ADA},
    }
    return request | changes


@pytest.fixture(scope="module")
def keys_url() -> Iterator[str]:
    """Where the record system publishes its keys."""
    public = ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True) | {"kid": "one", "use": "sig", "alg": "ES384"}
    content = json.dumps({"keys": [public]}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/jwks"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def connected(settings: Settings, keys_url: str) -> Settings:
    """A clinic whose record system may ask."""
    return Settings.from_environment(
        {
            "INTAKE_DATA": str(settings.data),
            "INTAKE_DATABASE_URL": settings.database_url,
            "INTAKE_SECRET_KEY": "a key for tests only",
            "INTAKE_CDS_ISSUER": ISSUER,
            "INTAKE_CDS_KEYS": keys_url,
        }
    )


@pytest.fixture
def app(connected: Settings, database: Database) -> Iterator[Flask]:
    """The application of that clinic, with the protection of forms on."""
    with database.writing() as session:
        rulesets.publish(session, library())
    app = create_app(connected)
    app.config.update(TESTING=True)
    yield app
    app.extensions["intake"].pdf_worker.close()
    app.extensions["intake"].database.close()


def token(key: Any = KEY, algorithm: str = "ES384", life: int = 300, **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": f"http://127.0.0.1:5000{SERVICE}", "iat": now, "exp": now + life, "jti": "1"}
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode(claims, key, algorithm, headers={"kid": "one"})


Ask = Callable[..., TestResponse]


@pytest.fixture
def ask(client: FlaskClient) -> Ask:
    """Ask for cards as the record system does."""

    def post(request: Any = None, bearer: str | None = None) -> TestResponse:
        headers = {"Authorization": f"Bearer {token() if bearer is None else bearer}"}
        return client.post(SERVICE, json=request or asking(), headers=headers)

    return post


@pytest.fixture
def sent(app: Flask, database: Database, ada: Encounter) -> Encounter:
    """Ada, who has sent answers that raise three flags, one of them private."""
    send(database, ada, ANSWERS)
    return ada


def test_the_discovery_document_names_the_service_and_what_it_needs(client: FlaskClient) -> None:
    answer = client.get("/cds-services")
    (service,) = answer.json["services"]
    assert (service["hook"], service["id"]) == ("patient-view", "intake-screening")
    assert service["prefetch"] == {"patient": "Patient/{{context.patientId}}"}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_flags_are_cards_with_links_to_the_summary_and_the_evidence(ask: Ask, sent: Encounter) -> None:
    first, second = ask().json["cards"]
    assert first["summary"].startswith("Emergency: ")
    assert [card["indicator"] for card in (first, second)] == ["critical", "warning"]
    assert [link["url"].removeprefix("http://127.0.0.1:5000") for link in first["links"]] == [
        f"/clinician/{sent.id}",
        "/about/evidence#RF2",
    ]
    for card in (first, second):
        assert len(card["summary"]) < 140
        assert {"label", "url"} <= set(card["source"])
        assert {link["type"] for link in card["links"]} == {"absolute"}
        assert "not a diagnosis" in card["detail"]


def test_cards_hold_nothing_private(ask: Ask, sent: Encounter) -> None:
    words = json.dumps(ask().json)
    assert library().by_id["RF14"].title not in words
    assert "afraid" not in words


def test_what_a_clinician_found_not_relevant_is_no_card(ask: Ask, app: Flask, sent: Encounter) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    browser = app.test_client()
    sign_in(browser, "clinician", "Dr Ada Price")
    sign(browser, sent, verdict__RF8="not_relevant")
    (card,) = ask().json["cards"]
    assert "Signed by Dr Ada Price" in card["detail"]


@pytest.mark.parametrize(
    "patient",
    [
        ADA | {"birthDate": "1970-05-18"},
        ADA | {"name": [{"family": "Example", "given": ["Bea"]}]},
        ADA | {"birthDate": "1970-05"},
        {"resourceType": "Patient", "birthDate": "1970-05-17"},
    ],
)
def test_another_patient_has_no_cards(ask: Ask, sent: Encounter, patient: dict[str, Any]) -> None:
    assert ask(asking(patient)).json == {"cards": []}


def test_a_name_is_known_however_it_is_written(ask: Ask, sent: Encounter) -> None:
    for name in ({"text": "ada  EXAMPLE"}, {"given": ["Ada"], "family": "Exámple"}):
        assert ask(asking(ADA | {"name": [name]})).json["cards"]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"hook": "patient-view"}, 400),
        (asking(hook="order-sign"), 400),
        ([1], 400),
        (asking(prefetch=None), 412),
        (asking(prefetch=[1]), 412),
        (asking({"resourceType": "Patient", "birthDate": "1970-05-17", "name": "Ada"}), 412),
    ],
)
def test_a_request_that_lacks_something_is_refused(ask: Ask, request_: Any, status: int) -> None:
    assert ask(request_).status_code == status


@pytest.mark.parametrize(
    "bearer",
    [
        "",
        "no token",
        token(iss="https://elsewhere.example.org"),
        token(aud="http://127.0.0.1:5000/"),
        token(exp=1, iat=0),
        token(life=90_000),
        token(jti=None),
        token(key=ec.generate_private_key(ec.SECP384R1())),
        token(key="a secret that both sides would have to know, if there were one", algorithm="HS256"),
    ],
)
def test_only_the_record_system_that_is_set_is_answered(ask: Ask, sent: Encounter, bearer: str) -> None:
    assert ask(bearer=bearer).status_code == 401


def test_without_a_record_system_nobody_is_answered(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(settings)
    try:
        client = app.test_client()
        assert client.get("/cds-services").json == {"services": []}
        assert client.post(SERVICE, json=asking()).status_code == 403
    finally:
        app.extensions["intake"].pdf_worker.close()
        app.extensions["intake"].database.close()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ISSUER": ISSUER}, "INTAKE_CDS_KEYS: needed too"),
        ({"KEYS": "https://a.example.org"}, "INTAKE_CDS_ISSUER: needed too"),
        ({"ISSUER": ISSUER, "KEYS": "http://a.example.org"}, "INTAKE_CDS_KEYS: what patients answered"),
    ],
)
def test_settings_that_cannot_work_are_named(given: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        Settings.from_environment({f"INTAKE_CDS_{name}": value for name, value in given.items()})
    assert words in str(wrong.value)
