"""Rule files that mean harm, or are broken in ways that nobody means: a message at its place, and nothing crashes."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.errors import RuleErrors
from rules.load import load_texts
from rules.ruleset import MOST_RULES, RuleSet
from rules.source import read
from tests.conftest import SMALL

RULE = """  R{number}:
    title: {title}
    status: draft
    raised_when: {when}
    priority: note
    reason: {reason}
    consider: [Ask.]
    review_by: 2028-01-01
    evidence: {{health: hypothesis, link: none, note: An example.}}
"""
MANY = "9" * 5000
LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]\n" for number in range(1, 10)
)
STAIRS = "".join(" " * depth + "a:\n" for depth in range(2000))
LARGE = 10_000_000  # bytes
CODE = ("<script>alert(1)</script>", "{{ 7 * 7 }}", "${jndi:x}", "__import__('os')", "'; DROP")


def rule(title: str = "A", when: str = "bmi >= 40", reason: str = "r") -> str:
    return "rules:\n" + RULE.format(number=1, title=title, when=when, reason=reason)


def load(text: str) -> RuleSet:
    return load_texts(SMALL | {"safety.yaml": text})


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        pytest.param("rules: " + "[" * 100_000, (1, 107), "within each other", id="brackets"),
        pytest.param("rules: " + "{a: " * 50_000, (1, 404), "within each other", id="braces"),
        pytest.param(STAIRS, (101, 101), "within each other", id="keys"),
        pytest.param(rule(when="{not: " * 300 + "bmi >= 40" + "}" * 300), (5, 600), "within each other", id="not"),
        pytest.param("rules:\n" + "- " * 50_000, (2, 199), "within each other", id="dashes"),
        pytest.param(rule(when=f"bmi >= {MANY}"), (5, 18), "is not a number", id="a number in a test"),
        pytest.param(rule(when=f"bmi >= {MANY}.5"), (5, 25), "cannot read", id="a decimal in a test"),
        pytest.param(rule(reason="'{phq2.__class__} {0} {phq9}'"), (7, 14), "nothing fills", id="a placeholder"),
        pytest.param(rule(reason="r\0"), (1, 1), "control characters", id="a null"),
        pytest.param(rule(title='"\\ud800"'), (3, 15), "this is not YAML", id="half a character"),
        pytest.param("rules: {}\n---\nrules: {}\n", (2, 1), "another document", id="two documents"),
        pytest.param("b: &b {title: x}\nrules:\n  R1:\n    <<: *b\n", (1, 1), 'unknown key "b"', id="a merge key"),
        pytest.param("rules: !!python/object/apply:os.abort []\n", (1, 8), "is not used here", id="a tag that calls"),
        pytest.param(f"rules:\n  X: {'x' * LARGE}\n", (2, 6), "should hold keys and values", id="10 MB in one value"),
    ],
)
def test_it_is_refused_at_its_place(text: str, place: tuple[int, int], words: str) -> None:
    with pytest.raises(RuleErrors) as refused:
        load(text)
    told = [one for one in refused.value.problems if words in one.message]
    assert [(one.line, one.column) for one in told[:1]] == [place], refused.value.problems[:2]


def test_aliases_that_multiply_are_stopped() -> None:
    with pytest.raises(RuleErrors, match="makes the file endless"):
        load(LAUGHS)


@pytest.mark.parametrize("words", CODE)
def test_text_that_looks_like_code_stays_text(words: str) -> None:
    assert load(rule(title=f'"{words}"')).by_id["R1"].title == words
    assert os.environ.get("PATH"), "and nothing was called"


def test_a_byte_order_mark_and_line_ends_of_windows_are_read() -> None:
    text = "\ufeff" + rule().replace("\n", "\r\n")
    assert load(text).by_id.keys() == {"R1"}


def test_ten_megabytes_of_comments_are_no_rule() -> None:
    assert load(f"# {'x' * LARGE}\nrules: {{}}\n").by_id == {}


def test_a_thousand_rules_are_read_and_a_mistake_in_one_is_told_where_it_stands() -> None:
    rules = "".join(RULE.format(number=n, title="A", when="bmi >= 40", reason="r") for n in range(1000))
    assert len(load(f"rules:\n{rules}").by_id) == 1000
    with pytest.raises(RuleErrors) as refused:
        load(f"rules:\n{rules.replace('R777:', 'R776:')}")
    [problem] = refused.value.problems
    assert problem.line == 2 + 777 * 9


def test_of_ten_thousand_rules_those_that_are_too_many_are_refused_where_they_begin() -> None:
    first, second = (
        "rules:\n"
        + "".join(RULE.format(number=n, title="A", when="bmi >= 40", reason="r") for n in range(begin, begin + 5000))
        for begin in (0, 5000)
    )
    with pytest.raises(RuleErrors) as refused:
        load_texts(SMALL | {"first.yaml": first, "second.yaml": second})
    told = [(one.file, one.line, one.column, one.advice[:14]) for one in refused.value.problems]
    assert told == [("first.yaml", 2 + MOST_RULES * 9, 3, "take out 2,000"), ("second.yaml", 2, 3, "take out 5,000")]
    assert "3,000 rules at most" in refused.value.problems[0].message


@given(st.text(st.sampled_from("[]{}:,-#&*!|>'\"% \n\tab1"), max_size=60))
def test_whatever_yaml_may_be_made_of_is_read_or_refused(text: str) -> None:
    document = read("a.yaml", text)
    assert document.problems or document.data is not None or text.strip(), text
