"""What differs between two rule sets, in plain words."""

from hypothesis import given
from hypothesis import strategies as st

from rules.changes import Change, changes, pieces
from rules.load import library, load_texts
from rules.ruleset import RuleSet
from tests.conftest import SMALL, SMALL_RULES

WORDS = st.lists(st.sampled_from(["phq9", ">=", "10", "\n", "  ", "ä"])).map(" ".join)


def edited(old: str, new: str, file: str = "safety.yaml") -> RuleSet:
    files = SMALL | {"safety.yaml": SMALL_RULES}
    assert old in files[file]
    return load_texts(files | {file: files[file].replace(old, new)})


def sides(change: Change) -> dict[str, tuple[str, str]]:
    """Each part with what is marked on each side."""
    return {
        part.name: (
            "".join(p.text for p in part.before if p.is_changed),
            "".join(p.text for p in part.after if p.is_changed),
        )
        for part in change.parts
    }


def test_a_rule_set_does_not_differ_from_itself():
    assert changes(library(), library()) == ()


def test_a_threshold_is_told_in_plain_words(small: RuleSet):
    (change,) = changes(small, edited("phq2 >= 3", "phq2 >= 2"))
    assert (change.thing, change.id, change.kind) == ("rule", "S1", "changed")
    assert sides(change) == {"Raised with": ("3", "2")}


def test_every_part_that_differs_is_named(small: RuleSet):
    new = edited("priority: note", "priority: soon").files["safety.yaml"].replace("Ask about weight.", "Ask gently.")
    (change,) = changes(small, load_texts(SMALL | {"safety.yaml": new}))
    assert sides(change) == {"Priority": ("note", "soon"), "Consider": ("about weight.", "gently.")}


def test_rules_that_come_and_go_are_told_whole(small: RuleSet):
    renamed = edited("S2:", "S3:")
    told = [(change.id, change.kind) for change in changes(small, renamed)]
    assert told == [("S3", "added"), ("S2", "removed")]


def test_a_comment_changes_nothing_but_lines(small: RuleSet):
    assert changes(small, edited("title: Heavy", "title: Heavy  # as agreed")) == ()


@given(WORDS, WORDS)
def test_the_pieces_put_together_are_the_texts(before: str, after: str):
    left, right = pieces(before, after)
    assert "".join(piece.text for piece in left) == before
    assert "".join(piece.text for piece in right) == after
    same = ["".join(p.text for p in side if not p.is_changed) for side in (left, right)]
    assert same[0] == same[1]
