"""A patient's way is kept for the very same answers, and for nothing else."""

from intake.kept_journeys import KeptJourneys
from rules.load import library

QUESTIONS = library().questionnaire


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
