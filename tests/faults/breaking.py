"""Ways of breaking what the product stands on: the clock, the disk, and either database."""

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from tests.faults.house import below

HERE = Path(__file__).parent
ROOM = 24  # megabytes of the disk that becomes full


def preloaded(folder: Path, name: str) -> str:
    """Compile clock.c or crash.c; return what LD_PRELOAD is set to."""
    library = folder / f"{name}.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, HERE / f"{name}.c"], check=True)
    return str(library)


def settable(folder: Path) -> dict[str, str]:
    """Return the settings by which the clock of the product, and of nothing else, can be set (`put_forward`)."""
    library = preloaded(folder, "clock")
    put_forward(folder, 0)
    return {"LD_PRELOAD": library, "FAULTS_CLOCK": str(folder / "clock")}


def put_forward(folder: Path, seconds: int) -> None:
    """Let the product's clock be so much ahead of the machine's."""
    new = folder / "clock.new"
    new.write_text(str(seconds))
    new.replace(folder / "clock")


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Make a folder a disk of its own, of `ROOM`, until the end of the block. For root only."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}m", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill_up(folder: Path, seconds: float) -> None:
    """Leave no byte of room on a disk for so long."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096):
            with suppress(OSError):
                while os.write(file.fileno(), b"\0" * size):
                    pass
    time.sleep(seconds)
    ballast.unlink()


def lock_out(file: Path, seconds: float) -> None:
    """Be another writer of an SQLite file for so long."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA busy_timeout = 10000")
        other.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        other.execute("ROLLBACK")


def postmaster(url: str) -> int:
    """Return the process that a PostgreSQL of the tests stands on, by the address of one of its databases."""
    folder = url.rpartition("host=")[2]
    return int((Path(folder) / "data" / "postmaster.pid").read_text().split()[0])


def freeze(server: int, seconds: float) -> None:
    """Let a PostgreSQL stand still for so long."""
    everyone = [server, *below(server)]
    for number in (signal.SIGSTOP, signal.SIGCONT):
        for pid in everyone:
            os.kill(pid, number)
        if number == signal.SIGSTOP:
            time.sleep(seconds)


def shut_down(server: int, seconds: float, log: Path) -> None:
    """End a PostgreSQL without ceremony, and start it again after so long."""
    command = Path(f"/proc/{server}/cmdline").read_text().rstrip("\0").split("\0")
    owner = Path(f"/proc/{server}").stat()
    os.kill(server, signal.SIGQUIT)
    time.sleep(seconds)
    with log.open("w") as file:
        subprocess.Popen(command, user=owner.st_uid, group=owner.st_gid, stdout=file, stderr=file)
