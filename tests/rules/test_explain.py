"""Reasons are smallest sets that decide, changes really lower the flag, and what is missing really matters."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.condition import Condition, Special
from rules.explain import because, changes, missing
from rules.load import load_texts, read_files
from rules.reference import truth
from rules.response import Response, read
from rules.source import Document
from rules.syntax import parse_test, take_conditions

SMALL = load_texts(read_files(Path(__file__).parents[1] / "data" / "small")).questionnaire


def condition_of(tree: object) -> Condition:
    document = Document("test.yaml", {"when": tree})
    take_conditions(document)
    assert not document.problems, document.problems
    return document.data["when"]


CONDITIONS = [
    condition_of({"all": ["hormone_status = current", {"any": ["phq3 >= 4", "phq9_1 = 3", "weight_kg > 100"]}]}),
    condition_of({"at_least": {"count": 2, "of": ["phq9_1 >= 2", "phq9_2 >= 2", "has_uterus = no", "age > 50"]}}),
    condition_of({"any": [{"not": "hormone_status = never"}, {"all": ["bmi >= 30", "age >= 40"]}]}),
    condition_of({"all": [{"any": ["has_uterus = yes", "age < 40"]}, {"any": ["has_uterus = yes", "phq2 = 6"]}]}),
    condition_of({"all": ["hormone_kinds includes oestrogen", "hormone_months >= 3", "hormone_status != past"]}),
]


def answers() -> st.SearchStrategy[dict[str, object]]:
    gaps = st.sampled_from(("not_sure", "declined", None))
    severity = st.one_of(st.integers(0, 3), gaps)
    return st.fixed_dictionaries(
        {},
        optional={
            "age": st.integers(16, 90),
            "has_uterus": st.one_of(st.sampled_from(("yes", "no")), gaps),
            "weight_kg": st.one_of(st.integers(40, 160), gaps),
            "height_cm": st.one_of(st.integers(150, 190), gaps),
            "hormone_status": st.one_of(st.sampled_from(("never", "past", "current")), gaps),
            "hormone_kinds": st.one_of(st.lists(st.sampled_from(("oestrogen", "testosterone")), min_size=1), gaps),
            "hormone_months": st.one_of(st.integers(0, 30), gaps),
            "phq9_1": severity,
            "phq9_2": severity,
            "phq9_3": severity,
        },
    )


def only(response: Response, variables: set[str]) -> dict[str, object]:
    return {name: value for name, value in response.values.items() if name in variables}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(CONDITIONS), answers())
def test_the_reasons_alone_make_the_condition_true_and_none_of_them_can_be_left_out(
    condition: Condition, raw: dict[str, object]
) -> None:
    response = read(SMALL, raw)
    if truth(condition, response.values) is not True:
        assert because(condition, response) == ()
        return
    variables = {reason.variable for reason in because(condition, response)}
    assert truth(condition, only(response, variables)) is True
    for left_out in variables:
        assert truth(condition, only(response, variables - {left_out})) is not True


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(CONDITIONS), answers())
def test_a_condition_waits_for_something_exactly_while_it_is_unknown(
    condition: Condition, raw: dict[str, object]
) -> None:
    response = read(SMALL, raw)
    waits = missing([condition], response)
    assert bool(waits) == (truth(condition, response.values) is None)
    assert all(response.values[answer.item] is Special.MISSING for answer in waits)


def test_the_smallest_reason_is_preferred() -> None:
    response = read(SMALL, {"has_uterus": "yes", "age": 30, "phq9_1": 3, "phq9_2": 3})
    assert [reason.variable for reason in because(CONDITIONS[3], response)] == ["has_uterus"]


def test_a_reason_gives_the_answer_in_words_and_a_score_as_bounds() -> None:
    response = read(SMALL, {"hormone_status": "current", "phq9_1": 2, "phq9_2": 2})
    reasons = because(CONDITIONS[0], response)
    given = [(reason.variable, reason.answer) for reason in reasons]
    assert given == [("hormone_status", "Yes, now"), ("phq3", "4 to 7 (incomplete)")]


def test_what_would_change_it_names_the_nearest_answer_first_found() -> None:
    response = read(SMALL, {"phq9_1": 3, "phq9_2": 3, "phq9_3": 0})
    condition = parse_test("phq3 >= 4")
    assert [change.to for change in changes(condition, response)] == ["PHQ-3: 3 or lower"]


def test_a_change_may_need_two_answers_at_once() -> None:
    condition = condition_of({"any": ["phq9_1 >= 2", "has_uterus = yes"]})
    response = read(SMALL, {"phq9_1": 2, "has_uterus": "yes"})
    (change,) = changes(condition, response)
    assert change.variables == ("phq9_1", "has_uterus")
    assert change.to == "First: Several days and Womb: no"


def test_age_is_never_offered_as_a_change() -> None:
    response = read(SMALL, {"age": 60})
    assert changes(parse_test("age > 50"), response) == ()
