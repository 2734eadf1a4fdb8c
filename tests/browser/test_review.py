"""The review in a real browser: marked, signed and copied; without script too; nothing typed goes by a stray tap."""

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from intake import encounters, submission
from intake.database import database_of
from intake.rulesets import Screeners
from tests.browser.clinic import Clinic
from tests.browser.test_accessibility import NARROWEST, faults

ANSWERS = {"chest_pain_now": "yes", "breast_change": "yes"}


@pytest.fixture
def summary(clinic: Clinic) -> str:
    """The address of a summary with an emergency."""
    patient = clinic.invite("Rita Example")
    database = database_of(clinic.settings)
    with database.writing() as session:
        encounters.save_page(session, patient.encounter_id, ANSWERS)
    submission.send(database, Screeners(), patient.encounter_id)
    return f"{clinic.address}/clinician/{patient.encounter_id}"


def test_a_clinician_marks_signs_and_copies(clinic: Clinic, page: Page, summary: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=clinic.address)
    page.set_viewport_size(NARROWEST)
    page.goto(clinic.staff("clinician"))
    page.goto(summary)
    page.get_by_role("button", name="Sign as").click()
    message = page.get_by_role("alert").filter(has_text="Nothing is saved yet")
    expect(message).to_be_focused()
    assert faults(page) == []
    message.get_by_role("link").first.click()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Sign as").click()
    expect(page.get_by_text("Signed by A clinician").first).to_be_visible()
    assert faults(page) == []
    page.get_by_role("button", name="Copy the text").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "Rita Example" in copied
    assert "Clinician: agree." in copied


def test_it_works_without_script(clinic: Clinic, browser: Browser, summary: str) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(clinic.staff("clinician"))
    page.goto(summary)
    urgent = page.locator(".emergency .opinion")
    urgent.get_by_label("Acted on").check()
    urgent.get_by_label("Note").fill("Sent to hospital.")
    page.get_by_role("button", name="Sign as").click()
    expect(page.get_by_text("Sent to hospital.").first).to_be_visible()
    assert "Sent to hospital." in page.get_by_label("Text for the record system").input_value()
    page.context.close()


def test_what_is_typed_and_not_saved_is_asked_about_before_it_goes(clinic: Clinic, page: Page, summary: str) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.goto(clinic.staff("clinician"))
    page.goto(summary)
    page.locator("textarea[name^=note-]").first.fill("Sent to")
    page.get_by_role("link", name="Back to the worklist").click(no_wait_after=True)
    expect(page.locator("textarea[name^=note-]").first).to_have_value("Sent to")
    assert asked == ["beforeunload"]
    page.locator("textarea[name^=note-]").first.fill("Sent to hospital.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Last saved by A clinician")).to_be_visible()
    assert asked == ["beforeunload"], "saving is not leaving"
