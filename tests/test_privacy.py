"""A private answer and its flag reach the clinician's summary and nothing else that anybody may see.

Not the lists on a screen in the clinic, nor the pages that the patient sees later, nor an e-mail, a log line or an
address, nor the patient's copy. Each test is made for every private rule; whatever else leaves the clinic belongs here.
"""

import logging
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake import encounters, submission
from intake.database import Database
from intake.encounters import Encounter
from intake.export_commands import research_sources
from intake.rulesets import Screeners
from intake.settings import Settings
from reports.deidentified import deidentify
from rules.load import library
from rules.ruleset import Rule
from tests.conftest import come_in, sign_in
from tests.intake.test_mail import mails, send_all, set_up, words

QUESTIONNAIRE = library().questionnaire
PRIVATE_ITEMS = [item for item in QUESTIONNAIRE.items.values() if item.private]
PRIVATE_RULES = [rule for rule in library().by_id.values() if rule.private]
TELLING = re.compile(r"afraid|partner|abuse|violence|domestic|safeguard", re.IGNORECASE)
ON_A_SCREEN = ("/clinician", "/desk")  # lists that stand open in a clinic


def raising(rule: Rule) -> dict[str, str]:
    """Answers that raise a rule, by one of its own tests."""
    test = next(test for test in rule.tests if test.expect == "raised")
    return {name: str(answer) for name, answer in test.answers.items()}


@dataclass
class Browser:
    """A patient's phone that remembers every address it was sent to."""

    client: FlaskClient
    addresses: list[str] = field(default_factory=list)

    def answer(self, **answers: str) -> TestResponse:
        """Send each page that holds one of the answers; return what came back last."""
        pages: dict[str, dict[str, str]] = {}
        for name, answer in answers.items():
            pages.setdefault(QUESTIONNAIRE.items[name].page, {})[name] = answer
        for page, given in pages.items():
            back = self.client.post(f"/questions/{page}", data={"asked-items": " ".join(given), **given})
            self.addresses.append(back.headers["Location"])
        return back

    def look_at(self, path: str) -> TestResponse:
        back = self.client.get(path, follow_redirects=True)
        self.addresses.append(back.request.full_path)
        return back


def leave_all_else_blank(database: Database, encounter: Encounter, answers: Mapping[str, str]) -> None:
    blank = {item.id: None for item in QUESTIONNAIRE.items.values() if item.id not in answers and not item.derived}
    with database.writing() as session:
        encounters.save_page(session, encounter.id, blank)


def tells(text: str) -> bool:
    """Whether a text holds anything of a private matter: a word for it, or a private rule or its title."""
    names = (rf"\b{rule.id}\b|{re.escape(rule.title)}" for rule in PRIVATE_RULES)
    return bool(TELLING.search(text) or re.search("|".join(names), text))


@pytest.fixture(params=PRIVATE_RULES, ids=lambda rule: rule.id)
def rule(request: pytest.FixtureRequest) -> Rule:
    """Each private rule in turn."""
    rule: Rule = request.param
    return rule


@pytest.fixture
def phone(client: FlaskClient, ada: Encounter) -> Browser:
    """Ada's own phone."""
    come_in(client, ada)
    return Browser(client)


@pytest.fixture
def clinician(app: Flask, settings: Settings) -> FlaskClient:
    """A browser that a clinician has signed in with."""
    browser = app.test_client()
    sign_in(browser, "clinician")
    return browser


@pytest.fixture
def answered(phone: Browser, rule: Rule, database: Database, ada: Encounter) -> Browser:
    """Ada has raised the private rule, has seen the help, and has left all else blank. Nothing is sent yet."""
    answers = raising(rule)
    back = phone.answer(**answers)
    assert "/help-now" in back.headers["Location"]
    phone.look_at(back.headers["Location"])
    phone.client.post("/help-now")
    leave_all_else_blank(database, ada, answers)
    return phone


@pytest.fixture
def sent(answered: Browser) -> Browser:
    """The same, and the answers are sent."""
    assert answered.client.post("/check").status_code == 303
    return answered


def test_what_is_private_is_a_question_and_the_rule_that_rests_on_it() -> None:
    assert [rule.id for rule in PRIVATE_RULES] == ["RF14"]
    assert [item.id for item in PRIVATE_ITEMS] == ["afraid_at_home"]


def test_help_at_once_speaks_of_a_talk_alone_and_not_of_why(phone: Browser, rule: Rule) -> None:
    page = phone.look_at(phone.answer(**raising(rule)).headers["Location"])
    assert "alone" in page.text
    assert not tells(page.text)


def test_later_pages_addresses_and_the_cookie_hold_nothing(sent: Browser) -> None:
    assert not tells(sent.look_at("/sent").text)
    assert [address for address in sent.addresses if tells(address)] == []
    with sent.client.session_transaction() as session:
        assert not tells(str(dict(session)))


def test_the_patients_copy_holds_nothing_of_it(sent: Browser, rule: Rule, tmp_path: Path) -> None:
    pdf = tmp_path / "copy.pdf"
    pdf.write_bytes(sent.client.get("/my-answers.pdf").data)
    words = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, text=True, check=True).stdout
    assert "Your answers" in words
    assert rule.title not in words
    for item in PRIVATE_ITEMS:
        assert item.text not in " ".join(words.split())


def test_the_page_to_check_shows_neither_the_answer_nor_the_flag(answered: Browser, rule: Rule) -> None:
    page = answered.look_at("/check").text
    assert rule.id not in page
    assert rule.title not in page
    for item in PRIVATE_ITEMS:
        row = page[page.index(item.text) :].split("</div>")[0]
        assert "Not shown here" in row
        assert not re.search(r">\s*Yes\s*<", row)


@pytest.mark.parametrize("address", ON_A_SCREEN)
def test_lists_on_a_screen_name_the_patient_and_nothing_of_it(
    sent: Browser, clinician: FlaskClient, address: str
) -> None:
    page = clinician.get(address)
    assert "Ada Example" in page.text
    assert not tells(page.text)


def test_the_worklist_tells_nothing_of_answers_that_are_not_sent(answered: Browser, clinician: FlaskClient) -> None:
    page = clinician.get("/clinician")
    assert "Not finished" in page.text
    assert not tells(page.text)


def test_the_clinicians_summary_has_it_and_says_that_it_is_private(
    sent: Browser, clinician: FlaskClient, ada: Encounter, rule: Rule, tmp_path: Path
) -> None:
    pdf = tmp_path / "summary.pdf"
    pdf.write_bytes(clinician.get(f"/clinician/{ada.id}/summary.pdf").data)
    on_paper = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, text=True, check=True).stdout
    for text in (on_paper, clinician.get(f"/clinician/{ada.id}").text):
        assert rule.title in " ".join(text.split())
        assert "Private: not on the patient’s copy" in " ".join(text.split())
        assert tells(text)


def test_no_mail_says_anything_of_it(sent: Browser, database: Database, settings: Settings) -> None:
    send_all(database, set_up(settings))
    assert mails(settings)
    for mail in mails(settings):
        assert not tells(words(mail))
        assert not tells(str(mail.items()))
        assert "Ada" not in words(mail)


def test_no_log_line_tells_of_it_even_when_something_breaks(
    phone: Browser,
    database: Database,
    ada: Encounter,
    rule: Rule,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers = raising(rule)

    def breaks(*_: object, **__: object) -> Mapping[str, object]:
        raise RuntimeError(f"cannot screen {answers} of {ada.patient_name}")

    phone.client.application.config["PROPAGATE_EXCEPTIONS"] = False
    with caplog.at_level(logging.DEBUG), monkeypatch.context() as patch:
        phone.answer(**answers)
        phone.client.post("/help-now")
        patch.setattr("rules.screening.Screener.screen", breaks)
        patch.setattr("rules.screening.Screener.urgent", breaks)
        phone.client.get("/help-now")
        leave_all_else_blank(database, ada, answers)
        phone.client.post("/check")
        with pytest.raises(RuntimeError):
            submission.finish(database, Screeners(), f"{ada.id}/now")
    assert "RuntimeError" in caplog.text
    assert not tells(caplog.text)
    assert [name for name in answers if name in caplog.text] == []
    assert ada.patient_name not in caplog.text


def test_nothing_of_it_is_in_what_a_record_system_or_research_is_given(
    sent: Browser, clinician: FlaskClient, database: Database, ada: Encounter, rule: Rule
) -> None:
    with database.reading() as session:
        source = list(research_sources(session, Screeners()))
    export = deidentify(source, b"a secret of one export")
    given = clinician.get(f"/clinician/{ada.id}/fhir.json").text, export.table("csv").decode()
    for text in (*given, export.dictionary().decode()):
        assert len(text) > 1000
        names = [rule.id, rule.title, *(name for item in PRIVATE_ITEMS for name in (item.id, item.text, item.short))]
        assert [name for name in names if name in text] == []
