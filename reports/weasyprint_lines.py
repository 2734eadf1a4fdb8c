"""Lines of text for WeasyPrint 70, each shaped once where it shapes two to four times; see `weasyprint_shortcuts`."""

import re
from typing import Any

from weasyprint.css import Style
from weasyprint.text import line_break
from weasyprint.text.constants import PANGO_DIRECTION
from weasyprint.text.ffi import FROM_UNITS, ffi, gobject, pango, unicode_to_char_p
from weasyprint.text.fonts import font_features

SURELY = 1.0  # pixels by which a word must be too long, to be not tried
PARAGRAPH_ENDS = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
FEATURES = (
    *("font_kerning", "font_variant_ligatures", "font_variant_position", "font_variant_caps"),
    *("font_variant_numeric", "font_variant_alternates", "font_variant_east_asian", "font_feature_settings"),
)


class KeptLayout(line_break.Layout):
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
