"""Signing in with a clinic's own OpenID Connect provider: a real one, run beside the tests."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from oidc_provider_mock import User, run_server_in_thread
from werkzeug.test import TestResponse

from intake import create_app, credentials, staff
from intake.choices import SettingsError
from intake.database import Database
from intake.openid_settings import Provider
from intake.settings import Settings
from intake.staff import Staff
from tests.conftest import member

EMAIL = "ada@example.org"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider that knows some people."""
    people = [
        User(sub="ada", claims={"email": EMAIL, "name": "Dr Ada Price", "roles": ["clinician", "baker"]}),
        User(sub="new", claims={"email": "new@example.org", "name": "Dr Ada Price", "roles": ["admin"]}),
        User(sub="unverified", claims={"email": EMAIL, "email_verified": False, "roles": ["admin"]}),
        User(sub="nul", claims={"email": "nul@example.org", "name": "Dr N\0ul", "roles": ["admin"]}),
        User(sub="nobody", claims={"email": "nobody@example.org", "name": "No Body", "roles": []}),
    ]
    with run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


Making = Callable[[str], FlaskClient]


@pytest.fixture
def at_clinic(app: Flask, settings: Settings, issuer: str) -> Iterator[Making]:
    """Makes a browser at a clinic with this provider, which takes roles from a claim."""
    made: list[Flask] = []

    def make(claim: str) -> FlaskClient:
        provider = Provider(issuer, "intake", "a secret", "Harbour account", claim)
        made.append(create_app(replace(settings, openid=provider, base_url="http://localhost")))
        return made[-1].test_client()

    yield make
    for one in made:
        one.extensions["intake"].pdf_worker.close()
        one.extensions["intake"].database.close()


def come_back(client: FlaskClient, subject: str) -> TestResponse:
    """Go to the provider, sign in there as somebody, and come back."""
    there = client.get("/sign-in/openid").location
    answer = requests.post(there, data={"sub": subject}, allow_redirects=False, timeout=10)
    return client.get(answer.headers["Location"].removeprefix("http://localhost"))


@pytest.fixture
def price(database: Database) -> Staff:
    """A clinician who is known by her address."""
    who = member(database, "front_desk", "Dr Ada Price")
    with database.writing() as session:
        credentials.set_email(session, who.id, EMAIL)
    return who


def test_a_member_is_known_by_the_address_and_keeps_the_roles_given_here(at_clinic: Making, price: Staff):
    client = at_clinic("")
    assert "Sign in with Harbour account" in client.get("/sign-in").text
    assert come_back(client, "ada").location == "/desk"
    assert client.get("/desk").status_code == 200
    assert client.get("/clinician").status_code == 403


def test_a_claim_says_the_roles(at_clinic: Making, price: Staff):
    client = at_clinic("roles")
    assert come_back(client, "ada").location == "/clinician"
    assert client.get("/desk").status_code == 200


def test_a_claim_adds_members_and_names_stay_apart(at_clinic: Making, price: Staff, database: Database):
    assert come_back(at_clinic("roles"), "new").location == "/admin"
    with database.reading() as session:
        assert [one.name for one in staff.listing(session)] == ["Dr Ada Price", "Dr Ada Price (new@example.org)"]


def test_a_name_is_taken_without_what_no_database_stores(at_clinic: Making, database: Database):
    assert come_back(at_clinic("roles"), "nul").location == "/admin"
    with database.reading() as session:
        assert [one.name for one in staff.listing(session)] == ["Dr Nul"]


@pytest.mark.parametrize(
    ("claim", "subject"), [("", "new"), ("roles", "nobody"), ("", "unverified"), ("roles", "unverified")]
)
def test_whom_nobody_knows_is_refused(at_clinic: Making, price: Staff, claim: str, subject: str):
    client = at_clinic(claim)
    refused = come_back(client, subject)
    assert refused.status_code == 403
    assert "ask an admin" in refused.text
    assert client.get("/desk").status_code == 403


def test_who_has_left_is_refused(at_clinic: Making, price: Staff, database: Database):
    with database.writing() as session:
        staff.remove(session, price.id)
    assert come_back(at_clinic(""), "ada").status_code == 403


def test_an_answer_that_was_not_asked_for_is_refused(at_clinic: Making, price: Staff):
    client, other = at_clinic(""), at_clinic("")
    there = client.get("/sign-in/openid").location
    answer = requests.post(there, data={"sub": "ada"}, allow_redirects=False, timeout=10)
    back = answer.headers["Location"].removeprefix("http://localhost")
    for address in ("/sign-in/openid/back?code=x&state=y", "/sign-in/openid/back?error=access_denied", back):
        assert other.get(address).status_code == 403, "the way back belongs to the browser that began"
    assert re.search("state=.+", there)
    assert "code_challenge_method=S256" in there
    assert "nonce=" in there


def test_a_provider_that_is_away_is_said_in_words(app: Flask, settings: Settings):
    provider = Provider("http://localhost:9", "intake", "a secret", "Harbour account", "")
    made = create_app(replace(settings, openid=provider))
    away = made.test_client().get("/sign-in/openid")
    assert away.status_code == 503
    assert "does not answer" in away.text
    made.extensions["intake"].pdf_worker.close()
    made.extensions["intake"].database.close()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"INTAKE_OIDC_NAME": "x"}, "INTAKE_OIDC_ISSUER: needed too"),
        (
            {"INTAKE_OIDC_ISSUER": "https://login.example.org", "INTAKE_OIDC_CLIENT_ID": "x"},
            "CLIENT_SECRET: needed too",
        ),
        (
            {
                "INTAKE_OIDC_ISSUER": "http://login.example.org",
                "INTAKE_OIDC_CLIENT_ID": "x",
                "INTAKE_OIDC_CLIENT_SECRET": "y",
            },
            "is not an https address",
        ),
    ],
)
def test_half_a_provider_is_refused(given: dict[str, str], words: str):
    with pytest.raises(SettingsError, match=words):
        Settings.from_environment(given)
