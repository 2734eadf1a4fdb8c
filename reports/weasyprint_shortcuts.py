"""Shortcuts through WeasyPrint 70 for the same few kinds of pages; what it draws stays the same, byte for byte.

A third of a document's time went into working out what the document before it had worked out already: what a style
sheet means for an element in its place, which font that is. Each line of text was shaped two to four times, and the
whole file compressed twice. So:

- styles are kept from one document to the next, by an element's place in its page and by the rules that make them, with
  the lengths and fonts they name;
- a line keeps its shaped text until it is drawn, and a next word that surely does not fit is not tried;
- what stands in the file is compressed once, and less hard: 3% more bytes in an eighth of the time;
- a page that is XML too is read as that.

They reach into WeasyPrint, so `use` does nothing with any version but the one they were written for; everything is
slower then, and nothing else changes. The tests compare the bytes with and without.
"""

import re
import sys
import zlib
from collections.abc import Callable, Hashable, Iterator
from functools import lru_cache
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pydyf
import weasyprint
from cssselect2 import ElementWrapper
from weasyprint.css import Style, StyleFor, check_math
from weasyprint.layout import percent
from weasyprint.text import line_break
from weasyprint.urls import URLFetcher

from reports.weasyprint_lines import KeptLayout

WRITTEN_FOR = "70.0"
NOWHERE = "about:blank"
MOST_STYLES = 4000  # kept; a page of ours has about a hundred
MOST_SHEETS = 16  # combinations of them
MOST_BREAKS = 4000  # pairs of letters, between which a line may end or not
SIDES = ("top", "right", "bottom", "left")
BORDERS = tuple(f"border_{side}_width" for side in SIDES)
EDGES = tuple(f"{edge}_{side}" for edge in ("margin", "padding") for side in SIDES)
LENGTHS = (*EDGES, *(f"{limit}{axis}" for limit in ("", "min_", "max_") for axis in ("width", "height")))

COMMENTS = re.compile(r"/\*.*?\*/", re.DOTALL)
BESIDE = re.compile(r"[+~]|:(?:nth|last|only|empty|has|first-of)")  # selectors that look at what is beside an element
FORMS = {"input", "select", "textarea"}  # WeasyPrint's own rules for these look beside them
SVG = "{http://www.w3.org/2000/svg}svg"
OF_NO_STYLE = {"content", "aria-label", "viewBox"}  # attributes that no style sheet asks for
OF_STYLE_IN_SVG = {"class", "id", "style"}

_kept: dict[Hashable, Style] = {}
_places: dict[Hashable, int] = {}
_by_place: dict[Hashable, tuple[Any, dict[int, list[tuple[str | None, Style]]]]] = {}
_their_bytes = pydyf._to_bytes
_their_style_for = StyleFor.__init__
_their_set_computed_styles = StyleFor.set_computed_styles
_their_resolve_percentages = percent.resolve_percentages


class Page(weasyprint.HTML):
    """A page of HTML that names nothing relative to anything. If it is XML too it is read in a tenth of the time."""

    def __init__(self, html: str, url_fetcher: URLFetcher) -> None:
        try:
            root = ElementTree.fromstring(html)  # noqa: S314  # our own page: what others wrote is escaped in it
        except ElementTree.ParseError:
            super().__init__(string=html, url_fetcher=url_fetcher, base_url=NOWHERE)
            return
        self.base_url, self.url_fetcher, self.media_type = NOWHERE, url_fetcher, "print"
        self.wrapper_element = ElementWrapper.from_html_root(root)
        self.etree_element = root


def use() -> bool:
    """Put the shortcuts into WeasyPrint for the rest of this process, and say whether they could be."""
    if weasyprint.VERSION != WRITTEN_FOR:
        return False
    StyleFor.__init__ = _style_for
    StyleFor.set_computed_styles = _set_computed_styles
    line_break.Layout = KeptLayout
    pydyf.Stream.data = property(_compressed_once)
    pydyf._to_bytes = _bytes
    _replace(percent.resolve_percentages, _resolve_percentages)
    _replace(line_break.can_break_text, lru_cache(MOST_BREAKS)(line_break.can_break_text))
    for theirs in (line_break._font_style_cache_key, line_break.get_font_description):
        _replace(theirs, _once_a_style(theirs))
    return True


def sheet(style: str, font_config: Any, url_fetcher: URLFetcher) -> weasyprint.CSS:
    """Return a style sheet, parsed, for any number of pages."""
    parsed = weasyprint.CSS(string=style, font_config=font_config, url_fetcher=url_fetcher)
    parsed.looks_beside = bool(BESIDE.search(COMMENTS.sub("", style)))
    return parsed


def forget() -> None:
    """Let go of all that is kept."""
    _kept.clear()
    _places.clear()
    _by_place.clear()


def _replace(theirs: Callable[..., Any], ours: Callable[..., Any]) -> None:
    """Put our function into each module of WeasyPrint that has imported theirs."""
    for name, module in list(sys.modules.items()):
        if name.startswith("weasyprint."):
            for key in [key for key, value in vars(module).items() if value is theirs]:
                setattr(module, key, ours)


def _once_a_style(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of a style that works out its answer once for each style."""

    def kept(style: Style, include_size: bool = False) -> Any:
        key = (function, include_size)
        known: dict[Any, Any] = style.__dict__.setdefault("_kept", {})
        if key not in known:
            known[key] = function(style, include_size) if include_size else function(style)
        return known[key]

    return kept


def _style_for(self: StyleFor, html: Any, sheets: Any, hints: bool, font_config: Any, target_collector: Any) -> None:
    """Find the style of each element: that of an element in the same place, if all places were seen before."""
    if len(_places) > MOST_STYLES or len(_by_place) > MOST_SHEETS:
        forget()
    places = dict(_placed(html.etree_element))
    _sheets, known = _by_place.setdefault((*(id(sheet) for sheet, *_ in sheets), id(font_config)), (sheets, {}))
    if all(place in known for place in places.values()):
        self._sheets, self.font_config = sheets, font_config
        self._cascaded_styles, self.initial_page_sizes = {}, {"box": None, "area": None}
        self._computed_styles = {
            (element, pseudo): style for element, place in places.items() for pseudo, style in known[place]
        }
        for element in places:
            if anchor := self._computed_styles[element, None]["anchor"]:
                target_collector.collect_anchor(anchor)
        return
    _their_style_for(self, html, sheets, hints, font_config, target_collector)
    if not hints and not any(getattr(sheet, "looks_beside", False) for sheet, *_ in sheets):
        styles: dict[Any, list[tuple[str | None, Style]]] = {}
        for (element, pseudo), style in self._computed_styles.items():
            styles.setdefault(element, []).append((pseudo, style))
        known |= {place: styles[element] for element, place in places.items() if element.tag not in FORMS}


def _placed(element: Any, around: int = 0, first: bool = True, drawn: bool = False) -> Iterator[tuple[Any, int]]:
    """Each element with a number for its place: its kind and attributes, what it stands in, whether it is the first."""
    asked_for = [
        pair for pair in element.items() if (pair[0] in OF_STYLE_IN_SVG if drawn else pair[0] not in OF_NO_STYLE)
    ]
    place = _places.setdefault((around, element.tag, first, *asked_for), len(_places) + 1)
    yield element, place
    inside = [inner for inner in element if isinstance(inner.tag, str)]
    for number, inner in enumerate(inside):
        yield from _placed(inner, place, number == 0, drawn or element.tag == SVG)


def _set_computed_styles(
    self: StyleFor,
    element: Any,
    parent: Any,
    root: Any = None,
    pseudo_type: str | None = None,
    base_url: str | None = None,
    target_collector: Any = None,
) -> None:
    """Give an element the style that one with the same rules, inside the same, had in this or an earlier document."""
    if not isinstance(element, ElementTree.Element):  # a kind of page: its style is changed for each document
        _their_set_computed_styles(self, element, parent, root, pseudo_type, base_url, target_collector)
        return
    computed = self.get_computed_styles()
    around = None if parent is None else computed[parent, None]
    rules = self.get_cascaded_styles().get((element, pseudo_type), {})
    key = (id(around), id(self.font_config), pseudo_type, base_url, *map(_named, rules.items()))
    if key not in _kept:
        _their_set_computed_styles(self, element, parent, root, pseudo_type, base_url, None)
        _kept[key] = computed[element, pseudo_type]
    style = computed[element, pseudo_type] = _kept[key]
    if target_collector and style["anchor"]:
        target_collector.collect_anchor(style["anchor"])


def _named(rule: tuple[str, tuple[Any, Any]]) -> Hashable:
    """A property, its value and its weight. A value may stand as its id, for a kept style keeps its rules alive."""
    name, (value, weight) = rule
    try:
        hash(value)
    except TypeError:
        return name, id(value), weight
    return name, value, weight


def _resolve_percentages(box: Any, containing_block: Any) -> None:
    """Set a box's lengths: its style knows them, unless one of them depends on what is around it."""
    known = box.style.__dict__.get("_kept_lengths")
    if known is None:
        known = box.style.__dict__["_kept_lengths"] = _lengths(box.style)
    if known and all(getattr(box, border, known[border]) == known[border] for border in BORDERS):
        box.__dict__.update(known)
    else:
        _their_resolve_percentages(box, containing_block)


def _lengths(style: Style) -> dict[str, Any]:
    """The lengths that a style gives to any box anywhere; none if one of them depends on what is around it."""
    if any(getattr(style[name], "unit", "px") != "px" or check_math(style[name]) for name in LENGTHS):
        return {}
    box = SimpleNamespace(style=style)
    _their_resolve_percentages(box, (0, 0))
    return {name: value for name, value in vars(box).items() if name != "style"}


def _compressed_once(stream: Any) -> bytes:
    """A stream as it stands in the file; WeasyPrint asks for it twice."""
    if "_kept" not in vars(stream):
        content = b"\n".join(map(pydyf._to_bytes, stream.stream))
        extra = pydyf.Dictionary(stream.extra.copy())
        if stream.compress:
            extra["Filter"] = "/FlateDecode"
            content = zlib.compress(content)
        extra["Length"] = len(content)
        stream._kept = b"\n".join((extra.data, b"stream", content, b"endstream"))
    return bytes(stream._kept)


def _bytes(item: Any) -> bytes:
    """A part of the file as bytes: what nearly all parts are is asked first."""
    kind = type(item)
    if kind is bytes:
        return bytes(item)
    return item.encode("ascii") if kind is str else bytes(_their_bytes(item))
