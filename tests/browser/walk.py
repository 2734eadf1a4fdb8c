"""A patient in a real browser: answers the questionnaire through its pages, from a dict like ANSWERS.json."""

import re
from collections.abc import Callable, Mapping
from datetime import date

from playwright.sync_api import Page, expect

Answers = Mapping[str, object]
Visitor = Callable[[Page], None]
MOST_PAGES = 120  # more than the questionnaire has: a walk that goes round in circles ends here


def enter(page: Page, link: str, date_of_birth: date) -> None:
    """Open the link of an invitation and give the date of birth; end on the page of welcome."""
    page.goto(link)
    give_birth_date(page, date_of_birth)
    page.wait_for_url("**/welcome")


def give_birth_date(page: Page, day: date) -> None:
    """Fill in the page that asks for the date of birth, and go on."""
    for box, value in (("day", day.day), ("month", day.month), ("year", day.year)):
        page.fill(f"#date_of_birth-{box}", str(value))
    page.get_by_role("button", name="Continue").click()


def fill_page(page: Page, answers: Answers) -> None:
    """Answer the questions on this page that are in `answers`; leave the others blank."""
    for item_id in page.locator("input[name=asked-items]").input_value().split():
        if item_id in answers:
            fill(page, item_id, answers[item_id])


def fill(page: Page, item_id: str, answer: object) -> None:
    """Answer one question with a code, a list of codes, a number, words, or "not_sure" or "declined"."""
    fields = page.locator(f"[name={item_id}]")
    kind = fields.first.get_attribute("type") or "textarea"
    if kind in ("radio", "checkbox"):
        for code in answer if isinstance(answer, list) else [answer]:
            page.locator(f"[name={item_id}][value='{code}']").check()
    elif answer in ("not_sure", "declined"):
        page.locator(f"[name={item_id}-instead][value={answer}]").check()
    else:
        fields.first.fill(f"{answer}")


def go_on(page: Page) -> None:
    """Press the button that leads to the next page, in English or Spanish, and wait for that."""
    if "/help-now" in page.url:
        button = page.get_by_role("button", name=re.compile("go on|seguir", re.IGNORECASE))
    elif page.url.endswith("/welcome"):
        button = page.get_by_role("button", name=re.compile("^(Start|Go on|Empezar|Seguir)"))
    else:
        button = page.get_by_role("button", name=re.compile("^(Continue|Continuar)$"))
    with page.expect_navigation():
        button.click()


def walk(page: Page, answers: Answers, *, visit: Visitor | None = None, until: str = "/check") -> list[str]:
    """Go on from the present page, answering, up to the page whose address holds `until`.

    Return the paths of the pages on the way. `visit` is called on each, once it is filled in.
    """
    seen = []
    for _ in range(MOST_PAGES):
        if "/questions/" in page.url:
            fill_page(page, answers)
        seen.append(re.sub(r"^https?://[^/]+", "", page.url).split("?")[0])
        if visit is not None:
            visit(page)
        if until in page.url:
            return seen
        go_on(page)
    raise AssertionError(f"no end after {MOST_PAGES} pages: {seen[-5:]}")


def send(page: Page) -> None:
    """Send the answers from the page to check."""
    page.get_by_role("button", name="Send my answers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
