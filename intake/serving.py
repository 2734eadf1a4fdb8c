"""How the pages are served: the address, the port, and the processes: gunicorn, and the worker beside it.

Workers are processes that compile the rule set for themselves (nothing is loaded before the fork): neither the engine's
memory, nor database connections, nor the PDF process may be shared. Each has a few threads, not for speed (Python runs
one at a time) but so that a summary that is made, or a slow phone, does not keep the others waiting; connections on
which nothing is said need none (`intake.web_process`).
"""

import ctypes
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

THREADS = 2  # more of them lend each other Python's lock all the time, and answer fewer requests
LOOK_EVERY = 0.2  # seconds
LONGEST_PAUSE = 30  # seconds before a worker that keeps dying is started again
LONGEST_END = 20  # seconds
PR_SET_PDEATHSIG = 1  # from linux/prctl.h
# glibc would hand the engine's tables back to the kernel for each patient, and fault them in again for the next.
# It reads these when a process starts, so they stand in the environment before Python does.
MALLOC = {
    "MALLOC_MMAP_THRESHOLD_": "1000000000",
    "MALLOC_TRIM_THRESHOLD_": "2000000000",
    "MALLOC_TOP_PAD_": "67108864",
}
EVERYWHERE = ("0.0.0.0", "::", "")  # listens on all addresses of the machine


class PortError(Exception):
    """The address cannot be listened on; the message says why and what to do."""


def address(host: str, port: int) -> str:
    """Return where a browser on this machine finds the pages."""
    return f"http://{_written('127.0.0.1' if host in EVERYWHERE else host)}:{port}"


def _written(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def check_port(host: str, port: int) -> None:
    """Raise `PortError` if something else listens there, or the address is not this machine's."""
    try:
        family, kind, _, _, place = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        advice = "stop what is listening there, or choose another with --port"
        raise PortError(f"cannot listen on {_written(host)}:{port} ({error.strerror}); {advice}") from error


def gunicorn_command(host: str, port: int, workers: int) -> list[str]:
    """Return the command that answers requests."""
    command = [sys.executable, "-m", "gunicorn", "--bind", f"{_written(host)}:{port}"]
    command += ["--worker-class", "intake.web_process.WebProcess", "--no-control-socket"]
    command += ["--workers", str(workers), "--threads", str(THREADS)]
    return [*command, "--config", "python:intake.gunicorn_settings", "intake.wsgi:application()"]


def worker_command() -> list[str]:
    """Return the command that does the background jobs."""
    return [sys.executable, "-m", "intake", "worker"]


class Household:
    """The processes of one installation on one machine: one that answers, one that does the jobs.

    When the first ends, all ends; the second is started again. Should this process itself be killed, both end too.
    """

    def __init__(self, answers: Sequence[str], works: Sequence[str], environ: Mapping[str, str]) -> None:
        self._works, self._environ = works, MALLOC | dict(environ)
        self._stopping = False
        self._ends_with_parent = _ends_with_parent()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, self._reload)
        self._answering = self._start(answers)
        self._working = self._start(works)

    def run(self) -> int:
        """Watch over both until the one that answers ends; return its exit code."""
        restarts = 0
        while (code := self._answering.poll()) is None:
            if self._working.poll() is not None and not self._stopping:
                time.sleep(min(2**restarts, LONGEST_PAUSE))
                restarts += 1
                if not self._stopping:
                    self._working = self._start(self._works)
            time.sleep(LOOK_EVERY)
        self._stopping = True
        self._end(self._working)
        return max(code, 0)  # ended by the signal that was passed on to it: as it should be

    def _start(self, command: Sequence[str]) -> "subprocess.Popen[bytes]":
        # in sessions of their own: Ctrl-C reaches this process alone, which ends both in order
        return subprocess.Popen(command, env=self._environ, start_new_session=True, preexec_fn=self._ends_with_parent)

    def _stop(self, _number: int, _frame: object) -> None:
        self._stopping = True
        for process in (self._answering, self._working):
            process.terminate()

    def _reload(self, _number: int, _frame: object) -> None:
        self._answering.send_signal(signal.SIGHUP)
        self._working.terminate()

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        process.terminate()
        try:
            process.wait(LONGEST_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ends_with_parent() -> Callable[[], None]:
    """Return what a child calls before it begins, so that the system ends it when its parent is gone."""
    libc = ctypes.CDLL(None)  # loaded here: between fork and exec as little as possible should happen

    def call() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    return call
