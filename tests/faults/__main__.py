"""Breaks what can break while patients answer, and prints a table of what became of it: script/faults [TRIAL …]."""

import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.crowd import Found
from tests.faults.trials import TRIALS, Size


def row(name: str, done: str, found: Found, seconds: float) -> str:
    """Return a line of the table."""
    survived = "nothing lost" if not found.wrong else f"**{len(found.wrong)} wrong**"
    figures = (
        f"{found.sent} of {found.patients} sent, {found.saved} answers seen as saved; {found.faults} requests failed and "
        f"were sent again; {found.mails} alerts by mail, {found.repeated} twice; {found.alone} by the reference alone"
    )
    return f"| {name.replace('_', ' ')} | {done} | {figures} | {survived} | {seconds:.0f} |"


def main(names: list[str], size: Size) -> int:
    """Run the trials; return how many did not end well."""
    print("| trial | what was done | figures | what was lost | seconds |\n| --- | --- | --- | --- | --- |", flush=True)
    bad = 0
    for name in names or TRIALS:
        begin = time.monotonic()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            outcome = TRIALS[name](Path(folder), size)
        print(row(name, outcome.done, outcome.found, time.monotonic() - begin), flush=True)
        for what in outcome.found.wrong[:20]:
            print(f"  {what}", file=sys.stderr)
        bad += bool(outcome.found.wrong)
    return bad


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing is left running
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    chosen = [argument for argument in sys.argv[1:] if not argument.isdigit()]
    sys.exit(main(chosen, Size(*numbers)))
