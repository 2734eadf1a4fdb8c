"""Single values are changed in a rule file's text, and not a character besides."""

from typing import Any as Data

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules.errors import RewriteError
from rules.load import LIBRARY, read_files
from rules.rewriting import Value, rewrite
from rules.source import Path, read, spans

FILES = {name: text for name, text in read_files(LIBRARY).items() if "/" not in name and "scores" not in name}
FILE = """# Heart
rules:
  X1:  # the first
    title: "A: title"   # in quotes
    status: draft
    raised_when:
      all: [age >= 40, "smoker in [a, b]"]  # agreed
      # more to come
    reason: >-
      Age {age}.
      Smokes.

    # between
    patient_text: |
      Call.

      Now.
    note: 'it''s'
    count: 3
  X2: {title: Flow, status: draft}
"""
PLACES: list[Path] = [
    ("rules", "X1", "title"),
    ("rules", "X1", "raised_when", "all", 0),
    ("rules", "X1", "reason"),
    ("rules", "X1", "note"),
    ("rules", "X2", "title"),
]
TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=60)


NUMBERS = st.integers(-(10**15) + 1, 10**15 - 1)  # longer ones are text in a rule file


def at(text: str, path: Path) -> object:
    return within(read("", text).data, path)


def within(data: Data, path: Path) -> object:
    for step in path:
        data = data[step]
    return data


@pytest.mark.parametrize("path", PLACES)
@given(value=TEXTS | NUMBERS | st.none())
@example(value="#")
def test_exactly_the_value_changes_and_every_comment_stays(path: Path, value: Value):
    new = rewrite(FILE, {path: value})
    assert at(new, path) == value
    comments = [line for line in FILE.split("\n") if line.strip().startswith("#")]
    assert [line for line in new.split("\n") if line in comments] == comments
    assert rewrite(new, {path: at(FILE, path)}) is not None


def test_a_threshold_is_changed_in_its_line_alone():
    new = rewrite(FILE, {("rules", "X1", "raised_when", "all", 0): "age >= 45"})
    assert new == FILE.replace("age >= 40", "age >= 45")


def test_a_folded_text_is_folded_again_and_a_literal_one_stays_so():
    long = "word " * 60 + "end."
    new = rewrite(FILE, {("rules", "X1", "reason"): long, ("rules", "X1", "patient_text"): "Call us.\n\nAt once.\n"})
    assert "    reason: >-\n      word word" in new
    assert max(map(len, new.split("\n"))) <= 120
    assert "    patient_text: |\n      Call us.\n\n      At once.\n    note" in new


def test_several_values_are_changed_at_once():
    changes: dict[Path, Value] = {("rules", "X2", "title"): "Flow, again", ("rules", "X1", "count"): 4}
    new = rewrite(FILE, changes)
    assert "X2: {title: 'Flow, again', status: draft}" in new
    assert "count: 4\n" in new


def test_a_key_that_is_not_there_is_added_behind_the_status():
    new = rewrite(FILE, {("rules", "X1", "reviewed_by"): "Dr Ada: Price"})
    assert "    status: draft\n    reviewed_by: 'Dr Ada: Price'\n    raised_when" in new
    with pytest.raises(RewriteError, match="text of the file"):
        rewrite(FILE, {("rules", "X2", "reviewed_by"): "Dr Ada Price"})


def test_a_value_that_is_shared_with_another_place_is_refused():
    text = "rules:\n  X1: {title: &t Same, status: draft}\n  X2: {title: *t, status: draft}\n"
    with pytest.raises(RewriteError, match="in one place alone"):
        rewrite(text, {("rules", "X2", "title"): "Other"})


def test_a_file_that_cannot_be_read_is_refused():
    with pytest.raises(RewriteError, match="mend it"):
        rewrite("rules: [", {("rules",): "x"})


@pytest.mark.parametrize("name", FILES)
def test_every_value_of_the_library_can_be_changed_and_changed_back(name: str):
    text = FILES[name]
    data = read("", text).data
    values = {path: within(data, path) for path in spans(text) if "tests" not in path}
    values = {path: value for path, value in values.items() if isinstance(value, str)}
    changed = rewrite(text, {path: f"{value.rstrip()} again" for path, value in values.items()})
    assert changed != text
    again = rewrite(changed, values)
    assert read("", again).data == read("", text).data
    assert [line for line in again.split("\n") if line.strip().startswith("#")] == [
        line for line in text.split("\n") if line.strip().startswith("#")
    ]
