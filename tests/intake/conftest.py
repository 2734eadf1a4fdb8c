"""What tests of the admin's side share: a clinic with the small rule set, two admins, and the command line."""

import pytest
from click.testing import CliRunner
from flask import Flask

from intake import rulesets
from intake.rulesets import Screeners
from intake.settings import Settings
from rules.ruleset import RuleSet
from tests.intake.admins import Admin


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
