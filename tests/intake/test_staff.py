"""Members of staff: added, listed and removed on the command line; names are told apart."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from intake import encounters, staff, submission
from intake.cli import main
from intake.database import Database
from intake.encounters import Encounter
from intake.rulesets import Screeners
from intake.staff import StaffError
from tests.conftest import member


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """An installation of its own, set up."""
    monkeypatch.setenv("INTAKE_DATA", str(tmp_path))
    runner = CliRunner()
    assert runner.invoke(main, ["init"]).exit_code == 0
    return runner


def run(clinic: CliRunner, *words: str) -> Result:
    return clinic.invoke(main, list(words))


def test_somebody_is_added_listed_let_in_and_removed(clinic: CliRunner):
    assert run(clinic, "staff", "add", "Dr  Ada Price ", "--role", "admin", "--role", "clinician").exit_code == 0
    assert "clinician, admin" in run(clinic, "staff", "list").output
    assert "/sign-in/" in run(clinic, "sign-in-link", "Dr Ada Price").output
    assert run(clinic, "staff", "remove", "Dr Ada Price").exit_code == 0
    assert "Dr Ada Price (has left)" in run(clinic, "staff", "list").output
    refused = run(clinic, "sign-in-link", "Dr Ada Price")
    assert refused.exit_code == 1
    assert "has left" in refused.output


@pytest.mark.parametrize("words", [("sign-in-link", "Nobody"), ("staff", "remove", "Nobody")])
def test_a_name_that_is_not_there_is_said_with_what_to_do(clinic: CliRunner, words: tuple[str, ...]):
    refused = run(clinic, *words)
    assert refused.exit_code == 1
    assert "intake staff list" in refused.output


def test_a_name_that_is_taken_is_refused_because_it_signs(database: Database):
    member(database, "clinician", "Dr Ada Price")
    with database.writing() as session, pytest.raises(StaffError, match="tells the two apart"):
        staff.add(session, "Dr Ada  Price", ["admin"])


@pytest.mark.parametrize(("name", "roles"), [(" ", ["admin"]), ("x" * 201, ["admin"]), ("Dr Ada Price", [])])
def test_a_name_and_a_role_are_needed(database: Database, name: str, roles: list[staff.Role]):
    with database.writing() as session, pytest.raises(StaffError):
        staff.add(session, name, roles)


def test_the_first_to_open_a_summary_is_remembered(database: Database, screeners: Screeners, ada: Encounter):
    first, second = member(database, "clinician", "Dr Ada Price"), member(database, "clinician", "Dr Bo Head")
    with database.writing() as session:
        encounters.save_page(session, ada.id, {"phq9_1": 3})
        encounters.mark_opened(session, ada.id, first.id)
        assert encounters.find(session, ada.id).opened_at is None, "nothing was sent yet"
    submission.send(database, screeners, ada.id)
    for who in (first, second):
        with database.writing() as session:
            encounters.mark_opened(session, ada.id, who.id)
    with database.reading() as session:
        found = encounters.find(session, ada.id)
    assert found.opened_at is not None
    assert found.opened_by == first.id
