"""How quickly patients' pages come, from the product as it is served: `python -m tests.benchmarks.bench_pages`.

Needs wrk (`apt-get install wrk`), which plays the patients on the same machine (patients.lua): first one alone, then 50
at once, each from the link to the thanks, and then the next one. The time that the server took for each request, form
and storage included, is gunicorn's own; as it is served, gunicorn writes no such log: the 50 come once more without it.
"""

import statistics
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

from tests.browser.clinic import Clinic, served

PATIENTS = 50
INVITED = 2000  # some connections are quicker than others


def load(clinic: Clinic, patients: int, seconds: int) -> str:
    """Let wrk play so many patients at once; return what it prints."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as links:
        for number in range(INVITED):
            invited = clinic.invite(f"Patient {number}")
            print(invited.link, invited.born, file=links)
        links.flush()
        script = Path(__file__).with_name("patients.lua")
        command = ["wrk", f"-t{patients}", f"-c{patients}", f"-d{seconds}s", "--latency", "-s", script, clinic.address]
        return subprocess.run(
            [*command, "--", links.name, str(patients)], capture_output=True, text=True, check=True
        ).stdout


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
        with served(Path(folder) / "logged", {"GUNICORN_CMD_ARGS": asked}) as clinic:
            for patients, seconds in ((1, 10), (PATIENTS, 30)):
                print(f"{patients} at once, for {seconds} s\n{load(clinic, patients, seconds)}")
                for method, times in server_times(access_log).items():
                    middle, slow = statistics.median(times) / 1000, statistics.quantiles(times, n=100)[98] / 1000
                    print(f"{method:4} of a page of questions: median {middle:.1f} ms, 99th percentile {slow:.1f} ms")
        with served(Path(folder) / "as it is") as clinic:
            print(f"{PATIENTS} at once, without the access log, for 30 s\n{load(clinic, PATIENTS, 30)}")


if __name__ == "__main__":
    main()
