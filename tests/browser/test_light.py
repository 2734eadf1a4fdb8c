"""Pages are light over the wire, and no request leaves the server's own address."""

from urllib.parse import urlsplit

from playwright.sync_api import Browser

from tests.browser.clinic import Clinic
from tests.browser.walk import fill_page, give_birth_date, go_on

FIRST_VISIT, LATER_VISIT = 60_000, 15_000  # bytes, headers and all
CALM = {
    "chest_pain_now": "no", "sudden_breathlessness": "no", "collapse": "no", "face_arm_speech": "no",
    "sudden_visual_loss": "no", "thunderclap_headache": "no", "painful_swollen_leg": "no",
    "vomiting_or_confusion": "no",
}  # fmt: skip


def test_a_first_visit_and_every_later_page_are_light(clinic: Clinic, browser: Browser) -> None:
    patient = clinic.invite()
    page = browser.new_context().new_page()
    wire = page.context.new_cdp_session(page)
    received: list[float] = []
    wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    asked: set[str] = set()
    page.on("response", lambda response: asked.add(urlsplit(response.url).netloc))

    page.goto(patient.link)
    page.wait_for_load_state("networkidle")
    assert received
    first = sum(received)
    assert first <= FIRST_VISIT, f"{first} bytes on the first visit"
    received.clear()
    give_birth_date(page, patient.born)
    page.wait_for_load_state("networkidle")
    assert sum(received) <= LATER_VISIT, f"{sum(received)} bytes for the page of welcome"
    for _ in range(30):
        if page.url.endswith("/check"):
            break
        received.clear()
        if "/questions/" in page.url:
            fill_page(page, CALM)
        go_on(page)
        page.wait_for_load_state("networkidle")
        assert sum(received) <= LATER_VISIT, f"{sum(received)} bytes for {page.url}"
    assert asked == {urlsplit(clinic.address).netloc}
