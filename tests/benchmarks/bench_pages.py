"""How quickly patients' pages come, from the product as it is served: `python -m tests.benchmarks.bench_pages`.

Needs wrk (`apt-get install wrk`), which plays the patients on the same machine (patients.lua): first one alone, then 50
at once. The time that the server took for each request, form and storage included, is gunicorn's own.
"""

import statistics
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

from tests.browser.clinic import Clinic, served

PATIENTS = 50


def load(clinic: Clinic, patients: int, seconds: int) -> str:
    """Let wrk play patients; return what it prints."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as links:
        for number in range(patients):
            invited = clinic.invite(f"Patient {number}")
            print(invited.link, invited.born, file=links)
        links.flush()
        script = Path(__file__).with_name("patients.lua")
        command = ["wrk", f"-t{patients}", f"-c{patients}", f"-d{seconds}s", "--latency", "-s", script, clinic.address]
        return subprocess.run([*command, "--", links.name], capture_output=True, text=True, check=True).stdout


def server_times(access_log: Path) -> dict[str, list[int]]:
    """Return the microseconds that the pages of questions took, by method; empty the log."""
    times = defaultdict(list)
    for line in access_log.read_text().splitlines():
        method, path, took = line.split()
        if path.startswith("/questions/"):
            times[method].append(int(took))
    access_log.write_text("")
    return times


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        access_log = Path(folder) / "access.log"
        asked = f"--access-logfile {access_log} --access-logformat '%(m)s %(U)s %(D)s'"
        with served(Path(folder), {"GUNICORN_CMD_ARGS": asked}) as clinic:
            for patients, seconds in ((1, 10), (PATIENTS, 30)):
                print(f"{patients} at once, for {seconds} s")
                print(load(clinic, patients, seconds))
                for method, times in server_times(access_log).items():
                    middle, slow = statistics.median(times) / 1000, statistics.quantiles(times, n=100)[98] / 1000
                    print(f"{method:4} of a page of questions: median {middle:.1f} ms, 99th percentile {slow:.1f} ms")


if __name__ == "__main__":
    main()
