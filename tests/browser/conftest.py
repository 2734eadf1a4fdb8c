"""What tests in a browser share: Debian's Chromium, and the product served as a clinic would, by its own commands."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser

from intake import invitations
from intake.accounts import sign_in_token
from intake.database import Database
from intake.invitee import Invitee
from intake.settings import Settings

LONGEST_START = 60  # seconds
CHROMIUM = [
    "--no-sandbox",  # the tests may run as root, as in a container
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@dataclass(frozen=True)
class Invited:
    """A patient who was invited: her encounter, the address of her link, and her date of birth."""

    encounter_id: str
    link: str
    born: date


@dataclass(frozen=True)
class Clinic:
    """A running installation."""

    address: str
    settings: Settings

    def invite(self, name: str = "Ada Example", age: int = 52) -> Invited:
        """Store a patient who has had her birthday this year."""
        born = date(date.today().year - age, 1, 1)  # noqa: DTZ011 - the clinic's own day
        key, days = self.settings.secret_key, self.settings.invitation_days
        with Database(self.settings.database_url).writing() as session:
            made = invitations.create(session, key, Invitee(name, born), days)
            token = invitations.link_token(session, key, made)
        return Invited(made.encounter_id, f"{self.address}/start/{token}", born)

    def staff(self, role: str) -> str:
        """Return the address that signs in a member of staff."""
        return f"{self.address}/sign-in/{sign_in_token(self.settings.secret_key, role)}"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """Use Debian's Chromium, and let it talk to this machine only."""
    return {**browser_type_launch_args, "executable_path": "/usr/bin/chromium", "args": CHROMIUM}


@pytest.fixture(scope="session")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """The product, set up and served by its own commands in a process of its own."""
    data = tmp_path_factory.mktemp("clinic")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environ = {"INTAKE_DATA": str(data), "INTAKE_CLINIC_NAME": "Harbour Clinic", "INTAKE_BASE_URL": address}
    command = Path(sys.executable).with_name("intake")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("INTAKE_")}
    subprocess.run([command, "init"], env=inherited | environ, check=True, capture_output=True)
    log = (data / "log").open("w+")
    server = subprocess.Popen(
        [command, "serve", "--port", str(port)],
        env=inherited | environ,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        _wait_for(address, server, data / "log")
        yield Clinic(address, Settings.from_environment(environ))
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)
        log.close()


def _wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + LONGEST_START
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()
        try:
            urlopen(address, timeout=5).close()
        except URLError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"no answer in {LONGEST_START} seconds: {log.read_text()}")


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
