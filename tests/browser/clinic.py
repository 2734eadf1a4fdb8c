"""The product served as a clinic would, by its own commands, in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.request import urlopen

from intake import credentials, invitations
from intake.accounts import sign_in_token
from intake.database import database_of
from intake.invitee import Invitee
from intake.settings import Settings
from intake.staff import Role
from tests.conftest import member

LONGEST_START = 60  # seconds


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
        """Store a patient who has her birthday on 1 January."""
        born = date(date.today().year - age, 1, 1)  # noqa: DTZ011 - the clinic's own day
        key, days = self.settings.secret_key, self.settings.invitation_days
        with database_of(self.settings).writing() as session:
            made = invitations.create(session, key, Invitee(name, born), days)
            token = invitations.link_token(session, key, made)
        return Invited(made.encounter_id, f"{self.address}/start/{token}", born)

    def staff(self, role: Role) -> str:
        """Return the address that signs in an invented member of staff."""
        database = database_of(self.settings)
        who = member(database, role)
        with database.writing() as session:
            credentials.invent(session, who.id)
        return f"{self.address}/sign-in/{sign_in_token(self.settings.secret_key, who.id)}"


@contextmanager
def served(data: Path, more: Mapping[str, str] | None = None, host: str = "127.0.0.1") -> Iterator[Clinic]:
    """Set up the product in a folder and serve it on a free port until the end of the block.

    `more` adds to the environment, or changes the settings; `host` is the name that it is reached by.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://{host}:{port}"
    chosen = {"INTAKE_DATA": str(data), "INTAKE_CLINIC_NAME": "Harbour Clinic", "INTAKE_BASE_URL": address}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("INTAKE_")}
    environ = inherited | chosen | dict(more or {})
    command = Path(sys.executable).with_name("intake")
    subprocess.run([command, "init"], env=environ, check=True, capture_output=True)
    with (data / "log").open("w+") as log:
        server = subprocess.Popen(
            [command, "serve", "--port", str(port)],
            env=environ,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_for(address, server, data / "log")
            yield Clinic(address, Settings.from_environment(environ))
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(timeout=30)


def wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    """Wait until the pages are served."""
    end = time.monotonic() + LONGEST_START
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()
        try:
            urlopen(address, timeout=5).close()
        except OSError:  # it listens before it can answer
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"no answer in {LONGEST_START} seconds: {log.read_text()}")
