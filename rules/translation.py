"""The words for patients in another language, from `languages/<code>/**.yaml`: beside the English that they translate.

A translation counts for exactly the English that stands beside it. Where that has changed since, or nothing was
translated, the English is shown, marked as English, and a notice says so. All or nothing: no item is half translated.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import cache
from typing import Any as Data
from typing import Literal

from pydantic import Field, create_model, model_validator

from rules.condition import variables_of
from rules.errors import Problem, did_you_mean
from rules.explain import PLACEHOLDER
from rules.questionnaire import Item, Model, Option, Page, Questionnaire, Section, assemble
from rules.ruleset import Rule, Translation
from rules.source import Document, Path, validate

FOLDER = "languages/"
KINDS = ("sections", "pages", "items", "rules")  # keys of a file that hold translations by id


class Pair(Model):
    """One text: the English that was translated, and its translation under the code of the language."""

    en: str = Field(min_length=1)


class Origin(Model):
    """Where a published translation was taken from, word for word; for the instruments, which nobody may reword."""

    source: str
    pages: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


class InEnglish(Model):
    """What is shown in English on purpose, and why: instruments without a published translation."""

    because: str
    pages: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


class TranslationFile(Model):
    """What every file of translations holds; `_file_model` adds the pairs of its language."""

    status: Literal["draft", "active"]
    reviewed_by: str | None = None
    reviewed_on: date | None = None
    published: tuple[Origin, ...] = ()
    in_english: tuple[InEnglish, ...] = ()

    @model_validator(mode="after")
    def _is_reviewed(self) -> "TranslationFile":
        if self.status == "active" and not (self.reviewed_by and self.reviewed_on):
            raise ValueError("an active translation says who reviewed it: add reviewed_by and reviewed_on")
        return self


@cache
def _file_model(language: str) -> type[TranslationFile]:
    pair = create_model("Pair", __base__=Pair, **{language: (str, Field(min_length=1))})  # type: ignore[call-overload]
    by_id: Data = (Mapping[str, tuple[pair, ...]], Field(default_factory=dict))
    fields: dict[str, Data] = {"phrases": (tuple[pair, ...], ())} | dict.fromkeys(KINDS, by_id)
    return create_model("TranslationFile", __base__=TranslationFile, **fields)


@dataclass
class _Words:
    """The pairs of one page, item, … or the phrases: English → its translation, and where each stands."""

    found: dict[str, str] = field(default_factory=dict)
    places: dict[str, tuple[Document, Path]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)


@dataclass
class _Language:
    """All that the files of one language say."""

    code: str
    status: set[str] = field(default_factory=set)
    words: dict[tuple[str, str], _Words] = field(default_factory=dict)  # by kind and id; phrases: ("phrases", "")
    in_english: set[tuple[str, str]] = field(default_factory=set)
    notices: list[Problem] = field(default_factory=list)

    def of(self, kind: str, name: str) -> _Words:
        return self.words.setdefault((kind, name), _Words())


def language_of(file: str) -> str | None:
    """Return the language that a file of a rule set translates into; None for all other files."""
    return file.removeprefix(FOLDER).split("/")[0] if file.startswith(FOLDER) else None


def read_translations(
    documents: Iterable[Document], questionnaire: Questionnaire, rules: Mapping[str, Rule]
) -> dict[str, Translation]:
    """Read all files of translations, by language. Mistakes go into the documents; what is out of step is a notice."""
    languages: dict[str, _Language] = {}
    for document in documents:
        code = language_of(document.file) or ""
        language = languages.setdefault(code, _Language(code))
        file = validate(_file_model(code), document, document.data, ())
        if file is not None:
            _take(language, document, file)
            _check_ids(document, file, questionnaire, rules)
    return {code: _translation(language, questionnaire, rules) for code, language in languages.items()}


def _take(language: _Language, document: Document, file: TranslationFile) -> None:
    language.status.add(file.status)
    for part in file.in_english:
        language.in_english |= {("pages", name) for name in part.pages} | {("items", name) for name in part.items}
    data = file.model_dump(include={"phrases", *KINDS})
    lists: list[tuple[tuple[str, str], Path, Data]] = [(("phrases", ""), ("phrases",), data["phrases"])]
    lists += [((kind, name), (kind, name), pairs) for kind in KINDS for name, pairs in data[kind].items()]
    for (kind, name), path, pairs in lists:
        words = language.of(kind, name)
        for number, pair in enumerate(pairs):
            english, translated = pair["en"], pair[language.code]
            words.found[english] = translated
            words.places[english] = (document, (*path, number, "en"))
            if sorted(PLACEHOLDER.findall(english)) != sorted(PLACEHOLDER.findall(translated)):
                expected = ", ".join(f"{{{name}}}" for name in PLACEHOLDER.findall(english)) or "none"
                message = "the translation does not hold the same placeholders as the English"
                document.report((*path, number, language.code), message, f"the English holds: {expected}")


def _check_ids(
    document: Document, file: TranslationFile, questionnaire: Questionnaire, rules: Mapping[str, Rule]
) -> None:
    """Report translations of what there is not."""
    known: dict[str, Iterable[str]] = {
        "sections": [section.id for section in questionnaire.sections],
        "pages": questionnaire.pages,
        "items": questionnaire.items,
        "rules": rules,
    }
    given: list[tuple[str, str, Path]] = [
        (kind, name, (kind, name, "")) for kind in KINDS for name in getattr(file, kind)
    ]
    for key in ("published", "in_english"):
        for number, part in enumerate(getattr(file, key)):
            for kind in ("pages", "items"):
                names = enumerate(getattr(part, kind))
                given += [(kind, name, (key, number, kind, place)) for place, name in names]
    for kind, name, path in given:
        if name not in known[kind]:
            advice = did_you_mean(name, known[kind]) or "remove it"
            document.report(path, f'unknown {kind.removesuffix("s")} "{name}"', advice)


def _translation(language: _Language, questionnaire: Questionnaire, rules: Mapping[str, Rule]) -> Translation:
    read_by_rules = _read_by_rules(questionnaire, rules)
    texts = {}
    # rule files that are looked at without their translations are no fault of anybody's
    is_asked_for = any(kind == "rules" for kind, _ in language.words)
    for rule in rules.values() if is_asked_for else ():
        if rule.patient_text and rule.status != "retired":
            done = _all_of(language, "rules", rule.id, [rule.patient_text], ", which rules show at once")
            if done:
                texts[rule.id] = done(rule.patient_text)
    sections = [_section(language, section, read_by_rules) for section in questionnaire.sections]
    for (kind, name), words in language.words.items():
        language.notices += _left_over(language, kind, name, words)
    translated = assemble(sections, questionnaire.scores)
    is_draft = language.status != {"active"}
    return Translation(language.code, translated, texts, is_draft, tuple(sorted(set(language.notices))))


def _read_by_rules(questionnaire: Questionnaire, rules: Mapping[str, Rule]) -> set[str]:
    """The items that decide what is flagged: those in rules, and those that scores are made of."""
    conditions = [part for rule in rules.values() for part in rule.conditions().values()]
    read = {variable for condition in conditions for variable in variables_of(condition)}
    return read | {item for score in questionnaire.scores.values() for item in score.items}


def _section(language: _Language, section: Section, read_by_rules: set[str]) -> Section:
    pages = tuple(_page(language, page, read_by_rules) for page in section.pages)
    done = _all_of(language, "sections", section.id, [section.title, section.intro])
    words = {"title": done(section.title), "intro": done(section.intro), "language": language.code} if done else {}
    return section.model_copy(update=words | {"pages": pages})


def _page(language: _Language, page: Page, read_by_rules: set[str]) -> Page:
    items = tuple(item if item.derived else _item(language, item, read_by_rules) for item in page.items)
    done = _all_of(language, "pages", page.id, [page.title, page.intro])
    words = {"title": done(page.title), "intro": done(page.intro), "language": language.code} if done else {}
    return page.model_copy(update=words | {"items": items})


def _item(language: _Language, item: Item, read_by_rules: set[str]) -> Item:
    texts = [
        item.text,
        item.hint,
        item.unit,
        *(text for option in item.options for text in (option.label, option.hint)),
    ]
    done = _all_of(language, "items", item.id, texts, ", which rules read" if item.id in read_by_rules else "")
    if done is None:
        return item
    options = tuple(_option(option, done) for option in item.options)
    words = {"text": done(item.text), "hint": done(item.hint), "unit": done(item.unit), "options": options}
    return item.model_copy(update=words | {"language": language.code})


def _option(option: Option, done: Callable[[str], str]) -> Option:
    # what a clinician reads stays English
    words = {"label": done(option.label), "hint": done(option.hint), "short": option.short or option.label}
    return option.model_copy(update=words)


def _all_of(
    language: _Language, kind: str, name: str, texts: Iterable[str], weight: str = ""
) -> Callable[[str], str] | None:
    """Return what translates each of these texts, or None with a notice where one cannot be translated."""
    if (kind, name) in language.in_english:
        return None
    own, phrases = language.of(kind, name), language.of("phrases", "")
    missing = []
    for text in filter(None, texts):
        words = own if text in own.found else phrases
        words.used.add(text)
        if text not in words.found:
            missing.append(text)
    language.notices += [_not_translated(language, kind, name, text, weight) for text in missing]
    known = {"": ""} | phrases.found | own.found
    return None if missing else lambda text: known[text]


def _not_translated(language: _Language, kind: str, name: str, text: str, weight: str) -> Problem:
    """The notice of one English text: at the pair that translated it before it changed, if there is one."""
    own = language.of(kind, name)
    what = f'{kind.removesuffix("s")} "{name}"{weight}'
    near = get_close_matches(text, own.places, n=1, cutoff=0.4)
    if near:
        own.used.add(near[0])
        document, path = own.places[near[0]]
        line, column = document.positions.get(path, (1, 1))
        message = f'the English of {what}, has changed since it was translated: it is "{text}" now'
        advice = "translate it anew, with the new English beside it; until then it is shown in English"
        return Problem(document.file, line, column, message.replace(",,", ","), advice)
    places: Iterator[tuple[Document, Path]] = iter(own.places.values())
    document, path = next(places, (Document(f"{FOLDER}{language.code}"), ()))
    line, column = document.positions.get((kind, name, ""), (1, 1))
    return Problem(document.file, line, column, f'{what}: "{text}" is not translated', "it is shown in English")


def _left_over(language: _Language, kind: str, name: str, words: _Words) -> Iterator[Problem]:
    """Notices of pairs whose English stands nowhere any more."""
    for english, (document, path) in words.places.items():
        if english not in words.used and (kind, name) not in language.in_english:
            line, column = document.positions.get(path, (1, 1))
            where = f'{kind.removesuffix("s")} "{name}"' if name else "the questionnaire"
            message = f'{where} does not say "{english}" any more'
            yield Problem(document.file, line, column, message, "translate what it says now, or remove this")
