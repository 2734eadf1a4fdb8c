"""A thousand patients at once, and how many there could be: `python -m tests.benchmarks.bench_load [--minutes 10]`.

Each of the thousand reads and sends a page every 20 seconds by a timetable of their own, whether the server keeps up or
not (an open loop): the time of a page counts from when it was due. Those who come to the end are followed by others.
Then the ceiling: some patients without any pause, on SQLite, on PostgreSQL, and with two installations of web processes
on one PostgreSQL. Patients, server and database share the machine; what the patients cost is printed too.
"""

import argparse
import asyncio
import os
import random
import sqlite3
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, process_time

from rules.load import library
from tests.faults.crowd import invite, pdfs
from tests.faults.house import House, below, running
from tests.patient_by_http import Patient
from tests.postgres import postgres

EVERY = 20  # seconds between two pages of a patient
WARM = 40  # seconds before anything counts: everybody has come in by then
AT_ONCE = 24  # patients without a pause, for the ceiling
SAMPLE = 10  # seconds between two looks at memory
ALONE = 20  # patients one after the other, for what one costs
PEOPLE, DAYS, HOURS, PEAK = 60e6, 250, 10, 3  # of a country; the peak is how many times the mean
SAFE = "-c max_connections=200"  # PostgreSQL as it comes: each commit is on the disk


@dataclass
class Measured:
    """What was seen: seconds of each page from when it was due, and megabytes of all processes of the server."""

    pages: list[float] = field(default_factory=list)
    failed: int = 0
    sent: int = 0
    memory: list[float] = field(default_factory=list)
    seconds: float = 0
    server: float = 0  # seconds of processors
    patients: float = 0  # the same, of this process

    def quantile(self, part: float) -> float:
        """Return a quantile of the pages' times in ms."""
        times = sorted(self.pages)
        return times[min(int(len(times) * part), len(times) - 1)] * 1000


def megabytes(houses: list[House]) -> float:
    """Return the memory of all processes of some installations; what they share counts once."""
    total = 0
    for pid in processes(houses):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1000


def seconds_of(pids: list[int]) -> float:
    """Return the seconds of processors that processes have had."""
    total = 0
    for pid in pids:
        try:
            values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(values[11]) + int(values[12])
    return total / os.sysconf("SC_CLK_TCK")


def processes(houses: list[House]) -> list[int]:
    """Return the ids of all processes of some installations."""
    return [pid for house in houses for pid in (house.pid, *below(house.pid))]


def ready(houses: list[House], count: int, chance: random.Random) -> Iterator[Patient]:
    """Invite patients who are anywhere in the questionnaire, in turn at each installation."""
    longest = len(library().questionnaire.pages)
    groups = [
        invite(houses[number % len(houses)].clinic, count // 8 + 1, left=max(longest * number // 8, 3), seed=number)
        for number in range(1, 9)
    ]
    patients = [patient for group in groups for patient in group]
    chance.shuffle(patients)
    return iter(patients)


async def at_their_own_pace(patients: Iterator[Patient], count: int, seconds: float, houses: list[House]) -> Measured:
    """Let so many patients at a time do a page every `EVERY` seconds, and measure after the first `WARM`."""
    found, begin = Measured(), monotonic()
    start, end = begin + WARM, begin + WARM + seconds

    async def place(offset: float) -> None:
        patient, due = next(patients), begin + offset
        while due < end:
            await asyncio.sleep(max(due - monotonic(), 0))
            came = await patient.page()
            if due >= start:
                found.pages.append(monotonic() - due)
                found.failed += not came
                found.sent += patient.is_done
            if patient.is_done:
                patient.hang_up()
                patient = next(patients)
            due += EVERY
        patient.hang_up()

    watching = asyncio.create_task(watch(found, houses, start, end))
    await asyncio.gather(*(place(EVERY * number / count) for number in range(count)))
    await watching
    return found


async def without_a_pause(patients: Iterator[Patient], seconds: float, houses: list[House]) -> Measured:
    """Let a few patients do page after page, and measure after some."""
    found, begin = Measured(), monotonic()
    start, end = begin + seconds / 4, begin + seconds * 5 / 4

    async def place() -> None:
        patient = next(patients)
        while (now := monotonic()) < end:
            came = await patient.page()
            if now >= start:
                found.pages.append(monotonic() - now)
                found.failed += not came
                found.sent += patient.is_done
            if patient.is_done:
                patient.hang_up()
                patient = next(patients)
        patient.hang_up()

    watching = asyncio.create_task(watch(found, houses, start, end))
    await asyncio.gather(*(place() for _ in range(AT_ONCE)))
    await watching
    return found


async def watch(found: Measured, houses: list[House], start: float, end: float) -> None:
    """Look at memory and processors from start to end."""
    await asyncio.sleep(start - monotonic())
    pids, begin, own = processes(houses), monotonic(), process_time()
    before = seconds_of(pids)
    while monotonic() < end:
        found.memory.append(await asyncio.to_thread(megabytes, houses))
        await asyncio.sleep(min(SAMPLE, max(end - monotonic(), 0.1)))
    found.server, found.patients = seconds_of(pids) - before, process_time() - own
    found.seconds = monotonic() - begin


@contextmanager
def served(kind: str, groups: int = 1) -> Iterator[list[House]]:
    """Run one or more installations on a new SQLite file or one new PostgreSQL."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        environ = {"INTAKE_SECRET_KEY": "a key for benchmarks only"}
        if kind == "PostgreSQL":
            server = stack.enter_context(postgres(SAFE))
            environ["INTAKE_DATABASE_URL"] = stack.enter_context(server.database())
        yield [stack.enter_context(running(folder / f"data{number}", environ)) for number in range(groups)]


def load(kind: str, patients: int, minutes: float) -> str:
    """Return a line of the table of the load."""
    with served(kind) as houses:
        crowd = ready(houses, int(patients * (1.5 + minutes / 10)), random.Random(1))
        seen = asyncio.run(at_their_own_pace(crowd, patients, minutes * 60, houses))
    memory = f"{seen.memory[0]:.0f} → {seen.memory[-1]:.0f}, at most {max(seen.memory):.0f}"
    times = " / ".join(f"{seen.quantile(part):.0f}" for part in (0.5, 0.95, 0.99, 1))
    used = f"{seen.server / seen.seconds:.2f} + {seen.patients / seen.seconds:.2f}"
    rate = len(seen.pages) / seen.seconds
    counted = f"{rate:.1f} | {seen.failed} | {seen.sent}"
    return f"| {kind} | {patients} | {minutes:g} | {counted} | {times} | {memory} | {used} |"


def ceiling(kind: str, groups: int, seconds: float, pages_each: float) -> str:
    """Return a line of the table of the ceiling."""
    with served(kind, groups) as houses:
        crowd = ready(houses, 1200, random.Random(2))
        seen = asyncio.run(without_a_pause(crowd, seconds, houses))
    rate = len(seen.pages) / seen.seconds
    each = seen.server / len(seen.pages) * 1000
    used = f"{seen.server / seen.seconds:.2f} + {seen.patients / seen.seconds:.2f}"
    hourly = f"{rate * 3600 / pages_each:,.0f}"
    middle = f"{statistics.median(seen.pages) * 1000:.0f}"
    return f"| {kind} | {groups} | {rate:.0f} | {hourly} | {middle} | {each:.1f} | {used} | {seen.failed} |"


@dataclass(frozen=True)
class Each:
    """What one response costs, from the link to the thanks, ticked at random, and its PDF: seconds of processors."""

    pages: float
    seconds: float
    pdf: float
    kilobytes: float


def one_response() -> Each:
    """Return the mean of some patients, one after the other, on SQLite."""
    with served("SQLite") as (house,):
        patients = invite(house.clinic, ALONE, left=len(library().questionnaire.pages))
        pids, size = processes([house]), stored(house)
        begin = seconds_of(pids)
        pages = asyncio.run(to_the_end(patients))
        end = seconds_of(pids)
        wrong = pdfs(house.clinic, patients, lambda: None, every=ALONE)
        assert not wrong, wrong
        took = (end - begin) / ALONE, (seconds_of(pids) - end) / ALONE
        return Each(pages / ALONE, *took, (stored(house) - size) / ALONE / 1000)


async def to_the_end(patients: list[Patient]) -> int:
    """Let patients answer one after the other; return how many pages they read."""
    pages = 0
    for patient in patients:
        while not patient.is_done:
            pages += await patient.page()
        patient.hang_up()
    return pages


def stored(house: House) -> int:
    """Return the bytes of an SQLite database, with what it writes ahead of itself brought in."""
    file = house.data / "intake.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file.stat().st_size


def paper(each: Each) -> str:
    """Return what a country would need by these figures, one response a year for everybody."""
    hourly = PEOPLE / (DAYS * HOURS)
    cores = PEAK * hourly / 3600 * (each.seconds + each.pdf)
    return (
        f"{PEOPLE / 1e6:.0f} million responses a year, on {DAYS} days of {HOURS} hours: {hourly:,.0f} an hour, and "
        f"{PEAK} times that at the peak, which is {PEAK * hourly / 3600 * each.pages:,.0f} pages a second and keeps "
        f"{cores:.0f} cores busy ({each.seconds:.2f} s of a core for a response of {each.pages:.0f} pages, "
        f"{each.pdf:.2f} for its PDF). Half idle, as they should be: {cores * 2 / 16:.0f} machines of 16 cores. "
        f"{each.kilobytes:.0f} KB a response are {PEOPLE * each.kilobytes / 1e9:.1f} TB a year."
    )


def main() -> None:
    """Print the tables."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--minutes", type=float, default=10)
    asked.add_argument("--patients", type=int, default=1000)
    asked.add_argument("--seconds", type=float, default=60, help="of each ceiling")
    given = asked.parse_args()
    print(
        "| database | patients at once | minutes | pages a second | failed | sent | ms: median / 95% / 99% / slowest ",
        end="",
    )
    print("| MB of the server, first → last | cores: server + patients |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for kind in ("SQLite", "PostgreSQL"):
        print(load(kind, given.patients, given.minutes), flush=True)
    each = one_response()
    print(f"\nA response is {each.pages:.0f} pages. {AT_ONCE} patients without a pause, for {given.seconds:g} s:\n")
    print("| database | groups of 2 web processes | pages a second | responses an hour | median ms ", end="")
    print("| ms of a core a page, without the database's | cores: server + patients | failed |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for kind, groups in (("SQLite", 1), ("PostgreSQL", 1), ("PostgreSQL", 2)):
        print(ceiling(kind, groups, given.seconds, each.pages), flush=True)
    print(f"\n{paper(each)}\n\nLoad average of the last quarter of an hour: {os.getloadavg()[2]:.1f}")


if __name__ == "__main__":
    main()
