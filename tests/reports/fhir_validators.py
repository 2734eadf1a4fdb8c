"""FHIR by others' words: HL7's JSON schema, and a validator that shares no code with the library we check with."""

import gzip
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import fhirkit
from jsonschema import Draft6Validator

SCHEMA = Path(__file__).parents[1] / "data" / "fhir" / "r4.schema.json.gz"


@cache
def _definitions() -> Mapping[str, Any]:
    """Bundle, Patient, Device, Questionnaire and its response, Observation, DetectedIssue, DocumentReference."""
    return json.loads(gzip.decompress(SCHEMA.read_bytes()))["definitions"]


def objections(resource: Mapping[str, Any]) -> list[str]:
    """Everything that either of the two finds wrong with a resource, or with each resource of a bundle."""
    resource = json.loads(json.dumps(resource))  # as it travels
    found = [str(issue) for issue in fhirkit.validate(dict(resource))]
    for one in [entry["resource"] for entry in resource.get("entry", [])] or [resource]:
        schema = {"$ref": f"#/definitions/{one['resourceType']}", "definitions": _definitions()}
        found += [
            f"{one['resourceType']}/{'/'.join(map(str, error.absolute_path))}: {error.message}"
            for error in Draft6Validator(schema).iter_errors(one)
        ]
    return found
