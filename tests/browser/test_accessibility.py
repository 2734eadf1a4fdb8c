"""axe-core finds nothing on any page in any state, and no page is wider than the smallest phone or the largest zoom."""

from datetime import date
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from intake.staff import Role
from tests.browser.clinic import Clinic
from tests.browser.walk import enter, give_birth_date, go_on, send, walk

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
MUCH = {
    "chest_pain_now": "no", "sudden_breathlessness": "no", "collapse": "no", "face_arm_speech": "no",
    "sudden_visual_loss": "no", "thunderclap_headache": "no", "painful_swollen_leg": "no",
    "vomiting_or_confusion": "no",
    "sex_at_birth": "female", "has_uterus": "yes", "has_ovaries": "yes", "has_testes": "no", "has_prostate": "no",
    "conditions": ["none"], "medicines": ["antidepressant"], "hormone_status": "current",
    "hormone_kinds": ["oestrogen"], "oestrogen_route": "patch_gel_spray", "progestogen": "none",
    "symptoms_present": ["hot_flushes", "headaches"], "hot_flushes": 2, "phq9_1": 2, "phq9_2": 2, "phq9_9": 1,
    "safe_now": "yes", "afraid_at_home": "yes", "auditc_1": 2, "supplements": ["vitamin_d", "zinc"], "zinc_mg": 50,
    "matters_most": "I would like to sleep again.",
}  # fmt: skip
COLOUR_SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
NARROWEST = {"width": 320, "height": 640}  # as wide as a page at 400% zoom on a screen of 1280


def faults(page: Page) -> list[str]:
    """What axe-core, or a look at the width and the headings, finds wrong with the page as it is now."""
    found = Axe().run(page, options=RULES).response["violations"]
    wrong = [f"{fault['id']}: {node['html']}" for fault in found for node in fault["nodes"]]
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > page.viewport_size["width"]:
        wrong.append(f"{width} pixels wide")
    if page.locator("h1").count() != 1:
        wrong.append(f"{page.locator('h1').count()} headings of level 1")
    return [f"{page.url} {text}" for text in wrong]


@pytest.fixture
def narrow(page: Page) -> Page:
    """The narrowest page that there is."""
    page.set_viewport_size(NARROWEST)
    return page


def test_no_page_of_a_patients_way_has_a_fault(clinic: Clinic, narrow: Page) -> None:
    found: list[str] = []
    patient = clinic.invite()
    enter(narrow, patient.link, patient.born)
    walk(narrow, MUCH, visit=lambda page: found.extend(faults(page)))
    send(narrow)
    assert found + faults(narrow) == []


def test_no_page_of_the_way_in_has_a_fault(clinic: Clinic, narrow: Page) -> None:
    narrow.goto(clinic.invite().link)
    found = faults(narrow)
    for day in range(2, 7):
        give_birth_date(narrow, date(1980, 1, day))
        found += faults(narrow)
    assert narrow.locator("h1").inner_text() == "This link is locked for now"
    assert found == []


def test_no_page_with_errors_has_a_fault(clinic: Clinic, narrow: Page) -> None:
    patient = clinic.invite()
    enter(narrow, patient.link, patient.born)
    walk(narrow, {"hormone_status": "current"}, until="/questions/hormone_times")
    narrow.fill("#hormone_months", "many")
    narrow.fill("#hormone_change_months", "5000")
    go_on(narrow)
    summary = narrow.locator(".govuk-error-summary")
    assert summary.get_by_role("link").count() == 2
    assert summary.evaluate("box => box === document.activeElement"), "the errors are not announced"
    assert faults(narrow) == []
    summary.get_by_role("link").first.click()
    assert narrow.evaluate("document.activeElement.id") == "hormone_months"


@pytest.mark.parametrize(
    "path", ["/", "/help-now", "/nowhere", "/check", "/start/wrong", "/about/evidence", "/kiosk/over"]
)
def test_no_page_for_anybody_has_a_fault(clinic: Clinic, narrow: Page, path: str) -> None:
    narrow.goto(clinic.address + path)
    assert faults(narrow) == []


def test_no_page_for_staff_has_a_fault(clinic: Clinic, narrow: Page) -> None:
    waiting, done = clinic.invite("Una Example"), clinic.invite("Vera Example")
    enter(narrow, done.link, done.born)
    walk(narrow, MUCH)
    send(narrow)
    summary, unfinished = f"/clinician/{done.encounter_id}", f"/clinician/{waiting.encounter_id}"
    link = f"/desk/{waiting.encounter_id}"
    type_in = f"{link}/type-in"
    visits: dict[Role, list[str]] = {
        "clinician": [
            "/clinician",
            summary,
            f"{summary}/review",
            unfinished,
            "/desk",
            "/desk/new",
            "/desk/import",
            link,
            f"{link}/sheet",
            type_in,
        ],
        "front_desk": ["/desk"],
        "admin": [
            "/admin",
            "/admin/drafts",
            "/admin/history",
            "/admin/what-if",
            "/admin/how-rules-do?rule=RF8",
            "/admin/rules/H6",
            "/admin/rules/RF14",
        ],
    }
    found: list[str] = []
    for role, paths in visits.items():
        narrow.goto(clinic.staff(role))
        for path in paths:
            answer = narrow.goto(clinic.address + path)
            assert answer is not None
            assert answer.ok, path
            for scheme in COLOUR_SCHEMES:
                narrow.emulate_media(color_scheme=scheme)
                found += [f"{scheme}: {fault}" for fault in faults(narrow)]
    assert found == []


def test_no_page_of_correcting_what_was_sent_has_a_fault(clinic: Clinic, narrow: Page) -> None:
    patient = clinic.invite()
    enter(narrow, patient.link, patient.born)
    walk(narrow, {})
    send(narrow)
    narrow.get_by_role("button", name="Change my answers").click()
    narrow.wait_for_url("**/check")
    found = faults(narrow)
    narrow.goto(f"{clinic.address}/sent")
    found += faults(narrow)
    staff = narrow.context.browser.new_context()
    staff.request.get(clinic.staff("clinician"))
    staff.request.get(f"{clinic.address}/clinician/{patient.encounter_id}")
    staff.close()
    narrow.reload()
    narrow.get_by_text("Your clinician opened your answers before you sent").wait_for()
    assert found + faults(narrow) == []


def test_no_page_of_the_desk_with_mistakes_has_a_fault(clinic: Clinic, narrow: Page, tmp_path: Path) -> None:
    patient = clinic.invite("Wanda Example")
    narrow.goto(clinic.staff("front_desk"))
    narrow.goto(f"{clinic.address}/desk/{patient.encounter_id}/type-in")
    narrow.fill("#q1", "99")
    narrow.get_by_role("button", name="Send these answers").click()
    narrow.get_by_role("alert").wait_for()
    found = faults(narrow)
    file = tmp_path / "patients.csv"
    file.write_text("name;date_of_birth\nXenia Example;27.3.1971\nYann Example;soon\n")
    narrow.goto(f"{clinic.address}/desk/import")
    narrow.set_input_files("#file", file)
    narrow.get_by_role("button", name="Look at it").click()
    narrow.get_by_role("button", name="Invite 1 patient").wait_for()
    assert found + faults(narrow) == []


def test_a_tablet_that_is_lent_has_no_fault(clinic: Clinic, narrow: Page) -> None:
    patient = clinic.invite("Zoe Example")
    narrow.clock.install()
    narrow.goto(clinic.staff("clinician"))
    narrow.goto(f"{clinic.address}/desk/{patient.encounter_id}")
    narrow.get_by_role("button", name="Hand this tablet to the patient").click()
    narrow.wait_for_url("**/welcome")
    found = faults(narrow)
    narrow.goto(f"{clinic.address}/clinician")
    found += faults(narrow)
    narrow.goto(f"{clinic.address}/questions/urgent")
    narrow.clock.run_for(151_000)
    narrow.get_by_role("dialog", name="Are you still there?").wait_for()
    assert found + faults(narrow) == []
