"""Condition syntax → condition: one short line for each test, `all`, `any`, `not` and `at_least` around them."""

import re
from dataclasses import dataclass
from typing import Any as Data

from rules.condition import All, Any, AtLeast, Code, Condition, Finding, Not, Number
from rules.errors import ConditionError, did_you_mean
from rules.source import Document, Path

CONDITION_KEYS = ("when", "applies_when", "raised_when")
UNREADABLE = Finding("unreadable", "=", 0)  # holds the place of a condition that was reported; never evaluated

_TEST = re.compile(r"\s*(?P<variable>\S+?)\s*(?P<operator>!=|<=|>=|=|<|>|\bincludes\b|\bin\b)\s*(?P<value>.*?)\s*$")
_NAME = re.compile(r"[a-z][a-z0-9_]*$")
_CODE = re.compile(r"[a-z0-9_]+$")
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?$")


def parse_test(text: str) -> Finding:
    """Read one test such as `hormone_status = current` or `progestogen in [none, lng_iud_out_of_date]`.

    Raises `ConditionError` with the offset of what could not be read.
    """
    match = _TEST.match(text)
    if match is None or not match["value"]:
        advice = "write: item = code, item >= number, item includes code"
        if " not in " in text:
            advice = "write: not: item in [a, b]"
        raise ConditionError(f'cannot read the test "{text}"', advice)
    variable, operator, value = match["variable"], match["operator"], match["value"]
    if not _NAME.match(variable):
        raise ConditionError(f'"{variable}" is not a name of an item or score', "", match.start("variable"))
    at = match.start("value")
    if value.startswith("="):
        raise ConditionError(f'"{operator}=" is not an operator', "write one =", match.start("operator"))
    if operator != "in":
        return Finding(variable, operator, _literal(value, at))
    if not (value.startswith("[") and value.endswith("]")):
        raise ConditionError('"in" takes a list', f"write: {variable} in [a, b]", at)
    return Finding(variable, operator, tuple(_literal(part.strip(), at) for part in value[1:-1].split(",")))


def _literal(text: str, offset: int) -> Code | Number:
    if _NUMBER.match(text):
        return float(text) if "." in text else int(text)
    if _CODE.match(text):
        return text
    advice = 'put each test on a line of its own, below "all:" or "any:"' if " " in text else ""
    raise ConditionError(f'cannot read "{text}" as a code or a number', advice, offset)


@dataclass(frozen=True)
class Located:
    """A condition of a document: its path, and each of its tests that could be read, with the path of that."""

    path: Path
    findings: tuple[tuple[Path, Finding], ...]


def take_conditions(document: Document) -> tuple[Located, ...]:
    """Read every condition of a document in place: what stands below a key of `CONDITION_KEYS` becomes a `Condition`.

    What cannot be read becomes `UNREADABLE` and is reported where it stands.
    """
    taken: list[Located] = []
    _walk(document, document.data, (), taken)
    return tuple(taken)


def _walk(document: Document, data: Data, path: Path, taken: list[Located]) -> None:
    if isinstance(data, list):
        for index, part in enumerate(data):
            _walk(document, part, (*path, index), taken)
    elif isinstance(data, dict):
        for key, part in data.items():
            if key not in CONDITION_KEYS:
                _walk(document, part, (*path, key), taken)
            elif part is not None:
                data[key] = _take(document, part, (*path, key), taken)


def _take(document: Document, tree: Data, path: Path, taken: list[Located]) -> Condition:
    reader = _Reader(document)
    condition = reader.part(tree, path)
    taken.append(Located(path, tuple(reader.findings)))
    return UNREADABLE if condition is None else condition


class _Reader:
    """Reads one condition; every mistake in it is reported, none stops the others."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.findings: list[tuple[Path, Finding]] = []

    def part(self, tree: Data, path: Path) -> Condition | None:
        try:
            if isinstance(tree, str):
                finding = parse_test(tree)
                self.findings.append((path, finding))
                return finding
            if not isinstance(tree, dict) or len(tree) != 1:
                raise ConditionError("this is not a condition", "write a test, or one of all, any, not, at_least")
            ((word, below),) = tree.items()
            return self._node(word, below, (*path, word))
        except ConditionError as error:
            self.document.report(path, error.message, error.advice, error.offset)
            return None

    def _node(self, word: str, below: Data, path: Path) -> Condition | None:
        if word == "not":
            part = self.part(below, path)
            return None if part is None else Not(part)
        if word == "at_least":
            if not isinstance(below, dict) or set(below) != {"count", "of"}:
                raise ConditionError('"at_least" takes "count" and "of"', "write: at_least: {count: 3, of: [...]}")
            if type(below["count"]) is not int:
                raise ConditionError(f'"count" is "{below["count"]}", not a whole number')
            of = self._parts("of", below["of"], (*path, "of"))
            return None if of is None else AtLeast(below["count"], of)
        if word not in ("all", "any"):
            known = did_you_mean(word, ("all", "any", "not", "at_least"))
            raise ConditionError(f'unknown word "{word}" in a condition', known or "use all, any, not or at_least")
        parts = self._parts(word, below, path)
        if parts is None:
            return None
        return All(parts) if word == "all" else Any(parts)

    def _parts(self, word: str, below: Data, path: Path) -> tuple[Condition, ...] | None:
        if not isinstance(below, list):
            raise ConditionError(f'"{word}" takes a list', 'begin each test below it with "- "')
        parts = [self.part(part, (*path, index)) for index, part in enumerate(below)]
        return None if None in parts else tuple(part for part in parts if part is not None)
