"""What gunicorn is told beside its command (`intake.serving`): how it logs, and what ends with one of its processes."""

from typing import Any

from prometheus_client.multiprocess import mark_process_dead

from intake.logs import configuration
from intake.settings import Settings

keepalive = 10  # seconds: in less, a machine that is very busy closes a connection on which the next request comes
logconfig_dict = configuration(Settings.from_environment().log_level)


def child_exit(_server: Any, worker: Any) -> None:
    """Let what a process counted stand, and what it measured as of now go."""
    mark_process_dead(worker.pid)
