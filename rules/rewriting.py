"""Changes single values in the text of a rule file, and not a character besides: comments and layout stay.

The new text is read again: unless it says exactly what was wanted, it is refused.
"""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from textwrap import wrap
from typing import Any as Data

from rules.errors import RewriteError
from rules.source import Path, Span, read, spans

Value = str | int | float | None
WIDTH = 120  # columns that a folded text is wrapped at


def rewrite(text: str, changes: Mapping[Path, Value]) -> str:
    """Return a file's text with other values at some paths. Raises `RewriteError`.

    Each path leads to a value that stands in the file; a rule's key that is not there yet is added behind
    its status.
    """
    document = read("", text)
    if document.problems:
        raise RewriteError("The file cannot be read; mend it in the text of the file first.")
    found = spans(text)
    new = text
    backwards = list(changes.items())[::-1]  # so that spans stay true, and added keys stand in the order given
    for path, value in sorted(backwards, key=lambda change: _start(found, change[0]), reverse=True):
        new = _replace(new, found[path], value) if path in found else _add(new, found, path, value)
    wanted = deepcopy(document.data)
    for path, value in changes.items():
        _put(wanted, path, value)
    again = read("", new)
    if again.problems or again.data != wanted:
        raise RewriteError("This cannot be changed in one place alone; change it in the text of the file.")
    return new


def _start(found: Mapping[Path, Span], path: Path) -> int:
    return found[path].start if path in found else found[_before_added(found, path)].end


def _replace(text: str, span: Span, value: Value) -> str:
    for candidate in _candidates(text, span, value):
        context = f"[{candidate}]" if span.in_flow else f"key: {candidate}\n"
        data = read("", context)
        if not data.problems and (data.data == [value] if span.in_flow else data.data == {"key": value}):
            return text[: span.start] + candidate + text[span.end :]
    raise RewriteError("This value cannot be written into the file; write it in the text of the file.")


def _add(text: str, found: Mapping[Path, Span], path: Path, value: Value) -> str:
    """Add a key behind the one that stands before it."""
    before = found[_before_added(found, path)]
    line = text.rfind("\n", 0, before.start) + 1
    indent = text[line:].partition(text[line:].lstrip(" "))[0] if text[line:] else ""
    end = text.find("\n", before.end)
    end = len(text) if end < 0 else end
    head = f"\n{indent}{path[-1]}: "
    added = _replace(f"{head}x", Span(len(head), len(head) + 1, "", False), value)
    return text[:end] + added + text[end:]


def _before_added(found: Mapping[Path, Span], path: Path) -> Path:
    """The status of the rule: a value on a line of its own that every rule has. New keys stand behind it."""
    place = (*path[:-1], "status")
    if place not in found or found[place].in_flow:
        raise RewriteError(f'"{path[-1]}" cannot be added here; add it in the text of the file.')
    return place


def _put(data: Data, path: Path, value: Value) -> None:
    for step in path[:-1]:
        data = data[step]
    data[path[-1]] = value


def _candidates(text: str, span: Span, value: Value) -> Iterator[str]:
    """Ways to write a value, the one that is most like what stands there first."""
    if value is None:
        yield "null"
        return
    if not isinstance(value, str):
        yield str(value)
        return
    if span.style in (">", "|"):
        yield _block(text, span, value)
    if span.style == '"':
        yield _quoted(value)
    elif span.style == "'":
        yield "'" + value.replace("'", "''") + "'"
    yield value
    if "\n" not in value:
        yield "'" + value.replace("'", "''") + "'"
    yield _quoted(value)


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _block(text: str, span: Span, value: str) -> str:
    """A folded or literal text with the head and the indent of the one that stands there."""
    head, _, body = text[span.start : span.end].partition("\n")
    first = next((line for line in body.split("\n") if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip(" "))]
    lines = value.removesuffix("\n").split("\n")
    if span.style == ">":
        room = WIDTH - len(indent)
        wrapped = ("\n".join(wrap(line, room, break_long_words=False, break_on_hyphens=False)) for line in lines)
        lines = "\n\n".join(wrapped).split("\n")
    return "\n".join([head, *(f"{indent}{line}" if line else "" for line in lines)])
