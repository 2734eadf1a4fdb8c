"""A page of the questionnaire → a WTForms form, and what was sent → raw answers, ready to be stored.

Each item becomes one field, by its type. A field knows its item, so that what comes back is typed: the code 2 and not
the text "2". Nothing sent is a blank answer (None), which is stored like any other; what does not fit is not stored.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from flask_babel import gettext, lazy_gettext, ngettext
from flask_wtf import FlaskForm
from wtforms import Field
from wtforms.validators import ValidationError

from intake import language
from intake.widgets import ChoicesWidget, ChoiceWidget, NumberWidget, TextWidget
from rules.questionnaire import LONGEST_TEXT, Item
from rules.response import Missing, RawAnswers

EXTRA_LABELS = {
    Missing.NOT_SURE.value: lazy_gettext("Not sure"),
    Missing.DECLINED.value: lazy_gettext("I’d rather not say"),
}
NO_OPTION = "none"  # of `choices`: excludes all other codes
ASKED = "asked-items"  # the hidden input that names the items of a page as it was shown


def extras(item: Item) -> Mapping[str, str]:
    """Return what can be picked instead of an answer, with its label: "not sure", "I’d rather not say"."""
    return _extras(item, language.current())


@lru_cache(maxsize=1024)
def _extras(item: Item, spoken: str) -> Mapping[str, str]:
    if item.type == "text":
        return {}
    offered = {Missing.NOT_SURE.value: item.not_sure, Missing.DECLINED.value: item.declinable}
    return {word: str(EXTRA_LABELS[word]) for word, is_offered in offered.items() if is_offered}


def problem(item: Item, advice: str) -> str:
    """Return an error message with its question, as it is understood at the top of the page."""
    question = item.text.rstrip()
    return f"{question} {advice}" if question.endswith(("?", ".", "!")) else f"{question}: {advice}"


class AnswerField(Field):
    """The field of one item. `data` is what the page shows; `answer()` is what is stored."""

    def __init__(self, item: Item, **kwargs: Any) -> None:
        super().__init__(item.text, description=item.hint, **kwargs)
        self.item = item
        self.extra_labels = extras(item)

    def answer(self) -> object:
        """Return the raw answer: number, code, list of codes, text, "not_sure", "declined", or None when left blank."""
        raise NotImplementedError


class ChoiceField(AnswerField):
    """One of several options. `data` is the code as text; "" when nothing is picked."""

    widget = ChoiceWidget()

    def process_data(self, value: object) -> None:
        """Take the stored answer."""
        self.data = "" if value is None else str(value)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take what was sent."""
        self.data = str(valuelist[0]) if valuelist else ""

    def pre_validate(self, form: Any) -> None:
        """Refuse a code that the page did not offer."""
        known = {str(option.code) for option in self.item.options} | set(self.extra_labels) | {""}
        if self.data not in known:
            raise ValidationError(gettext("Choose one of the answers."))

    def answer(self) -> object:
        """Return the option's own code: a number where the item is scored."""
        codes = {str(option.code): option.code for option in self.item.options}
        return codes.get(self.data, self.data or None)


class ChoicesField(AnswerField):
    """Any number of options. `data` is the list of codes."""

    widget = ChoicesWidget()

    def process_data(self, value: object) -> None:
        """Take the stored answer: a list of codes, or one of the words for no answer."""
        self.data = [value] if isinstance(value, str) else list(value) if isinstance(value, list) else []

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take what was sent."""
        self.data = [str(value) for value in valuelist]

    def pre_validate(self, form: Any) -> None:
        """Refuse codes that the page did not offer, and "none of these" beside another answer.

        In a browser with script the page unticks the others; without it both can be sent.
        """
        labels = {str(option.code): option.label for option in self.item.options} | dict(self.extra_labels)
        if not set(self.data) <= set(labels):
            raise ValidationError(gettext("Choose from the answers on the list."))
        alone = [code for code in self.data if code == NO_OPTION or code in EXTRA_LABELS]
        if alone and len(self.data) > 1:
            message = gettext("Choose either “%(answer)s” or your other answers, not both.", answer=labels[alone[0]])
            raise ValidationError(message)

    def answer(self) -> object:
        """Return the codes in the order of the options."""
        for word in self.extra_labels:
            if word in self.data:
                return word
        return [option.code for option in self.item.options if option.code in self.data] or None


class NumberField(AnswerField):
    """A number typed in, or one of the words beside it. `data` is the text typed; `instead` the words ticked."""

    widget = NumberWidget()

    def __init__(self, item: Item, **kwargs: Any) -> None:
        super().__init__(item, **kwargs)
        self.instead: list[str] = []
        self.number: int | float | None = None

    @property
    def instead_name(self) -> str:
        """The name of the boxes to tick in place of a number."""
        return f"{self.name}-instead"

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Take the stored answer, or what was sent in the two inputs of this field."""
        super().process(formdata, data, extra_filters)
        if formdata is not None:
            self.instead = [word for word in formdata.getlist(self.instead_name) if word in self.extra_labels]

    def process_data(self, value: object) -> None:
        """Take the stored answer."""
        self.instead = [value] if isinstance(value, str) else []
        self.data = language.number(value) if isinstance(value, int | float) else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take what was sent."""
        self.data = str(valuelist[0]).strip() if valuelist else ""

    def pre_validate(self, form: Any) -> None:
        """Refuse what is no number, has the wrong kind or size, or stands beside "not sure"."""
        self.number = None
        if len(self.instead) > 1 or (self.instead and self.data):
            words = EXTRA_LABELS[self.instead[0]]
            raise ValidationError(gettext("Give either a number or “%(answer)s”, not both.", answer=words))
        if self.data:
            self.number = read_number(self.data, self.item)

    def answer(self) -> object:
        """Return the number, the word ticked in its place, or None."""
        return self.instead[0] if self.instead else self.number


# what people put behind a number that the page shows the unit of: "70 kg", "1,5 hours"
_NUMBER = re.compile(r"(?P<number>[+-]?\d+(?:[.,]\d+)?)\s*(?P<unit>[^\d\s.,][^\d]*)?")


def read_number(text: str, item: Item) -> int | float:
    """Return the number in a text; its unit may stand behind it. Raises `ValidationError` saying what to write."""
    unit = f" {item.unit}" if item.unit else ""
    limits = {"low": language.number(item.min or 0), "high": f"{language.number(item.max or 0)}{unit}"}
    match = _NUMBER.fullmatch(text)
    behind = (match["unit"] or "").strip(" .").lower() if match else ""
    if match is None or (behind and behind != item.unit.lower()):
        if item.type == "integer":
            raise ValidationError(gettext("Use figures only: a whole number from %(low)s to %(high)s.", **limits))
        raise ValidationError(gettext("Use figures only: a number from %(low)s to %(high)s.", **limits))
    try:
        number = Decimal(match["number"].replace(",", "."))
    except InvalidOperation:  # pragma: no cover - the pattern lets only numbers through
        raise ValidationError(gettext("Give a number.")) from None
    whole = number == number.to_integral_value()
    if item.type == "integer" and not whole:
        raise ValidationError(gettext("Give a whole number, from %(low)s to %(high)s.", **limits))
    if item.min is None or item.max is None or not item.min <= number <= item.max:
        raise ValidationError(gettext("The number must be from %(low)s to %(high)s.", **limits))
    return int(number) if whole else float(number)


class OwnWordsField(AnswerField):
    """The patient's own words. `data` is the text."""

    widget = TextWidget()

    def process_data(self, value: object) -> None:
        """Take the stored answer."""
        self.data = value if isinstance(value, str) else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take what was sent: plain line ends, and no character that a database refuses."""
        sent = str(valuelist[0]) if valuelist else ""
        self.data = sent.replace("\r\n", "\n").replace("\0", "").strip()

    def pre_validate(self, form: Any) -> None:
        """Refuse more than is stored."""
        if len(self.data) > LONGEST_TEXT:
            over = len(self.data) - LONGEST_TEXT
            message = ngettext(
                "Shorten this by %(num)d character, please.", "Shorten this by %(num)d characters, please.", over
            )
            raise ValidationError(message)

    def answer(self) -> object:
        """Return the text, or None."""
        return self.data or None


FIELDS: Mapping[str, type[AnswerField]] = {
    "choice": ChoiceField,
    "yes_no": ChoiceField,
    "choices": ChoicesField,
    "integer": NumberField,
    "decimal": NumberField,
    "text": OwnWordsField,
}


class AnswersForm(FlaskForm):
    """A form of questions, `items`. Made by `form_class`."""

    class Meta(FlaskForm.Meta):
        """The browser rules look at the token of every form, and the page brings it."""

        csrf = False

    items: tuple[Item, ...] = ()

    def questions(self) -> list[AnswerField]:
        """Return the fields of items, in the order of the page."""
        return [field for field in self if isinstance(field, AnswerField)]

    def answers(self) -> dict[str, object]:
        """Return the raw answer to each item whose field is in order; call `validate` first."""
        return {field.item.id: field.answer() for field in self.questions() if not field.errors}

    @property
    def asked(self) -> str:
        """The ids of this form's items, for the hidden input `ASKED`."""
        return " ".join(item.id for item in self.items)

    def summary(self) -> list[dict[str, str]]:
        """Return each error with the address of its field on the page, for the box at the top."""
        return [
            {"text": problem(field.item, str(field.errors[0])), "href": f"#{field.id}"}
            for field in self.questions()
            if field.errors
        ]


@lru_cache(maxsize=1024)
def form_class(items: tuple[Item, ...]) -> type[AnswersForm]:
    """Return the form that asks these items."""
    # An attribute's name must not be one of the form's own ("data", "errors"), whatever an item is called.
    fields = {_attribute(item): FIELDS[item.type](item, name=item.id) for item in items}
    return type("PageForm", (AnswersForm,), {"items": items, **fields})


def filled_form(items: Iterable[Item], raw: RawAnswers, sent: Any = None) -> AnswersForm:
    """Return the form of these items with what was `sent` (a MultiDict), else with the answers stored so far."""
    items = tuple(items)
    to_talk = Missing.IN_PERSON.value  # shown blank, to be answered after all
    stored = {_attribute(item): raw[item.id] for item in items if raw.get(item.id, to_talk) != to_talk}
    return form_class(items)(formdata=sent, data=stored)


def _attribute(item: Item) -> str:
    return f"item_{item.id}"
