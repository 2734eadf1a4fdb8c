"""The editor of rule files: completes, explains and marks as one types; the page works without it."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.clinic import Clinic
from tests.browser.test_accessibility import NARROWEST, faults


def begin(clinic: Clinic, page: Page, name: str) -> str:
    """Sign an admin in and begin a draft; return its address."""
    page.goto(clinic.staff("admin"))
    page.goto(f"{clinic.address}/admin/drafts")
    page.get_by_label("What it is for").fill(name)
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/admin/drafts/*-*")
    return page.url


@pytest.fixture
def editor(clinic: Clinic, page: Page, request: pytest.FixtureRequest) -> Page:
    """The page of mood.yaml in a draft, with the cursor behind its first condition."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    draft = begin(clinic, page, request.node.name)
    page.goto(f"{draft}/files/mood.yaml")
    page.locator(".cm-line", has_text="raised_when: gad7 >= 10").click()
    page.keyboard.press("End")
    yield page
    assert complaints == []


def test_a_problem_is_marked_and_told_as_it_is_typed_and_the_text_is_saved(editor: Page):
    editor.keyboard.type("0")
    problems = editor.get_by_label("Problems")
    expect(problems).to_contain_text('"gad7" is never 100', timeout=20_000)
    expect(editor.locator(".cm-lintRange-error")).to_have_text("gad7")
    editor.get_by_role("button", name="Save").click()
    expect(editor.get_by_role("status")).to_contain_text("Saved")
    expect(problems).to_contain_text("is never 100")
    expect(editor.locator(".cm-lintRange-error")).to_have_text("gad7")  # the editor is there again
    editor.locator("[data-problems] a").click()
    expect(editor.locator(".cm-content")).to_be_focused()
    assert faults(editor) == []


def test_names_and_codes_are_completed(editor: Page):
    for typed, offered in (("  # x", None), ("\nhot_fl", "hot_flushes"), (" >= ", "Severe")):
        editor.keyboard.type(typed)
        if offered:
            editor.keyboard.press("Control+Space")
            expect(editor.locator(".cm-tooltip-autocomplete")).to_contain_text(offered)
            editor.wait_for_timeout(200)  # a key pressed at once is taken for typing on
            editor.keyboard.press("Enter")
    expect(editor.locator(".cm-content")).to_contain_text("hot_flushes >= 0")


def test_a_name_is_explained_with_the_words_of_the_question(editor: Page):
    editor.locator(".cm-line", has_text="hot_flushes >= 2").first.hover(position={"x": 230, "y": 8})
    expect(editor.locator(".about-name")).to_be_visible()
    expect(editor.locator(".about-name")).to_contain_text("flushes")


def test_the_keyboard_gets_out_of_the_editor(editor: Page):
    editor.keyboard.press("Tab")
    assert editor.evaluate("document.activeElement.className").startswith("cm-content"), "Tab indents"
    editor.keyboard.press("Escape")
    editor.keyboard.press("Tab")
    expect(editor.get_by_role("button", name="Save")).to_be_focused()
    editor.keyboard.press("Enter")
    expect(editor.get_by_role("status")).to_contain_text("Saved")


def test_without_script_the_file_is_edited_in_a_plain_box(clinic: Clinic, browser: Browser):
    context = browser.new_context(java_script_enabled=False, viewport=NARROWEST)
    page = context.new_page()
    draft = begin(clinic, page, "Without script")
    page.goto(f"{draft}/files/diet.yaml")
    page.get_by_label("Text of the file").fill("rules: {}\nrules: {}\n")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Line 2").click()
    assert page.url.endswith("#problem-1")
    context.close()


def test_no_page_of_a_draft_has_a_fault(clinic: Clinic, page: Page):
    page.set_viewport_size(NARROWEST)
    draft = begin(clinic, page, "Faultless")
    found = faults(page)
    page.goto(f"{draft}/files/mood.yaml")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("# A note\n")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_be_visible()
    found += faults(page)
    for path in ("questions", "questions/mood", "impact", "review"):
        page.goto(f"{draft}/{path}")
        found += faults(page)
    assert found == []


def test_outcomes_follow_a_slider_and_without_script_a_button(clinic: Clinic, page: Page, browser: Browser):
    page.goto(clinic.staff("admin"))
    page.goto(f"{clinic.address}/admin/what-if?test=H1/0")
    ends = page.locator("[data-outcomes]")
    expect(ends).to_contain_text("Raised: 1")
    page.get_by_label("Age", exact=True).last.fill("30")
    expect(ends).not_to_contain_text("Raised: 1", timeout=20_000)
    assert faults(page) == []
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(clinic.staff("admin"))
    plain.goto(f"{clinic.address}/admin/what-if?test=H1/0")
    plain.get_by_label("Age", exact=True).fill("30")
    plain.get_by_role("button", name="Show what comes of it").click()
    expect(plain.get_by_label("Age", exact=True)).to_have_value("30")
    expect(plain.locator("[data-outcomes]")).not_to_contain_text("Raised: 1")
    context.close()
