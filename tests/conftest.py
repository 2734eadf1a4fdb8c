"""What tests of the application share: an installation of its own for each test, with a rule set published."""

import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from time import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as hypothesis_settings

from intake import create_app, credentials, encounters, rulesets, staff
from intake.database import Database, database_of
from intake.encounters import Encounter
from intake.rulesets import Screeners
from intake.settings import Settings
from intake.staff import Role, Staff
from rules.load import library, load_texts, read_files
from rules.ruleset import RuleSet
from tests.postgres import Server, postgres

hypothesis_settings.register_profile("untimed", deadline=None)  # speed is measured in benchmarks, never in a test
hypothesis_settings.load_profile("untimed")
DATABASES = ("sqlite", "postgres")
SMALL = read_files(Path(__file__).parent / "data" / "small")
SMALL_RULES = """
rules:
  S1:
    title: Low mood
    status: draft
    raised_when: phq2 >= 3
    priority: same_day
    reason: "PHQ-2 of {phq2}."
    consider: [Ask about mood.]
    patient_text: Please call {crisis_line}.
    review_by: 2028-01-01
    evidence: {health: guideline, link: none, sources: [guide]}
  S2:
    title: Heavy
    status: draft
    raised_when: bmi >= 40
    priority: note
    reason: "Body mass index {bmi}."
    consider: [Ask about weight.]
    review_by: 2028-01-01
    evidence: {health: guideline, link: none, sources: [guide]}
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--postgres`: every test that touches the database runs on PostgreSQL too, which the tests start themselves.

    Not run twice are the tests in a real browser, which look at pages and not at what is stored; those of killed
    processes, which `script/faults` runs on both; what is about SQLite's own files (marked so); and all that has no
    database, such as rules and reports.
    """
    parser.addoption("--postgres", action="store_true", help="run what touches the database on PostgreSQL too")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have each test of a database once for SQLite, and once for PostgreSQL, unless it is marked with one of them."""
    if "postgresql" in metafunc.fixturenames:
        marks = {mark.name for mark in metafunc.definition.iter_markers()} & set(DATABASES)
        asked = DATABASES if metafunc.config.getoption("--postgres") else DATABASES[:1]
        kinds = [kind for kind in asked if not marks or kind in marks]
        if kinds != ["sqlite"]:
            metafunc.parametrize("postgresql", kinds, indirect=True, scope="session")


@pytest.fixture(scope="session")
def postgresql(request: pytest.FixtureRequest) -> Iterator[Server | None]:
    """The PostgreSQL of this test run; None on SQLite."""
    with postgres() if getattr(request, "param", "sqlite") == "postgres" else nullcontext() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, postgresql: Server | None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A clinic in Great Britain with a data folder, and a database, of its own."""
    data = tmp_path / "data"
    data.mkdir()
    chosen = {"INTAKE_DATA": str(data), "INTAKE_SECRET_KEY": "a key for tests only"}
    with postgresql.database() if postgresql else nullcontext() as url:
        if url:
            monkeypatch.setenv("INTAKE_DATABASE_URL", url)  # for commands that a test runs
            chosen["INTAKE_DATABASE_URL"] = url
        yield Settings.from_environment(chosen | {"INTAKE_CLINIC_NAME": "Harbour Clinic"})


@pytest.fixture(scope="session")
def newest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an empty database of the newest shape and its keys, to be copied: quicker than to be made."""
    folder = tmp_path_factory.mktemp("newest")
    database = database_of(Settings.from_environment({"INTAKE_DATA": str(folder)}))
    database.migrate()
    database.close()
    return folder


@pytest.fixture
def database(settings: Settings, newest: Path) -> Iterator[Database]:
    """A new, empty database of the newest shape."""
    for file in newest.iterdir():
        shutil.copy(file, settings.data)
    database = database_of(settings)
    yield database
    database.close()


@pytest.fixture
def app(settings: Settings, database: Database) -> Iterator[Flask]:
    """The application with the library published."""
    with database.writing() as session:
        rulesets.publish(session, library())
    app = create_app(settings)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    yield app
    app.extensions["intake"].pdf_worker.close()
    app.extensions["intake"].database.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that nobody has signed in with."""
    return app.test_client()


@pytest.fixture(scope="session")
def small() -> RuleSet:
    """A questionnaire of two pages, and two rules: S1 (low mood, same_day) and S2 (heavy, note)."""
    return load_texts(SMALL | {"safety.yaml": SMALL_RULES})


@pytest.fixture
def screeners(database: Database, small: RuleSet) -> Screeners:
    """The small rule set, published."""
    with database.writing() as session:
        rulesets.publish(session, small)
    return Screeners()


@pytest.fixture
def ada(database: Database) -> Encounter:
    """A patient who has been invited and has not answered anything."""
    with database.writing() as session:
        encounter, _ = encounters.create(session, patient_name="Ada Example", date_of_birth=date(1970, 5, 17))
    return encounter


def come_in(client: FlaskClient, encounter: Encounter) -> None:
    """Make this browser's session the patient's own, as the link and the date of birth do."""
    with client.session_transaction() as session:
        session["invited"], session["encounter"] = {"encounter": encounter.id, "link": 0}, encounter.id
        session["active"] = int(time())


def member(database: Database, role: Role, name: str = "") -> Staff:
    """Return a member of staff with this role, added if need be."""
    name = name or f"A {role}"
    with database.writing() as session:
        return staff.named(session, name) or staff.add(session, name, [role])


def sign_in(client: FlaskClient, role: Role, name: str = "") -> Staff:
    """Sign a member of staff in with this browser, as password and second factor do."""
    database: Database = client.application.extensions["intake"].database
    found = member(database, role, name)
    with database.reading() as session:
        account = credentials.of_member(session, found.id)
    assert account is not None
    with client.session_transaction() as session:
        session.clear()
        session["_user_id"], session["_fresh"], session["fs_paa"] = account.fs_uniquifier, True, time()
        session["ends_at"], session["seen_at"] = int(time()) + 3600, int(time())
    return found
