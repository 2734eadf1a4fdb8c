"""A patient's way is kept for the very same answers, and for nothing else."""

from collections.abc import Iterator

import pytest

from intake import kept_journeys
from intake.kept_journeys import KeptJourneys
from rules.load import library

QUESTIONS = library().questionnaire


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """What the clock says, to be changed."""
    now = [0.0]
    monkeypatch.setattr(kept_journeys, "monotonic", lambda: now[0])
    return now


def test_the_same_answers_are_worked_out_once():
    kept = KeptJourneys()
    assert kept.of("ada", QUESTIONS, {"age": 52}) is kept.of("ada", QUESTIONS, {"age": 52})


def test_other_answers_other_words_and_other_patients_have_a_way_of_their_own():
    kept, spanish = KeptJourneys(), library().in_language("es").questionnaire
    first = kept.of("ada", QUESTIONS, {"age": 52, "has_uterus": "yes"})
    assert kept.of("ben", QUESTIONS, {"age": 30}).raw == {"age": 30}
    assert kept.of("ada", QUESTIONS, {"age": 52, "has_uterus": "no"}).raw["has_uterus"] == "no"
    assert kept.of("ada", spanish, {"age": 52, "has_uterus": "yes"}).questionnaire is spanish
    assert kept.of("ada", QUESTIONS, {"age": 52, "has_uterus": "yes"}) is not first


def test_after_a_minute_or_too_many_others_nothing_is_kept(seconds: list[float], monkeypatch: pytest.MonkeyPatch):
    kept = KeptJourneys()
    first = kept.of("ada", QUESTIONS, {"age": 52})
    seconds[0] = kept_journeys.LONGEST + 1
    kept.of("ben", QUESTIONS, {"age": 30})
    again = kept.of("ada", QUESTIONS, {"age": 52})
    assert again is not first
    monkeypatch.setattr(kept_journeys, "MOST", 1)
    kept.of("cleo", QUESTIONS, {"age": 40})
    assert kept.of("ada", QUESTIONS, {"age": 52}) is not again
