"""`intake rules impact`, as an admin types it, on what patients have sent and on invented patients."""

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from intake import encounters, submission
from intake import past_responses as stored
from intake.cli import main
from intake.database import Database
from intake.encounters import Encounter
from intake.past_responses import past_impact, past_responses
from intake.rule_files import given_files
from intake.rulesets import Screeners
from rules.load import load_texts
from rules.ruleset import RuleSet
from tests.conftest import SMALL, SMALL_RULES


@pytest.fixture
def sent(database: Database, screeners: Screeners, ada: Encounter) -> str:
    """The id of the one response that was sent; another patient's answers are not sent."""
    with database.writing() as session:
        other, _ = encounters.create(session, patient_name="Ben Example", date_of_birth=date(1990, 1, 2))
        for encounter in (ada, other):
            encounters.save_page(session, encounter.id, {"phq9_1": 2, "phq9_2": 1, "own_words": "a secret worry"})
    submission.send(database, screeners, ada.id)
    with database.reading() as session:
        [(response, _)] = past_responses(session)
    return response


@pytest.fixture
def stricter(tmp_path: Path) -> Path:
    """A rule file in which low mood begins at 4, not at 3."""
    file = tmp_path / "safety.yaml"
    file.write_text(SMALL_RULES.replace("phq2 >= 3", "phq2 >= 4"), encoding="utf-8")
    return file


def impact(command: CliRunner, *words: object) -> Result:
    return command.invoke(main, ["rules", "impact", *map(str, words)])


def lines(told: Result) -> list[str]:
    return [" ".join(line.split()) for line in told.output.splitlines()]


def test_past_responses_have_the_age_of_the_day_they_were_sent(database: Database, sent: str) -> None:
    today = datetime.now(UTC).date()
    with database.reading() as session:
        [(response, text)] = past_responses(session)
    answers = orjson.loads(text)
    assert response == sent
    assert answers["age"] == encounters.age_on(date(1970, 5, 17), today)
    assert answers["phq9_1"] == 2


def test_each_response_is_in_exactly_one_part(database: Database, screeners: Screeners) -> None:
    with database.writing() as session:
        people = [
            encounters.create(session, patient_name=f"P {number}", date_of_birth=date(1980, 1, 1))[0].id
            for number in range(12)
        ]
        for encounter in people:
            encounters.save_page(session, encounter, {"phq9_1": 3, "phq9_2": 3})
    for encounter in people:
        submission.send(database, screeners, encounter)
    with database.reading() as session:
        everybody = sorted(response for response, _ in past_responses(session))
        parts = [response for part in range(5) for response, _ in past_responses(session, part, 5)]
    assert len(everybody) == 12
    assert sorted(parts) == everybody


def test_many_responses_are_compared_in_several_processes(
    database: Database, small: RuleSet, sent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = past_impact(database, small, load_texts(SMALL))
    monkeypatch.setattr(stored, "EACH", 0.5)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert past_impact(database, small, load_texts(SMALL)) == alone
    assert [one.response for one in alone.changed[0].lost] == [sent]


def test_one_file_takes_the_place_of_the_published_one(command: CliRunner, sent: str, stricter: Path) -> None:
    told = impact(command, stricter)
    assert told.exit_code == 0
    assert "On 1 past response." in told.output
    assert "S1 1 0 0 1 0 Low mood" in lines(told)
    assert "1 rule with other flags, 1 with the same." in lines(told)
    assert "Same day 1 0 1.00 0.00" in lines(told)
    assert "a secret worry" not in told.output


def test_one_file_is_known_by_its_folders_and_by_what_it_holds(tmp_path: Path) -> None:
    published = {"languages/es/safety.yaml": "es", "safety.yaml": "en", "questionnaire/10-a.yaml": "q"}
    given = (*published, "10-a.yaml", "new.yaml", "questionnaire/new.yaml", "thyroid.yaml", "our-sources.yaml")
    texts = {"thyroid.yaml": "section: thyroid", "our-sources.yaml": "sources: {}"}
    for name in given:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(texts.get(name, "changed"), encoding="utf-8")
    changed = {
        path: [name for name, text in given_files(tmp_path / path, published).items() if published.get(name) != text]
        for path in given
    }
    assert changed == {
        "languages/es/safety.yaml": ["languages/es/safety.yaml"],
        "safety.yaml": ["safety.yaml"],
        "10-a.yaml": ["questionnaire/10-a.yaml"],
        "new.yaml": ["new.yaml"],
        "questionnaire/10-a.yaml": ["questionnaire/10-a.yaml"],
        "questionnaire/new.yaml": ["questionnaire/new.yaml"],
        "thyroid.yaml": ["questionnaire/thyroid.yaml"],
        "our-sources.yaml": ["sources.yaml"],
    }


def test_a_folder_is_the_whole_rule_set(command: CliRunner, sent: str, tmp_path: Path) -> None:
    for name, text in (SMALL | {"mood.yaml": SMALL_RULES.replace("S1:", "M1:")}).items():
        file = tmp_path / "drafted" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    told = impact(command, tmp_path / "drafted")
    assert "M1 0 1 1 0 0 Low mood" in lines(told)
    assert "S1 1 0 0 1 0 Low mood" in lines(told)


def test_the_responses_behind_each_number_are_in_the_json(command: CliRunner, sent: str, stricter: Path) -> None:
    told = impact(command, stricter, "--json")
    found = json.loads(told.stdout)
    assert found["rules"]["S1"] == {"raised_before": 1, "raised_after": 0, "gained": [], "lost": [sent], "moved": []}
    assert found["flags"]["after"]["all"] == 0


def test_invented_patients_stand_in_where_nothing_was_sent(command: CliRunner, stricter: Path) -> None:
    told = impact(command, stricter)
    assert told.exit_code == 0
    assert "Nothing has been sent yet; invented patients instead." in told.output


def test_the_same_seed_gives_the_same_impact(command: CliRunner, sent: str, stricter: Path) -> None:
    first, again, other = (impact(command, stricter, "--synthetic", 300, "--seed", seed) for seed in (1, 1, 2))
    assert "On 300 invented patients" in first.output
    assert first.output == again.output != other.output


def test_a_cluster_needs_dask_and_says_so(
    command: CliRunner, sent: str, stricter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    told = impact(command, stricter, "--cluster", "tcp://127.0.0.1:8786")
    assert told.exit_code == 1
    assert "pip install 'clinical-intake-screening[cluster]'" in told.output


def test_rule_files_with_a_problem_are_refused(command: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "safety.yaml"
    file.write_text(SMALL_RULES.replace("phq2 >= 3", "phq3 >= 33"), encoding="utf-8")
    told = impact(command, file)
    assert told.exit_code == 1
    assert '"phq3" is never 33' in told.output
