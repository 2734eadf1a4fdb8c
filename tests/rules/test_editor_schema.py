"""JSON Schemas for editors: they let through what the checker lets through, and mark a wrong shape."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from rules.editor_schema import SCHEMAS, schema
from rules.load import LIBRARY, read_files
from rules.source import read

BROKEN = Path(__file__).parent.parent / "broken_rules"
SHAPES = ("unknown_key", "unknown_priority", "unknown_connective", "empty_all", "consider_is_empty", "rules_left_out",
          "text_for_a_rule", "count_not_a_number", "unknown_grade", "no_condition")  # fmt: skip


def kind_of(file: str) -> str:
    return "questionnaire" if file.startswith("questionnaire/") else file[:-5] if file[:-5] in SCHEMAS else "rules"


def faults(kind: str, data: Any) -> list[str]:
    Draft202012Validator.check_schema(schema(kind))
    return [error.message for error in Draft202012Validator(schema(kind)).iter_errors(data)]


@pytest.mark.parametrize("file", [file for file in read_files(LIBRARY) if not file.startswith("languages/")])
def test_every_file_of_the_library_fits_its_schema(file: str) -> None:
    assert faults(kind_of(file), read(file, read_files(LIBRARY)[file]).data) == []


@pytest.mark.parametrize("name", SHAPES)
def test_a_wrong_shape_is_marked(name: str) -> None:
    text = (BROKEN / f"{name}.yaml").read_text(encoding="utf-8")
    assert faults("rules", read(name, text).data)
