"""Files → rule set. A rule set with a mistake is refused whole, and every mistake is named."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from rules.check import (
    check_findings,
    check_order,
    check_places,
    check_rule,
    check_scores,
    check_silence,
)
from rules.errors import Problem, RuleErrors
from rules.questionnaire import Questionnaire, Section, assemble
from rules.questionnaire_files import read_scores, read_section
from rules.response import read as read_response
from rules.ruleset import MOST_RULES, Rule, RuleSet, content_hash, read_rules, read_sources
from rules.source import Document, read
from rules.syntax import Located
from rules.translation import FOLDER as LANGUAGES
from rules.translation import read_translations

LIBRARY = Path(__file__).parent / "library"
QUESTIONNAIRE, SCORES, SOURCES = "questionnaire/", "scores.yaml", "sources.yaml"
KINDS = {"rules": "", "section": QUESTIONNAIRE, "pages": QUESTIONNAIRE, "scores": SCORES, "sources": SOURCES}  # by key
IN_ITS_FOLDER = re.compile(rf"/({LANGUAGES}[a-z]{{2}}/(?:{QUESTIONNAIRE})?[^/]+|{QUESTIONNAIRE}[^/]+)$")
TRANSLATED_QUESTIONNAIRE = re.compile(rf"{LANGUAGES}\w+/{QUESTIONNAIRE}")


@cache
def library() -> RuleSet:
    """Return the rule set that comes with the product."""
    return load(LIBRARY)


def load(path: Path) -> RuleSet:
    """Read a folder of rule files, or a single file. Raises `RuleErrors`.

    A folder, or a file of rules, is given the questionnaire, scores and sources of the library that it has none of. A
    file of questions, scores, sources or translations takes its place among all files of the library.
    """
    found = named_files(path)
    return load_texts({**read_files(LIBRARY), **found} if is_one_of_many(path, found) else with_library(found))


def is_one_of_many(path: Path, found: Iterable[str]) -> bool:
    """Whether what was named is one file that is no rule file, and so means something only among others."""
    return not path.is_dir() and any(name.startswith((QUESTIONNAIRE, SCORES, SOURCES, LANGUAGES)) for name in found)


def named_files(path: Path) -> dict[str, str]:
    """Return the text of the files in a folder, or of one file, by the names that they have in a rule set.

    Raises `RuleErrors`.
    """
    found = read_files(path)
    return found if path.is_dir() else {place_of(path, text, read_files(LIBRARY)): text for text in found.values()}


def place_of(path: Path, text: str, whole: Mapping[str, str]) -> str:
    """Return the name of a file in a rule set: by the folders that it stands in, else by what it holds.

    A file of the rule set whose whole name ends the path, such as languages/es/safety.yaml, is meant first.
    """
    full = path.resolve().as_posix()
    ending = [name for name in whole if full.endswith(f"/{name}")]
    if ending:
        return max(ending, key=len)
    folder = IN_ITS_FOLDER.search(full)
    if folder:
        return folder[1]
    data = read(path.name, text).data
    kind = next((KINDS[key] for key in data if key in KINDS), "") if isinstance(data, dict) else ""
    if kind:
        return f"{kind}{path.name}" if kind.endswith("/") else kind
    named = [name for name in whole if Path(name).name == path.name]
    return named[0] if len(named) == 1 else path.name


def read_files(path: Path) -> dict[str, str]:
    """Return the text of each YAML file below a folder, or of one file, by its name relative to the folder.

    Raises `RuleErrors` if there is none or one cannot be read.
    """
    paths = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    folder = path if path.is_dir() else path.parent
    if not paths:
        raise RuleErrors([Problem(str(path), 1, 1, "there is no .yaml file in this folder")])
    files, problems = {}, []
    for file in paths:
        name = file.relative_to(folder).as_posix()
        try:
            files[name] = file.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            problems.append(Problem(name, 1, 1, f"byte {error.start} is not UTF-8 text", "save the file as UTF-8"))
        except OSError as error:
            problems.append(Problem(name, 1, 1, f"cannot be read: {error.strerror}"))
    if problems:
        raise RuleErrors(problems)
    return files


def with_library(files: Mapping[str, str]) -> dict[str, str]:
    """Add the library's questionnaire, scores and sources where `files` bring none of their own."""
    is_whole = all(any(name.startswith(part) for name in files) for part in (QUESTIONNAIRE, SCORES, SOURCES))
    return dict(files) if is_whole else completed(files, read_files(LIBRARY))


def completed(files: Mapping[str, str], whole: Mapping[str, str]) -> dict[str, str]:
    """Add the questionnaire, scores and sources of a whole rule set where `files` bring none of their own."""
    lacking = [part for part in (QUESTIONNAIRE, SCORES, SOURCES) if not any(name.startswith(part) for name in files)]
    taken = {name: text for name, text in whole.items() if name.startswith(tuple(lacking))}
    if QUESTIONNAIRE in lacking:
        taken |= {name: text for name, text in whole.items() if TRANSLATED_QUESTIONNAIRE.match(name)}
    return taken | dict(files)


def load_texts(files: Mapping[str, str]) -> RuleSet:
    """Read a rule set from the text of its files by name. Raises `RuleErrors` with every problem."""
    documents = {name: read(name, text) for name, text in sorted(files.items(), key=_order)}
    questionnaire = _questionnaire(
        {name: d for name, d in documents.items() if name.startswith((QUESTIONNAIRE, SCORES))}
    )
    sources = read_sources(documents[SOURCES]) if SOURCES in documents else {}
    by_id: dict[str, Rule] = {}
    read_files: list[tuple[Document, dict[str, Rule], tuple[Located, ...]]] = []
    for name, document in documents.items():
        if not name.startswith((QUESTIONNAIRE, SCORES, SOURCES, LANGUAGES)) and document.data is not None:
            room = MOST_RULES - sum(len(found) for _, found, _ in read_files)
            read_files.append((document, *read_rules(document, room)))
    for document, found, _ in read_files:
        for rule_id, rule in found.items():
            if rule_id in by_id:
                where = by_id[rule_id].file
                document.report(
                    ("rules", rule_id, ""), f'the rule "{rule_id}" stands twice', f"the first is in {where}"
                )
            by_id.setdefault(rule_id, rule)
    translations = {}
    if questionnaire is not None:
        silence = read_response(questionnaire, {})
        for document, found, located in read_files:
            check_findings(document, located, questionnaire)
            for rule in found.values():
                check_rule(document, rule, questionnaire, sources, set(by_id))
                check_silence(document, rule, silence)
        files_of_words = [document for name, document in documents.items() if name.startswith(LANGUAGES)]
        translations = read_translations(files_of_words, questionnaire, by_id)
    problems = [problem for document in documents.values() for problem in document.problems]
    if problems or questionnaire is None:
        raise RuleErrors(problems)
    return RuleSet(content_hash(files), dict(files), questionnaire, sources, by_id, translations)


def _order(file: tuple[str, str]) -> tuple[bool, str]:
    """Safety comes first, wherever it stands in the alphabet."""
    return file[0] != "safety.yaml", file[0]


def _questionnaire(documents: Mapping[str, Document]) -> Questionnaire | None:
    """Put the questionnaire together, or None where it is too broken to check rules against."""
    sections: list[tuple[Document, Section, tuple[Located, ...]]] = []
    scores_document = documents.get(SCORES)
    scores = read_scores(scores_document) if scores_document else {}
    for name, document in documents.items():
        if name != SCORES:
            section, located = read_section(document)
            if section is not None:
                sections.append((document, section, located))
    check_places((document, section) for document, section, _ in sections)
    if any(document.problems for document in documents.values()):
        return None
    questionnaire = assemble((section for _, section, _ in sections), scores)
    if scores_document:
        check_scores(scores_document, scores, questionnaire)
    for document, section, located in sections:
        check_findings(document, located, questionnaire)
        check_order(document, section, located, questionnaire)
    return questionnaire
