"""Where a patient is in the questionnaire, and what comes next. All of it follows from the answers; nothing is stored.

A question is asked once all that it depends on has been sent, so questions that follow from an answer on the same page
come right after it, on that page again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from rules.errors import AnswerErrors
from rules.questionnaire import Item, Page, Questionnaire, Section
from rules.response import RawAnswers, Response, read


@dataclass(frozen=True)
class Progress:
    """ "Section 2 of 8". Counts the sections that hold a question for this patient."""

    number: int
    count: int


@dataclass(frozen=True)
class Journey:
    """A patient's way through the questionnaire, as the answers so far lay it.

    `raw` holds an item once its page was sent, with None where it was left blank; it must fit the questionnaire
    (`journey_of`).
    """

    questionnaire: Questionnaire
    raw: RawAnswers

    @cached_property
    def response(self) -> Response:
        """The answers so far, typed."""
        return read(self.questionnaire, self.raw)

    def due(self, page: Page) -> tuple[Item, ...]:
        """Return the page's items that are to be asked now, whether answered or not."""
        return tuple(filter(self._is_asked, page.asked))

    def unsent(self, page: Page) -> tuple[Item, ...]:
        """Return the page's items that are to be asked now and were never sent, not even blank."""
        return tuple(item for item in page.asked if item.id not in self.raw and self._is_asked(item))

    def next_page(self, current: Page | None = None) -> Page | None:
        """Return the page to go on with: the next one, from the current one on, with a question that was never sent.

        After the last page it looks from the beginning; None when everything was sent.
        """
        pages = list(self.questionnaire.pages.values())
        start = _place(pages, current) if current else 0
        ahead = pages[start:] + pages[:start]
        return next((page for page in ahead if self.unsent(page)), None)

    def previous_page(self, current: Page | None = None) -> Page | None:
        """Return the page before the current one (None: before the end), or None at the beginning."""
        pages = list(self.questionnaire.pages.values())
        before = pages[: _place(pages, current)] if current else pages
        return next((page for page in reversed(before) if self.due(page)), None)

    def unanswered(self, section: str) -> tuple[Item, ...]:
        """Return the items of a section that may apply and have no answer, whether they were asked yet or not."""
        pages = self.questionnaire.section(section).pages
        items = (item for page in pages for item in page.asked)
        return tuple(i for i in items if i.id not in self.response.not_applicable and self.raw.get(i.id) is None)

    def to_come(self, page: Page) -> tuple[frozenset[str], frozenset[str]]:
        """Return the ids of the page's items that are still to come: those that are sure to, and those that may."""
        left = page.asked_ids - self._settled
        return left - self.response.undecided, left & self.response.undecided

    def sections(self) -> list[Section]:
        """Return the sections that hold a question for this patient, or may hold one."""
        return [section for section in self.questionnaire.sections if any(map(self._may_ask, section.pages))]

    def progress(self, page: Page) -> Progress:
        """Return which section the page is in."""
        sections = self.sections()
        number = [section.id for section in sections].index(page.section) + 1
        return Progress(number, len(sections))

    def is_first_of_section(self, page: Page) -> bool:
        """Whether no page before this one in its section asks anything of this patient."""
        in_section = self.questionnaire.section(page.section).pages
        return next((other.id for other in in_section if self.due(other)), None) == page.id

    def _may_ask(self, page: Page) -> bool:
        return not page.asked_ids <= self.response.not_applicable

    @cached_property
    def _settled(self) -> frozenset[str]:
        return self.response.not_applicable | self.raw.keys()

    def _is_asked(self, item: Item) -> bool:
        return item.id not in self.response.not_applicable and not self._waits(item)

    def _waits(self, item: Item) -> bool:
        """Whether it cannot be decided yet. It is asked all the same where a blank or a "not sure" is why."""
        return item.id in self.response.undecided and not all(map(self._is_sent, item.hangs_on))

    def _is_sent(self, variable: str) -> bool:
        if variable in self.questionnaire.scores:
            return all(map(self._is_sent, self.questionnaire.scores[variable].items))
        is_derived = self.questionnaire.items[variable].derived is not None
        return is_derived or variable in self.raw or variable in self.response.not_applicable


def _place(pages: Iterable[Page], current: Page) -> int:
    return [page.id for page in pages].index(current.id)


def journey_of(questionnaire: Questionnaire, raw: Mapping[str, object]) -> Journey:
    """Return the way that stored answers lay.

    A patient may have begun with an older version: what it no longer knows is left out here, and stays stored.
    """
    known = {name: answer for name, answer in raw.items() if name in questionnaire.items}
    journey = Journey(questionnaire, known)
    try:
        _ = journey.response
    except AnswerErrors as error:
        return Journey(questionnaire, without(known, (problem.item for problem in error.problems)))
    return journey


def without(raw: Mapping[str, object], names: Iterable[str]) -> dict[str, object]:
    """Return answers less some of them."""
    left_out = set(names)
    return {name: answer for name, answer in raw.items() if name not in left_out}
