"""Invented patients: always the same, answering what they are asked, and varied."""

from rules.cohort import CohortScreener
from rules.load import library, load_texts
from rules.response import read
from rules.ruleset import Priority
from rules.synthetic import patients
from tests.conftest import SMALL

QUESTIONNAIRE = library().questionnaire


def test_a_patient_is_the_same_whoever_is_invented_before() -> None:
    everybody = list(patients(QUESTIONNAIRE, range(20), seed=7))
    assert list(patients(QUESTIONNAIRE, [3, 19], seed=7)) == [everybody[3], everybody[19]]
    assert next(patients(QUESTIONNAIRE, [3], seed=8)) != everybody[3]


def test_invented_patients_answer_exactly_what_they_are_asked() -> None:
    for answers in patients(QUESTIONNAIRE, range(100)):
        response = read(QUESTIONNAIRE, answers)  # refuses what does not fit
        assert answers.keys() == QUESTIONNAIRE.items.keys() - response.not_applicable


def test_most_rules_are_raised_for_somebody_and_none_for_most() -> None:
    ends = CohortScreener(library()).screen(patients(QUESTIONNAIRE, range(1500)))
    raised = {rule: sum(isinstance(end, Priority) for end in ends.of(rule)) for rule in library().by_id}
    assert len([rule for rule, number in raised.items() if number]) > 0.9 * len(raised)
    assert max(raised.values()) < ends.patients / 2


def test_a_questionnaire_of_the_clinics_own_has_invented_patients_too() -> None:
    small = load_texts(SMALL).questionnaire
    for answers in patients(small, range(50)):
        assert read(small, answers).values["age"] == answers["age"]
