"""The codes of a questionnaire on paper: what stands beside each box to tick, and what staff type in for it.

A scored answer has its own number, any other its place in the list; `?` and `x` stand for no answer.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from intake.forms import extras, filled_form
from rules.questionnaire import Item, Option, Questionnaire
from rules.response import Missing

SIGNS = {Missing.NOT_SURE.value: "?", Missing.DECLINED.value: "x"}


@dataclass(frozen=True)
class Numbered:
    """A question with the number that it has on paper; `name` is that of the box that it is typed into."""

    number: int
    item: Item

    @property
    def name(self) -> str:
        """The name of the box."""
        return f"q{self.number}"

    @property
    def options(self) -> list[tuple[str, Option]]:
        """The codes of the answers that can be ticked, with the answers."""
        return [
            (str(option.code) if isinstance(option.code, int) else str(place), option)
            for place, option in enumerate(self.item.options, start=1)
        ]

    @property
    def extras(self) -> list[tuple[str, str]]:
        """The signs for no answer, with their words in the reader's language."""
        return [(SIGNS[word], label) for word, label in extras(self.item).items()]


def numbered(questionnaire: Questionnaire) -> list[Numbered]:
    """Return all questions, in order, with their numbers."""
    asked = [item for item in questionnaire.items.values() if not item.derived]
    return [Numbered(number, item) for number, item in enumerate(asked, start=1)]


def read_codes(questions: Iterable[Numbered], typed: Mapping[str, str]) -> tuple[dict[str, object], dict[str, str]]:
    """Return the raw answers to what was typed from paper, and what is wrong by the name of its box.

    An empty box is an answer that was left blank.
    """
    questions = list(questions)
    sent: MultiDict[str, str] = MultiDict()
    wrong: dict[str, str] = {}
    for question in questions:
        try:
            sent.update(dict(_as_sent(question, typed.get(question.name, "").strip())))
        except ValueError as error:
            wrong[question.name] = str(error)
    form = filled_form([question.item for question in questions], {}, sent)
    form.validate()
    names = {question.item.id: question.name for question in questions}
    for field in form.questions():
        if field.errors:
            wrong.setdefault(names[field.item.id], str(field.errors[0]))
    return form.answers(), wrong


def _as_sent(question: Numbered, typed: str) -> Iterator[tuple[str, list[str]]]:
    """What a browser would send for a code. Raises ValueError saying which codes there are."""
    item = question.item
    words = {SIGNS[word]: word for word in extras(item)}
    codes = {code: str(option.code) for code, option in question.options} | words
    if not typed:
        return
    if item.numeric_type:
        yield (f"{item.id}-instead", [words[typed]]) if typed in words else (item.id, [typed])
    elif not item.options:
        yield item.id, [typed]
    else:
        parts = typed.replace(",", " ").split() if item.type == "choices" else [typed]
        unknown = [part for part in parts if part not in codes]
        if unknown:
            raise ValueError(f"There is no code {unknown[0]} here. The codes are {', '.join(codes)}.")
        yield item.id, [codes[part] for part in parts]
