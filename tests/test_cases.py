"""Patients as files (tests/cases): screened by the command line, and held against what the clinical content says.

`expect` gives for a rule its priority where it is raised, else its outcome; `only: true` says that no other is raised.
`waits_for` names missing answers and why they are missing; `scores` are the lowest and the highest that they can be.
The files named worked-… are the worked cases of the content.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any as Data

import pytest
from click.testing import CliRunner

from intake.cli import main
from rules.source import read

FILES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
KEYS = {"title", "why", "answers", "scores", "expect", "only", "waits_for"}


def load(path: Path) -> dict[str, Data]:
    return read(path.name, path.read_text(encoding="utf-8")).data


def screen(case: Mapping[str, Data], folder: Path) -> dict[str, Data]:
    answers = folder / "answers.json"
    answers.write_text(json.dumps(case["answers"]), encoding="utf-8")
    result = CliRunner().invoke(main, ["screen", str(answers), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_patient_is_screened_as_the_clinical_content_says(path: Path, tmp_path: Path) -> None:
    case = load(path)
    assert case.keys() <= KEYS
    screening = screen(case, tmp_path)
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


def test_ovarian_insufficiency_after_surgery_is_told_to_need_no_test(tmp_path: Path) -> None:
    case = load(Path(__file__).parent / "cases" / "worked-3-ovaries-removed.yaml")
    answers, page = tmp_path / "answers.json", tmp_path / "summary.html"
    answers.write_text(json.dumps(case["answers"]), encoding="utf-8")
    assert CliRunner().invoke(main, ["screen", str(answers), "--html", str(page)]).exit_code == 0
    flag = (
        page.read_text(encoding="utf-8")
        .split("Possible premature ovarian insufficiency", 1)[1]
        .split("</li>\n  </ul>")[0]
    )
    assert "no test is needed" in flag
    assert "FSH" not in flag
