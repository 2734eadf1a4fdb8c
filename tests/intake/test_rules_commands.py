"""`intake rules list`, `check`, `test` and `mutate`, as an admin types them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from intake.cli import main
from rules.load import LIBRARY

RULE = """
rules:
  FALL1:
    title: A fall in the past year
    status: draft
    applies_when: age >= 65
    raised_when: sarcf_5 >= 1
    priority: note
    escalate: [{to: soon, when: sarcf_5 >= 2}]
    reason: "Falls in the past year: {sarcf_5}."
    consider: [Ask how often.]
    review_by: 2028-01-01
    evidence: {health: hypothesis, link: none, note: An example.}
    tests:
      - {name: one fall, answers: {age: 70, sarcf_5: 1}, expect: raised}
      - {name: no fall, answers: {age: 70, sarcf_5: 0}, expect: not raised}
      - {name: left out, answers: {age: 70}, expect: not assessed}
"""
LACKING = """
      - {name: many falls, answers: {age: 65, sarcf_5: 2}, expect: raised, priority: soon}
      - {name: age not known, answers: {sarcf_5: 1}, expect: not assessed}
      - {name: a year too young, answers: {age: 64}, expect: not applicable}
"""


@pytest.fixture
def rule_file(tmp_path: Path) -> Path:
    file = tmp_path / "falls.yaml"
    file.write_text(RULE, encoding="utf-8")
    return file


def intake(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_coverage_names_for_each_leaf_the_ends_that_were_seen(rule_file: Path) -> None:
    told = intake("rules", "test", rule_file, "--coverage")
    lines = [" ".join(line.split()) for line in told.output.splitlines()]
    assert "LACK FALL1 age >= 65 seen never never" in lines
    assert "FALL1 sarcf_5 >= 1 seen seen seen" in lines
    assert "LACK FALL1 sarcf_5 >= 2 never seen seen" in lines
    assert lines[-1] == "Coverage: 6 of 9 ends seen (66%)"


def test_lacking_coverage_fails_only_where_it_was_asked_for(rule_file: Path) -> None:
    assert intake("rules", "test", rule_file).exit_code == 0
    assert intake("rules", "test", rule_file, "--coverage").exit_code == 1
    rule_file.write_text(RULE + LACKING.lstrip("\n"), encoding="utf-8")
    assert intake("rules", "test", rule_file, "--coverage").exit_code == 0


def test_a_failed_test_is_marked_and_told_with_its_answers(rule_file: Path) -> None:
    rule_file.write_text(RULE.replace("expect: not raised", "expect: raised"), encoding="utf-8")
    told = intake("rules", "test", rule_file)
    assert told.exit_code == 1
    assert "FAIL  FALL1  no fall" in told.output
    assert 'FALL1 "no fall": expected raised, got not raised: age: 70 years; sarcf_5: none' in told.output
    assert "3 tests: 2 passed, 1 failed." in told.output


def test_the_list_shows_how_urgent_a_rule_can_become(rule_file: Path) -> None:
    told = intake("rules", "list", rule_file)
    assert told.exit_code == 0
    assert " ".join(told.output.splitlines()[1].split()) == (
        "FALL1 note to soon draft hypothesis none A fall in the past year"
    )


def test_check_tells_the_problems_and_their_number(rule_file: Path) -> None:
    rule_file.write_text(RULE.replace("sarcf_5 >= 2", "sarcf_5 >= 7").replace("note\n", "urgent\n"), encoding="utf-8")
    told = intake("rules", "check", rule_file)
    assert told.exit_code == 1
    assert 'falls.yaml:8:15: "priority" cannot be "urgent"' in told.output
    assert '"sarcf_5" is never 7; it goes from 0 to 2' in told.output
    assert told.output.endswith("2 problems found.\n")


def test_a_deep_check_tells_what_is_odd_with_an_example(rule_file: Path) -> None:
    told = intake("rules", "check", "--deep", rule_file)
    assert (told.exit_code, told.output.splitlines()[-1]) == (0, "0 odd things, and 0 explained in the files.")
    rule_file.write_text(RULE.replace("when: sarcf_5 >= 2", "when: sarcf_5 >= 1"), encoding="utf-8")
    told = intake("rules", "check", "--deep", rule_file)
    assert told.exit_code == 1
    assert "falls.yaml:8:15: FALL1 is never just note: some step always makes it more urgent; mend it" in told.output
    assert "    for example: Age: 65 years; Falls in the past year: " in told.output
    assert intake("rules", "check", rule_file).exit_code == 0


def test_a_deep_check_of_the_library_is_clean() -> None:
    told = intake("rules", "check", "--deep")
    assert told.exit_code == 0
    assert told.output.splitlines()[-1].startswith("0 odd things, and ")


def test_mutate_proposes_tests_after_which_it_is_silent(rule_file: Path) -> None:
    told = intake("rules", "mutate", rule_file)
    assert told.exit_code == 1
    assert 'falls.yaml:9:33: no test of FALL1 notices: "sarcf_5 >= 2" made "sarcf_5 >= 1"; add a test' in told.output
    for _ in range(20):
        proposed = [line for line in told.output.splitlines() if line.startswith("    - ")]
        if not proposed:
            break
        rule_file.write_text(rule_file.read_text(encoding="utf-8") + f"  {proposed[0]}\n", encoding="utf-8")
        assert intake("rules", "test", rule_file).exit_code == 0
        told = intake("rules", "mutate", rule_file)
    assert told.exit_code == 0
    assert told.output.endswith("8 changes: 8 noticed, 0 without a difference, 0 not noticed.\n")


def test_mutate_shows_what_makes_no_difference_only_if_asked(rule_file: Path) -> None:
    rule_file.write_text(RULE.replace("sarcf_5 >= 1", "{any: [sarcf_5 >= 1, sarcf_5 >= 2]}"), encoding="utf-8")
    words = 'falls.yaml:7:39: nothing in FALL1 depends on this: "sarcf_5 >= 2" left out'
    assert words not in intake("rules", "mutate", rule_file).output
    assert words in intake("rules", "mutate", "--all", rule_file).output


def test_mutate_tells_programs_the_same(rule_file: Path) -> None:
    told = intake("rules", "mutate", "--json", rule_file)
    found = json.loads(told.stdout)
    assert (told.exit_code, found["tried"], found["noticed"] + len(found["unnoticed"])) == (1, 8, 8)
    first = found["unnoticed"][0]
    assert first["rule"] == "FALL1"
    assert (
        f"{first['file']}:{first['line']}:{first['column']}: {first['message']}"
        in intake("rules", "mutate", rule_file).output
    )
    assert first["test"].startswith("- {name: ")
    assert intake("rules", "mutate", "--json", LIBRARY / "mood.yaml").exit_code == 0


def test_a_file_of_questions_is_checked_as_such_among_the_files_of_the_product(tmp_path: Path) -> None:
    file = tmp_path / "05-today.yaml"
    text = (LIBRARY / "questionnaire" / file.name).read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    told = intake("rules", "check", file)
    assert told.exit_code == 0
    assert told.output.startswith("Checked as questionnaire/05-today.yaml among the files of the product. ")
    file.write_text(
        text.replace("id: collapse", "id: collapsed").replace("short: Collapse", "shrt: C"), encoding="utf-8"
    )
    told = intake("rules", "check", file)
    assert told.exit_code == 1
    assert 'questionnaire/05-today.yaml:23:9: unknown key "shrt"; did you mean "short"?' in told.output
    file.write_text(text.replace("id: collapse", "id: collapsed"), encoding="utf-8")
    assert 'unknown item "collapse"; did you mean "collapsed"?' in intake("rules", "check", file).output


@pytest.mark.parametrize("name", ["scores.yaml", "sources.yaml", "languages/es/safety.yaml"])
def test_so_are_scores_sources_and_translations(name: str) -> None:
    told = intake("rules", "check", LIBRARY / name)
    assert (told.exit_code, f"Checked as {name} among" in told.output) == (0, True)
