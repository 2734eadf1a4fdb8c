"""Signed screenings reach the record system once, whatever happens on the way, and staff see what it refused."""

import base64
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake import create_app, hand_over, rulesets
from intake.choices import SettingsError
from intake.database import Database
from intake.encounters import Encounter
from intake.fhir_server import FhirServer, HandOverError
from intake.fhir_server import hand_over as send_bundle
from intake.rulesets import Screeners
from intake.settings import Settings
from intake.work import kinds
from reports.pdf import render
from rules.load import library
from tests.intake.clinicians import ANSWERS, send, sign
from tests.intake.fhir_peer import Peer, fhir_peer

REFUSAL = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "invalid", "diagnostics": "No <Ada> here", "expression": ["Patient.name"]}],
}


@pytest.fixture
def peer() -> Iterator[Peer]:
    """The clinic's FHIR server."""
    with fhir_peer() as running:
        yield running


@pytest.fixture
def connected(settings: Settings, peer: Peer) -> Settings:
    """A clinic that is connected to it."""
    return Settings.from_environment(
        {
            "INTAKE_DATA": str(settings.data),
            "INTAKE_DATABASE_URL": settings.database_url,
            "INTAKE_SECRET_KEY": "a key for tests only",
            **peer.settings,
        }
    )


@pytest.fixture
def app(connected: Settings, database: Database) -> Iterator[Flask]:
    """The application of that clinic."""
    with database.writing() as session:
        rulesets.publish(session, library())
    app = create_app(connected)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    yield app
    app.extensions["intake"].pdf_worker.close()
    app.extensions["intake"].database.close()


@pytest.fixture
def signed(database: Database, ada: Encounter, price: FlaskClient) -> Encounter:
    """Ada, whose screening is signed."""
    send(database, ada, ANSWERS)
    sign(price, ada)
    return ada


def waiting(database: Database) -> list[str]:
    with database.reading() as session:
        return hand_over.waiting(session)


def work(database: Database, settings: Settings) -> None:
    """Do what waits, once."""
    for job in waiting(database):
        hand_over.run(database, Screeners(), settings, render, job)


def test_a_signed_screening_is_handed_over_once_with_a_token(
    database: Database, connected: Settings, peer: Peer, signed: Encounter, price: FlaskClient
) -> None:
    jobs = waiting(database)
    work(database, connected)
    for job in jobs:  # as after a crash
        hand_over.run(database, Screeners(), connected, render, job)
    assert len(peer.taken) == 1
    assert waiting(database) == []
    login = base64.b64encode(b"intake:not guessed").decode()
    assert peer.asked == [f"Basic {login} grant_type=client_credentials&scope=system%2F%2A.write"]
    assert "Version 1 was handed over" in price.get(f"/clinician/{signed.id}").text


def test_nothing_waits_before_a_clinician_has_signed(database: Database, app: Flask, ada: Encounter) -> None:
    send(database, ada, ANSWERS)
    assert waiting(database) == []


def test_only_the_last_version_is_sent_and_a_new_one_is_sent_again(
    database: Database, connected: Settings, peer: Peer, signed: Encounter, price: FlaskClient
) -> None:
    first = waiting(database)
    sign(price, signed, note__RF8="Seen.")
    hand_over.run(database, Screeners(), connected, render, first[0])
    assert peer.taken == []
    work(database, connected)
    sign(price, signed, note__RF8="Seen again.")
    work(database, connected)
    assert len(peer.taken) == 2


def test_what_is_refused_is_shown_in_the_servers_words_and_tried_again_by_a_button(
    database: Database, connected: Settings, peer: Peer, signed: Encounter, price: FlaskClient
) -> None:
    peer.answers = [(422, REFUSAL)]
    work(database, connected)
    assert waiting(database) == []
    for address in ("/clinician/hand-over", f"/clinician/{signed.id}"):
        page = price.get(address).text
        assert "422: No &lt;Ada&gt; here (Patient.name)" in page
        assert "It is not tried again by itself." in page
    assert "not taken by the" in price.get("/clinician").text
    assert price.post(f"/clinician/{signed.id}/hand-over").status_code == 303
    work(database, connected)
    assert len(peer.taken) == 1
    assert "has been taken" in price.get("/clinician/hand-over").text
    assert "not taken by the" not in price.get("/clinician").text


@pytest.mark.parametrize(
    ("answer", "words"),
    [((503, "busy"), "503: busy"), ((401, ""), "401: it gave no reason"), ((429, {"issue": []}), "429")],
)
def test_what_may_do_later_is_tried_again_by_itself(
    database: Database,
    connected: Settings,
    peer: Peer,
    signed: Encounter,
    price: FlaskClient,
    answer: tuple[int, object],
    words: str,
) -> None:
    peer.answers = [answer]
    with pytest.raises(HandOverError):
        work(database, connected)
    page = price.get("/clinician/hand-over").text
    assert words in page
    assert "It is tried again by itself." in page
    work(database, connected)
    assert len(peer.taken) == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((200, "<html>Welcome"), "no transaction was answered"),
        (
            (200, {"resourceType": "Bundle", "entry": [{"response": {"status": "409", "outcome": REFUSAL}}]}),
            "409 of one resource: No <Ada> here",
        ),
    ],
)
def test_a_server_that_only_seems_to_take_it_is_not_believed(
    peer: Peer, answer: tuple[int, object], words: str
) -> None:
    peer.answers = [answer]
    with pytest.raises(HandOverError, match=words) as refused:
        send_bundle(server_of(peer), {"entry": []})
    assert refused.value.refused


def server_of(peer: Peer) -> FhirServer:
    found = Settings.from_environment(peer.settings).fhir_server
    assert found is not None
    return found


def test_a_server_that_is_away_is_said_to_be(peer: Peer) -> None:
    server = FhirServer("http://127.0.0.1:9")
    with pytest.raises(HandOverError, match="cannot be reached") as failed:
        send_bundle(server, {})
    assert not failed.value.refused


def test_without_a_server_there_is_no_such_job_and_no_word_of_it(database: Database, settings: Settings) -> None:
    assert "hand-over" not in kinds(database, settings)


def test_the_secret_is_in_no_words(connected: Settings) -> None:
    assert "not guessed" not in repr(connected)
    assert "not guessed" not in repr(connected.fhir_server)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"URL": "http://fhir.example.org"}, "INTAKE_FHIR_URL: what patients answered must not travel in the clear"),
        ({"URL": "fhir.example.org"}, "INTAKE_FHIR_URL: this is not the address of a server"),
        ({"URL": "http://[x"}, "INTAKE_FHIR_URL: this is not an address"),
        ({"TOKEN_URL": "https://a.example.org"}, "INTAKE_FHIR_URL: needed"),
        ({"URL": "https://a.example.org", "TOKEN_URL": "https://a.example.org"}, "INTAKE_FHIR_CLIENT_ID: needed"),
        ({"URL": "https://a.example.org", "CLIENT_SECRET": "x"}, "INTAKE_FHIR_TOKEN_URL: needed"),
    ],
)
def test_settings_that_cannot_work_are_named(given: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        Settings.from_environment({f"INTAKE_FHIR_{name}": value for name, value in given.items()})
    assert words in str(wrong.value)
