"""What tests in a browser share: Debian's Chromium, and a clinic that is served for all of them."""

import subprocess
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.clinic import Clinic, Invited, served

CHROMIUM = [
    "--no-sandbox",  # the tests may run as root, as in a container
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """Use Debian's Chromium, and let it talk to this machine only."""
    return {**browser_type_launch_args, "executable_path": "/usr/bin/chromium", "args": CHROMIUM}


@pytest.fixture(scope="session")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A clinic with a data folder of its own."""
    with served(tmp_path_factory.mktemp("clinic")) as clinic:
        yield clinic


@pytest.fixture
def pdf_text(clinic: Clinic, browser: Browser) -> Callable[[Invited], str]:
    """Fetch a patient's summary as a clinician does; return the text of its PDF, laid out."""

    def fetch(patient: Invited) -> str:
        context = browser.new_context()
        context.request.get(clinic.staff("clinician"))
        answer = context.request.get(f"{clinic.address}/clinician/{patient.encounter_id}/summary.pdf")
        assert answer.headers["content-type"] == "application/pdf"
        command = ["pdftotext", "-layout", "-", "-"]
        text = subprocess.run(command, input=answer.body(), capture_output=True, check=True).stdout.decode()
        context.close()
        return text

    return fetch
