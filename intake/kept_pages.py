"""Pages and parts of them that say the same to everybody, rendered once, with gaps for what is a patient's own.

A page is kept by all that it was rendered with, so whatever changes it (the language, another rule set, what is open on
it) makes it another page. It is rendered with marks in the place of the gaps: nothing of a patient is ever kept.
"""

from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache

from flask import render_template
from markupsafe import Markup, escape

from intake import language

MOST = 4096  # pages and parts of them that a process keeps, of 6 KB at most
MARK = "\0"  # around the name of a gap; in no text that can be published or typed


def cut(
    template: str, _spoken: str, shared: tuple[tuple[str, Hashable], ...], gaps: tuple[str, ...]
) -> tuple[str, ...]:
    """Return a rendered page cut at its gaps: words and names of gaps in turn."""
    marked = {name: Markup(MARK + name + MARK) for name in gaps}  # noqa: S704 - names from our own code
    return tuple(render_template(template, **dict(shared), **marked).split(MARK))


class KeptPages:
    """The pages that one application keeps."""

    def __init__(self) -> None:
        self._parts: Callable[..., tuple[str, ...]] = lru_cache(maxsize=MOST)(cut)

    def render(self, template: str, shared: Mapping[str, Hashable], own: Mapping[str, str | Markup]) -> Markup:
        """Return a template rendered with what is shared and what is the patient's own.

        The template may do nothing with the latter but show it, and must hang on nothing else of the request but its
        language. Text in `own` is escaped, markup is not.
        """
        parts = self._parts(template, language.current(), tuple(shared.items()), tuple(own))
        filled = "".join(escape(own[part]) if number % 2 else part for number, part in enumerate(parts))
        return Markup(filled)  # noqa: S704 - a template's words, and what is escaped here
