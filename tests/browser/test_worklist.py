"""The worklist in a real browser: what comes in appears by itself, and is free of faults."""

from playwright.sync_api import Page, expect

from intake import emergencies, outbox
from intake.database import database_of
from intake.emergencies import Cause
from tests.browser.clinic import Clinic
from tests.browser.test_accessibility import NARROWEST, faults

SOON = 20_000  # milliseconds


def test_an_emergency_appears_by_itself_is_taken_and_what_is_typed_stays(clinic: Clinic, page: Page) -> None:
    patient = clinic.invite("Zora Example")
    page.set_viewport_size(NARROWEST)
    page.goto(clinic.staff("clinician"))
    page.get_by_label("Search by name").fill("some")
    database = database_of(clinic.settings)
    with database.writing() as session:
        emergencies.raise_one(session, patient.encounter_id, Cause.ANSWERS)
        for mail_id in outbox.waiting(session):
            mail = outbox.find(session, mail_id)
            assert mail is not None
            outbox.mark_failed(session, mail.key, "the mail server is away", for_good=False)
    take = page.get_by_role("button", name="I am taking care of this (Zora Example)")
    expect(take).to_be_visible(timeout=SOON)
    expect(page.get_by_role("row", name="Zora Example").get_by_text("Needs somebody now")).to_be_visible(timeout=SOON)
    expect(page.get_by_label("Search by name")).to_have_value("some")
    assert faults(page) == []
    take.click()
    page.wait_for_url(f"**/clinician/{patient.encounter_id}")
    expect(page.get_by_text("is taking care of this")).to_be_visible()
    expect(take).to_have_count(0)
    assert faults(page) == []
    database.close()


def test_a_page_that_is_not_up_to_date_any_more_says_so(clinic: Clinic, page: Page) -> None:
    page.clock.install()
    page.goto(clinic.staff("clinician"))
    page.route("**/clinician/list*", lambda route: route.abort())
    for _ in range(4):
        page.clock.run_for(5_500)
        page.wait_for_timeout(300)
    expect(page.get_by_text("This page has not been up to date since")).to_be_visible()
    page.unroute("**/clinician/list*")
    page.clock.run_for(5_500)
    expect(page.get_by_text("This page has not been up to date since")).to_be_hidden()
