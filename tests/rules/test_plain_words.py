"""Conditions in words that anybody can read, made from the questionnaire's own."""

import pytest

from rules.condition import All, Any, AtLeast, Finding, Not
from rules.load import library
from rules.plain_words import PlainWords, in_plain_words

QUESTIONNAIRE = library().questionnaire


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        (Finding("age", ">=", 65), "Age: 65 years or more"),
        (Finding("age", "<", 65), "Age: less than 65 years"),
        (Finding("vitamin_d_iu", ">", 4000), "Vitamin D a day: more than 4,000 IU"),
        (Finding("phq9", "<=", 9), "PHQ-9: 9 or less"),
        (Finding("has_uterus", "=", "yes"), "Has a womb: yes"),
        (Finding("fatigue", ">=", 2), "Fatigue: moderate or severe"),
        (Finding("oestrogen_route", "!=", "vaginal_only"), "Route of oestrogen: anything but the vagina only"),
        (
            Finding("migraine_aura", "in", ("longstanding", "new_or_worse")),
            "Migraine aura: “longstanding” or “new or worse”",
        ),
        (Finding("supplements", "includes", "zinc"), "Supplements: zinc"),
        (Not(Finding("supplements", "includes", "zinc")), "Supplements: not zinc"),
        (Not(Finding("age", ">=", 65)), "Age: less than 65 years"),
        (Not(Finding("has_uterus", "!=", "yes")), "Has a womb: yes"),
        (Not(Finding("hormone_review_months", ">=", 0)), "Time since the last review: not given"),
        (Finding("afraid_at_home", "=", "no"), "other answers that fit too"),
    ],
    ids=str,
)
def test_a_test_names_question_and_answers(finding, words: str) -> None:
    assert in_plain_words(finding, QUESTIONNAIRE) == PlainWords(words)


def test_tests_put_together_stand_below_their_heading() -> None:
    young, old = Finding("age", "<", 40), Finding("age", ">=", 65)
    lines = PlainWords("Age: less than 40 years"), PlainWords("Age: 65 years or more")
    assert in_plain_words(Any((young, old)), QUESTIONNAIRE) == PlainWords("any of these", lines)
    neither = Not(All((Finding("age", ">=", 40), Finding("age", "<", 65))))
    assert in_plain_words(neither, QUESTIONNAIRE) == PlainWords("any of these", lines)
    assert in_plain_words(AtLeast(2, (young, old)), QUESTIONNAIRE) == PlainWords("at least 2 of these", lines)
    assert in_plain_words(All((young,)), QUESTIONNAIRE) == lines[0]


@pytest.mark.parametrize("rule", library().by_id.values(), ids=lambda rule: rule.id)
def test_no_rule_shows_the_names_of_its_file(rule) -> None:
    def lines(words: PlainWords) -> list[str]:
        return [words.line, *(line for below in words.below for line in lines(below))]

    for condition in rule.conditions().values():
        text = "\n".join(lines(in_plain_words(condition, QUESTIONNAIRE)))
        assert "_" not in text
        assert ": \n" not in f"{text}\n", "an answer without words"
