"""Background jobs, on DBOS: the only module that imports it.

What is to be done stands in the product's own database, and every kind of job says how to find it (`Kind.waiting`). The
worker looks there every second and hands each job to DBOS, which runs it, once at a time under one id whatever happens,
and again, later and later, when it fails. A job that was cut off by a dying process is taken up when the worker of that
name starts again. So a job may run twice and must be safe to repeat; and losing the file of jobs loses no job.
"""

import fcntl
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from dbos import DBOS, EnqueueOptions

from intake.counters import JOBS
from intake.faults import place_of

QUEUE = "intake"
APPLICATION_VERSION = "1"  # a constant: jobs of a program before an upgrade are run by the one after it
WORKER = "worker"  # the name of one that is given none
FILE = "jobs.sqlite"  # in the data folder
LOOK_EVERY = 1.0  # seconds
AT_ONCE = 4  # jobs of one worker
WAITS = (10, 30, 120, 300, 600, 1800, *(3600 for _ in range(72)))  # seconds until the next try: for three days
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kind:
    """One kind of job: what waits to be done, by id, and how to do one. `run` raises where it is to be tried again.

    `waits`: how many seconds later, after the first try, the second, and so on; then it is given up.
    """

    waiting: Callable[[], Sequence[str]]
    run: Callable[[str], None]
    waits: Sequence[float] = WAITS


class AlreadyRunning(Exception):
    """Another worker of this name runs on this machine."""


@contextmanager
def only_one(data: Path, name: str) -> Iterator[None]:
    """Hold a worker's name until the end of the block. Raises `AlreadyRunning`; a dead process holds nothing."""
    with (data / f"worker-{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"a worker named {name} runs already; give this one another --name") from None
        yield


class Worker:
    """Runs jobs until it is told to stop. One in a process, and one of a name at a time (`only_one`)."""

    def __init__(self, url: str, name: str, kinds: Mapping[str, Kind]) -> None:
        self._kinds = kinds
        self._handed: set[tuple[str, str]] = set()
        self._stopped = Event()
        # its own messages may repeat an exception's words, and with them an address; ours below do not
        logging.getLogger("dbos").setLevel(logging.CRITICAL + 1)
        DBOS(
            config={
                "name": "intake",
                "system_database_url": url,
                "application_version": APPLICATION_VERSION,
                "executor_id": name,
                "log_level": "CRITICAL",
                "enable_otlp": False,
            }
        )

        @DBOS.step(name="try")
        def try_once(kind: str, job_id: str, attempt: int) -> bool:
            return self._try(kind, job_id, attempt)

        @DBOS.workflow(name="job")
        def job(kind: str, job_id: str, attempt: int) -> None:
            if not try_once(kind, job_id, attempt):
                self._hand(kind, job_id, attempt + 1)

    def run(self) -> None:
        """Do what waits, and what comes, until `stop` is called."""
        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=AT_ONCE, polling_interval_sec=LOOK_EVERY / 2)
        try:
            while not self._stopped.is_set():
                self._look()
                self._stopped.wait(LOOK_EVERY)
        finally:
            DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=10)

    def stop(self) -> None:
        """Let what runs come to its end, and start nothing more."""
        self._stopped.set()

    def _look(self) -> None:
        """Hand over what waits and was not handed over by this process. A second time under one id does nothing."""
        try:
            waiting = [(name, job_id) for name, kind in self._kinds.items() for job_id in kind.waiting()]
            self._handed.intersection_update(waiting)
            for job in waiting:
                if job not in self._handed:
                    self._hand(*job, attempt=0)
                    self._handed.add(job)
        except Exception as error:  # the database may be away for a while; the worker waits for it
            LOG.error("cannot look for jobs, and will look again: %s", place_of(error))

    def _hand(self, kind: str, job_id: str, attempt: int) -> None:
        waits = self._kinds[kind].waits
        if attempt > len(waits):
            LOG.error("%s %s failed %s times and is given up", kind, job_id, attempt)
            return
        options = EnqueueOptions(workflow_name="job", queue_name=QUEUE, workflow_id=f"{kind}:{job_id}:{attempt}")
        if attempt:
            options["delay_seconds"] = waits[attempt - 1]
        DBOS.enqueue_workflow_with_options(options, kind, job_id, attempt)

    def _try(self, kind: str, job_id: str, attempt: int) -> bool:
        begin = time.monotonic()
        try:
            self._kinds[kind].run(job_id)
        except Exception as error:  # neither its words nor itself go further: they may hold an address or a name
            JOBS.labels(kind, "failed").inc()
            LOG.warning("%s %s failed at try %s: %s", kind, job_id, attempt + 1, place_of(error))
            return False
        JOBS.labels(kind, "done").inc()
        LOG.info("%s %s done at try %s in %.0f ms", kind, job_id, attempt + 1, (time.monotonic() - begin) * 1000)
        return True
