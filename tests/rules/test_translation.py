"""Translations: which mistakes refuse a rule set, what counts as changed since, and what is shown then."""

from pathlib import Path

import pytest

from rules.condition import findings
from rules.errors import RuleErrors
from rules.explain import PLACEHOLDER
from rules.load import LIBRARY, library, load, load_texts, read_files
from rules.ruleset import RuleSet, Translation
from tests.conftest import SMALL, SMALL_RULES
from tests.test_instruments import INSTRUMENTS

QUESTIONS = "questionnaire/10-small.yaml"
WORDS, RULES_WORDS = "languages/es/questionnaire/10-small.yaml", "languages/es/safety.yaml"
LANGUAGES = sorted(path.name for path in (LIBRARY / "languages").iterdir())
SAFETY = """
status: draft
rules:
  S1:
    - en: Please call {crisis_line}.
      es: Llame a {crisis_line}.
"""
HEIGHT = """
status: draft
phrases:
  - {en: cm, es: cm}
items:
  height_cm:
    - {en: Your height, es: ¿Cuánto mide?}
"""


def small(*, words: str = HEIGHT, safety: str = SAFETY, height: str = "Your height") -> RuleSet:
    """The small rule set with Spanish for its height and its advice; `height`: what the English asks by now."""
    questions = SMALL[QUESTIONS].replace("text: Your height", f"text: {height}")
    return load_texts(SMALL | {QUESTIONS: questions, "safety.yaml": SMALL_RULES, WORDS: words, RULES_WORDS: safety})


def spanish(ruleset: RuleSet) -> Translation:
    return ruleset.in_language("es")


def problems(**files: str) -> list[str]:
    with pytest.raises(RuleErrors) as refused:
        small(**files)
    return [str(problem) for problem in refused.value.problems]


def test_a_question_is_asked_in_the_language_with_the_codes_and_conditions_of_the_english():
    ruleset = small()
    item, english = spanish(ruleset).questionnaire.items["height_cm"], ruleset.questionnaire.items["height_cm"]
    assert (item.text, item.language) == ("¿Cuánto mide?", "es")
    assert (english.text, english.language) == ("Your height", "en")
    untold = {"text", "hint", "unit", "options", "language"}
    assert item.model_dump(exclude=untold) == english.model_dump(exclude=untold)


def test_advice_is_given_in_the_language():
    assert spanish(small()).patient_texts == {"S1": "Llame a {crisis_line}."}


def test_a_language_without_translations_is_english():
    ruleset = small()
    assert ruleset.in_language("fr").questionnaire is ruleset.questionnaire


def test_what_is_not_translated_is_shown_in_english_and_said_so():
    translation = spanish(small())
    weight = translation.questionnaire.items["weight_kg"]
    assert weight.language == "en"
    assert any('item "weight_kg", which rules read: "Your weight"' in str(notice) for notice in translation.notices)


def test_a_question_whose_english_changed_is_named_with_its_place_and_shown_in_english():
    translation = spanish(small(height="Your height today"))
    assert translation.questionnaire.items["height_cm"].text == "Your height today"
    notice = next(str(n) for n in translation.notices if "changed since" in str(n))
    assert notice.startswith(f"{WORDS}:7:12: ")
    assert 'item "height_cm", which rules read, has changed' in notice
    assert '"Your height today"' in notice


def test_advice_whose_english_changed_is_named_and_given_in_english():
    translation = spanish(small(safety=SAFETY.replace("Please call", "Call")))
    assert translation.patient_texts == {}
    assert any('rule "S1", which rules show at once' in str(notice) for notice in translation.notices)


def test_words_that_translate_nothing_any_more_are_named():
    words = HEIGHT + "    - {en: A hint of old, es: Una ayuda de antes}\n"
    notices = [str(notice) for notice in spanish(small(words=words)).notices]
    assert any(f'{WORDS}:8:12: item "height_cm" does not say "A hint of old" any more' in notice for notice in notices)


def test_a_change_of_a_translation_is_another_rule_set():
    assert small().hash != small(words=HEIGHT.replace("¿Cuánto mide?", "¿Qué estatura tiene?")).hash


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("height_cm:", "heigth_cm:", '6:3: unknown item "heigth_cm"; did you mean "height_cm"?'),
        ("es: ¿Cuánto mide?", "se: ¿Cuánto mide?", 'unknown key "se"'),
        (", es: ¿Cuánto mide?}", "}", '7:7: the key "es" is missing'),
        ("es: ¿Cuánto mide?", 'es: ""', "should have at least 1 character"),
        ("status: draft", "status: done", '"status" cannot be "done"'),
        ("status: draft", "status: active", "an active translation says who reviewed it"),
        ("phrases:", "phrasse:", 'unknown key "phrasse"; did you mean "phrases"?'),
        ("status: draft", "status: draft\nin_english: [{because: none, items: [heigt_cm]}]", 'unknown item "heigt_cm"'),
        ("status: draft", "status: draft\npublished: [{source: a book, pages: [nowhere]}]", 'unknown page "nowhere"'),
        ("items:", "pages: {}\nsections: {nowhere: []}\nitems:", 'unknown section "nowhere"'),
    ],
)
def test_a_mistake_refuses_the_rule_set_and_names_its_place(old: str, new: str, expected: str):
    assert old in HEIGHT
    found = problems(words=HEIGHT.replace(old, new))
    assert any(problem.startswith(f"{WORDS}:") and expected in problem for problem in found), found


def test_advice_must_hold_the_same_placeholders():
    found = problems(safety=SAFETY.replace("Llame a {crisis_line}", "Llame al {emergency_number}"))
    assert found == [
        f"{RULES_WORDS}:6:11: the translation does not hold the same placeholders as the English; "
        "the English holds: {crisis_line}"
    ]


def test_all_mistakes_are_named_at_once():
    words = HEIGHT.replace("height_cm:", "heigth_cm:")
    safety = SAFETY.replace("S1:", "S9:")
    assert len(problems(words=words, safety=safety)) == 2


def test_words_of_rules_are_not_asked_for_where_the_set_has_none():
    files = SMALL | {"safety.yaml": SMALL_RULES, WORDS: HEIGHT}
    assert not any('rule "' in str(notice) for notice in spanish(load_texts(files)).notices)


def test_one_rule_file_is_looked_at_with_the_questions_of_the_library_in_every_language(tmp_path: Path):
    (tmp_path / "own.yaml").write_text((LIBRARY / "diet.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    translation = load(tmp_path).in_language("es")
    assert translation.questionnaire.items["zinc_mg"].language == "es"
    assert translation.notices == ()


# The library


@pytest.mark.parametrize("code", LANGUAGES)
def test_nothing_in_the_library_was_changed_after_it_was_translated(code: str):
    """Whoever changes an English text mends its translation, or says with `in_english` that there is none."""
    assert [str(notice) for notice in library().in_language(code).notices] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_question_of_the_library_is_translated_but_those_that_say_why_not(code: str):
    questionnaire = library().in_language(code).questionnaire
    in_english = {item.id for item in questionnaire.items.values() if item.language != code and not item.derived}
    unpublished = {"evs_days", "evs_minutes"}
    unpublished |= {f"ucla3_{number}" for number in (1, 2, 3)} | {f"sarcf_{number}" for number in (1, 2, 3, 4, 5)}
    assert in_english == unpublished
    assert {page.language for page in questionnaire.pages.values()} == {code}
    assert {section.language for section in questionnaire.sections} == {code}


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_advice_of_the_library_is_translated_and_names_the_same_numbers(code: str):
    texts = library().in_language(code).patient_texts
    rules = {rule.id: rule.patient_text for rule in library().by_id.values() if rule.patient_text}
    assert texts.keys() == rules.keys()
    for name, english in rules.items():
        assert PLACEHOLDER.findall(texts[name]) == PLACEHOLDER.findall(english or "")
        assert texts[name].count("\n") == (english or "").count("\n"), f"{name}: other paragraphs"


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_changed_english_of_any_question_that_rules_read_is_reported(code: str):
    """The net itself: change each such question of the library, and see that each is named."""
    files = read_files(LIBRARY)
    ruleset = library()
    conditions = [part for rule in ruleset.by_id.values() for part in rule.conditions().values()]
    read = {finding.variable for condition in conditions for finding in findings(condition)}
    read |= {item for score in ruleset.questionnaire.scores.values() for item in score.items}
    translated = ruleset.in_language(code).questionnaire.items
    asked = {name for name in read & translated.keys() if translated[name].language == code}
    changed = {
        name: text.replace("        text: ", "        text: Now ") if name.startswith("questionnaire/") else text
        for name, text in files.items()
    }
    changed = {name: text.replace("text: Now >-\n", "text: >-\n          Now\n") for name, text in changed.items()}
    changed = {name: text.replace('text: Now "', 'text: "Now ') for name, text in changed.items()}
    notices = "\n".join(map(str, load_texts(changed).in_language(code).notices))
    assert {name for name in asked if f'"{name}", which rules read' not in notices} == set()


def test_instruments_are_marked_as_published_or_shown_in_english():
    """Nobody may reword them: each is named as taken from a publication, or not translated at all."""
    text = "".join(body for name, body in read_files(LIBRARY).items() if name.startswith("languages/es/"))
    published = text[text.index("published:") :]
    for name, instrument in (("phq9", "phq9"), ("gad7", "gad7"), ("auditc", "audit_c")):
        for number in range(1, len(INSTRUMENTS[instrument]["items"]) + 1):
            assert f"{name}_{number}" in published
