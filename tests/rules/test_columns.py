"""Stored answers are cut up without being read as JSON: what looks like an answer and is none misleads nobody."""

import json
from typing import Any as Data

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import columns
from rules.columns import Columns, as_stored
from rules.load import load_texts

QUESTIONS = """
section: tiny
title: Tiny
pages:
  - id: tiny
    title: All questions
    items:
      - {id: pain, type: yes_no, text: Pain, short: Pain}
      - {id: count, type: integer, text: How many, short: Count, min: -2, max: 30}
      - id: kinds
        type: choices
        text: Which
        short: Kinds
        options: [{code: left, label: Left}, {code: right, label: Right}, {code: none, label: None}]
"""
ITEMS = load_texts({"questionnaire/1.yaml": QUESTIONS, "sources.yaml": "sources: {}"}).questionnaire.items
PICKED = {"kinds includes left": ("kinds", "left"), "kinds includes right": ("kinds", "right")}
ANSWERS = {"pain": "no", "count": 7, "kinds": ["left", "right"]}
ROW = (1, 7.0, True, True)
OWN_WORDS = (
    "", ",", "a,", ',"pain":"yes"', '","pain":"yes","', "[left, right]", '["left","right"]', "{pain: yes}",
    '{"pain":"yes"}', 'said ": yes', "\\", '\\"', "naïve 日本 \u2028", "a\nb\tc", "]", "}", '"',
)  # fmt: skip


def rows(*texts: bytes) -> list[tuple[Data, ...]]:
    table = Columns(ITEMS.values(), PICKED).table(texts)
    return table.select("pain", "count", *PICKED).rows()


@pytest.mark.parametrize("words", OWN_WORDS, ids=repr)
def test_own_words_are_never_taken_for_an_answer(words: str) -> None:
    answers = {"first": words, "pain": "no", "between": words, "count": 7, "kinds": ["left", "right"], "last": words}
    assert rows(as_stored(answers), as_stored(ANSWERS)) == [ROW, ROW]


@given(st.text(), st.text(), st.text())
def test_no_words_at_all_are_taken_for_an_answer(one: str, other: str, key: str) -> None:
    answers = {key: one, **ANSWERS, "own_words": other, "list": [one, other], "inside": [{one: {"pain": "yes"}}]}
    text = orjson.dumps(answers | {"pain": "no"}) if key not in ANSWERS else as_stored(ANSWERS)
    assert rows(as_stored(ANSWERS), text, as_stored(ANSWERS)) == [ROW] * 3


@pytest.mark.parametrize(
    "unfit",
    [
        {"pain": "yes", "count": 3},
        [{"pain": "yes"}],
        ["left", "pain"],
        ['left","pain":"yes'],
        ["left", ["right"]],
        [","],
    ],
    ids=repr,
)
def test_what_stands_inside_an_answer_that_does_not_fit_is_no_answer_to_another_question(unfit: object) -> None:
    assert rows(as_stored({"kinds": unfit, "count": 7, "pain": "no"})) == [(1, 7.0, None, None)]
    assert rows(as_stored({"kinds": ["left", "right"], "count": unfit, "pain": "no"})) == [(1, None, True, True)]


def test_text_that_another_program_laid_out_is_read_too() -> None:
    separators = [(", ", ": "), (" , ", " : "), (", ", ":"), (" ,", ":"), (",", " :"), ("\t,", "\t:")]
    texts = [json.dumps(ANSWERS, separators=pair) for pair in separators] + [json.dumps(ANSWERS, indent=2)]
    texts += [f" {texts[3]}", f"{texts[3]} ", texts[3].replace("}", " }")]
    assert rows(*(text.encode() for text in texts), b"{}") == [ROW] * len(texts) + [(None, None, None, None)]


def test_all_rows_are_there_whatever_the_number_of_responses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "BLOCK", 3)
    monkeypatch.setattr(columns, "MOST_KEPT", 5)
    people = [{"count": number, "pain": "yes" if number % 2 else "no"} for number in range(20)]
    assert rows() == []
    assert rows(*map(as_stored, people)) == [((number + 1) % 2, float(number), None, None) for number in range(20)]
