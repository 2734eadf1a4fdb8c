"""The one layout of a rule file, whoever wrote it; the only module that imports ruamel.yaml, which keeps comments.

Indents, line ends and the spaces in conditions are made the same everywhere; words, comments and their order stay.
"""

from io import StringIO
from typing import Any as Data

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from rules.errors import ConditionError, RewriteError, RuleErrors
from rules.source import read, spans
from rules.syntax import CONDITION_KEYS, parse_test

NO_WRAPPING = 1_000_000  # columns: lines end where their author ended them
MAPPING, SEQUENCE, DASH = 2, 4, 2  # spaces


def formatted(file: str, text: str) -> str:
    """Return the text of a rule file in the one layout; formatted again, it stays as it is.

    Raises `RuleErrors` if it cannot be read, `RewriteError` if its layout cannot be changed without its meaning.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    document = read(file, text)
    if document.problems:
        raise RuleErrors(document.problems)
    new = _with_comments_moved(_laid_out(file, text))
    again = read(file, new)
    if again.problems or again.data != _tidy(document.data, False):
        raise RewriteError(f"{file}: its layout cannot be changed without what it says; it is left as it is")
    return new


def _laid_out(file: str, text: str) -> str:
    yaml = YAML(typ="rt")
    yaml.indent(mapping=MAPPING, sequence=SEQUENCE, offset=DASH)
    yaml.preserve_quotes = True
    yaml.width = NO_WRAPPING
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    yaml.representer.add_representer(type(None), lambda dumper, _: dumper.represent_scalar(_NULL, "null"))
    laid_out = StringIO()
    try:
        yaml.dump(_tidy(yaml.load(text), False), laid_out)
    except YAMLError as error:  # pragma: no cover - what PyYAML reads; kept for what the two may read differently
        raise RewriteError(f"{file}: {str(error).splitlines()[0]}") from error
    return laid_out.getvalue()


def _with_comments_moved(text: str) -> str:
    """Let a comment on lines of its own that stands in no line with its neighbours stand above the next line."""
    lines, quoted = text.split("\n"), _lines_of_texts(text)
    below = above = 0
    allowed = []
    for number in range(len(lines) - 1, -1, -1):
        below = below if _is_remark(lines[number]) else _indent(lines[number])
        allowed.append(below)
    for number, next_indent in enumerate(reversed(allowed)):
        line = lines[number]
        if number in quoted or not _is_remark(line):
            above = _indent(line)
        elif line and _indent(line) not in (above, next_indent):
            lines[number] = " " * next_indent + line.lstrip(" ")
    return "\n".join(lines)


def _lines_of_texts(text: str) -> set[int]:
    """The lines within quoted or block texts, where a "#" begins no comment; the first line of each left out."""
    found: set[int] = set()
    for span in spans(text).values():
        if span.style:
            first = text.count("\n", 0, span.start)
            found |= set(range(first + 1, first + 1 + text.count("\n", span.start, span.end)))
    return found


def _is_remark(line: str) -> bool:
    return not line.strip() or line.lstrip(" ").startswith("#")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


_NULL = "tag:yaml.org,2002:null"


def _tidy(data: Data, is_condition: bool) -> Data:
    """Write each test of a condition as `item = code`, in place; lists and keys are the same objects as before."""
    if isinstance(data, dict):
        for key, part in data.items():
            data[key] = _tidy(part, is_condition or key in CONDITION_KEYS)
    elif isinstance(data, list):
        for place, part in enumerate(data):
            data[place] = _tidy(part, is_condition)
    elif is_condition and isinstance(data, str):
        return _tidy_test(data)
    return data


def _tidy_test(text: str) -> str:
    try:
        test = str(parse_test(text))
    except ConditionError:  # for the checker to tell
        return text
    return type(text)(test)  # in the quotes that it stood in
