"""Switching the language in a real browser: what was typed stays, and the Enter key still goes on."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.clinic import Clinic
from tests.browser.test_accessibility import MUCH, NARROWEST, faults
from tests.browser.walk import enter, walk

HORMONES = {"hormone_status": "current", "hormone_kinds": ["oestrogen"], "has_testes": "no"}


def switch_to(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Language" if name == "Español" else "Idioma").get_by_text(name).click()


@pytest.fixture
def at_hormone_times(clinic: Clinic, page: Page) -> Page:
    """A page with two boxes for numbers, in English."""
    patient = clinic.invite()
    enter(page, patient.link, patient.born)
    walk(page, HORMONES, until="/questions/hormone_times")
    return page


def test_switching_there_and_back_keeps_what_was_typed(at_hormone_times: Page) -> None:
    page = at_hormone_times
    page.fill("#hormone_months", "about nine")
    page.fill("#hormone_change_months", "7")
    page.get_by_label("Yes", exact=True).check()
    switch_to(page, "Español")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.get_by_role("textbox", name="¿Hace cuántos meses empezó?")).to_have_value("about nine")
    expect(page.get_by_label("Sí", exact=True)).to_be_checked()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.fill("#hormone_months", "9")
    switch_to(page, "English")
    expect(page.get_by_role("textbox", name="How many months ago did you start?")).to_have_value("9")
    expect(page.locator("#hormone_change_months")).to_have_value("7")
    expect(page.get_by_label("Yes", exact=True)).to_be_checked()


def test_enter_in_a_box_goes_on_and_does_not_switch(at_hormone_times: Page) -> None:
    page = at_hormone_times
    page.fill("#hormone_months", "9")
    page.press("#hormone_months", "Enter")
    page.wait_for_url("**/questions/hormone_now")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_no_page_in_spanish_has_a_fault_or_is_too_wide(clinic: Clinic, browser: Browser) -> None:
    context = browser.new_context(locale="es-ES", viewport=NARROWEST)
    page = context.new_page()
    patient = clinic.invite("Marta Ejemplo", 70)
    page.goto(patient.link)
    found = faults(page)
    for box, value in (("day", 1), ("month", 1), ("year", patient.born.year)):
        page.fill(f"#date_of_birth-{box}", str(value))
    page.get_by_role("button", name="Continuar").click()
    walk(page, MUCH, visit=lambda shown: found.extend(faults(shown)))
    context.close()
    assert found == []
