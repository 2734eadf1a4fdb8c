"""Shortcuts through WeasyPrint 70 for the same few kinds of pages; what it draws stays the same, byte for byte.

A third of a document's time went into working out what the document before it had worked out already: what a style
sheet means for an element in its place, which font that is. Each line of text was shaped two to four times, and the
whole file compressed twice. So:

- styles are kept from one document to the next, by the rules that make them, with the lengths and fonts they name;
- a line keeps its shaped text until it is drawn, and a next word that surely does not fit is not tried;
- what stands in the file is compressed once, and less hard: 3% more bytes in an eighth of the time;
- a page that is XML too is read as that.

They reach into WeasyPrint, so `use` does nothing with any version but the one they were written for; everything is
slower then, and nothing else changes. The tests compare the bytes with and without.
"""

import re
import sys
import zlib
from collections.abc import Callable, Hashable
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
from weasyprint.text.constants import PANGO_DIRECTION
from weasyprint.text.ffi import FROM_UNITS, ffi, gobject, pango, unicode_to_char_p
from weasyprint.text.fonts import font_features
from weasyprint.urls import URLFetcher

WRITTEN_FOR = "70.0"
NOWHERE = "about:blank"
MOST_STYLES = 4000  # kept; a page of ours has about a hundred
MOST_BREAKS = 4000  # pairs of letters, between which a line may end or not
SURELY = 1.0  # pixels by which a word must be too long, to be not tried
PARAGRAPH_ENDS = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
SIDES = ("top", "right", "bottom", "left")
BORDERS = tuple(f"border_{side}_width" for side in SIDES)
EDGES = tuple(f"{edge}_{side}" for edge in ("margin", "padding") for side in SIDES)
LENGTHS = (*EDGES, *(f"{limit}{axis}" for limit in ("", "min_", "max_") for axis in ("width", "height")))
FEATURES = (
    *("font_kerning", "font_variant_ligatures", "font_variant_position", "font_variant_caps"),
    *("font_variant_numeric", "font_variant_alternates", "font_variant_east_asian", "font_feature_settings"),
)

_kept: dict[Hashable, Style] = {}
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
    StyleFor.set_computed_styles = _set_computed_styles
    line_break.Layout = _KeptLayout
    pydyf.Stream.data = property(_compressed_once)
    _replace(percent.resolve_percentages, _resolve_percentages)
    _replace(line_break.can_break_text, lru_cache(MOST_BREAKS)(line_break.can_break_text))
    for theirs in (line_break._font_style_cache_key, line_break.get_font_description):
        _replace(theirs, _once_a_style(theirs))
    return True


def forget() -> None:
    """Let go of all that is kept."""
    _kept.clear()


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
    if element is root and len(_kept) > MOST_STYLES:
        forget()
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


class _KeptLayout(line_break.Layout):
    """A line of text that is shaped once and kept until it is drawn; what its style means to Pango is kept for all."""

    def setup(self, style: Style) -> None:
        """Begin a text of a style."""
        if "_kept_text" not in style.__dict__:
            style.__dict__["_kept_text"] = _text_context(style)
        known = style.__dict__["_kept_text"]
        if known is None:
            super().setup(style)
            return
        context, font, self.language = known
        self.style, self.first_line_direction = style, 0
        self.layout = ffi.gc(pango.pango_layout_new(context), gobject.g_object_unref)
        pango.pango_layout_set_auto_dir(self.layout, False)
        pango.pango_layout_set_font_description(self.layout, font)
        self.ascent = self.underline_position = self.strikethrough_position = None

    def set_text(self, text: str, justify: bool = False) -> None:
        """Take the text, unless it would only show that a line ends where it ended."""
        if not self._ends_as_before(text):
            # a line is drawn in this mode: to choose it only then would have it shaped again
            pango.pango_layout_set_single_paragraph_mode(self.layout, not PARAGRAPH_ENDS.search(text))
            super().set_text(text, justify)

    def deactivate(self) -> None:
        """Keep the shaped text."""

    def reactivate(self, style: Style) -> None:
        """Make the text ready to be drawn, which it is as a rule."""
        if style is not self.style or self.justification_spacing:
            super().reactivate(style)

    def _ends_as_before(self, text: str) -> bool:
        """Whether a text, the first line with the next word, surely breaks before that word, as it did."""
        before = getattr(self, "text", "")
        if not self.max_width or len(text) >= len(before) or not before.startswith(text):
            return False
        first, second = (pango.pango_layout_get_line_readonly(self.layout, number) for number in (0, 1))
        end = len(text.encode())
        if second == ffi.NULL or end <= second.start_index:
            return False
        width, _height = line_break.line_size(first, self.style)
        return bool(width + _width_until(second, end) > self.max_width + SURELY)


def _width_until(line: Any, end: int) -> float:
    """The width of a line's letters up to a byte of its text, in pixels."""
    width, run = 0, line.runs[0]
    while run != ffi.NULL:
        item, glyphs = run.data.item, run.data.glyphs
        for number in range(glyphs.num_glyphs):
            if item.offset + glyphs.log_clusters[number] < end:
                width += glyphs.glyphs[number].geometry.width
        run = run.next
    return float(width * FROM_UNITS)


def _text_context(style: Style) -> tuple[Any, Any, Any] | None:
    """What shapes a style's texts, its font and its language; None if it asks for what only WeasyPrint knows of."""
    if style["text_decoration_line"] != "none" or style["font_language_override"] != "normal":
        return None
    if font_features(*(style[name] for name in FEATURES)):
        return None
    context = ffi.gc(pango.pango_font_map_create_context(style.font_config.font_map), gobject.g_object_unref)
    pango.pango_context_set_round_glyph_positions(context, False)
    pango.pango_context_set_base_dir(context, PANGO_DIRECTION[style["direction"]])
    language = pango.pango_language_get_default()
    if style["lang"]:
        pointer, _text = unicode_to_char_p(style["lang"])
        language = pango.pango_language_from_string(pointer)
        pango.pango_context_set_language(context, language)
    return context, line_break.get_font_description(style), language


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
