"""Two windows, or two devices, with the same questions: neither overwrites the other's answers without a word."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake import encounters
from intake.database import Database
from intake.encounters import Encounter
from tests.conftest import come_in

PAGE = "/questions/contact"


class Window:
    """A browser window: it sends the hidden fields of the page that it shows."""

    def __init__(self, app: Flask, patient: Encounter) -> None:
        self.client: FlaskClient = app.test_client()
        come_in(self.client, patient)
        self.page = ""

    def open(self) -> "Window":
        self.page = self.client.get(f"{PAGE}?show=all").text
        return self

    def send(self, **answers: str) -> TestResponse:
        hidden = dict(re.findall(r'<input type="hidden" name="(asked-items|seen)" value="([^"]*)"', self.page))
        back = self.client.post(PAGE, data={**hidden, **answers}, follow_redirects=False)
        while back.status_code == 307:
            back = self.client.post(back.headers["Location"], data={**hidden, **answers})
        self.page = back.text
        return back


@pytest.fixture
def windows(app: Flask, ada: Encounter) -> tuple[Window, Window]:
    """Two windows that were opened on the same page before anything was answered."""
    return Window(app, ada).open(), Window(app, ada).open()


def stored(database: Database, patient: Encounter) -> dict[str, object]:
    with database.reading() as session:
        return encounters.answers(session, patient.id)


def test_a_different_answer_given_elsewhere_is_shown_and_not_overwritten(
    windows: tuple[Window, Window], database: Database, ada: Encounter
) -> None:
    first, second = windows
    assert first.send(contact_frequency="weekly").status_code == 303
    back = second.send(contact_frequency="less", touch_frequency="daily")
    assert back.status_code == 409
    assert "You answered this in another window since: “" in back.text
    answers = stored(database, ada)
    assert (answers["contact_frequency"], answers["touch_frequency"]) == ("weekly", "daily")
    assert re.search(r'value="less"[^>]*checked', back.text), "what was picked here is still picked"


def test_whoever_has_seen_both_answers_decides(
    windows: tuple[Window, Window], database: Database, ada: Encounter
) -> None:
    first, second = windows
    first.send(contact_frequency="weekly")
    second.send(contact_frequency="less")
    assert second.send(contact_frequency="less").status_code == 303
    assert stored(database, ada)["contact_frequency"] == "less"


def test_a_blank_in_an_older_window_does_not_wipe_out_an_answer(
    windows: tuple[Window, Window], database: Database, ada: Encounter
) -> None:
    first, second = windows
    first.send(contact_frequency="weekly")
    assert second.send().status_code == 409
    assert stored(database, ada)["contact_frequency"] == "weekly"


def test_the_same_answer_twice_is_no_clash(windows: tuple[Window, Window]) -> None:
    first, second = windows
    assert first.send(contact_frequency="weekly").status_code == 303
    assert second.send(contact_frequency="weekly").status_code == 303


def test_answers_to_different_questions_are_put_together(app: Flask, database: Database, ada: Encounter) -> None:
    Window(app, ada).open().send(contact_frequency="weekly", touch_frequency="rarely")
    first, second = Window(app, ada).open(), Window(app, ada).open()
    assert first.send(contact_frequency="daily", touch_frequency="rarely").status_code == 303
    back = second.send(contact_frequency="weekly", touch_frequency="never")
    assert back.status_code == 409
    assert stored(database, ada)["touch_frequency"] == "never"


def test_changing_an_answer_in_one_window_is_no_clash(app: Flask, database: Database, ada: Encounter) -> None:
    window = Window(app, ada).open()
    window.send(contact_frequency="weekly")
    assert window.open().send(contact_frequency="daily").status_code == 303
    assert stored(database, ada)["contact_frequency"] == "daily"


def test_windows_that_send_at_the_same_moment_lose_nothing(app: Flask, database: Database, ada: Encounter) -> None:
    windows = [Window(app, ada).open() for _ in range(4)]
    answers = ("daily", "weekly", "monthly", "less")
    with ThreadPoolExecutor(4) as threads:
        codes = list(
            threads.map(
                lambda pair: pair[0].send(contact_frequency=pair[1]).status_code, zip(windows, answers, strict=True)
            )
        )
    assert sorted(codes) == [303, 409, 409, 409]
    assert stored(database, ada)["contact_frequency"] == answers[codes.index(303)]


def test_the_marks_of_a_page_do_not_tell_its_answers(app: Flask, ada: Encounter) -> None:
    window = Window(app, ada).open()
    window.send(contact_frequency="weekly")
    seen = re.search(r'name="seen" value="([^"]*)"', window.open().page)
    assert seen is not None
    assert re.fullmatch(r"([0-9a-f]{10} ?)+", seen[1])
