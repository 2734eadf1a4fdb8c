"""How a question looks: each field's parameters for the macros of GOV.UK Frontend, which write the markup.

The macros take about a millisecond a question. What a question looks like depends only on the item and on what is
picked, so that is rendered once and kept; nothing that a patient typed is ever kept.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from flask import render_template
from flask_babel import gettext
from markupsafe import Markup, escape

from intake import language
from rules.questionnaire import Item, Option
from rules.response import Missing

Params = dict[str, Any]
Render = Callable[[Item, str, str, bool], str]
GAP = "\0"  # stands where what was typed comes; in no text that can be typed
MOST_ON_A_SCALE = 4  # options side by side on a phone
LONGEST_ON_A_SCALE = 28  # characters of a label there
LONGEST_WORD_ON_A_SCALE = 10  # characters: what does not break into lines
RADIOS = "govuk_frontend_wtf/radios.html"
CHECKBOXES = "govuk_frontend_wtf/checkboxes.html"
INPUT = "govuk_frontend_wtf/input.html"
TEXTAREA = "govuk_frontend_wtf/textarea.html"


class ChoiceWidget:
    """Radio buttons. Short graded answers stand side by side, so that a list of symptoms is quick on a phone."""

    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        """Render the field. `heading`: the question is the page's heading."""
        return _kept(_choice, field, str(field.data), kwargs.get("heading", False))


class ChoicesWidget:
    """Check boxes. Those that exclude the others stand behind a divider and untick them where there is script."""

    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        """Render the field. `heading`: the question is the page's heading."""
        return _kept(_choices, field, tuple(field.data), kwargs.get("heading", False))


class NumberWidget:
    """A box for a number, and boxes to tick in its place."""

    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        """Render the field. `heading`: the question is the page's heading."""
        box = _filled(_number, field, kwargs.get("heading", False))
        offered = tuple(field.extra_labels.items())
        if not offered:
            return box
        instead = _instead(field.item, field.instead_name, offered, tuple(field.instead))
        return Markup('<div class="number-field">{}{}</div>').format(box, instead)


class TextWidget:
    """A box for the patient's own words."""

    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        """Render the field. `heading`: the question is the page's heading."""
        return _filled(_own_words, field, kwargs.get("heading", False))


def is_scale(item: Item) -> bool:
    """Whether an item's answers are few, graded (yes and no too) and short enough to stand side by side."""
    is_graded = item.type == "yes_no" or all(isinstance(option.code, int) for option in item.options)
    labels = [option.label for option in item.options]
    is_short = all(len(label) <= LONGEST_ON_A_SCALE for label in labels) and not any(o.hint for o in item.options)
    does_break = all(len(word) <= LONGEST_WORD_ON_A_SCALE for label in labels for word in label.split())
    return is_graded and is_short and does_break and len(item.options) <= MOST_ON_A_SCALE


def _kept(render: Any, field: Any, picked: object, heading: bool) -> Markup:
    """Render a field that has no error from what is kept; one with an error may hold anything, and is not kept."""
    render = render.__wrapped__ if field.errors else render
    offered = tuple(field.extra_labels.items())
    return cast(Markup, render(field.item, language.current(), offered, picked, _error(field), heading))


@lru_cache(maxsize=4096)
def _choice(
    item: Item, spoken: str, offered: tuple[tuple[str, str], ...], picked: str, error: str, heading: bool
) -> Markup:
    items: list[Params] = [_option(item, option) for option in item.options]
    beside = [extra for extra in offered if item.type == "yes_no" and extra[0] == Missing.NOT_SURE]
    below = [extra for extra in offered if extra not in beside]
    items += [_extra(code, label) for code, label in beside]
    if below:
        items += [{"divider": gettext("or")}, *(_extra(code, label) for code, label in below)]
    layout = "scale scale--yes-no" if item.type == "yes_no" else "scale" if is_scale(item) else ""
    params = _group(item, items, error, heading) | {"value": picked, "classes": layout}
    return Markup(render_template(RADIOS, params=params))


@lru_cache(maxsize=4096)
def _choices(
    item: Item,
    spoken: str,
    offered: tuple[tuple[str, str], ...],
    picked: tuple[str, ...],
    error: str,
    heading: bool,
) -> Markup:
    together: list[Params] = []
    alone: list[Params] = []
    for option in item.options:
        params = _option(item, option)
        if option.code == "none":
            alone.append(params | {"behaviour": "exclusive"})
        else:
            together.append(params)
    alone += [_extra(code, label) | {"behaviour": "exclusive"} for code, label in offered]
    items = together + ([{"divider": gettext("or")}, *alone] if alone else [])
    params = _group(item, items, error, heading) | {"values": list(picked)}
    return Markup(render_template(CHECKBOXES, params=params))


@lru_cache(maxsize=1024)
def _instead(item: Item, name: str, offered: tuple[tuple[str, str], ...], picked: tuple[str, ...]) -> Markup:
    boxes = [
        {
            # these boxes stand outside the question's own label, so each says to what it belongs
            "html": Markup('{}<span class="govuk-visually-hidden">: {}</span>').format(label, item.text),
            "value": word,
            "behaviour": "exclusive",
        }
        for word, label in offered
    ]
    params = {"name": name, "items": boxes, "values": list(picked), "classes": "govuk-checkboxes--small side-by-side"}
    return Markup(render_template(CHECKBOXES, params=params))


def _filled(render: Render, field: Any, heading: bool) -> Markup:
    """Render a box with what was typed in it, from what is kept around that; with an error nothing is kept."""
    if field.errors:
        return Markup(render(field.item, field.data, _error(field), heading))
    around = _around(render, field.item, language.current(), heading, field.data == "")
    return Markup(escape(field.data).join(map(Markup, around)))


@lru_cache(maxsize=1024)
def _around(render: Render, item: Item, spoken: str, heading: bool, is_blank: bool) -> tuple[str, ...]:
    return tuple(render(item, "" if is_blank else GAP, "", heading).split(GAP))


def _number(item: Item, typed: str, error: str, heading: bool) -> str:
    params = _box(item, typed, error, heading) | {
        "inputmode": "numeric" if item.type == "integer" else "decimal",
        "classes": f"govuk-input--width-{5 if (item.max or 0) > 999 or item.type == 'decimal' else 3}",
    }
    if item.unit:
        params["suffix"] = _said(item, item.unit)
        words = Markup('<span{}>{}<span class="govuk-visually-hidden"> ({})</span></span>')
        whole = words.format(language.lang_mark(item.language), item.text, item.unit)
        params["label"] = {**params["label"], "text": None, "html": whole}
    return render_template(INPUT, params=params)


def _own_words(item: Item, typed: str, error: str, heading: bool) -> str:
    return render_template(TEXTAREA, params=_box(item, typed, error, heading) | {"rows": 4, "spellcheck": True})


def _group(item: Item, items: list[Params], error: str, heading: bool) -> Params:
    size = "l" if heading else "s"
    legend = {"classes": f"govuk-fieldset__legend--{size}", "isPageHeading": heading} | _said(item, item.text)
    return {
        "name": item.id,
        "idPrefix": item.id,
        "items": items,
        "fieldset": {"legend": legend},
        "hint": _said(item, item.hint) if item.hint else None,
        "errorMessage": error_message(error),
    }


def _box(item: Item, typed: str, error: str, heading: bool) -> Params:
    return {
        "id": item.id,
        "name": item.id,
        "value": typed,
        "label": _said(item, item.text)
        | {"classes": f"govuk-label--{'l' if heading else 's'}", "isPageHeading": heading},
        "hint": _said(item, item.hint) if item.hint else None,
        "errorMessage": error_message(error),
    }


def _said(item: Item, text: str) -> Params:
    """The parameters of words of an item, marked where they are in another language than the page."""
    mark = language.lang_mark(item.language)
    return {"html": Markup("<span{}>{}</span>").format(mark, text)} if mark else {"text": text}


def _option(item: Item, option: Option) -> Params:
    hint = _said(item, option.hint) if option.hint else None
    return {"value": str(option.code), "hint": hint} | _said(item, option.label)


def _extra(word: str, label: str) -> Params:
    return {"value": word, "text": label}


def error_message(error: str) -> Params | None:
    """Return an error's parameters for the macros; None where there is none."""
    return {"text": error, "visuallyHiddenText": gettext("Error")} if error else None


def _error(field: Any) -> str:
    return str(field.errors[0]) if field.errors else ""
