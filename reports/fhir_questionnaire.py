"""The questionnaire as a FHIR `Questionnaire` (SDC): what is asked, when, in which languages, and how scores follow.

Each section is a group, its items are questions in the order of the pages. Scores are questions that nobody answers:
they are calculated. A rule set is a version of it.
"""

from collections.abc import Iterator, Sequence

from reports.fhir_paths import Paths, enabled, option_coding
from reports.fhir_terms import (
    LOINC,
    ORDINAL,
    STRUCTURE,
    TRANSLATION,
    Json,
    Systems,
    coding,
    extension,
    identifier,
    name_of,
    text,
)
from rules.questionnaire import ENGLISH, LONGEST_TEXT, Item, Option, Questionnaire, Score
from rules.ruleset import RuleSet

KINDS = {
    "choice": "choice",
    "choices": "choice",
    "yes_no": "boolean",
    "integer": "integer",
    "decimal": "decimal",
    "text": "text",
}
SCORES = "scores"  # the group of calculated scores; each is named `score_link`


def score_link(score: Score) -> str:
    """Return the linkId of a score."""
    return f"score:{score.id}"


def is_whole(score: Score, questionnaire: Questionnaire) -> bool:
    """Whether a score is always a whole number."""
    parts = (questionnaire.items[name] for name in score.items)
    return not score.body_mass_index and all(item.type != "decimal" for item in parts)


def questionnaire_name(ruleset: RuleSet) -> str:
    """Return the `urn:uuid:` of a rule set's questionnaire."""
    return name_of("questionnaire", ruleset.hash)


def canonical(ruleset: RuleSet, systems: Systems) -> str:
    """Return the questionnaire's canonical address with its version, as a response names it."""
    return f"{systems.questionnaire}|{ruleset.hash}"


def questionnaire_resource(ruleset: RuleSet, systems: Systems, publisher: str) -> Json:
    """Return the questionnaire of a rule set."""
    asked = ruleset.questionnaire
    others = [translation.questionnaire for code, translation in ruleset.translations.items() if code != ENGLISH]
    words = _Words(others)
    return {
        "resourceType": "Questionnaire",
        "extension": list(Paths(asked).variables()),
        "language": ENGLISH,
        "url": systems.questionnaire,
        "identifier": [identifier(questionnaire_name(ruleset))],
        "version": ruleset.hash,
        "name": "IntakeScreening",
        "title": "Intake screening questionnaire",
        "status": "active",
        "subjectType": ["Patient"],
        "publisher": text(publisher),
        "description": "Asked of patients before an appointment. It screens, and is not a diagnosis.",
        "item": [*_sections(asked, words, systems), _scores(asked, systems)],
    }


class _Words:
    """Texts with their translations: an element's text, and beside it the same in other languages."""

    def __init__(self, others: Sequence[Questionnaire]) -> None:
        self._others = others

    def section(self, name: str, title: str) -> Json:
        found = [(other.section(name).language, other.section(name).title) for other in self._others]
        return _text("text", title, found)

    def item(self, item: Item) -> Json:
        found = [(other.items[item.id].language, other.items[item.id].text) for other in self._others]
        return _text("text", item.text, found)

    def option(self, item: Item, option: Option, of: Json) -> Json:
        pairs = [(o.items[item.id].language, o.items[item.id].option(option.code).label) for o in self._others]
        return of | _text("display", option.label, pairs)


def _text(key: str, words: str, translated: Sequence[tuple[str, str]]) -> Json:
    element: Json = {key: text(words)}
    extensions = [
        {"url": TRANSLATION, "extension": [extension("lang", "Code", code), extension("content", "String", text(said))]}
        for code, said in translated
        if code != ENGLISH
    ]
    return element | ({f"_{key}": {"extension": extensions}} if extensions else {})


def _sections(asked: Questionnaire, words: _Words, systems: Systems) -> Iterator[Json]:
    for section in asked.sections:
        items = [_item(item, asked, words, systems) for page in section.pages for item in page.items]
        group = {"linkId": section.id, "type": "group", "item": items}
        yield group | words.section(section.id, section.title)


def _item(item: Item, asked: Questionnaire, words: _Words, systems: Systems) -> Json:
    found: Json = {"linkId": item.id, "code": list(item_codes(item, systems)), "type": KINDS[item.type]}
    found |= words.item(item) | enabled(item, asked, systems)
    extensions = [*found.pop("extension", ()), *_limits(item)]
    if extensions:
        found["extension"] = extensions
    if item.derived:
        found["readOnly"] = True
    if item.type == "text":
        found["maxLength"] = LONGEST_TEXT
    if item.type == "choices":
        found["repeats"] = True
    if KINDS[item.type] == "choice":
        found["answerOption"] = [_option(item, option, words, systems) for option in item.options]
    return found


def item_codes(item: Item, systems: Systems) -> Iterator[Json]:
    """Yield the codes of an item: LOINC's first, if it has one, then our own."""
    if item.loinc:
        yield coding(LOINC, item.loinc)
    yield coding(systems.items, item.id, item.short)


def _limits(item: Item) -> Iterator[Json]:
    if item.numeric_type and item.min is not None and item.max is not None:
        kind = "Integer" if item.type == "integer" else "Decimal"
        yield extension(f"{STRUCTURE}/minValue", kind, item.min)
        yield extension(f"{STRUCTURE}/maxValue", kind, item.max)
    if item.unit:
        yield extension(f"{STRUCTURE}/questionnaire-unit", "Coding", {"display": item.unit})


def _option(item: Item, option: Option, words: _Words, systems: Systems) -> Json:
    code = words.option(item, option, option_coding(item, option, systems))
    return {"valueCoding": weighed(code, option)}


def weighed(code: Json, option: Option) -> Json:
    """Return an answer's code with what it counts in a score, if it counts."""
    if not isinstance(option.code, int):
        return code
    return {"extension": [extension(ORDINAL, "Decimal", option.code)]} | code


def _scores(asked: Questionnaire, systems: Systems) -> Json:
    paths = Paths(asked)
    items = [
        {
            "extension": [paths.calculated(score)],
            "linkId": score_link(score),
            "code": list(score_codes(score, systems)),
            "text": text(score.title),
            "type": "integer" if is_whole(score, asked) else "decimal",
            "readOnly": True,
        }
        for score in asked.scores.values()
    ]
    return {"linkId": SCORES, "text": "Scores", "type": "group", "item": items}


def score_codes(score: Score, systems: Systems) -> Iterator[Json]:
    """Yield the codes of a score: LOINC's first, if it has one, then our own."""
    if score.loinc:
        yield coding(LOINC, score.loinc)
    yield coding(systems.items, score.id, score.title)
