"""Signing in, in a real browser: a member is added, sets up an app and a passkey, and is signed out when quiet."""

import re
from collections.abc import Iterator

import pytest
from passlib.totp import TOTP
from playwright.sync_api import Page, expect

from tests.browser.clinic import Clinic, served
from tests.browser.test_accessibility import NARROWEST, faults

PASSWORD = "four words nobody knows"
KEY = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A clinic at an address with a name, as passkeys need it."""
    with served(tmp_path_factory.mktemp("named"), host="localhost") as clinic:
        yield clinic


def add_member(page: Page, clinic: Clinic, found: list[str]) -> str:
    """Add a member of staff as an admin does; return the link."""
    page.goto(clinic.staff("admin"))
    for path in ("/admin/staff", "/account", "/admin/staff/new"):
        page.goto(clinic.address + path)
        found += faults(page)
    page.get_by_label("Full name").fill("Dr Nora Hale")
    page.get_by_label("E-mail address").fill("nora@example.org")
    page.get_by_label("Clinician: reads").check()
    page.get_by_role("button", name="Add").click()
    page.get_by_role("button", name="Make a sign-in link").click()
    found += faults(page)
    link = page.get_by_label("Sign-in link").input_value()
    page.get_by_role("button", name="Sign out").click()
    found += faults(page)
    return link


def test_a_member_is_added_and_signs_in_with_an_app_and_with_a_passkey(named: Clinic, page: Page) -> None:
    page.set_viewport_size(NARROWEST)
    found: list[str] = []
    page.goto(add_member(page, named, found))
    found += faults(page)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password again").fill("another")
    page.get_by_role("button", name="Continue").click()
    found += faults(page)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password again").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    found += faults(page)
    page.get_by_role("button", name="Use an app").click()
    page.get_by_text("It cannot read the picture").click()
    found += faults(page)
    key = page.locator(".key").inner_text().replace("-", "")
    page.get_by_label("Code that the app shows now").fill(TOTP(key=key).generate().token)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    found += faults(page)
    page.get_by_role("button", name="I have kept them").click()
    expect(page).to_have_url(re.compile("/clinician$"))
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    page.goto(f"{named.address}/account/second-factor/passkey")
    found += faults(page)
    page.get_by_label("What to call it").fill("laptop")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_text("Passkey “laptop”")).to_be_visible()
    found += faults(page)
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_label("E-mail address").fill("nora@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    found += faults(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile("/clinician$"))
    assert found == []


def test_a_quiet_page_is_cleared_and_what_was_typed_comes_back(named: Clinic, page: Page) -> None:
    page.clock.install()
    page.goto(named.staff("admin"))
    page.goto(f"{named.address}/admin/drafts")
    page.get_by_label("What it is for").fill("A threshold that is lower")
    page.route("**/account/time-left", lambda route: route.fulfill(json={"seconds": 0}))
    page.clock.fast_forward((named.settings.staff_quiet_minutes * 60 + 5) * 1000)
    page.clock.run_for(3000)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert "A threshold that is lower" not in page.content()
    assert faults(page) == []
    page.unroute("**/account/time-left")
    page.goto(named.staff("admin"))
    expect(page.get_by_role("definition").filter(has_text="A threshold that is lower")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("button", name="Send it now").click()
    expect(page.get_by_role("heading", name="A threshold that is lower")).to_be_visible(timeout=15_000)
