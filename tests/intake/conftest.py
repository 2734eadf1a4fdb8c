"""What tests of the application share: the small rule set in use, admins, a clinician, the command line, patients."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from intake import encounters, rulesets, submission
from intake.database import Database, database_of
from intake.encounters import Encounter
from intake.rulesets import Screeners
from intake.settings import Settings
from rules.ruleset import RuleSet
from tests.conftest import sign_in
from tests.intake.admins import Admin
from tests.intake.clinicians import ANSWERS, send
from tests.postgres import EMPTY, Server

WORDS = "Quietly xylophonic"  # of a patient's own


@pytest.fixture
def clinic(app: Flask, small: RuleSet) -> Flask:
    """The application with the small rule set in use."""
    with app.extensions["intake"].database.writing() as session:
        rulesets.publish(session, small)
    return app


@pytest.fixture
def sam(clinic: Flask) -> Admin:
    """An admin of that clinic."""
    return Admin(clinic, "Sam Rivers")


@pytest.fixture
def kim(clinic: Flask) -> Admin:
    """Another admin of that clinic."""
    return Admin(clinic, "Kim Lake")


@pytest.fixture
def price(app: Flask) -> FlaskClient:
    """A browser of Dr Ada Price."""
    browser = app.test_client()
    sign_in(browser, "clinician", "Dr Ada Price")
    return browser


@pytest.fixture
def sent(app: Flask, database: Database, ada: Encounter) -> Encounter:
    """Ada, who has sent answers that raise three flags, one of them private."""
    send(database, ada, ANSWERS)
    return ada


@pytest.fixture
def command(settings: Settings, screeners: Screeners, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The command line of an installation with the small rule set in use."""
    monkeypatch.setenv("INTAKE_DATA", str(settings.data))
    return CliRunner()


@pytest.fixture
def elsewhere(postgresql: Server | None, tmp_path: Path) -> Iterator[str]:
    """The address of another database of the same kind, where nothing is yet."""
    with postgresql.database(EMPTY) if postgresql else nullcontext(f"sqlite:///{tmp_path / 'elsewhere.sqlite'}") as url:
        yield url


@pytest.fixture
def opens() -> Iterator[Callable[[Settings], Database]]:
    """Opens the database of other settings, as another process would; it is closed at the end of the test."""
    with ExitStack() as stack:
        yield lambda settings: stack.enter_context(closing(database_of(settings)))


@pytest.fixture
def told(app: Flask, database: Database, ada: Encounter) -> Encounter:
    """Ada, who has sent answers with words of her own."""
    with database.writing() as session:
        encounters.save_page(session, ada.id, {"breast_change": "yes", "matters_most": WORDS})
    submission.send(database, Screeners(), ada.id)
    return ada
