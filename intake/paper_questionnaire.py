"""The questionnaire on paper: a PDF to fill in with a pen, from the same definitions as the pages, with codes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flask import render_template

from intake.folders import TEMPLATES
from intake.help_at_once import phone_lines
from intake.paper_codes import Numbered, numbered
from intake.paper_gates import gate_words
from intake.settings import Settings
from intake.widgets import is_scale
from reports.documents import Document
from rules.questionnaire import Page, Questionnaire, Section
from rules.ruleset import RuleSet


@dataclass(frozen=True)
class Asked:
    """A question as it stands on paper. `gate`: for whom, where that changes; `beside`: options on one line."""

    question: Numbered
    gate: str
    beside: bool


def document(ruleset: RuleSet, settings: Settings, spoken: str, *, is_large: bool = False) -> Document:
    """Return the questionnaire of a rule set in a language that this request or `in_language` has chosen already.

    `is_large`: letters of 18 points and more.
    """
    questionnaire = ruleset.in_language(spoken).questionnaire
    html = render_template(
        "paper/questionnaire.html",
        sections=list(_sections(questionnaire)),
        lines=phone_lines(settings.help_lines),
        version=ruleset.hash[:12],
        large=is_large,
    )
    return Document(html, style(), f"{spoken}{ruleset.hash}".encode()[:16], settings.paper)


def style() -> str:
    """Return the style sheet of what patients get on paper."""
    return (TEMPLATES / "paper" / "paper.css").read_text(encoding="utf-8")


def _sections(questionnaire: Questionnaire) -> Iterator[tuple[Section, list[tuple[Page, list[Asked]]]]]:
    by_id = {question.item.id: question for question in numbered(questionnaire)}
    for section in questionnaire.sections:
        yield section, [(page, list(_page(page, by_id, questionnaire))) for page in section.pages]


def _page(page: Page, by_id: Mapping[str, Numbered], questionnaire: Questionnaire) -> Iterator[Asked]:
    numbers = {item: question.number for item, question in by_id.items()}
    before = ""
    for item in page.items:
        if item.derived:
            continue
        gate = gate_words(item.when, questionnaire, numbers)
        yield Asked(by_id[item.id], gate if gate != before else "", is_scale(item))
        before = gate
