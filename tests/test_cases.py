"""Patients as files (tests/cases): screened by the command line, and held against what the clinical content says.

`expect` gives for a rule its priority where it is raised, else its outcome; `only: true` says that no other is raised.
`waits_for` names missing answers and why they are missing; `scores` are the lowest and the highest that they can be.
`summary` has words that the clinician's summary says, and words that it never says.
The files named worked-… are the worked cases of the content.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any as Data

import pytest
from click.testing import CliRunner

from intake.cli import main
from rules.load import library
from rules.ruleset import Outcome
from rules.source import read

FILES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
KEYS = {"title", "why", "answers", "scores", "expect", "only", "waits_for", "summary"}


def load(path: Path) -> dict[str, Data]:
    return read(path.name, path.read_text(encoding="utf-8")).data


def screen(case: Mapping[str, Data], folder: Path, *options: str) -> str:
    answers = folder / "answers.json"
    answers.write_text(json.dumps(case["answers"]), encoding="utf-8")
    result = CliRunner().invoke(main, ["screen", str(answers), *options])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_patient_is_screened_as_the_clinical_content_says(path: Path, tmp_path: Path) -> None:
    case = load(path)
    assert case.keys() <= KEYS
    screening = json.loads(screen(case, tmp_path, "--json"))
    ended = {rule: found["priority"] or found["outcome"] for rule, found in screening["outcomes"].items()}
    assert {rule: ended[rule] for rule in case["expect"]} == case["expect"]
    for name, (low, high) in case.get("scores", {}).items():
        assert screening["scores"][name] == {"low": low, "high": high, "complete": low == high}
    for rule, missing in case.get("waits_for", {}).items():
        assert (
            missing.items()
            <= {answer["item"]: answer["why"] for answer in screening["outcomes"][rule]["missing"]}.items()
        )
    if case.get("only"):
        raised = {rule for rule, found in screening["outcomes"].items() if found["outcome"] == "raised"}
        assert raised <= case["expect"].keys()


def test_the_cases_are_all_worked_ones_and_a_dozen_of_our_own() -> None:
    worked = {path.stem.split("-")[1][0] for path in FILES if path.stem.startswith("worked-")}
    assert worked == set("12345678")
    assert len([path for path in FILES if not path.stem.startswith("worked-")]) >= 12


@pytest.mark.parametrize("path", [path for path in FILES if "summary" in load(path)], ids=lambda path: path.stem)
def test_the_summary_of_a_patient_says_what_it_has_to(path: Path, tmp_path: Path) -> None:
    case, page = load(path), tmp_path / "summary.html"
    screen(case, tmp_path, "--html", str(page))
    text = " ".join(page.read_text(encoding="utf-8").split())
    assert case["summary"].keys() <= {"says", "never_says"}
    assert [words for words in case["summary"].get("says", ()) if words not in text] == []
    assert [words for words in case["summary"].get("never_says", ()) if words in text] == []


def test_every_rule_is_raised_by_a_case() -> None:
    outcomes = {outcome.value for outcome in Outcome}
    raised = {rule for path in FILES for rule, end in load(path)["expect"].items() if end not in outcomes}
    assert sorted(library().by_id.keys() - raised) == []


def test_the_case_of_everything_declined_leaves_nothing_out() -> None:
    declined = load(Path(__file__).parent / "cases" / "20-everything-declined.yaml")["answers"]
    assert set(declined.values()) == {"declined"}
    assert declined.keys() == {item.id for item in library().questionnaire.items.values() if item.declinable}
