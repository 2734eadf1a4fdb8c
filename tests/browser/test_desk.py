"""The front desk in a real browser: from the sheet of paper to the patient's pages, and from a file to the list."""

from io import BytesIO
from pathlib import Path

import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Clinic
from tests.browser.walk import enter


def test_the_code_on_the_printed_sheet_opens_the_questions(clinic: Clinic, page: Page, browser: Browser) -> None:
    patient = clinic.invite("Quentin Example")
    page.goto(clinic.staff("clinician"))
    page.goto(f"{clinic.address}/desk/{patient.encounter_id}/sheet")
    page.emulate_media(media="print")
    (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(page.screenshot(full_page=True))))
    assert code.text == patient.link
    phone = browser.new_context().new_page()
    enter(phone, code.text, patient.born)
    expect(phone.get_by_text("Quentin Example")).to_be_visible()
    phone.context.close()


def test_a_link_typed_from_paper_in_capitals_opens_too(clinic: Clinic, page: Page) -> None:
    patient = clinic.invite()
    address, _, token = patient.link.rpartition("/")
    enter(page, f"{address}/{token.upper().replace('-', '')}", patient.born)


def test_a_file_is_imported(clinic: Clinic, page: Page, tmp_path: Path) -> None:
    file = tmp_path / "patients.csv"
    file.write_text("name;date_of_birth\nRosa Example;27.3.1971\nSven Example;soon\n")
    page.goto(clinic.staff("clinician"))
    page.goto(f"{clinic.address}/desk/import")
    page.set_input_files("#file", file)
    page.get_by_role("button", name="Look at it").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the row to correct").click()
    assert "Sven Example" in Path(download.value.path()).read_text()
    page.get_by_role("button", name="Invite 1 patient").click()
    expect(page.get_by_role("status")).to_have_text("1 patient invited.")
    expect(page.get_by_role("link", name="Rosa Example")).to_be_visible()


def test_a_tablet_is_lent_warned_and_cleared_and_back_shows_nothing(clinic: Clinic, page: Page) -> None:
    patient = clinic.invite("Tessa Example")
    page.clock.install()
    page.goto(clinic.staff("clinician"))
    page.goto(f"{clinic.address}/desk/{patient.encounter_id}")
    page.get_by_role("button", name="Hand this tablet to the patient").click()
    expect(page.get_by_text("Tessa Example")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    asks = page.get_by_role("dialog", name="Are you still there?")
    page.clock.run_for(151_000)
    expect(asks).to_be_visible()
    page.get_by_role("button", name="I am still here").click()
    expect(asks).to_be_hidden()
    page.clock.run_for(151_000)
    expect(asks).to_be_visible()
    page.clock.run_for(31_000)
    page.wait_for_url("**/kiosk/over")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    page.go_back()
    expect(page.locator("body")).not_to_contain_text("Tessa Example")
    page.goto(f"{clinic.address}/desk")
    expect(page.locator("body")).not_to_contain_text("Tessa Example")


def test_a_tablet_is_cleared_without_script_too(clinic: Clinic, browser: Browser) -> None:
    patient = clinic.invite("Ursula Example")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(clinic.staff("clinician"))
    page.goto(f"{clinic.address}/desk/{patient.encounter_id}")
    page.get_by_role("button", name="Hand this tablet to the patient").click()
    refresh = page.locator("meta[http-equiv=refresh]")
    assert refresh.get_attribute("content") == "195;url=/kiosk/over"
    page.get_by_role("link", name="Give the tablet back").click()
    page.go_back()
    expect(page.locator("body")).not_to_contain_text("Ursula Example")
    context.close()
