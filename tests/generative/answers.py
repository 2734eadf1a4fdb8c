"""A questionnaire so small that all its patients can be counted, and random conditions on it."""

from collections.abc import Iterator
from functools import cache
from itertools import combinations, product

from hypothesis import strategies as st

from rules.condition import All, Any, AtLeast, Condition, Finding, Not, Value
from rules.questionnaire import Questionnaire
from rules.response import read

FILES = {
    "questionnaire/10-tiny.yaml": """
section: tiny
title: Tiny
pages:
  - id: tiny
    title: All questions
    items:
      - {id: first, type: yes_no, text: First, short: First}
      - id: mild
        type: choice
        text: How mild
        short: Mild
        options: [{code: 0, label: None}, {code: 1, label: Some}, {code: 2, label: Much}]
      - {id: count, type: integer, text: How many, short: Count, min: 0, max: 3, when: first = yes}
      - id: kinds
        type: choices
        text: Which
        short: Kinds
        when: {any: [not: first = yes, mild >= 1]}
        options: [{code: left, label: Left}, {code: right, label: Right}, {code: none, label: None}]
""",
    "scores.yaml": """
scores:
  both: {title: Both, sum: [mild, count]}
  counted: {title: Counted, sum: [mild, count], not_applicable_counts: 0}
  times: {title: Times, product: [mild, count], not_applicable_counts: 1}
""",
    "sources.yaml": "sources: {guide: {title: An invented guideline}}",
}
NUMBERS = {"mild": 2, "count": 3, "both": 5, "counted": 5, "times": 6}
KINDS = ("left", "right", "none")


def every_patient(questionnaire: Questionnaire) -> Iterator[dict[str, Value]]:
    """The values of each patient that there can be, those who left something out too."""
    kinds = [None, ["none"], *([*some] for size in (1, 2) for some in combinations(KINDS[:2], size))]
    answers = product((None, "yes", "no"), (None, 0, 1, 2), (None, 0, 1, 2, 3), kinds)
    for first, mild, count, several in answers:
        given = {"first": first, "mild": mild, "count": count, "kinds": several}
        yield dict(read(questionnaire, given).values)


@cache
def _findings() -> st.SearchStrategy[Finding]:
    numbers = [
        st.builds(Finding, st.just(name), st.sampled_from(("<", "<=", ">", ">=")), st.integers(0, most))
        for name, most in NUMBERS.items()
    ]
    equal = [
        st.builds(Finding, st.just(name), st.sampled_from(("=", "!=")), st.integers(0, NUMBERS[name]))
        for name in ("count", "both")
    ]
    listed = st.lists(st.integers(0, 2), min_size=1, max_size=2, unique=True).map(tuple)
    return st.one_of(
        *numbers,
        *equal,
        st.builds(Finding, st.just("mild"), st.just("in"), listed),
        st.builds(Finding, st.just("first"), st.sampled_from(("=", "!=")), st.sampled_from(("yes", "no"))),
        st.builds(Finding, st.just("kinds"), st.just("includes"), st.sampled_from(KINDS)),
    )


def conditions(depth: int = 2) -> st.SearchStrategy[Condition]:
    """Conditions nested up to `depth` connectives deep."""
    if depth == 0:
        return _findings()
    below = conditions(depth - 1)
    several = st.lists(below, min_size=1, max_size=3).map(tuple)
    fewest = st.lists(below, min_size=2, max_size=3).map(lambda parts: AtLeast(2, tuple(parts)))
    return st.one_of(_findings(), st.builds(All, several), st.builds(Any, several), st.builds(Not, below), fewest)


def as_data(condition: Condition) -> object:
    """A condition as an author writes it."""
    match condition:
        case Finding():
            return str(condition)
        case Not(part):
            return {"not": as_data(part)}
        case All(parts):
            return {"all": [as_data(part) for part in parts]}
        case Any(parts):
            return {"any": [as_data(part) for part in parts]}
        case AtLeast(count, of):
            return {"at_least": {"count": count, "of": [as_data(part) for part in of]}}
