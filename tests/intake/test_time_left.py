"""The minutes left are an honest guess: they never rise by much, and end at one."""

from itertools import pairwise

import pytest

from intake.navigation import Journey
from intake.time_left import minutes_left
from rules.load import library
from rules.overview import FILE, TypicalPatient, all_answers, burden, read_overview

OVERVIEW = read_overview(library(), FILE.read_text(encoding="utf-8"))
QUESTIONNAIRE = library().questionnaire


def estimates(answers: dict[str, object]) -> list[int]:
    """The minutes told on each page of a patient's way."""
    raw: dict[str, object] = {"age": answers["age"]}
    told = []
    page = Journey(QUESTIONNAIRE, raw).next_page()
    while page is not None:
        told.append(minutes_left(Journey(QUESTIONNAIRE, raw)))
        raw |= {item.id: answers.get(item.id) for item in Journey(QUESTIONNAIRE, raw).unsent(page)}
        page = Journey(QUESTIONNAIRE, raw).next_page(page)
    return told


@pytest.mark.parametrize("who", OVERVIEW.patients, ids=lambda who: who.name)
def test_what_is_told_falls_from_page_to_page_and_begins_near_the_truth(who: TypicalPatient) -> None:
    answers = all_answers(QUESTIONNAIRE, {**OVERVIEW.usual, **who.answers})
    told = estimates(answers)
    assert all(after <= before + 1 for before, after in pairwise(told))
    assert told[-1] == 1
    needs = burden(QUESTIONNAIRE, answers, OVERVIEW.effort)
    assert needs.quick / 60 * 0.8 <= told[0] <= needs.careful / 60 * 1.2
