"""The two tables in README.md: what typical patients are asked, and which rules cover each topic of the articles.

Both follow from the library and from overview.yaml. `python -m rules.overview` writes them between their markers.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any as Data

from pydantic import Field

from rules.condition import Value, variables_of
from rules.errors import AnswerErrors, RuleErrors, did_you_mean
from rules.explain import PLACEHOLDER
from rules.load import library
from rules.questionnaire import Item, Model, Page, Questionnaire
from rules.reference import truth
from rules.response import RawAnswers, Response, read
from rules.ruleset import Rule, RuleSet
from rules.source import Document, validate
from rules.source import Path as Place
from rules.source import read as read_yaml

HERE = Path(__file__).parent
FILE, README = HERE / "overview.yaml", HERE / "README.md"
COMMAND = "python -m rules.overview"


class Effort(Model):
    """How long answering takes: reading, in words a minute; everything else in seconds for each page or answer."""

    careful_words_a_minute: float = Field(gt=0)
    quick_words_a_minute: float = Field(gt=0)
    page: float
    yes_no: float
    choice: float
    choices: float
    integer: float
    decimal: float
    text: float

    def answering(self, item: Item) -> float:
        """Return the seconds that one answer takes beside reading."""
        return float(getattr(self, item.type))


@cache
def usual_effort() -> Effort:
    """Return the effort that overview.yaml tells of."""
    document = read_yaml(FILE.name, FILE.read_text(encoding="utf-8"))
    return Effort(**document.data["effort"])


@cache
def usual_answers() -> RawAnswers:
    """Return what overview.yaml says somebody answers who has nothing to report."""
    return dict(read_yaml(FILE.name, FILE.read_text(encoding="utf-8")).data["usual"])


def seconds(items: Iterable[Item], effort: Effort) -> float:
    """Return how long the questions of one page take somebody between quick and careful, in seconds."""
    asked = tuple(items)
    words_a_minute = (effort.quick_words_a_minute + effort.careful_words_a_minute) / 2
    return 60 * _words(asked) / words_a_minute + sum(effort.answering(item) for item in asked if item.type != "text")


class TypicalPatient(Model):
    """Somebody whose questions are counted. `answers` are those that differ from the usual ones."""

    name: str
    answers: Mapping[str, Data]


class Topic(Model):
    """One topic of the source articles: keys of the articles, and ids of the items and rules that cover it."""

    topic: str
    articles: tuple[str, ...] = Field(alias="in", min_length=1)
    items: tuple[str, ...] = Field(min_length=1)
    rules: tuple[str, ...] = Field(min_length=1)


class Overview(Model):
    """The whole of overview.yaml."""

    effort: Effort
    usual: Mapping[str, Data]
    patients: tuple[TypicalPatient, ...]
    topics: tuple[Topic, ...]


@dataclass(frozen=True)
class Burden:
    """What one patient is asked: questions by section id, pages as they are shown, and how long that takes.

    `quick` and `careful` are seconds: of one who reads questions and options only, and of one who reads every word.
    """

    questions: Counter[str]
    pages: int
    quick: float
    careful: float


def read_overview(ruleset: RuleSet, text: str) -> Overview:
    """Read overview.yaml against a rule set.

    Raises `RuleErrors` with every problem: unknown ids, a rule that reads no item of its topic, answers that do not
    fit.
    """
    document = read_yaml(FILE.name, text)
    overview = validate(Overview, document, document.data, ()) if document.data is not None else None
    if overview is not None:
        _check_topics(document, overview, ruleset)
        _check_answers(document, overview, ruleset.questionnaire)
    if document.problems or overview is None:
        raise RuleErrors(document.problems)
    return overview


def _check_topics(document: Document, overview: Overview, ruleset: RuleSet) -> None:
    known: dict[str, tuple[str, Iterable[str]]] = {
        "in": ("source", ruleset.sources),
        "items": ("item", ruleset.questionnaire.items),
        "rules": ("rule", ruleset.by_id),
    }
    for number, topic in enumerate(overview.topics):
        for key, named in (("in", topic.articles), ("items", topic.items), ("rules", topic.rules)):
            noun, ids = known[key]
            for place, name in enumerate(named):
                if name not in ids:
                    document.report(("topics", number, key, place), f'unknown {noun} "{name}"', did_you_mean(name, ids))
        for place, name in enumerate(topic.rules):
            if name in ruleset.by_id and not reads(ruleset.by_id[name], ruleset.questionnaire) & set(topic.items):
                document.report(("topics", number, "rules", place), f'"{name}" reads none of the items of this topic')


def _check_answers(document: Document, overview: Overview, questionnaire: Questionnaire) -> None:
    given: list[tuple[Place, Mapping[str, Data]]] = [(("usual",), overview.usual)]
    given += [(("patients", number, "answers"), who.answers) for number, who in enumerate(overview.patients)]
    for path, answers in given:
        try:
            read(questionnaire, answers)
        except AnswerErrors as error:
            for problem in error.problems:
                document.report((*path, problem.item), f'answer to "{problem.item}": {problem.message}', problem.advice)


def reads(rule: Rule, questionnaire: Questionnaire) -> set[str]:
    """Return the ids of the items that a rule looks at: in its conditions, its reason, or what to consider."""
    conditions = [*rule.conditions().values(), *(line.when for line in rule.consider if line.when is not None)]
    names = {variable for condition in conditions for variable in variables_of(condition)}
    names |= set(PLACEHOLDER.findall(rule.reason))
    scores = [questionnaire.scores[name] for name in names if name in questionnaire.scores]
    return (names & set(questionnaire.items)) | {item for score in scores for item in score.items}


def all_answers(questionnaire: Questionnaire, answers: RawAnswers) -> dict[str, object]:
    """Return answers to every question: those given, and "no", "none" or the lowest code where one says so."""
    ordinary = {item.id: _nothing_to_report(item) for item in questionnaire.items.values()}
    return {name: answer for name, answer in (ordinary | dict(answers)).items() if answer is not None}


def _nothing_to_report(item: Item) -> object:
    codes = [option.code for option in item.options]
    if item.type == "choices":
        return ["none"] if "none" in codes else None
    if item.type == "integer":
        return item.min
    ordinary = [code for code in codes if code in ("no", "none")]
    numbers = [code for code in codes if isinstance(code, int)]
    return next(iter(ordinary), min(numbers, default=None))


def burden(questionnaire: Questionnaire, answers: RawAnswers, effort: Effort) -> Burden:
    """Return what a patient with these answers is asked. A question left open is asked, and those that wait for it."""
    response = read(questionnaire, answers)
    questions: Counter[str] = Counter()
    pages, quick, careful = 0, 0.0, 0.0
    for page in questionnaire.pages.values():
        asked = asked_on(page, response)
        if not asked:
            continue
        shown = _times_shown(asked, questionnaire, answers)
        questions[page.section] += len(asked)
        pages += shown
        needed, beside = _words(asked), _words_beside(page, asked)
        quick += shown * effort.page + 60 * needed / effort.quick_words_a_minute
        careful += shown * effort.page + 60 * (needed + beside) / effort.careful_words_a_minute
        quick += sum(effort.answering(item) for item in asked if item.type != "text")
        careful += sum(map(effort.answering, asked))
    return Burden(questions, pages, quick, careful)


def asked_on(page: Page, response: Response) -> tuple[Item, ...]:
    """Return the questions of a page that a response is asked."""
    return tuple(item for item in page.items if not item.derived and item.id not in response.not_applicable)


def _times_shown(asked: Iterable[Item], questionnaire: Questionnaire, answers: RawAnswers) -> int:
    """How often a page comes: once more for questions that only the answers on the same page decide."""
    waiting, times = {item.id: item for item in asked}, 0
    while waiting:
        known = {name: answer for name, answer in answers.items() if name not in waiting}
        values = read(questionnaire, known).values
        shown = [item for item in waiting.values() if _can_be_shown(item, questionnaire, values, waiting)]
        for item in shown:
            del waiting[item.id]
        times += 1
    return times


def _can_be_shown(
    item: Item, questionnaire: Questionnaire, values: Mapping[str, Value], waiting: Iterable[str]
) -> bool:
    if item.when is None or truth(item.when, values) is True:
        return True
    scores = [questionnaire.scores[name] for name in item.hangs_on if name in questionnaire.scores]
    return set(waiting).isdisjoint([*item.hangs_on, *(part for score in scores for part in score.items)])


def _words(asked: Iterable[Item]) -> int:
    """Words of questions and options; a scale that several questions of the page share is read once."""
    scales = {item.labels for item in asked}
    return sum(_count(item.text, item.unit) for item in asked) + sum(_count(*labels) for labels in scales)


def _words_beside(page: Page, asked: Iterable[Item]) -> int:
    """Words of the page's title and introduction, and of the hints."""
    hints = sum(_count(item.hint, *(option.hint for option in item.options)) for item in asked)
    return _count(page.title, page.intro) + hints


@lru_cache(maxsize=10_000)
def _count(*texts: str) -> int:
    return sum(len(text.split()) for text in texts)


def patients_table(overview: Overview, questionnaire: Questionnaire) -> str:
    """Return the table of typical patients, in Markdown."""
    sections = [section.id for section in questionnaire.sections]
    head = ["typical patient", "questions", "pages", "minutes", *(name.replace("_", " ") for name in sections)]
    rows = []
    for who in overview.patients:
        load = burden(questionnaire, all_answers(questionnaire, {**overview.usual, **who.answers}), overview.effort)
        minutes = f"{load.quick / 60:.0f} to {load.careful / 60:.0f}"
        numbers = [load.questions.total(), load.pages, minutes, *(load.questions[name] for name in sections)]
        rows.append([who.name, *map(str, numbers)])
    return _markdown(head, rows)


def topics_table(overview: Overview) -> str:
    """Return the table of the articles' topics, in Markdown."""
    rows = []
    for topic in overview.topics:
        where = ", ".join(name.removeprefix("article-").replace("-", " ") for name in topic.articles)
        rows.append([topic.topic, where, ", ".join(f"`{name}`" for name in topic.items), ", ".join(topic.rules)])
    return _markdown(["topic", "in the article on", "asked", "rules"], rows)


def _markdown(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def filled(readme: str, tables: Mapping[str, str]) -> str:
    """Return README.md with each table between its markers. Raises `LookupError` for a marker that is not there."""
    for name, table in tables.items():
        begin, end = f"<!-- {name}: {COMMAND} -->", f"<!-- end of {name} -->"
        before, at, rest = readme.partition(begin)
        if not at or end not in rest:
            raise LookupError(f"{README.name} needs {begin} and, behind it, {end}")
        readme = f"{before}{begin}\n{table}\n{end}{rest.partition(end)[2]}"
    return readme


def tables(ruleset: RuleSet) -> dict[str, str]:
    """Return both tables by the names in their markers. Raises `RuleErrors` where overview.yaml does not fit."""
    overview = read_overview(ruleset, FILE.read_text(encoding="utf-8"))
    return {
        "typical patients": patients_table(overview, ruleset.questionnaire),
        "topics": topics_table(overview),
    }


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8"), tables(library())), encoding="utf-8")
    sys.stdout.write(f"{README.name} is up to date.\n")
