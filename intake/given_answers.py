"""The answers that a patient has given, in the patient's own language, section by section: for the page to check."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flask_babel import gettext

from intake import language
from intake.forms import EXTRA_LABELS
from intake.navigation import Journey
from rules.questionnaire import Item, Page, Section
from rules.response import Answer, Missing


@dataclass(frozen=True)
class GivenAnswer:
    """One line of the page to check: the question, the answer in the patient's words, and where to change it.

    `asked_in` is the question's language; `language` that of the words: the item's own for its options, else the
    patient's.
    """

    question: str
    asked_in: str
    words: tuple[str, ...]
    is_blank: bool
    change: str
    language: str


def by_section(journey: Journey, address: Callable[[Page], str]) -> Iterator[tuple[Section, list[GivenAnswer]]]:
    """Yield each section that asks something of this patient, with the answers; `address` gives a page's address."""
    for section in journey.sections():
        due = [(page, item) for page in section.pages for item in journey.due(page)]
        if due and all(journey.response.answers[item.id] is Missing.IN_PERSON for _, item in due):
            yield section, [_for_a_talk(address(due[0][0]))]
        else:
            yield section, [_given(journey, item, f"{address(page)}#{item.id}") for page, item in due]


def _for_a_talk(change: str) -> GivenAnswer:
    spoken = language.current()
    return GivenAnswer(gettext("All of these questions"), spoken, (_in_person(),), False, change, spoken)


def _in_person() -> str:
    return gettext("You would rather talk about this in person")


def _given(journey: Journey, item: Item, change: str) -> GivenAnswer:
    answer = journey.response.answers[item.id]
    words, spoken = _words(item, answer)
    return GivenAnswer(item.text, item.language, words, answer is Missing.SKIPPED, change, spoken)


def _words(item: Item, answer: Answer) -> tuple[tuple[str, ...], str]:
    """The words of an answer, and their language."""
    spoken = language.current()
    if answer is Missing.SKIPPED:
        return (gettext("Left blank"),), spoken
    if answer is Missing.IN_PERSON:
        return (_in_person(),), spoken
    if isinstance(answer, Missing):
        return (str(EXTRA_LABELS[answer.value]),), spoken
    if item.private:
        # somebody may look over a shoulder at this list, long after the page itself was left
        return (gettext("Answered. Not shown here, to keep it private."),), spoken
    picked = answer if isinstance(answer, frozenset) else {answer}
    labels = tuple(option.label for option in item.options if option.code in picked)
    if labels:
        return labels, item.language
    if isinstance(answer, int | float):
        return (f"{language.number(answer)} {item.unit}".strip(),), item.language
    return (str(answer),), spoken
