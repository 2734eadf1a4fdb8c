"""A quiet patient is asked before the page closes, can stay with one key, and loses nothing when it closes."""

import re
from time import time

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Page, expect

from tests.browser.clinic import Clinic
from tests.browser.test_accessibility import faults
from tests.browser.walk import enter, give_birth_date

QUESTIONS = "/questions/food_day"
NEARLY_OVER = 26 * 60  # seconds of quiet; it ends after 30 minutes


def have_been_quiet(page: Page, clinic: Clinic, seconds: float) -> None:
    """Let this time pass for the server, by the clock in the session, and for the page."""
    app = Flask("cookies")
    app.secret_key = clinic.settings.secret_key
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    cookie = next(cookie for cookie in page.context.cookies() if cookie["name"] == "session")
    session = serializer.loads(cookie["value"]) | {"active": int(time() - seconds)}
    page.context.add_cookies([{**cookie, "value": serializer.dumps(session)}])
    page.clock.fast_forward(seconds * 1000)


@pytest.fixture
def food(clinic: Clinic, page: Page) -> Page:
    """A patient on a page of questions, on a phone."""
    page.set_viewport_size({"width": 320, "height": 640})
    page.clock.install()
    patient = clinic.invite()
    enter(page, patient.link, patient.born)
    page.goto(clinic.address + QUESTIONS)
    return page


def test_the_page_asks_in_time_and_one_key_is_enough_to_stay(clinic: Clinic, food: Page) -> None:
    food.fill("#wholegrain_per_day", "4")
    dialog = food.get_by_role("dialog", name="Are you still there?")
    expect(dialog).to_be_hidden()
    have_been_quiet(food, clinic, NEARLY_OVER)
    expect(dialog).to_be_visible()
    expect(food.get_by_role("button", name="Stay on this page")).to_be_focused()
    assert faults(food) == []
    with food.expect_response("**/time-left") as answer:
        food.keyboard.press("Enter")
    assert answer.value.json()["seconds"] > NEARLY_OVER
    expect(dialog).to_be_hidden()
    expect(food.locator("#wholegrain_per_day")).to_have_value("4")


def test_nobody_is_asked_who_is_busy_in_another_window(food: Page) -> None:
    with food.expect_response("**/time-left"):
        food.clock.fast_forward(NEARLY_OVER * 1000)  # for this page alone
    food.clock.run_for(3000)
    expect(food.get_by_role("dialog")).to_be_hidden()


def test_when_it_closes_what_was_typed_is_there_after_the_date_of_birth(clinic: Clinic, food: Page) -> None:
    food.fill("#wholegrain_per_day", "4")
    have_been_quiet(food, clinic, 30 * 60 + 1)
    expect(food.get_by_role("heading", level=1)).to_have_text(re.compile("date of birth"))
    assert "4" not in food.inner_text("main")
    assert faults(food) == []
    give_birth_date(food, clinic.invite().born)
    food.wait_for_url(f"**{QUESTIONS}*")
    expect(food.locator("#wholegrain_per_day")).to_have_value("4")
