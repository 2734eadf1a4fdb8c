"""A sensitive page is left at one tap or key, and going back shows nothing of it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.clinic import Clinic
from tests.browser.walk import enter, go_on, walk

ELSEWHERE = "https://www.bbc.co.uk/weather"
SENSITIVE = re.compile("afraid|partner|safe at home", re.IGNORECASE)


@pytest.fixture
def at_home(clinic: Clinic, page: Page) -> Page:
    """A patient on the page about safety at home."""
    page.context.route(ELSEWHERE, lambda route: route.fulfill(content_type="text/html", body="<h1>Weather</h1>"))
    patient = clinic.invite()
    enter(page, patient.link, patient.born)
    walk(page, {}, until="/questions/safety_at_home")
    expect(page.get_by_text(SENSITIVE).first).to_be_visible()
    return page


def gone(page: Page) -> None:
    expect(page).to_have_url(ELSEWHERE)
    page.go_back()
    page.wait_for_load_state()
    assert not SENSITIVE.search(page.inner_text("body"))
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("date of birth"))


def test_escape_leaves_and_going_back_asks_for_the_date_of_birth(at_home: Page) -> None:
    at_home.keyboard.press("Escape")
    gone(at_home)


def test_a_tap_leaves_and_the_button_is_in_reach_at_the_end_of_the_page(at_home: Page) -> None:
    at_home.set_viewport_size({"width": 360, "height": 640})
    at_home.get_by_role("button", name="Continue").scroll_into_view_if_needed()
    button = at_home.get_by_role("button", name=re.compile("Leave this page quickly"))
    expect(button).to_be_in_viewport()
    assert button.bounding_box()["height"] >= 44
    button.click()
    gone(at_home)


def test_a_page_that_was_gone_on_from_is_not_in_the_way_back(at_home: Page) -> None:
    go_on(at_home)
    expect(at_home).not_to_have_url(re.compile("safety_at_home"))
    at_home.go_back()
    at_home.wait_for_load_state()
    assert not SENSITIVE.search(at_home.inner_text("body"))


def test_without_script_the_button_leaves_too(clinic: Clinic, browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    context.route(ELSEWHERE, lambda route: route.fulfill(content_type="text/html", body="<h1>Weather</h1>"))
    page = context.new_page()
    patient = clinic.invite()
    enter(page, patient.link, patient.born)
    page.goto(f"{clinic.address}/questions/safety_at_home")
    page.get_by_role("button", name=re.compile("Leave this page quickly")).click()
    expect(page).to_have_url(ELSEWHERE)
    page.goto(f"{clinic.address}/questions/safety_at_home")
    assert not SENSITIVE.search(page.inner_text("body"))
    context.close()
