"""How the pages are served: the address, the port, and the command that becomes gunicorn.

Workers are processes that compile the rule set for themselves (nothing is loaded before the fork): neither the engine's
memory, nor database connections, nor the PDF process may be shared. Each has a few threads, not for speed (the engine
takes one patient at a time, behind a lock) but because a browser opens connections ahead of need: with gunicorn's
one-connection workers, two such idle connections kept everybody waiting for 30 seconds.
"""

import os
import socket
import sys
from collections.abc import Mapping

THREADS = 4
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


def become_gunicorn(host: str, port: int, workers: int, environ: Mapping[str, str]) -> None:
    """Replace this process by gunicorn; never returns."""
    command = [sys.executable, "-m", "gunicorn", "--bind", f"{_written(host)}:{port}"]
    command += ["--workers", str(workers), "--threads", str(THREADS), "--log-level", "warning", "--no-control-socket"]
    os.execve(sys.executable, [*command, "intake.wsgi:application()"], MALLOC | dict(environ))
