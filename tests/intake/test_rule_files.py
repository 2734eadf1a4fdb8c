"""A clinic that keeps its rules in git: fmt, diff, export, publish, explain and schema, as an admin types them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from intake import drafts, rulesets, staff
from intake.cli import main
from intake.database import Database
from intake.rulesets import Publication
from rules.load import read_files
from rules.ruleset import RuleSet
from tests.conftest import SMALL, member

CHANGED = ("phq2 >= 3", "phq2 >= 2")


def rules(command: CliRunner, *words: object) -> Result:
    return command.invoke(main, ["rules", *map(str, words)])


@pytest.fixture
def folder(command: CliRunner, tmp_path: Path) -> Path:
    """The published rule set, exported."""
    assert rules(command, "export", tmp_path / "rules").exit_code == 0
    return tmp_path / "rules"


def change(folder: Path, old: str = CHANGED[0], new: str = CHANGED[1]) -> None:
    file = folder / "safety.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def publish(command: CliRunner, path: Path, by: str = "Sam Rivers", *more: str) -> Result:
    return rules(command, "publish", path, "--by", by, "--note", "Agreed.", *more)


def newest(database: Database) -> Publication:
    with database.reading() as session:
        return rulesets.publications(session)[0]


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    """A clinic with one admin, Sam."""
    monkeypatch.setenv("INTAKE_APPROVAL", "one")
    member(database, "admin", "Sam Rivers")


def test_publishing_what_was_exported_changes_nothing(
    command: CliRunner, folder: Path, small: RuleSet, alone: None, database: Database
) -> None:
    assert read_files(folder) == small.files
    told = publish(command, folder)
    assert (told.exit_code, "published rule set already" in told.output) == (0, True)
    with database.reading() as session:
        assert len(rulesets.publications(session)) == 1


def test_a_change_is_told_published_and_recorded(
    command: CliRunner, folder: Path, alone: None, database: Database
) -> None:
    assert rules(command, "diff", folder).exit_code == 0
    change(folder)
    told = rules(command, "diff", folder)
    assert told.exit_code == 1
    assert "~ rule S1 changed: Low mood" in told.output
    assert "- PHQ-2: 3 or more" in told.output
    assert "+ PHQ-2: 2 or more" in told.output
    assert "1 change in safety.yaml." in told.output
    assert publish(command, folder).exit_code == 0
    entry = newest(database)
    assert (entry.how, entry.name, entry.note) == ("alone", "rules", "Agreed.")
    with database.reading() as session:
        who = staff.named(session, "Sam Rivers")
        assert drafts.listing(session) == []
    assert who is not None
    assert entry.published_by == who.id


def test_one_file_is_enough_and_json_says_what_became_of_it(
    command: CliRunner, folder: Path, alone: None, database: Database
) -> None:
    change(folder)
    told = publish(command, folder / "safety.yaml", "Sam Rivers", "--json", "--name", "Lower")
    assert json.loads(told.stdout) == {"state": "published", "rule_set": newest(database).rule_set_hash}
    assert newest(database).name == "Lower"


def test_where_another_admin_has_to_approve_it_waits_and_is_published_once_that_is_done(
    command: CliRunner, folder: Path, database: Database, small: RuleSet
) -> None:
    sam, kim = (member(database, "admin", name) for name in ("Sam Rivers", "Kim Lake"))
    change(folder)
    told = publish(command, folder)
    assert told.exit_code == 3
    with database.reading() as session:
        [draft] = drafts.listing(session)
        assert rulesets.published_hash(session) == small.hash
    assert f"/admin/drafts/{draft.id}/review" in told.output
    assert publish(command, folder).exit_code == 3, "a second call waits for the same draft"
    with database.writing() as session:
        drafts.approve(session, draft.id, draft.content, kim.id)
    assert publish(command, folder, "Kim Lake").exit_code == 1, "who approved it does not publish it"
    change(folder, "phq2 >= 2", "phq2 >= 1")
    assert publish(command, folder).exit_code == 3, "another content has not been approved"
    change(folder, "phq2 >= 1", "phq2 >= 2")
    assert publish(command, folder).exit_code == 0
    entry = newest(database)
    assert (entry.how, entry.published_by, entry.approved_by) == ("approved", sam.id, kim.id)


def test_nobody_but_an_admin_publishes(command: CliRunner, folder: Path, alone: None, database: Database) -> None:
    member(database, "clinician", "Dr Bo Head")
    change(folder)
    for name in ("Dr Bo Head", "Nobody"):
        told = publish(command, folder, name)
        assert (told.exit_code, f'there is no admin "{name}"' in told.output) == (1, True)


FAILING = "    tests: [{name: low, answers: {phq9_1: 0, phq9_2: 0}, expect: raised}]\n    evidence:"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("phq2 >= 3", "phq2 >= 30", '"phq2" is never 30'),
        ("    evidence:", FAILING, "failed; nothing is published"),
    ],
)
def test_files_with_a_problem_or_a_failing_test_are_not_published(
    command: CliRunner, folder: Path, alone: None, small: RuleSet, database: Database, old: str, new: str, words: str
) -> None:
    text = (folder / "safety.yaml").read_text(encoding="utf-8")
    (folder / "safety.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    told = publish(command, folder)
    assert (told.exit_code, words in told.output) == (1, True)
    assert newest(database).rule_set_hash == small.hash


def test_a_file_that_is_gone_from_the_folder_is_gone_from_the_rule_set_and_comes_back_with_an_earlier_version(
    command: CliRunner, folder: Path, alone: None, small: RuleSet, database: Database
) -> None:
    (folder / "extra.yaml").write_text("rules: {}\n", encoding="utf-8")
    publish(command, folder)
    (folder / "extra.yaml").unlink()
    (folder / "more.yaml").write_text("rules: {}\n", encoding="utf-8")
    assert publish(command, folder).exit_code == 0
    with database.reading() as session:
        now = rulesets.Screeners().published(session).ruleset.files
    assert set(now) == {*small.files, "more.yaml"}
    told = rules(command, "export", folder, "--version", small.hash[:10])
    assert (told.exit_code, "more.yaml" in told.output) == (1, True)
    assert read_files(folder) == now, "nothing was written by halves"
    assert rules(command, "export", folder, "--version", small.hash[:10], "--overwrite").exit_code == 0
    assert read_files(folder) == small.files
    assert rules(command, "diff", folder, "--version", small.hash[:10]).exit_code == 0


@pytest.mark.parametrize(("version", "words"), [("ffffffff", "no version begins"), ("ab", "first 6 characters")])
def test_a_version_that_is_not_there_is_told(command: CliRunner, tmp_path: Path, version: str, words: str) -> None:
    told = rules(command, "export", tmp_path, "--version", version)
    assert (told.exit_code, words in told.output) == (1, True)


def test_a_difference_as_json_names_each_thing_and_part(command: CliRunner, folder: Path) -> None:
    change(folder)
    told = json.loads(rules(command, "diff", folder, "--json").stdout)
    assert told["files"] == ["safety.yaml"]
    [found] = told["changes"]
    assert (found["kind"], found["what"], found["id"]) == ("changed", "rule", "S1")
    assert found["parts"]["Raised with"] == {"before": "PHQ-2: 3 or more", "after": "PHQ-2: 2 or more"}


def test_a_difference_from_files_that_cannot_be_read_ends_with_two(command: CliRunner, folder: Path) -> None:
    change(folder, new="phq2 >= 30")
    assert rules(command, "diff", folder).exit_code == 2


def test_fmt_lays_out_what_it_is_given_and_tells_which(tmp_path: Path) -> None:
    file, other = tmp_path / "a.yaml", tmp_path / "b.yaml"
    untidy = "rules:\n    X:\n        # why\n        raised_when: bmi>=40\n        consider:\n        - Ask.\n"
    file.write_text(untidy, encoding="utf-8", newline="\r\n")
    other.write_text("rules: {}\n", encoding="utf-8")
    checked = rules(CliRunner(), "fmt", "--check", tmp_path)
    assert (checked.exit_code, checked.stdout) == (1, f"{file}\n")
    assert rules(CliRunner(), "fmt", tmp_path).exit_code == 0
    assert file.read_text(encoding="utf-8") == (
        "rules:\n  X:\n    # why\n    raised_when: bmi >= 40\n    consider:\n      - Ask.\n"
    )
    assert rules(CliRunner(), "fmt", "--check", tmp_path).exit_code == 0


def test_fmt_leaves_alone_what_it_cannot_read_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("rules:\n\tX: 1\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_bytes("rules: {} # é\n".encode("latin-1"))
    (tmp_path / "c.yaml").write_text("rules:   {}\n", encoding="utf-8")
    told = rules(CliRunner(), "fmt", tmp_path)
    assert told.exit_code == 2
    assert "never with tabs" in told.output
    assert "b.yaml: byte 12 is not UTF-8 text" in told.output
    assert (tmp_path / "c.yaml").read_text(encoding="utf-8") == "rules: {}\n"


def test_a_rule_is_explained_in_plain_words(tmp_path: Path) -> None:
    told = rules(CliRunner(), "explain", "RF8")
    assert told.exit_code == 0
    assert "Raised with:\n    Breast change: yes" in told.output
    assert "breast_change: Is there a lump" in told.output
    assert "[nice-ng12]" in told.output
    data = json.loads(rules(CliRunner(), "explain", "RF8", "--json").stdout)
    assert data["conditions"] == {"Raised with": "breast_change = yes"}


def test_it_is_explained_why_a_rule_ends_as_it_does_for_given_answers(tmp_path: Path) -> None:
    answers = tmp_path / "answers.json"
    answers.write_text('{"breast_change": "yes"}', encoding="utf-8")
    told = rules(CliRunner(), "explain", "RF8", "--answers", answers)
    assert "With these answers: raised, soon" in told.output
    assert "because breast_change: yes (breast_change = yes)" in told.output
    answers.write_text("{}", encoding="utf-8")
    told = rules(CliRunner(), "explain", "RF8", "--answers", answers, "--json")
    assert json.loads(told.stdout)["ended"]["outcome"] == "not assessed"
    answers.write_text('{"breast_change": 3}', encoding="utf-8")
    assert rules(CliRunner(), "explain", "RF8", "--answers", answers).exit_code == 2


def test_a_rule_that_is_not_there_is_told_with_the_nearest() -> None:
    told = rules(CliRunner(), "explain", "RFF8")
    assert (told.exit_code, 'did you mean "RF8"?' in told.output) == (1, True)


def test_check_test_and_list_speak_json(tmp_path: Path) -> None:
    for name, text in SMALL.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    checked = rules(CliRunner(), "check", tmp_path, "--deep", "--json")
    assert json.loads(checked.stdout)["problems"] == []
    (tmp_path / "bad.yaml").write_text("rules: []\n", encoding="utf-8")
    checked = rules(CliRunner(), "check", tmp_path, "--json")
    [problem] = json.loads(checked.stdout)["problems"]
    assert (checked.exit_code, problem["file"], problem["line"]) == (1, "bad.yaml", 1)
    library = Path("rules/library/connection.yaml").resolve()
    tested = rules(CliRunner(), "test", library, "--json", "--coverage")
    data = json.loads(tested.stdout)
    assert all(one["passed"] for one in data["tests"])
    assert data["lacking"] == []
    assert {"id", "priority"} <= json.loads(rules(CliRunner(), "list", library, "--json").stdout)[0].keys()
