"""Breaks what can break while patients answer, and prints a table of what became of it: script/faults --help."""

import argparse
import os
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from tests.faults.trials import ON_POSTGRESQL, ON_SQLITE, Outcome, Size

HEAD = """| what was done | sent | answers seen as saved | requests sent again | alerts by mail, repeated | lost |
| --- | --- | --- | --- | --- | --- |"""


def row(place: str, outcome: Outcome) -> str:
    """Return a line of the table."""
    found = outcome.found
    also = f"; {found.alone} screened by the reference alone" if found.alone else ""
    also += f"; links opened again {found.came_back} times" if found.came_back else ""
    return (
        f"| {place}: {outcome.done}{also} | {found.sent} of {found.patients} | {found.saved} | {found.faults} "
        f"| {found.mails}, {found.repeated} | {f'**{len(found.wrong)} wrong**' if found.wrong else 'nothing'} |"
    )


def main() -> int:
    """Run the trials that are named, or all; return how many did not end well."""
    asked = argparse.ArgumentParser(prog="script/faults", description=__doc__)
    asked.add_argument("trials", nargs="*", help=", ".join(trial.__name__ for trial in {*ON_SQLITE, *ON_POSTGRESQL}))
    asked.add_argument("--patients", type=int, default=200)
    asked.add_argument("--left", type=int, default=10, help="pages that each of them has still to answer")
    asked.add_argument("--away", type=float, default=30, help="seconds for which something is away")
    asked.add_argument("--only", choices=("sqlite", "postgresql"), help="the database; both where it is left out")
    given = asked.parse_args()
    size, bad = Size(given.patients, given.left, given.away), 0
    print(HEAD, flush=True)
    for place, trials in (("SQLite", ON_SQLITE), ("PostgreSQL", ON_POSTGRESQL)):
        for trial in trials:
            if given.only not in (None, place.lower()) or (given.trials and trial.__name__ not in given.trials):
                continue
            begin = time.monotonic()
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                outcome = trial(Path(folder), replace(size, on_postgresql=place == "PostgreSQL"))
            print(row(place, outcome), flush=True)
            wrong = outcome.found.wrong
            print(*wrong[:20], f"{trial.__name__}: {time.monotonic() - begin:.0f} s", sep="\n", file=sys.stderr)
            bad += bool(wrong)
    print(f"\nLoad average meanwhile: {os.getloadavg()[2]:.1f}")
    return bad


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing is left running
    sys.exit(main())
