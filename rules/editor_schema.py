"""JSON Schemas of rule files, made from the models that read them, for editors that complete and check as one types.

They know the shape of a file. Whether an item, code or source exists is for `intake rules check` to say.
"""

from typing import Any as Data

from rules.questionnaire import CONDITION, Model, ScoreFile, Section
from rules.ruleset import RuleFile, SourceFile

SCHEMAS: dict[str, type[Model]] = {
    "rules": RuleFile,
    "questionnaire": Section,
    "scores": ScoreFile,
    "sources": SourceFile,
}
# keys of a model that no file holds: where a thing stands tells them
_FROM_ITS_PLACE = {
    "Rule": ("id", "file"),
    "Item": ("page", "section", "language"),
    "Page": ("section", "language"),
    "Section": ("language",),
    "Score": ("id",),
}
_CONDITION = "#/$defs/Condition"
_CONDITIONS = {"type": "array", "items": {"$ref": _CONDITION}, "minItems": 1}


def schema(kind: str) -> dict[str, Data]:
    """Return the JSON Schema of a kind of file, one of `SCHEMAS`."""
    made: dict[str, Data] = SCHEMAS[kind].model_json_schema()
    definitions = made.setdefault("$defs", {})
    for name, definition in [*definitions.items(), (made["title"], made)]:
        for key in _FROM_ITS_PLACE.get(name, ()):
            del definition["properties"][key]
    if kind == "rules":
        _or_text(definitions["Rule"]["properties"]["consider"]["items"])
    if kind == "questionnaire":
        _or_text(definitions["Item"]["properties"]["options"])  # the name of a list of options
    definitions["Condition"] = _condition()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_with_conditions(made)}


def _or_text(part: dict[str, Data]) -> None:
    """Let a text stand in the place of what a schema asks for."""
    other = dict(part)
    part.clear()
    part["anyOf"] = [{"type": "string"}, other]


def _with_conditions(part: Data) -> Data:
    if isinstance(part, dict):
        if CONDITION.items() <= part.items():
            return {"$ref": _CONDITION}
        return {key: _with_conditions(below) for key, below in part.items()}
    return [_with_conditions(below) for below in part] if isinstance(part, list) else part


def _condition() -> dict[str, Data]:
    test = {
        "type": "string",
        "pattern": r"^\s*[a-z][a-z0-9_]*\s*(!=|<=|>=|=|<|>|\bincludes\b|\bin\b)\s*\S",
        "description": "item = code, !=, <, <=, >, >=, item in [a, b], item includes code",
    }
    at_least = {
        "type": "object",
        "properties": {"count": {"type": "integer", "minimum": 1}, "of": _CONDITIONS},
        "required": ["count", "of"],
        "additionalProperties": False,
    }
    words = {"all": _CONDITIONS, "any": _CONDITIONS, "not": {"$ref": _CONDITION}, "at_least": at_least}
    node = {
        "type": "object",
        "properties": words,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    return {
        "description": "A test of one item or score, or all, any, not or at_least around others.",
        "anyOf": [test, node],
    }
