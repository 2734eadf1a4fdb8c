"""The whole form with the keyboard alone; whatever has the focus is in sight and looks it."""

from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser.clinic import Clinic
from tests.browser.test_accessibility import MUCH
from tests.browser.walk import MOST_PAGES, Answers

MOST_STOPS = 200  # of the Tab key on one page
LOOK = """() => {
    const at = document.activeElement, box = at.getBoundingClientRect();
    const style = getComputedStyle(at), beside = at.labels?.[0] ? getComputedStyle(at.labels[0], "::before") : style;
    const marks = [style, beside].flatMap(s => [s.outlineStyle !== "none" && s.outlineWidth !== "0px",
        s.boxShadow !== "none", s.borderTopWidth !== "0px"]);
    return {
        tag: at.tagName, type: at.type ?? "", name: at.name ?? "", value: at.value ?? "", checked: at.checked ?? false,
        text: at.innerText ?? "",
        seen: box.bottom > 0 && box.top < innerHeight && (box.height > 1 || at.classList.contains("govuk-skip-link")),
        marked: marks.some(Boolean),
    };
}"""


@dataclass(frozen=True)
class Focus:
    """What has the focus. `seen`: it is on the screen; `marked`: it is drawn otherwise than the rest."""

    tag: str
    type: str
    name: str
    value: str
    checked: bool
    text: str
    seen: bool
    marked: bool


def focus(page: Page) -> Focus:
    return Focus(**page.evaluate(LOOK))


def press_tab(page: Page) -> Focus:
    page.keyboard.press("Tab")
    at = focus(page)
    assert at.seen, f"{page.url}: {at} has the focus and is out of sight"
    assert at.marked, f"{page.url}: {at} has the focus and looks like the rest"
    return at


def answer(page: Page, at: Focus, answers: Answers) -> None:
    """Answer the question that has the focus, if it is to be answered."""
    wanted = answers.get(at.name)
    if wanted is None or at.checked:
        return
    if at.type == "radio":
        for _ in range(20):
            at = focus(page)
            if at.value == str(wanted):
                page.keyboard.press("Space")
                return
            page.keyboard.press("ArrowDown")
        raise AssertionError(f"{page.url}: the arrow keys do not lead to {wanted}")
    if at.type == "checkbox":
        if at.value in wanted:
            page.keyboard.press("Space")
    else:
        page.keyboard.type(str(wanted))


def press(page: Page, words: tuple[str, ...], answers: Answers) -> None:
    """Tab through the page, answering, to a button or link that begins with one of these words; press Enter on it."""
    for _ in range(MOST_STOPS):
        at = press_tab(page)
        if at.tag in ("BUTTON", "A") and at.text.strip().startswith(words) and at.type != "hidden":
            with page.expect_navigation():
                page.keyboard.press("Enter")
            return
        answer(page, at, answers)
    raise AssertionError(f"{page.url}: no button {words} in reach")


def test_the_whole_form_can_be_filled_in_with_the_keyboard(clinic: Clinic, page: Page) -> None:
    patient = clinic.invite()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(patient.link)
    born = iter((patient.born.day, patient.born.month, patient.born.year))
    for _ in range(MOST_STOPS):
        at = press_tab(page)
        if at.name == "date_of_birth":
            page.keyboard.type(str(next(born)))
        elif at.tag == "BUTTON" and at.text == "Continue":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/welcome")
    paths: list[str] = []
    for _ in range(MOST_PAGES):
        paths.append(page.url)
        if page.url.endswith("/check"):
            break
        press(page, ("Continue", "Start", "I am safe to go on", "Go on"), MUCH)
    assert paths[-1].endswith("/check")
    assert any("/help-now" in path for path in paths)
    for words in ("a day", "sleep again"):
        assert words in page.inner_text("main")
    press(page, ("Send my answers",), {})
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
