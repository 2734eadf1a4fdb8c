"""What is broken on purpose while patients answer: each trial runs the product, breaks something, and looks."""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from intake import rulesets
from intake.database import database_of
from rules.load import library, load_texts
from tests.faults.breaking import (
    fill_up,
    freeze,
    lock_out,
    postmaster,
    preloaded,
    put_forward,
    settable,
    shut_down,
    small_disk,
)
from tests.faults.crowd import Found, invite, look, pdfs, walk
from tests.faults.house import INTAKE, House, running
from tests.intake.mail_server import Mailbox, a_free_port, mail_server
from tests.intake.test_jobs import alive, until
from tests.postgres import postgres

SAFE = "-c max_connections=200"  # PostgreSQL as it comes: each commit is on the disk


@dataclass(frozen=True)
class Size:
    """How much is done in a trial: patients, how many pages each has left, for how many seconds something is away.

    `on_postgresql`: in place of SQLite.
    """

    patients: int = 200
    left: int = 10
    away: float = 30
    on_postgresql: bool = False


@dataclass(frozen=True)
class Outcome:
    """What was broken, how, and what became of the patients."""

    done: str
    found: Found


@contextmanager
def clinic(folder: Path, size: Size, **environ: str) -> Iterator[tuple[House, Mailbox]]:
    """A running installation with a mail server."""
    with (
        mail_server(Mailbox()) as mailbox,
        stored(size) as place,
        running(folder / "data", environ | with_mail(mailbox) | place) as house,
    ):
        yield house, mailbox


@contextmanager
def stored(size: Size) -> Iterator[dict[str, str]]:
    """Yield the setting of the database, a new one on a new PostgreSQL if that is asked for."""
    if size.on_postgresql:
        with postgres(SAFE) as server:
            with server.database() as url:
                yield {"INTAKE_DATABASE_URL": url}
            last = postmaster(url)  # which a trial may have started in the place of the first
            os.kill(last, signal.SIGQUIT)
            until(lambda: not alive(last))
    else:
        yield {}


def with_mail(mailbox: Mailbox) -> dict[str, str]:
    """Return the settings by which alerts go to a mailbox."""
    return {
        "INTAKE_SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}",
        "INTAKE_MAIL_FROM": "intake@clinic.example",
        "INTAKE_ALERT_EMAIL": "desk@clinic.example",
    }


def nothing() -> None:
    """Disturb nobody."""


def once(what: Callable[[], object], after: int) -> Callable[[], None]:
    """Return a disturbance that does something at its call of this number, and nothing at any other."""
    calls = iter(range(10**9))

    def disturb() -> None:
        if next(calls) == after:
            what()

    return disturb


def killed(folder: Path, size: Size) -> Outcome:
    """`kill -9` of web, job, PDF and engine processes at random moments, also while a clinician fetches every PDF."""
    with clinic(folder, size) as (house, mailbox):
        patients, chance, kinds = invite(house.clinic, size.patients, left=size.left), random.Random(1), Counter[str]()

        def kill() -> None:
            kinds[house.kill_one(chance)] += 1

        walk(patients, kill, every=25)
        found = look(house.clinic, patients, mailbox)
        wrong = pdfs(house.clinic, patients, kill, every=5)
    said = ", ".join(f"{number} of {kind}" for kind, number in sorted(kinds.items()))
    return Outcome(f"{kinds.total()} processes: {said}", replace(found, wrong=(*found.wrong, *wrong)))


def power_cut(folder: Path, size: Size) -> Outcome:
    """All processes killed at once, and started again."""
    cuts = 3
    with clinic(folder, size) as (house, mailbox):
        patients = invite(house.clinic, size.patients, left=size.left)
        left = iter(range(cuts))

        def cut() -> None:
            if next(left, None) is not None:
                house.kill_all()
                house.start()

        walk(patients, cut, every=size.patients * 2)
        found = look(house.clinic, patients, mailbox)
        done = cuts - len(list(left))
    return Outcome(f"everything killed and started again {done} times", found)


def locked(folder: Path, size: Size) -> Outcome:
    """SQLite locked by another writer."""
    with clinic(folder, size) as (house, mailbox):
        patients = invite(house.clinic, size.patients, left=size.left)

        file = folder / "data" / "intake.sqlite"
        walk(patients, once(lambda: lock_out(file, size.away), 2), every=size.patients)
        found = look(house.clinic, patients, mailbox)
    return Outcome(f"another writer held the SQLite file for {size.away:g} s", found)


def _without_postgresql(folder: Path, size: Size, end: Callable[[int], None]) -> Found:
    with clinic(folder, size) as (house, mailbox):
        patients = invite(house.clinic, size.patients, left=size.left)
        server = postmaster(house.environ["INTAKE_DATABASE_URL"])
        walk(patients, once(lambda: end(server), 2), every=size.patients)
        return look(house.clinic, patients, mailbox)


def frozen(folder: Path, size: Size) -> Outcome:
    """PostgreSQL stands still (SIGSTOP), and goes on."""
    found = _without_postgresql(folder, size, lambda server: freeze(server, size.away))
    return Outcome(f"PostgreSQL stood still for {size.away:g} s", found)


def shut(folder: Path, size: Size) -> Outcome:
    """PostgreSQL is shut down without ceremony, and started again."""
    log = folder / "postgresql.log"
    found = _without_postgresql(folder, size, lambda server: shut_down(server, size.away, log))
    return Outcome(f"PostgreSQL shut down at once, and started again after {size.away:g} s", found)


def full(folder: Path, size: Size) -> Outcome:
    """The disk of the data folder has no byte left, and gets room again."""
    with small_disk(folder / "data"), clinic(folder, size) as (house, mailbox):
        patients = invite(house.clinic, size.patients, left=size.left)
        walk(patients, once(lambda: fill_up(folder / "data", size.away), 2), every=size.patients)
        found = look(house.clinic, patients, mailbox)
    return Outcome(f"no room on the disk for {size.away:g} s", found)


def mail_away(folder: Path, size: Size) -> Outcome:
    """No mail server for an hour: the product's clock is put forward, so that its own waits come to an end sooner."""
    mailbox, minutes = Mailbox(port=a_free_port()), (5, 15, 30, 45, 60)
    with stored(size) as place, running(folder / "data", with_mail(mailbox) | place | settable(folder)) as house:
        patients = invite(house.clinic, size.patients, left=size.left)
        walk(patients, nothing, every=10**6)
        for minute in minutes:
            time.sleep(size.away / len(minutes))
            put_forward(folder, minute * 60)
        with mail_server(mailbox):
            put_forward(folder, 66 * 60)  # the longest wait is over
            found = look(house.clinic, patients, mailbox)
    return Outcome("no mail server for an hour", found)


def clock(folder: Path, size: Size) -> Outcome:
    """The machine's clock jumps three hours ahead, and later back again."""
    with clinic(folder, size, **settable(folder)) as (house, mailbox):
        patients = invite(house.clinic, size.patients, left=size.left)
        jumps = iter((3, 0, -3, 0))
        walk(patients, lambda: put_forward(folder, next(jumps, 0) * 3600), every=size.patients)
        found = look(house.clinic, patients, mailbox)
    return Outcome("the clock put three hours ahead, back, three hours back, ahead", found)


def published(folder: Path, size: Size) -> Outcome:
    """Rule sets published while patients answer and send."""
    with clinic(folder, size) as (house, mailbox):
        patients = invite(house.clinic, size.patients, left=size.left)
        database = database_of(house.clinic.settings)
        files, versions = dict(library().files), iter(range(10**6))

        def publish() -> None:
            changed = {"safety.yaml": f"{files['safety.yaml']}\n# version {next(versions)}\n"}
            ruleset = load_texts(files | changed)
            with database.writing() as session:
                rulesets.publish(session, ruleset)

        walk(patients, publish, every=size.patients)
        found = look(house.clinic, patients, mailbox)
        database.close()
    return Outcome(f"{next(versions)} versions published in the middle", found)


def two_workers(folder: Path, size: Size) -> Outcome:
    """A second worker on the same jobs."""
    with clinic(folder, size) as (house, mailbox):
        command = [INTAKE, "worker", "--name", "another"]
        with (folder / "worker.log").open("w") as log:
            other = subprocess.Popen(command, env=house.environment(), stdout=log, stderr=subprocess.STDOUT)
        patients = invite(house.clinic, size.patients, left=size.left)
        walk(patients, nothing, every=10**6)
        found = look(house.clinic, patients, mailbox)
        other.send_signal(signal.SIGTERM)
        other.wait(60)
    return Outcome("two workers looked for the same jobs", found)


def crashing_engine(folder: Path, size: Size) -> Outcome:
    """durable-rules crashes at every patient's answers."""
    with clinic(folder, size, LD_PRELOAD=preloaded(folder, "crash")) as (house, mailbox):
        patients = invite(house.clinic, size.patients, left=size.left)
        walk(patients, nothing, every=10**6)
        found = look(house.clinic, patients, mailbox)
    return Outcome("durable-rules crashes (abort) whenever it is asked", found)


ON_BOTH = (killed, power_cut, mail_away, clock, published, two_workers, crashing_engine)
ON_SQLITE = (*ON_BOTH, locked, full)
ON_POSTGRESQL = (*ON_BOTH, frozen, shut)
