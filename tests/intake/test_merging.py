"""Two versions of one text put together."""

from hypothesis import given
from hypothesis import strategies as st

from intake.merging import OURS, THEIRS, merge

TEXTS = st.lists(st.sampled_from(["a", "b", "c", ""])).map("\n".join)


@given(TEXTS, TEXTS)
def test_what_only_one_side_changed_is_taken(base: str, changed: str):
    assert merge(base, changed, base).text == changed
    assert merge(base, base, changed).text == changed
    assert merge(base, changed, changed).text == changed
    assert merge(base, changed, base).conflicts == 0


@given(TEXTS, TEXTS, TEXTS)
def test_every_line_of_both_sides_that_is_new_is_kept(base: str, ours: str, theirs: str):
    merged = merge(base, f"{ours}\nmine", f"theirs\n{theirs}")
    assert {"mine", "theirs"} <= set(merged.text.split("\n"))
    assert merged.text.count(OURS) == merged.text.count(THEIRS) == merged.conflicts


def test_changes_of_different_lines_go_together():
    assert merge("a\nb\nc\nd", "A\nb\nc\nd", "a\nb\nc\nD").text == "A\nb\nc\nD"


def test_changes_of_the_same_line_stand_side_by_side():
    merged = merge("a\nb\nc", "a\nB\nc", "a\n!\nc")
    assert merged.conflicts == 1
    assert merged.text == "a\n<<<<<<< this draft\nB\n=======\n!\n>>>>>>> published\nc"
