"""Whatever stands in the files, loading ends with a rule set or with words for the admin, never with a crash."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.errors import RuleErrors
from rules.load import library, load, load_texts, read_files
from rules.source import read

SMALL = read_files(Path(__file__).parents[1] / "data" / "small")
RULE = (Path(__file__).parents[1] / "broken_rules" / "unknown_item.yaml").read_text().replace("phq9_10", "phq9_1")


def loads(files: dict[str, str]) -> bool:
    try:
        load_texts(files)
    except RuleErrors as error:
        problems = error.problems
    else:
        return True
    assert problems
    assert all(problem.line >= 1 and problem.column >= 1 for problem in problems)
    return False


def test_the_unbroken_rule_loads() -> None:
    assert loads(SMALL | {"rule.yaml": RULE})


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(SMALL)), st.data())
def test_a_file_with_any_line_changed_loads_or_is_refused_in_words(name: str, data: st.DataObject) -> None:
    lines = SMALL[name].splitlines()
    number = data.draw(st.integers(0, len(lines) - 1))
    spoilt = data.draw(
        st.sampled_from(("", "x", "- 1", "  - 2", "pages: 3", "    items: {a: b}", "when: 1", "[", "a: *b"))
    )
    loads(SMALL | {name: "\n".join([*lines[:number], spoilt, *lines[number + 1 :]])})


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_rule_with_any_value_changed_loads_or_is_refused_in_words(data: st.DataObject) -> None:
    lines = RULE.splitlines()
    number = data.draw(st.integers(0, len(lines) - 1))
    key = lines[number].split(":")[0]
    value = data.draw(
        st.sampled_from(("", " 3", " []", " {}", " null", " true", " [1, {a: b}]", " {all: 3}", " '{x}'"))
    )
    loads(SMALL | {"rule.yaml": "\n".join([*lines[:number], f"{key}:{value}", *lines[number + 1 :]])})


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_at_all_is_read_or_refused_in_words(text: str) -> None:
    loads(SMALL | {"rule.yaml": text})


def test_yes_no_on_and_off_stay_the_words_an_author_wrote() -> None:
    document = read("x.yaml", "a: yes\nb: no\nc: on\nd: off\ne: '1'\nf: 1\ng: 1.5\nh: true\ni:\n")
    assert list(document.data.values()) == ["yes", "no", "on", "off", "1", 1, 1.5, True, None]


def test_the_same_files_have_the_same_hash_and_any_change_another() -> None:
    first = load_texts(SMALL | {"rule.yaml": RULE}).hash
    assert load_texts(dict(reversed((SMALL | {"rule.yaml": RULE}).items()))).hash == first
    assert load_texts(SMALL | {"rule.yaml": RULE + "# a remark\n"}).hash != first


def test_a_single_rule_file_is_checked_against_the_library(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(RULE.replace("[guide]", "[]").replace("link: none,", "link: none, note: new,"))
    ruleset = load(tmp_path / "mine.yaml")
    assert list(ruleset.by_id) == ["T1"]
    assert ruleset.questionnaire.items.keys() == library().questionnaire.items.keys()


def test_a_folder_without_rule_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleErrors, match=r"no \.yaml file"):
        load(tmp_path)


def test_a_file_that_is_not_utf_8_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_bytes(b"rules: \xff\xfe")
    with pytest.raises(RuleErrors, match=r"mine\.yaml:1:1: .* is not UTF-8 text; save the file as UTF-8"):
        load(tmp_path)
