"""What differs between two rule sets, in plain words."""

import pytest
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


QUESTIONS = "questionnaire/10-small.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "thing", "part"),
    [
        (QUESTIONS, "title: Second page", "title: Last page", "page small_2", ("Title", "Second", "Last")),
        (
            QUESTIONS,
            "title: Second page",
            "title: Second page\n    intro: Help.",
            "page small_2",
            ("Introduction", "", "Help."),
        ),
        (
            QUESTIONS,
            "title: Second page",
            "title: Second page\n    sensitive: true",
            "page small_2",
            ("Can be left quickly", "no", "yes"),
        ),
        (QUESTIONS, "when: phq2 >= 2", "when: phq2 >= 1", "page small_2", ("Asked only with", "2", "1")),
        (QUESTIONS, "title: A small", "title: A short", "section small", ("Title", "small", "short")),
        (QUESTIONS, "option_lists:", "intro: Hello.\noption_lists:", "section small", ("Introduction", "", "Hello.")),
        (QUESTIONS, "id: small_2", "id: small_3", "section small", ("Pages", "small_2", "small_3")),
        (
            QUESTIONS,
            "id: own_words, type: text, ",
            "id: own, type: text, ",
            "page small_2",
            ("Questions", "own_words", "own"),
        ),
        (QUESTIONS, ", derived: date_of_birth", "", "question age", ("Worked out from", "date of birth", "")),
        (
            QUESTIONS,
            "label: Never}",
            "label: Never, short: no}",
            "question hormone_status",
            ("Options", "Never", "Never; clinicians read: no"),
        ),
        ("sources.yaml", "invented", "made-up", "source guide", ("Title", "invented", "made-up")),
        (
            "safety.yaml",
            "priority: note",
            "priority: note\n    escalate: [{to: soon, when: bmi >= 50}, {to: soon, when: bmi >= 60}]",
            "rule S2",
            ("Becomes soon with", "", "Body mass index: 50 or more\nor with\nBody mass index: 60 or more"),
        ),
        (
            "safety.yaml",
            "priority: note",
            "priority: note\n    explained: [{finding: gap, because: Meant.}]",
            "rule S2",
            ("Explained", "", "gap: Meant."),
        ),
    ],
)
def test_whatever_is_asked_shown_or_flagged_is_told_where_it_changes(
    small: RuleSet, file: str, old: str, new: str, thing: str, part: tuple[str, str, str]
) -> None:
    told = {f"{change.thing} {change.id}": sides(change) for change in changes(small, edited(old, new, file))}
    assert told[thing][part[0]] == part[1:]


def test_the_order_of_sections_and_questions_is_told() -> None:
    second = SMALL[QUESTIONS].replace("section: small", "section: more").split("option_lists:")[0]
    pages = "pages:\n  - {id: more_1, title: More, items: [{id: more, type: yes_no, text: More, short: More}]}\n"
    one, other = (
        load_texts(SMALL | {f"questionnaire/{number}-more.yaml": second + pages, "safety.yaml": SMALL_RULES})
        for number in ("05", "20")
    )
    told = {change.id: sides(change) for change in changes(one, other)}
    assert told == {"small": {"Comes after": ("more", "")}, "more": {"Comes after": ("", "small")}}


def test_a_translation_is_told_also_where_other_english_takes_it_away() -> None:
    files = SMALL | {"safety.yaml": SMALL_RULES}
    spanish = "status: draft\npages:\n  small_2:\n    - {en: Second page, es: Segunda}\n"
    before = load_texts(files | {"languages/es/small.yaml": spanish})
    after = load_texts(files | {"languages/es/small.yaml": spanish.replace("Segunda", "Otra")})
    (change,) = changes(before, after)
    assert (change.thing, change.id, sides(change)) == (
        "translation",
        "es page small_2",
        {"Title": ("Segunda", "Otra")},
    )
    english = SMALL[QUESTIONS].replace("title: Second page", "title: Last page")
    after = load_texts(files | {"languages/es/small.yaml": spanish, QUESTIONS: english})
    told = [(change.thing, change.id, change.kind) for change in changes(before, after)]
    assert told == [("page", "small_2", "changed"), ("translation", "es page small_2", "removed")]


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
