"""The product as a clinic runs it, in processes of its own, to be killed, frozen, starved and started again."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from intake.settings import Settings
from tests.browser.clinic import Clinic, wait_for
from tests.intake.mail_server import a_free_port

INTAKE = Path(sys.executable).with_name("intake")
LONGEST_END = 60  # seconds
# each kind of process, told by what its command says or, for those that are spawned, by what they have loaded
COMMANDS = {"gunicorn": "web", "intake worker": "jobs"}
LOADED = {"libpango": "PDF", "durable_rules_engine": "engine"}


@dataclass
class House:
    """One installation on one machine. `data` is its folder; `environ` its settings."""

    data: Path
    environ: Mapping[str, str]
    port: int = field(default_factory=a_free_port)
    workers: int = 2
    before: tuple[str, ...] = ()  # what the command is run by, such as faketime
    _server: "subprocess.Popen[bytes] | None" = None

    @property
    def clinic(self) -> Clinic:
        """Its address and settings, to invite patients with."""
        return Clinic(f"http://127.0.0.1:{self.port}", Settings.from_environment(self.environment()))

    def init(self) -> None:
        """Set it up."""
        subprocess.run([INTAKE, "init"], env=self.environment(), check=True, capture_output=True)

    def start(self) -> None:
        """Start `intake serve`, and wait until it answers."""
        log = self.data.with_suffix(".log")
        with log.open("a") as file:
            self._server = subprocess.Popen(
                [*self.before, INTAKE, "serve", "--port", str(self.port), "--workers", str(self.workers)],
                env=self.environment(),
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_for(self.clinic.address, self._server, log)

    @property
    def pid(self) -> int:
        """The process that all others stand below."""
        assert self._server is not None
        return self._server.pid

    def processes(self) -> list[tuple[str, int]]:
        """Return the kind and id of each process that may be killed: web, jobs, PDF, engine."""
        return [(kind, pid) for pid in below(self.pid) if (kind := _kind(pid))]

    def kill_one(self, chance: random.Random) -> str:
        """Kill a process, each kind as often as the others; return which kind."""
        running = self.processes()
        kind = chance.choice(sorted({kind for kind, _ in running}))
        os.kill(chance.choice([pid for of, pid in running if of == kind]), signal.SIGKILL)
        return kind

    def kill_all(self) -> None:
        """Kill every process at once, as a power cut would."""
        assert self._server is not None
        for pid in [self._server.pid, *below(self._server.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._server.wait()
        self._server = None

    def end(self) -> None:
        """End it in order."""
        if self._server is not None:
            self._server.send_signal(signal.SIGTERM)
            self._server.wait(LONGEST_END)
            self._server = None

    def environment(self) -> dict[str, str]:
        """Return what its commands are run with."""
        address = f"http://127.0.0.1:{self.port}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("INTAKE_")}
        return {**inherited, "INTAKE_DATA": str(self.data), "INTAKE_BASE_URL": address, **self.environ}


@contextmanager
def running(data: Path, environ: Mapping[str, str], **more: object) -> Iterator[House]:
    """Set the product up and run it until the end of the block."""
    house = House(data, environ, **more)  # type: ignore[arg-type]
    house.init()
    house.start()
    try:
        yield house
    finally:
        house.end()


def below(pid: int) -> list[int]:
    """Return the children of a process, and theirs."""
    found: list[int] = []
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                found += [int(child), *below(int(child))]
    return found


def _kind(pid: int) -> str:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        parents = Path(f"/proc/{parent}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        if "spawn_main" in command:
            maps = Path(f"/proc/{pid}/maps").read_text()
            return next((kind for what, kind in LOADED.items() if what in maps), "")
    except OSError:  # it ended in between
        return ""
    if "gunicorn" in command and "gunicorn" not in parents:
        return ""  # the one that the web processes are children of: when it ends, all ends
    return next((kind for what, kind in COMMANDS.items() if what in command), "")
