"""One layout for all rule files: what is laid out says the same, keeps its comments, and stays as it is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.errors import RuleErrors
from rules.formatting import formatted
from rules.load import LIBRARY, load_texts, read_files
from rules.source import read
from tests.conftest import SMALL, SMALL_RULES

LIBRARY_FILES = read_files(LIBRARY)


@pytest.mark.parametrize("file", LIBRARY_FILES)
def test_the_library_is_laid_out_so_already(file: str) -> None:
    assert formatted(file, LIBRARY_FILES[file]) == LIBRARY_FILES[file]


def test_spaces_indents_and_line_ends_are_made_the_same() -> None:
    untidy = (
        '\ufeffrules:\r\n    A:\r\n        raised_when: {all: [a>=3, "b in [c,d]"]}   # why\r\n        consider:\r\n'
    )
    untidy += "        - x\r\n        -   {text: y, when: a=1}\r\n"
    assert formatted("a.yaml", untidy) == (
        'rules:\n  A:\n    raised_when: {all: [a >= 3, "b in [c, d]"]}    # why\n    consider:\n      - x\n'
        "      - {text: y, when: a = 1}\n"
    )


def test_a_comment_moves_with_the_line_below_it_and_a_text_that_looks_like_one_stays() -> None:
    untidy = "a:\n    # of b\n    b:\n        # of c\n        c: |\n            x\n              # no comment\n"
    untidy += "    # of d\n    d: 1\n"
    tidy = "a:\n  # of b\n  b:\n    # of c\n    c: |\n      x\n        # no comment\n  # of d\n  d: 1\n"
    assert formatted("a.yaml", untidy) == tidy
    assert formatted("a.yaml", tidy) == tidy


@pytest.mark.parametrize("text", ["a: [", "a: 1\na: 2\n", "a: &x [*x]\n", "", "a: !!python/object:os.system x\n"])
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(RuleErrors):
        formatted("a.yaml", text)


PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
DATA = st.recursive(
    st.none() | st.integers() | PLAIN,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(PLAIN, below, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from("abc"), DATA, min_size=1))
def test_whatever_a_file_says_it_says_afterwards(data: dict[str, object]) -> None:
    text = json.dumps(data, ensure_ascii=False)  # which is YAML too
    if read("a.yaml", text).problems:
        return
    new = formatted("a.yaml", text)
    assert read("a.yaml", new).data == read("a.yaml", text).data
    assert formatted("a.yaml", new) == new


def test_a_rule_set_means_the_same_afterwards() -> None:
    before = load_texts(SMALL | {"safety.yaml": SMALL_RULES})
    after = load_texts({name: formatted(name, text) for name, text in before.files.items()})
    assert after.by_id == before.by_id
    assert after.questionnaire == before.questionnaire
