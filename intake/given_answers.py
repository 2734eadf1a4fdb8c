"""The answers that a patient has given, in the patient's own language, section by section: for the page to check."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flask_babel import gettext

from intake import language
from intake.forms import EXTRA_LABELS
from intake.navigation import Journey
from rules.questionnaire import Item, Page, Section
from rules.response import Missing


@dataclass(frozen=True)
class GivenAnswer:
    """One line of the page to check: the item, the answer in the patient's words, and where to change it.

    `language` is that of the words: the item's own for its options, else the patient's.
    """

    item: Item
    words: tuple[str, ...]
    is_blank: bool
    change: str
    language: str


def by_section(journey: Journey, address: Callable[[Page], str]) -> Iterator[tuple[Section, list[GivenAnswer]]]:
    """Yield each section that asks something of this patient, with the answers; `address` gives a page's address."""
    for section in journey.sections():
        due = [(page, item) for page in section.pages for item in journey.due(page)]
        yield section, [_given(journey, item, f"{address(page)}#{item.id}") for page, item in due]


def _given(journey: Journey, item: Item, change: str) -> GivenAnswer:
    answer = journey.response.answers[item.id]
    spoken = language.current()
    if answer is Missing.SKIPPED:
        return GivenAnswer(item, (gettext("Left blank"),), True, change, spoken)
    if isinstance(answer, Missing):
        return GivenAnswer(item, (str(EXTRA_LABELS[answer.value]),), False, change, spoken)
    if item.private:
        # somebody may look over a shoulder at this list, long after the page itself was left
        return GivenAnswer(item, (gettext("Answered. Not shown here, to keep it private."),), False, change, spoken)
    picked = answer if isinstance(answer, frozenset) else {answer}
    labels = tuple(option.label for option in item.options if option.code in picked)
    if labels:
        return GivenAnswer(item, labels, False, change, item.language)
    if isinstance(answer, int | float):
        return GivenAnswer(item, (f"{language.number(answer)} {item.unit}".strip(),), False, change, item.language)
    return GivenAnswer(item, (str(answer),), False, change, spoken)
