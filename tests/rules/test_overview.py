"""The two tables in rules/README.md follow from the rules; every topic of the articles is covered by what exists."""

import re
from pathlib import Path

import pytest

from rules.errors import RuleErrors
from rules.load import library
from rules.overview import FILE, README, all_answers, filled, read_overview, tables
from rules.response import Missing, read

TEXT = FILE.read_text(encoding="utf-8")
OVERVIEW = read_overview(library(), TEXT)
QUESTIONNAIRE = library().questionnaire
TOPICS = """Oxytocin, childbirth, lactation, fertility, libido, bonding, stress, anxiety, depression, schizophrenia,
    blood pressure, appetite, ageing muscle, addiction, volunteering, giving, isolation, touch, eating, omega-3,
    complex carbohydrates, vitamin B6, zinc, vitamin D, vitamin C, magnesium, exercise, yoga, meditation, mindfulness,
    sleep, menopause, hormone replacement, bioidentical, pellets, oestrogen, trigeminal, testosterone, hypogonadism,
    testing, peptide, gut microbes, fermented, probiotics, L. reuteri, immune, inflammation, prebiotic, beta-glucan,
    resistant starch, short-chain fatty acids, polyphenols, variety of plants, tryptophan, tyrosine, choline"""


def test_the_tables_in_the_readme_are_up_to_date() -> None:
    readme = README.read_text(encoding="utf-8")
    assert readme == filled(readme, tables(library())), "run: python -m rules.overview"


def test_every_rule_about_oxytocin_stands_under_a_topic() -> None:
    """What claims a link to oxytocin claims it because an article does."""
    linked = {rule.id for rule in library().by_id.values() if rule.evidence.link != "none"}
    assert linked - {name for topic in OVERVIEW.topics for name in topic.rules} == set()


@pytest.mark.parametrize("word", re.split(r",\s+", TOPICS))
def test_the_articles_topics_all_have_questions_and_rules(word: str) -> None:
    """That a topic without a question or a rule is refused, the mistakes below show."""
    assert [topic.topic for topic in OVERVIEW.topics if word.casefold() in topic.topic.casefold()] != []


def test_each_topic_and_each_typical_patient_stands_once() -> None:
    topics = [topic.topic for topic in OVERVIEW.topics]
    assert len(set(topics)) == len(topics)
    assert len({patient.name for patient in OVERVIEW.patients}) == len(OVERVIEW.patients) == 5


@pytest.mark.parametrize("patient", OVERVIEW.patients, ids=lambda patient: patient.name)
def test_typical_patients_answer_all_that_they_are_asked_and_nothing_else(patient) -> None:
    response = read(QUESTIONNAIRE, all_answers(QUESTIONNAIRE, {**OVERVIEW.usual, **patient.answers}))
    missing = {name for name, answer in response.answers.items() if isinstance(answer, Missing)}
    assert {name for name in missing if QUESTIONNAIRE.items[name].type != "text"} == set()
    assert response.not_applicable & set(patient.answers) == set(), "answers that the gates make pointless"


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("rules: [O15]", "rules: [O155]", 'unknown rule "O155"; did you mean "O15"?'),
        ("items: [mind_body]", "items: [mindbody]", 'unknown item "mindbody"; did you mean "mind_body"?'),
        ("in: [article-gut-metabolites]", "in: [article-gut]", 'unknown source "article-gut"'),
        ("rules: [O15]", "rules: []", '"rules"'),
        ("items: [mind_body]", "items: []", '"items"'),
        ("rules: [O15]", "rules: [O14]", '"O14" reads none of the items of this topic'),
        ("diet_pattern: omnivore", "diet_pattern: everything", 'answer to "diet_pattern": "everything" is not one of'),
    ],
)
def test_a_mistake_in_the_overview_is_told_with_its_line(right: str, wrong: str, message: str) -> None:
    line = TEXT[: TEXT.index(right)].count("\n") + 1
    with pytest.raises(RuleErrors) as told:
        read_overview(library(), TEXT.replace(right, wrong, 1))
    assert f"overview.yaml:{line}:" in str(told.value)
    assert message in str(told.value)


def test_a_readme_without_markers_is_not_written_over(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="needs <!-- topics"):
        filled("# Nothing here", {"topics": "| a |"})
