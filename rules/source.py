"""YAML text → plain data with the position of every part; the only module that imports a YAML library.

YAML 1.1 reads `yes`, `no`, `on` and `off` as booleans; here they stay the codes that an author wrote. Only whole and
decimal numbers, `true`, `false` and `null` are more than text.
"""

import re
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from rules.errors import Problem, did_you_mean

Path = tuple[str | int, ...]

MOST_NODES = 1_000_000  # beyond any rule file; stops aliases that multiply
DEEPEST = 100  # lists and mappings within each other; beyond that the YAML library may end the whole process
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN_TAGS = ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "value", "merge")


@dataclass
class Document:
    """One YAML file as plain data. `positions` maps a path into `data` to (line, column), both from 1.

    A key's own position stands beside its value's, under one more, empty step. `problems` holds what is wrong so far.
    """

    file: str
    data: Any = None
    positions: dict[Path, tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def report(self, path: Path, message: str, advice: str = "", offset: int = 0) -> None:
        """Note a problem at `path`, or at the nearest part above it whose position is known."""
        place = self._place(path)
        line, column = self.positions.get(place, (1, 1))
        shift = offset if place == path else 0
        self.problems.append(Problem(self.file, line, column + shift, message, advice))

    def reported(self, path: Path) -> bool:
        """Whether a problem stands at `path` already."""
        place = self.positions.get(self._place(path), (1, 1))
        return any((problem.line, problem.column) == place for problem in self.problems)

    def _place(self, path: Path) -> Path:
        while path not in self.positions and path:
            path = path[:-1]
        return path


def read(file: str, text: str) -> Document:
    """Read one YAML file. Mistakes are in the document's `problems`; what could be read is in its `data`."""
    document = Document(file)
    try:
        place = _too_deep(text)
        if place is not None:
            message = f"more than {DEEPEST} lists and keys stand within each other here"
            document.problems.append(Problem(file, *place, message, "write it flatter"))
            return document
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        words = " ".join(part for part in (error.context, error.problem) if part)
        if any(row[column - 1 :].startswith("\t") for row in text.split("\n")[line - 1 : line]):
            words = "a tab stands here"
        document.problems.append(Problem(file, line, column, f"this is not YAML: {words}", _yaml_advice(words)))
        return document
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        document.problems.append(Problem(file, 1, 1, f"this is not YAML: {str(error).splitlines()[0]}"))
        return document
    if node is None:
        document.problems.append(Problem(file, 1, 1, "the file is empty"))
        return document
    _Reader(document).read(node)
    return document


def _too_deep(text: str) -> tuple[int, int] | None:
    """Where a text is nested too deeply, if anywhere: found event by event, which takes no room on the stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST and event.start_mark is not None:
                return event.start_mark.line + 1, event.start_mark.column + 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return None


def _yaml_advice(words: str) -> str:
    if "tab" in words.split():
        return "indent with spaces, never with tabs"
    if "mapping values are not allowed" in words:
        return 'put text that holds ": " in quotes'
    return ""


class _Reader:
    """Walks the nodes of one file into its document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.count = 0

    def read(self, node: yaml.Node) -> None:
        self.document.data = self._value(node, (), ())

    def _value(self, node: yaml.Node, path: Path, above: tuple[int, ...]) -> Any:
        quoted = isinstance(node, yaml.ScalarNode) and node.style in ("'", '"')  # the text begins behind the quote
        self.document.positions[path] = (node.start_mark.line + 1, node.start_mark.column + 1 + quoted)
        self.count += 1
        if id(node) in above or self.count > MOST_NODES:
            if self.count <= MOST_NODES + 1:
                self.document.report(path, "this alias makes the file endless", "write the text out")
            return None
        if node.tag.rsplit(":", 1)[-1] not in _PLAIN_TAGS:
            self.document.report(path, f'the tag "{node.tag}" is not used here', "leave it out")
            return None
        above += (id(node),)
        if isinstance(node, yaml.ScalarNode):
            return scalar(node.value, plain=not node.style)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(child, (*path, index), above) for index, child in enumerate(node.value)]
        return self._mapping(node, path, above)

    def _mapping(self, node: yaml.Node, path: Path, above: tuple[int, ...]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.document.report(path, "a key must be one word")
                continue
            key = str(key_node.value)
            below = (*path, key)
            if key in data:
                at = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
                first = self.document.positions[(*below, "")][0]
                message = f'the key "{key}" stands here a second time (first on line {first})'
                self.document.problems.append(Problem(self.document.file, *at, message, "keep one of the two"))
                continue
            self.document.positions[(*below, "")] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            data[key] = self._value(value_node, below, above)
        return data


@dataclass(frozen=True)
class Span:
    """Where a part of a file stands in its text: characters `start` to `end`, the end not included.

    `style` is "'", '"', ">" or "|" for quoted and block texts, "" for any other; `in_flow`: within [ ] or { }.
    """

    start: int
    end: int
    style: str
    in_flow: bool


def spans(text: str) -> dict[Path, Span]:
    """Return the span of every part of a file that `read` finds no problem in."""
    found: dict[Path, Span] = {}
    node = yaml.compose(text, Loader=_LOADER)
    if node is not None:
        _note_spans(text, node, (), False, found)
    return found


def _note_spans(text: str, node: yaml.Node, path: Path, in_flow: bool, found: dict[Path, Span]) -> None:
    start, end = node.start_mark.index, node.end_mark.index
    while end > start and text[end - 1] in " \n":  # a block text ends where the next part begins
        end -= 1
    style = str(node.style or "") if isinstance(node, yaml.ScalarNode) else ""
    found[path] = Span(start, end, style, in_flow)
    if isinstance(node, yaml.CollectionNode):
        in_flow = in_flow or bool(node.flow_style)
        pairs = (
            ((key.value, part) for key, part in node.value)
            if isinstance(node, yaml.MappingNode)
            else enumerate(node.value)
        )
        for step, part in pairs:
            _note_spans(text, part, (*path, step), in_flow, found)


# longer ones are no numbers that anybody meant, and stay text
_INTEGER, _DECIMAL = re.compile(r"-?\d{1,15}$"), re.compile(r"-?\d{1,15}\.\d{1,15}$")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


def scalar(text: str, plain: bool = True) -> str | int | float | bool | None:
    """Return what a YAML scalar stands for; quoted ones (`plain` false) are always text."""
    if not plain:
        return text
    if _INTEGER.match(text):
        return int(text)
    return float(text) if _DECIMAL.match(text) else _WORDS.get(text, text)


Model = TypeVar("Model", bound=BaseModel)


def validate(model: type[Model], document: Document, data: Any, path: Path) -> Model | None:
    """Check `data`, found at `path` of the document, against a model; problems go into the document."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _report(model, document, path, dict(detail))
        return None


def faults(model: type[BaseModel], data: Any) -> list[Path]:
    """Return the paths of the parts of `data` that a model does not accept."""
    try:
        model.model_validate(data)
    except ValidationError as error:
        return [tuple(detail["loc"]) for detail in error.errors(include_url=False)]
    return []


def _report(model: type[BaseModel], document: Document, path: Path, detail: dict[str, Any]) -> None:
    where: Path = (*path, *detail["loc"])
    kind, name = detail["type"], detail["loc"][-1] if detail["loc"] else ""
    if kind not in ("extra_forbidden", "missing") and document.reported(where):
        return  # what could not be read has no right type either
    if kind == "extra_forbidden":
        advice = did_you_mean(str(name), keys_of(model))
        document.report((*where, ""), f'unknown key "{name}"', advice or "remove it")
    elif kind == "missing":
        document.report(where[:-1], f'the key "{name}" is missing', f'add "{name}:"')
    elif kind == "string_type" and isinstance(detail["input"], int | float):
        document.report(where, f'"{name}" should be text', "put it in quotes")
    elif kind in ("model_type", "dict_type", "mapping_type"):
        whole = f'"{where[-1]}"' if where else "this file"
        document.report(where, f'{whole} should hold keys and values, one on each line: "key: value"')
    elif kind == "value_error":
        document.report(where, str(detail["ctx"]["error"]))
    elif kind in ("enum", "literal_error"):
        expected = detail["ctx"]["expected"]
        message = f'"{name}" cannot be "{detail["input"]}"'
        known = re.findall(r"'([^']+)'", expected)
        document.report(where, message, did_you_mean(str(detail["input"]), known) or f"use {', '.join(known)}")
    else:
        message = detail["msg"].replace("Input should be", "should be").replace("dictionary", "mapping")
        document.report(where, f'"{name}" {message}')


def keys_of(annotation: Any) -> set[str]:
    """Return the keys that a model, or an annotation made of models, knows at any depth."""
    keys: set[str] = set()
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, info in annotation.model_fields.items():
            keys |= {name} | keys_of(info.annotation)
    for part in get_args(annotation):
        keys |= keys_of(part)
    return keys
