"""The questionnaire on paper, and what staff type in from it by its codes."""

import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from intake import create_app, encounters, language
from intake.cli import main
from intake.database import Database
from intake.encounters import Encounter
from intake.paper_codes import numbered, read_codes
from intake.paper_gates import gate_words
from intake.settings import Settings
from rules.load import library
from rules.response import read
from tests.conftest import sign_in

QUESTIONNAIRE = library().questionnaire
QUESTIONS = numbered(QUESTIONNAIRE)
BY_ID = {question.item.id: question for question in QUESTIONS}
NUMBERS = {item: question.number for item, question in BY_ID.items()}


def name(item: str) -> str:
    return BY_ID[item].name


def code(item: str, answer: object) -> str:
    return next(code for code, option in BY_ID[item].options if option.code == answer)


@pytest.fixture
def desk(app: Flask) -> FlaskClient:
    """A browser at the front desk."""
    browser = app.test_client()
    sign_in(browser, "front_desk")
    return browser


@pytest.fixture
def in_english(app: Flask):
    """A place where words can be put together."""
    with app.test_request_context(), language.in_language("en"):
        yield


def text_of(pdf: bytes) -> str:
    made = subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True)
    return " ".join(made.stdout.decode().split())


def test_paper_asks_every_question_with_every_answer_and_says_whom_to_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTAKE_DATA", str(tmp_path))
    for spoken, first in (("en", "999"), ("es", "999")):
        made = CliRunner().invoke(main, ["questionnaire", "pdf", str(tmp_path / "q.pdf"), "--language", spoken])
        assert made.exit_code == 0, made.output
        text = text_of((tmp_path / "q.pdf").read_bytes())
        assert text.index(first) < 300
        for item in library().in_language(spoken).questionnaire.items.values():
            if not item.derived:
                assert " ".join(item.text.split()) in text, item.id
                assert all(" ".join(option.label.split()) in text for option in item.options), item.id


def test_staff_print_it_in_both_languages_and_in_large_print(desk: FlaskClient) -> None:
    links = re.findall(r'href="(/desk/paper/[^"]+)"', desk.get("/desk").text)
    assert len(links) == 4
    assert all(desk.get(link).mimetype == "application/pdf" for link in links[:2])
    assert desk.get("/desk/paper/tlh.pdf").status_code == 404


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("chest_pain_now", ""),
        ("ovaries_removed", "question 10: “No” and question 11: not “Yes”"),
        ("hot_flushes", "question {symptoms_present}: “Hot flushes”"),
        ("sarcf_1", "your age: 65 or more"),
        ("phq9_3", "the codes of questions {phq9_1} to {phq9_2}, added up: 2 or more"),
        ("cycle_change_months", "question {period_status}: "),
        ("fruit_veg_per_day", "question {wholegrain_per_day}: less than 1"),
        ("vitamin_c_foods_per_day", "question {supplements}: not “Vitamin C”"),
    ],
)
def test_for_whom_a_question_is_stands_above_it_in_words(in_english: None, item: str, words: str) -> None:
    said = gate_words(QUESTIONNAIRE.items[item].when, QUESTIONNAIRE, NUMBERS)
    assert said.startswith(words.format(**NUMBERS))
    assert bool(said) == bool(words)


def test_codes_become_the_answers_that_a_browser_would_send(in_english: None) -> None:
    typed = {
        name("phq9_1"): "2",
        name("contact_frequency"): code("contact_frequency", "weekly"),
        name("chest_pain_now"): "?",
        name("afraid_at_home"): "x",
        name("conditions"): f"{code('conditions', 'diabetes')} {code('conditions', 'thyroid')}",
        name("wholegrain_per_day"): " 4 ",
        name("hormone_months"): "?",
        name("matters_most"): "Sleep",
    }
    answers, wrong = read_codes(QUESTIONS, typed)
    assert wrong == {}
    assert {item: answer for item, answer in answers.items() if answer is not None} == {
        "phq9_1": 2, "contact_frequency": "weekly", "chest_pain_now": "not_sure", "afraid_at_home": "declined",
        "conditions": ["thyroid", "diabetes"], "wholegrain_per_day": 4, "hormone_months": "not_sure",
        "matters_most": "Sleep",
    }  # fmt: skip


def test_what_is_no_code_is_named_with_the_codes_there_are(in_english: None) -> None:
    typed = {name("phq9_1"): "7", name("wholegrain_per_day"): "many", name("conditions"): "1 99"}
    _, wrong = read_codes(QUESTIONS, typed)
    assert set(wrong) == set(typed)
    assert wrong[name("phq9_1")] == "There is no code 7 here. The codes are 0, 1, 2, 3, x."
    assert "whole number" in wrong[name("wholegrain_per_day")]
    assert "no code 99" in wrong[name("conditions")]


@given(st.dictionaries(st.sampled_from([question.name for question in QUESTIONS]), st.text(max_size=6)))
def test_whatever_is_typed_is_taken_or_refused_and_what_is_taken_can_be_screened(typed: dict[str, str]) -> None:
    app = create_app(Settings.from_environment({"INTAKE_SECRET_KEY": "a key for tests only"}))
    with app.test_request_context(), language.in_language("en"):
        answers, wrong = read_codes(QUESTIONS, typed)
    assert read(QUESTIONNAIRE, {**{item: a for item, a in answers.items() if a is not None}, "age": 50})
    assert set(wrong) <= set(typed)


class TestTypingIn:
    def test_the_answers_are_sent_and_an_urgent_one_is_told_without_saying_what(
        self, desk: FlaskClient, database: Database, ada: Encounter
    ) -> None:
        assert "Type in the paper of Ada Example" in desk.get(f"/desk/{ada.id}/type-in").text
        back = desk.post(f"/desk/{ada.id}/type-in", data={name("chest_pain_now"): "1"}, follow_redirects=True)
        assert "Tell a clinician now" in back.text
        assert "hest pain" not in back.text
        with database.reading() as session:
            found = encounters.find(session, ada.id)
        assert found is not None
        assert found.sent_at is not None

    def test_one_mistake_keeps_all_that_was_typed_and_sends_nothing(
        self, desk: FlaskClient, database: Database, ada: Encounter
    ) -> None:
        typed = {name("phq9_1"): "7", name("matters_most"): "Sleep"}
        back = desk.post(f"/desk/{ada.id}/type-in", data=typed)
        assert back.status_code == 422
        assert f"Question {NUMBERS['phq9_1']}: There is no code 7 here." in back.text
        assert "Sleep" in back.text
        with database.reading() as session:
            assert encounters.find(session, ada.id).started_at is None

    def test_nothing_is_sent_where_nothing_was_typed(self, desk: FlaskClient, ada: Encounter) -> None:
        assert desk.post(f"/desk/{ada.id}/type-in").status_code == 422

    def test_what_a_patient_answered_online_is_neither_shown_nor_overwritten(
        self, desk: FlaskClient, database: Database, ada: Encounter
    ) -> None:
        with database.writing() as session:
            encounters.save_page(session, ada.id, {"phq9_1": 2})
        assert desk.get(f"/desk/{ada.id}/type-in").status_code == 409
        assert desk.post(f"/desk/{ada.id}/type-in", data={name("phq9_1"): "1"}).status_code == 409
        assert "type-in" not in desk.get(f"/desk/{ada.id}").text


def test_every_question_can_be_typed_in() -> None:
    for question in QUESTIONS:
        codes = [code for code, _ in question.options]
        assert len(set(codes)) == len(question.item.options)
