"""Whatever somebody sends from outside is read, or refused in words; nothing of it makes the program fall over.

Each parser of what comes from outside is given bytes, text and data of any kind, beside pieces of what it expects.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from intake import checked, encryption, invitation_csv
from intake.answers_file import AnswersFileError, read_answers
from intake.days import day_of
from intake.invitation_csv import FileError
from intake.paper_codes import numbered, read_codes
from reports.fhir_checks import problems_of
from reports.fhir_import import section_of
from reports.fhir_response import answers_of
from rules.errors import AnswerErrors
from rules.load import library
from rules.response import read
from tests.conftest import SMALL, SMALL_RULES, sign_in

QUESTIONNAIRE = library().questionnaire
QUESTIONS = numbered(QUESTIONNAIRE)
FEW = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(SCALARS, lambda some: st.lists(some, max_size=4) | st.dictionaries(st.text(max_size=12), some))
PIECES = SMALL_RULES.split() + [
    "all:",
    "any:",
    "at_least:",
    "&a",
    "*a",
    "!!python/object:os.system",
    "\t",
    "'",
    "{",
    "[",
    "|",
]
YAML = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=30).flatmap(
    lambda words: st.sampled_from([" ", "\n", "\n  ", ": "]).map(lambda between: between.join(words))
)
ROWS = st.lists(
    st.sampled_from(["name", "date of birth", "appointment", "email", "1.2.1970", '"', ";", ",", "\t", "\n", "\r\n"])
    | st.text(max_size=6)
)
FHIR_KEYS = st.sampled_from(
    [
        "item",
        "linkId",
        "text",
        "type",
        "answer",
        "answerOption",
        "valueCoding",
        "valueInteger",
        "code",
        "system",
        "status",
    ]
)
FHIR = st.dictionaries(
    FHIR_KEYS,
    st.recursive(
        SCALARS | st.sampled_from(["choice", "integer", "group", "completed", "active", "http://loinc.org"]),
        lambda some: st.lists(some, max_size=3) | st.dictionaries(FHIR_KEYS, some, max_size=5),
        max_leaves=15,
    ),
)
HEADERS = (
    "Accept-Language",
    "Cookie",
    "Referer",
    "User-Agent",
    "Authorization",
    "If-None-Match",
    "Range",
    "Content-Type",
)
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40)


def does(what: Callable[[], object], *refusals: type[Exception]) -> None:
    """Do it; a refusal in words is as good."""
    with suppress(*refusals):
        what()


@FEW
@given(YAML)
def test_rule_files(text: str):
    result = checked.check(SMALL | {"safety.yaml": text})
    assert result.ruleset is not None or result.problems


@given(st.binary(max_size=200) | ROWS.map("".join).map(str.encode))
def test_csv_files_of_invitations(content: bytes):
    does(lambda: invitation_csv.read_rows(content), FileError)


@given(st.binary(max_size=100) | JSON.map(json.dumps).map(str.encode))
def test_files_of_answers(content: bytes):
    with TemporaryDirectory() as folder:
        file = Path(folder) / "answers.json"
        file.write_bytes(content)
        does(lambda: read_answers(file), AnswersFileError)


@given(st.dictionaries(st.sampled_from(list(QUESTIONNAIRE.items)) | st.text(max_size=10), JSON, max_size=6))
def test_answers(given_answers: dict[str, object]):
    does(lambda: read(QUESTIONNAIRE, given_answers), AnswerErrors)


@pytest.mark.parametrize("kind", ["Questionnaire", "QuestionnaireResponse", "Patient"])
@given(resource=FHIR | st.dictionaries(st.text(max_size=10), JSON, max_size=5))
def test_fhir_resources(kind: str, resource: dict[str, object]):
    whole = {**resource, "resourceType": kind}
    if problems_of(whole):
        return
    if kind == "Questionnaire":
        section_of(whole)
    elif kind == "QuestionnaireResponse":
        answers_of(whole, QUESTIONNAIRE)


@FEW
@given(st.dictionaries(st.sampled_from([one.name for one in QUESTIONS]), st.text(max_size=12), max_size=5))
def test_codes_typed_in_from_paper(app: Flask, typed: dict[str, str]):
    with app.test_request_context():
        given_answers, wrong = read_codes(QUESTIONS, typed)
    assert all(wrong.values())
    does(lambda: read(QUESTIONNAIRE, {item: answer for item, answer in given_answers.items() if item not in wrong}))


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_days(day: str, month: str, year: str):
    does(lambda: day_of(day, month, year), ValueError)


@given(st.text(max_size=120))
def test_sealed_texts(text: str):
    assert encryption.unseal("a secret key for tests", "a purpose", text) is None


@FEW
@given(st.text(min_size=1, max_size=40).map(lambda text: text.replace("/", "")))
def test_tokens_in_addresses(client: FlaskClient, token: str):
    for place in ("start", "sign-in", "clinician", "desk"):
        answer = client.get(f"/{place}/{token or 'x'}")
        assert answer.status_code < 500
        answer.close()


@FEW
@given(st.dictionaries(st.sampled_from(HEADERS), PRINTABLE, max_size=4))
def test_headers(client: FlaskClient, headers: dict[str, str]):
    for path in ("/", "/sign-in", "/cds-services", "/enter"):
        answer = client.get(path, headers=headers)
        assert answer.status_code < 500
        answer.close()


FIELDS = st.sampled_from(
    ["revision", "basis", "action", "verdict-RF1", "note-RF1", "seen", "email", "password", "code"]
)


@FEW
@given(st.lists(st.tuples(FIELDS | st.text(max_size=12), st.text(max_size=40)), max_size=8))
def test_forms(app: Flask, fields: list[tuple[str, str]]):
    patient, clinician = app.test_client(), app.test_client()
    sign_in(clinician, "clinician")
    for browser, path in (
        (patient, "/sign-in"),
        (patient, "/enter"),
        (clinician, "/desk/new"),
        (clinician, "/desk/import"),
    ):
        answer = browser.post(path, data=MultiDict(fields))
        assert answer.status_code < 500
        answer.close()
