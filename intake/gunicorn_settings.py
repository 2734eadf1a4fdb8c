"""What gunicorn is told beside its command (`intake.serving`): how it logs, and what ends with one of its processes."""

from typing import Any

from gunicorn.glogging import Logger
from prometheus_client.multiprocess import mark_process_dead

from intake.logs import configuration
from intake.settings import Settings


class Logs(Logger):
    """gunicorn's logs, which put together no line for a request unless an access log is asked for."""

    @property
    def access_log_enabled(self) -> bool:
        """Whether one is asked for."""
        return bool(self.cfg.accesslog)


keepalive = 10  # seconds: in less, a machine that is very busy closes a connection on which the next request comes
logger_class = Logs
logconfig_dict = configuration(Settings.from_environment().log_level)


def child_exit(_server: Any, worker: Any) -> None:
    """Let what a process counted stand, and what it measured as of now go."""
    mark_process_dead(worker.pid)
