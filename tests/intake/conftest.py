"""What several tests of the application share: the small rule set in use, two admins, the command line, a patient."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from intake import encounters, rulesets, submission
from intake.database import Database, database_of
from intake.encounters import Encounter
from intake.rulesets import Screeners
from intake.settings import Settings
from rules.ruleset import RuleSet
from tests.intake.admins import Admin
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
