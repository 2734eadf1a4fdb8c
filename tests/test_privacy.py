"""A private answer and its flag reach the clinician's summary and nothing else that anybody may see.

Not the lists on a screen in the clinic, nor the pages that the patient sees later, nor an e-mail, a log line or an
address.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake import submission
from intake.accounts import sign_in_token
from intake.database import Database
from intake.encounters import Encounter
from intake.rulesets import Screeners
from intake.settings import Settings
from rules.load import library
from tests.conftest import come_in
from tests.intake.test_mail import mails, send_all, set_up, words

QUESTIONNAIRE = library().questionnaire
PRIVATE_ITEMS = [item for item in QUESTIONNAIRE.items.values() if item.private]
PRIVATE_RULES = [rule for rule in library().by_id.values() if rule.private]
TELLING = re.compile(r"afraid|partner|abuse|violence|domestic|safeguard", re.IGNORECASE)
FEAR = {"afraid_at_home": "yes", "touch_frequency": "never", "touch_wish": "more"}


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

    def text(self, path: str) -> str:
        back = self.client.get(path, follow_redirects=True)
        self.addresses.append(back.request.full_path)
        return words_of(back)

    def leave_the_rest_blank(self) -> None:
        for page in QUESTIONNAIRE.pages.values():
            unanswered = [item.id for item in page.items if item.id not in FEAR and not item.derived]
            self.client.post(f"/questions/{page.id}", data={"asked-items": " ".join(unanswered)})


def words_of(page: TestResponse) -> str:
    """What a page says: its text without tags and addresses."""
    return re.sub(r"<[^>]+>", " ", page.text)


@pytest.fixture
def phone(client: FlaskClient, ada: Encounter) -> Browser:
    """Ada's own phone."""
    come_in(client, ada)
    return Browser(client)


@pytest.fixture
def clinician(app: Flask, settings: Settings) -> FlaskClient:
    """A browser that a clinician has signed in with."""
    browser = app.test_client()
    browser.get(f"/sign-in/{sign_in_token(settings.secret_key, 'clinician')}")
    return browser


@pytest.fixture
def afraid(phone: Browser) -> Browser:
    """Ada has answered that she is afraid, has left all else blank, and has sent her answers."""
    phone.answer(**FEAR)
    phone.client.post("/help-now", data={"after": QUESTIONNAIRE.items["afraid_at_home"].page})
    phone.leave_the_rest_blank()
    assert phone.client.post("/check").status_code == 303
    return phone


def test_there_is_a_private_rule_and_it_rests_on_a_private_question() -> None:
    assert [rule.id for rule in PRIVATE_RULES] == ["RF14"]
    assert [item.id for item in PRIVATE_ITEMS] == ["afraid_at_home"]


def test_help_at_once_speaks_of_a_talk_alone_and_not_of_why(phone: Browser) -> None:
    back = phone.answer(**FEAR)
    assert "/help-now" in back.headers["Location"]
    page = phone.text(back.headers["Location"])
    assert "alone" in page
    assert not TELLING.search(page)


def test_later_pages_hold_neither_the_answer_nor_a_hint(afraid: Browser) -> None:
    assert not TELLING.search(afraid.text("/sent"))
    assert not any(TELLING.search(address) for address in afraid.addresses)


def test_the_page_to_check_does_not_show_the_answer(phone: Browser) -> None:
    phone.answer(**FEAR)
    phone.client.post("/help-now")
    phone.leave_the_rest_blank()
    page = phone.client.get("/check").text
    for item in PRIVATE_ITEMS:
        row = page[page.index(item.text) :].split("</div>")[0]
        assert "Not shown here" in row
        assert not re.search(r">\s*Yes\s*<", row)


def test_the_worklist_shows_how_urgent_it_is_and_not_what_it_is(afraid: Browser, clinician: FlaskClient) -> None:
    page = clinician.get("/clinician")
    assert "Ada Example" in page.text
    assert "Same day" in page.text
    for rule in PRIVATE_RULES:
        assert rule.title not in page.text
        assert not re.search(rf"\b{rule.id}\b", page.text)
    assert not TELLING.search(page.text)


def test_the_clinicians_summary_has_it_and_says_that_it_is_private(
    afraid: Browser, clinician: FlaskClient, ada: Encounter
) -> None:
    page = clinician.get(f"/clinician/{ada.id}").text
    for rule in PRIVATE_RULES:
        assert rule.title in page
    assert "Private: not on the patient’s copy" in page


def test_no_mail_says_anything_of_it(afraid: Browser, database: Database, settings: Settings) -> None:
    send_all(database, set_up(settings))
    assert mails(settings)
    for mail in mails(settings):
        assert not TELLING.search(words(mail))
        assert "Ada" not in words(mail)


def test_no_log_line_tells_of_it_even_when_something_breaks(
    phone: Browser,
    database: Database,
    ada: Encounter,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def breaks(*_: object, **__: object) -> Mapping[str, object]:
        raise RuntimeError(f"cannot screen {FEAR} of {ada.patient_name}")

    phone.client.application.config["PROPAGATE_EXCEPTIONS"] = False
    with caplog.at_level(logging.DEBUG), monkeypatch.context() as patch:
        phone.answer(**FEAR)
        phone.client.post("/help-now")
        patch.setattr("rules.screening.Screener.screen", breaks)
        patch.setattr("rules.screening.Screener.raised", breaks)
        phone.client.get("/help-now")
        phone.leave_the_rest_blank()
        phone.client.post("/check")
        assert submission.screen_unfinished(database, Screeners()) == 0
    assert "RuntimeError" in caplog.text
    assert not TELLING.search(caplog.text)
    assert "afraid_at_home" not in caplog.text
    assert ada.patient_name not in caplog.text
