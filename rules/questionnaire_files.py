"""`questionnaire/*.yaml` and `scores.yaml` → sections and scores."""

from collections.abc import Iterator
from typing import Any as Data

from rules.condition import All, Condition
from rules.errors import did_you_mean
from rules.questionnaire import Score, ScoreFile, Section
from rules.source import Document, Path, validate
from rules.syntax import Located, take_conditions


def read_section(document: Document) -> tuple[Section | None, tuple[Located, ...]]:
    """Read one questionnaire file; problems go into the document."""
    located = take_conditions(document)
    if isinstance(document.data, dict):
        _fill_option_lists(document, document.data)
    section = validate(Section, document, document.data, ())
    return section and _with_places(section), located


def _fill_option_lists(document: Document, data: dict[str, Data]) -> None:
    """Put the options themselves where an item names a list of them."""
    lists = data["option_lists"] if isinstance(data.get("option_lists"), dict) else {}
    for path, item in _items(data):
        name = item.get("options")
        if isinstance(name, str):
            if name not in lists:
                advice = did_you_mean(name, lists) or "add it to option_lists"
                document.report((*path, "options"), f'unknown option list "{name}"', advice)
            item["options"] = lists.get(name) or [{"code": "unknown_list", "label": "unknown list"}]


def _items(data: dict[str, Data]) -> Iterator[tuple[Path, dict[str, Data]]]:
    pages = data.get("pages")
    for number, page in enumerate(pages if isinstance(pages, list) else ()):
        items = page.get("items") if isinstance(page, dict) else None
        for place, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, dict):
                yield ("pages", number, "items", place), item


def _with_places(section: Section) -> Section:
    pages = []
    for page in section.pages:
        place = {"page": page.id, "section": section.id}
        items = tuple(item.model_copy(update=place | {"when": _both(page.when, item.when)}) for item in page.items)
        pages.append(page.model_copy(update={"section": section.id, "items": items}))
    return section.model_copy(update={"pages": tuple(pages)})


def _both(first: Condition | None, second: Condition | None) -> Condition | None:
    return All((first, second)) if first and second else first or second


def read_scores(document: Document) -> dict[str, Score]:
    """Read scores.yaml; problems go into the document."""
    if isinstance(document.data, dict) and isinstance(document.data.get("scores"), dict):
        for name, score in document.data["scores"].items():
            if isinstance(score, dict):
                score["id"] = name
    file = validate(ScoreFile, document, document.data, ())
    return dict(file.scores) if file else {}
