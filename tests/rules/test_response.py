"""Answers as they come in: typed, told apart when missing, gated by `when`, refused in words when they do not fit."""

import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.condition import Interval, Special
from rules.errors import AnswerErrors
from rules.load import library, load_texts, read_files
from rules.response import Missing, read
from rules.scores import ScoreValue

SMALL = load_texts(read_files(Path(__file__).parents[1] / "data" / "small")).questionnaire


def test_skipped_declined_not_sure_and_not_asked_are_told_apart() -> None:
    response = read(SMALL, {"hormone_status": "never", "phq9_1": "declined", "has_uterus": "not_sure", "phq9_2": None})
    assert response.answers["phq9_1"] is Missing.DECLINED
    assert response.answers["has_uterus"] is Missing.NOT_SURE
    assert response.answers["phq9_2"] is Missing.SKIPPED
    assert response.answers["weight_kg"] is Missing.SKIPPED
    assert "hormone_kinds" in response.not_applicable
    assert [response.answer_text(item) for item in ("phq9_1", "has_uterus", "phq9_2", "hormone_kinds")] == [
        "preferred not to say",
        "not sure",
        "skipped",
        "not asked",
    ]


def test_a_question_whose_gate_cannot_be_decided_is_asked() -> None:
    response = read(SMALL, {"hormone_status": "not_sure"})
    assert "hormone_kinds" not in response.not_applicable
    assert response.values["hormone_kinds"] is Special.MISSING


def test_an_answer_to_a_question_that_no_longer_applies_is_not_evaluated() -> None:
    response = read(SMALL, {"hormone_status": "never", "hormone_months": 12})
    assert response.values["hormone_months"] is Special.NOT_APPLICABLE


def test_a_score_with_missing_items_is_an_interval() -> None:
    response = read(SMALL, {"phq9_1": 2, "phq9_2": 3})
    assert response.scores["phq3"] == ScoreValue(5, 8)
    assert not response.scores["phq3"].complete
    assert response.values["phq3"] == Interval(5, 8)
    assert response.values["phq2"] == 5


def test_a_score_whose_items_were_gated_off_does_not_apply() -> None:
    response = read(SMALL, {"phq9_1": 0, "phq9_2": 1})
    assert response.values["phq3"] is Special.NOT_APPLICABLE
    assert not response.scores["phq3"].applicable


def test_a_score_may_say_what_items_count_that_do_not_apply() -> None:
    assert read(SMALL, {"phq9_1": 0, "phq9_2": 1}).scores["counted"] == ScoreValue(1, 1)


def test_body_mass_index_is_kilograms_by_metres_squared() -> None:
    assert read(SMALL, {"weight_kg": 81, "height_cm": 180}).scores["bmi"] == ScoreValue(25.0, 25.0)


@given(st.dictionaries(st.sampled_from(("phq9_1", "phq9_2", "phq9_3")), st.integers(0, 3)), st.integers(0, 3))
def test_answering_one_more_item_never_widens_a_score(raw: dict[str, int], answer: int) -> None:
    before = read(SMALL, raw).scores["phq3"]
    for item in ("phq9_1", "phq9_2", "phq9_3"):
        after = read(SMALL, {item: answer} | raw).scores["phq3"]
        if before.low is not None and after.low is not None:
            assert before.low <= after.low <= after.high <= before.high


WRONG = [
    ({"phq9_10": 1}, 'phq9_10: there is no such item; did you mean "phq9_1"?'),
    ({"phq9_1": 4}, "phq9_1: 4 is not one of 0, 1, 2, 3"),
    ({"phq9_1": "2"}, 'phq9_1: "2" is not one of 0, 1, 2, 3; write the number without quotes'),
    ({"phq9_1": True}, "phq9_1: True is not one of 0, 1, 2, 3"),
    ({"phq9_1": [1]}, "phq9_1: [1] is not one of 0, 1, 2, 3"),
    ({"phq9_1": 1.0}, "phq9_1: 1.0 is not one of 0, 1, 2, 3"),
    ({"has_uterus": True}, 'has_uterus: True is not one of yes, no; write "yes" or "no"'),
    ({"hormone_status": "curent"}, '"curent" is not one of never, past, current; did you mean "current"?'),
    ({"hormone_status": "current", "hormone_kinds": "oestrogen"}, '"oestrogen" is not a list of codes'),
    ({"hormone_kinds": ["oestrogen", "estrogen"]}, 'did you mean "oestrogen"?'),
    ({"hormone_kinds": [{}]}, "{} is not one of"),
    ({"hormone_kinds": ["none", "oestrogen"]}, '"none" cannot stand beside another answer; keep one of the two'),
    ({"age": 15}, "age: 15 is not from 16 to 120"),
    ({"age": 40.5}, "age: 40.5 is not a whole number"),
    ({"age": "40"}, 'age: "40" is not a whole number'),
    ({"weight_kg": float("nan")}, "weight_kg: nan is not from 20 to 400"),
    ({"weight_kg": float("inf")}, "weight_kg: inf is not from 20 to 400"),
    ({"weight_kg": 10**400}, "is not from 20 to 400"),
    ({"own_words": 5}, "own_words: 5 is not text; put it in quotes"),
    ({"own_words": "x" * 5000}, "own_words: the text has 5000 characters; at most 4000"),
]


@pytest.mark.parametrize(("raw", "message"), WRONG, ids=[str(row[0])[:40] for row in WRONG])
def test_an_answer_that_does_not_fit_is_refused_in_words(raw: dict[str, object], message: str) -> None:
    with pytest.raises(AnswerErrors) as refused:
        read(SMALL, raw)
    assert message in str(refused.value)
    assert len(refused.value.problems) == 1


def test_all_answers_that_do_not_fit_are_named_at_once() -> None:
    with pytest.raises(AnswerErrors) as refused:
        read(SMALL, {"phq9_1": 9, "age": 3, "nobody": 1})
    assert {problem.item for problem in refused.value.problems} == {"phq9_1", "age", "nobody"}


def test_a_questionnaire_asks_the_same_in_another_process() -> None:
    questionnaire = library().questionnaire
    sent = pickle.loads(pickle.dumps(questionnaire))
    raw = {"has_uterus": "no", "age": 60}
    assert sent == questionnaire
    assert read(sent, raw).not_applicable == read(questionnaire, raw).not_applicable
