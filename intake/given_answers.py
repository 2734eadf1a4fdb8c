"""The answers that a patient has given, in the patient's own language, section by section: for the page to check."""

from collections.abc import Callable, Collection, Iterator
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


def by_section(
    journey: Journey, address: Callable[[Page], str], *, hide_sensitive: bool, leave_out_private: bool = False
) -> Iterator[tuple[Section, list[GivenAnswer]]]:
    """Yield each section that asks something of this patient, with the answers; `address` gives a page's address.

    Somebody may look over a shoulder at this list, long after the page itself was left: private answers are not shown,
    nor, with `hide_sensitive`, any answer of a sensitive page.
    """
    for section in journey.sections():
        due = [(page, item) for page in section.pages for item in journey.due(page)]
        if leave_out_private:
            due = [(page, item) for page, item in due if not item.private]
        if due and all(journey.response.answers[item.id] is Missing.IN_PERSON for _, item in due):
            yield section, [_for_a_talk(address(due[0][0]))]
        else:
            hidden = {item.id for page, item in due if item.private or (page.sensitive and hide_sensitive)}
            pages = {page.id: address(page) for page in section.pages if journey.due(page)}
            yield section, [_given(journey, item, f"{pages[page.id]}#{item.id}", hidden) for page, item in due]


def for_copy(journey: Journey, *, hide_sensitive: bool) -> Iterator[tuple[Section, list[GivenAnswer]]]:
    """Yield the same for a copy that the patient takes home: private questions are left out, answered or not."""
    for section, answers in by_section(journey, lambda _: "", hide_sensitive=hide_sensitive, leave_out_private=True):
        if answers:
            yield section, answers


def _for_a_talk(change: str) -> GivenAnswer:
    spoken = language.current()
    return GivenAnswer(gettext("All of these questions"), spoken, (_in_person(),), False, change, spoken)


def _in_person() -> str:
    return gettext("You would rather talk about this in person")


def _given(journey: Journey, item: Item, change: str, hidden: Collection[str]) -> GivenAnswer:
    answer = journey.response.answers[item.id]
    words, spoken = _words(item, answer, item.id in hidden)
    return GivenAnswer(item.text, item.language, words, answer is Missing.SKIPPED, change, spoken)


def words(journey: Journey, item: Item, *, is_hidden: bool) -> str:
    """Return the answer to an item in the patient's words, on one line."""
    return ", ".join(_words(item, journey.response.answers[item.id], is_hidden)[0])


def _words(item: Item, answer: Answer, is_hidden: bool) -> tuple[tuple[str, ...], str]:
    """The words of an answer, and their language."""
    spoken = language.current()
    if answer is Missing.SKIPPED:
        return (gettext("Left blank"),), spoken
    if answer is Missing.IN_PERSON:
        return (_in_person(),), spoken
    if is_hidden:
        return (gettext("Answered. Not shown here, to keep it private."),), spoken
    if isinstance(answer, Missing):
        return (str(EXTRA_LABELS[answer.value]),), spoken
    picked = answer if isinstance(answer, frozenset) else {answer}
    labels = tuple(option.label for option in item.options if option.code in picked)
    if labels:
        return labels, item.language
    if isinstance(answer, int | float):
        return (f"{language.number(answer)} {item.unit}".strip(),), item.language
    return (str(answer),), spoken
