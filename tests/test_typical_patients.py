"""The pages and questions counted for the README are those that the patients' pages show."""

import pytest

from intake.navigation import Journey
from rules.load import library
from rules.overview import FILE, TypicalPatient, all_answers, burden, read_overview

OVERVIEW = read_overview(library(), FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("patient", OVERVIEW.patients, ids=lambda patient: patient.name)
def test_a_typical_patient_sees_as_many_pages_and_questions_as_the_table_says(patient: TypicalPatient) -> None:
    questionnaire = library().questionnaire
    answers = all_answers(questionnaire, {**OVERVIEW.usual, **patient.answers})
    raw: dict[str, object] = {"age": answers["age"]}
    pages = 0
    page = Journey(questionnaire, raw).next_page()
    while page is not None:
        raw |= {item.id: answers.get(item.id) for item in Journey(questionnaire, raw).unsent(page)}
        pages += 1
        page = Journey(questionnaire, raw).next_page(page)
    counted = burden(questionnaire, answers, OVERVIEW.effort)
    assert (counted.pages, counted.questions.total()) == (pages, len(raw) - 1)
