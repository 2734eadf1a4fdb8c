"""Background jobs, on DBOS: the only module that imports it.

What is to be done stands in the product's own database, and every kind of job says how to find it (`Kind.waiting`). The
workers look there every second and hand each job to DBOS, which runs it, once at a time under one id whatever happens,
and again, later and later, when it fails. DBOS keeps its own tables in a file in the data folder; on PostgreSQL in the
schema `dbos` of the same database, so that the workers of all machines share the jobs. What a worker that died had in
hand is taken over by the first that finds its name free (`worker_names`), or by itself when it starts again. So a job
may run twice and must be safe to repeat; and losing the tables of DBOS loses no job.
"""

import itertools
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

from dbos import DBOS, EnqueueOptions
from sqlalchemy.exc import SQLAlchemyError

from intake import stuck
from intake.counters import JOBS
from intake.database import Database
from intake.faults import place_of
from intake.worker_names import AlreadyRunning, held

APPLICATION_VERSION = "1"  # a constant: jobs of a program before an upgrade are run by the one after it
FILE = "jobs.sqlite"  # in the data folder
LOOK_EVERY = 1.0  # seconds
LOOKS_BETWEEN = 5  # from one look for workers that are gone to the next
TIDY_EVERY = 3600.0  # seconds
KEPT = timedelta(days=7)  # what DBOS remembers of a job that is done
TIDIED_AT_ONCE = 1000
AT_ONCE = 2  # jobs of a kind in one worker
HANDED_AT_ONCE = 200  # of a kind, before the next kind has its turn
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


class Worker:
    """Runs jobs until it is told to stop. One in a process, under a name that no other worker has (`worker_names`)."""

    def __init__(self, database: Database, data: Path, name: str, kinds: Mapping[str, Kind]) -> None:
        self._database, self._data, self._name, self._kinds = database, data, name, kinds
        self._handed: set[tuple[str, str, int]] = set()
        self._stopped = Event()
        # its own messages may repeat an exception's words, and with them an address; ours below do not
        logging.getLogger("dbos").setLevel(logging.CRITICAL + 1)
        DBOS(
            config={
                "name": "intake",
                "system_database_url": f"sqlite:///{data / FILE}" if database.is_sqlite else database.url,
                "application_version": APPLICATION_VERSION,
                "executor_id": name,
                "log_level": "CRITICAL",
                "enable_otlp": False,
            }
        )

        @DBOS.step(name="try")
        def try_once(kind: str, job_id: str, number: int, attempt: int) -> bool:
            return self._try(kind, job_id, number, attempt)

        @DBOS.workflow(name="job")
        def job(kind: str, job_id: str, number: int, attempt: int) -> None:
            if not try_once(kind, job_id, number, attempt):
                self._hand(kind, job_id, number, attempt + 1)

    def run(self) -> None:
        """Do what waits, and what comes, until `stop` is called. Raises `AlreadyRunning`."""
        with held(self._database, self._data, self._name) as keep_name:
            DBOS.launch()
            for kind in self._kinds:
                DBOS.register_queue(_queue(kind), worker_concurrency=AT_ONCE, polling_interval_sec=LOOK_EVERY / 2)
            try:
                self._watch(keep_name)
            finally:
                DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=10)

    def stop(self) -> None:
        """Let what runs come to its end, and start nothing more."""
        self._stopped.set()

    def _watch(self, keep_name: Callable[[], None]) -> None:
        looks, tidied_at = 0, -TIDY_EVERY
        while not self._stopped.is_set():
            try:
                keep_name()
                self._look()
                if looks % LOOKS_BETWEEN == 0:
                    self._take_over()
                if time.monotonic() - tidied_at >= TIDY_EVERY:
                    tidied_at = time.monotonic()
                    _tidy()
            except AlreadyRunning:
                raise
            except Exception as error:  # the database may be away for a while; the worker waits for it
                LOG.error("cannot look for jobs, and will look again: %s", place_of(error))
            looks += 1
            self._stopped.wait(LOOK_EVERY)

    def _look(self) -> None:
        """Hand over what waits and was not handed over by this process. A second time under one id does nothing."""
        with self._database.reading() as session:
            rounds = stuck.rounds(session)
        found = {
            name: [(name, job, rounds.get((name, job), 0)) for job in self._kinds[name].waiting()]
            for name in self._kinds
        }
        self._handed.intersection_update(itertools.chain(*found.values()))
        for waiting in found.values():
            for job in itertools.islice((one for one in waiting if one not in self._handed), HANDED_AT_ONCE):
                self._hand(*job, attempt=0)
                self._handed.add(job)

    def _take_over(self) -> None:
        """Have what workers that are gone had in hand run by those that live."""
        cut_off = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        for name in {str(job.executor_id) for job in cut_off} - {self._name}:
            with suppress(AlreadyRunning), held(self._database, self._data, name):
                theirs = DBOS.list_workflows(status="PENDING", executor_id=name, load_input=False, load_output=False)
                for kind in self._kinds:
                    ids = [job.workflow_id for job in theirs if job.workflow_id.startswith(f"{kind}:")]
                    DBOS.resume_workflows(ids, queue_name=_queue(kind))
                LOG.warning("worker %s is gone; jobs taken over from it: %s", name, len(theirs))

    def _hand(self, kind: str, job_id: str, number: int, attempt: int) -> None:
        waits = self._kinds[kind].waits
        if attempt > len(waits):
            LOG.error("%s %s failed %s times and is given up", kind, job_id, attempt)
            return
        workflow_id = f"{kind}:{job_id}:{number}:{attempt}"
        options = EnqueueOptions(workflow_name="job", queue_name=_queue(kind), workflow_id=workflow_id)
        if attempt:
            options["delay_seconds"] = waits[attempt - 1]
        DBOS.enqueue_workflow_with_options(options, kind, job_id, number, attempt)

    def _try(self, kind: str, job_id: str, number: int, attempt: int) -> bool:
        """Run a job; False where it is to be tried again."""
        begin = time.monotonic()
        try:
            self._kinds[kind].run(job_id)
        except Exception as error:  # neither its words nor itself go further: they may hold an address or a name
            JOBS.labels(kind, "failed").inc()
            LOG.warning("%s %s failed at try %s: %s", kind, job_id, attempt + 1, place_of(error))
            self._note(kind, job_id, number, attempt, place_of(error))
            return False
        if number or attempt:
            self._note(kind, job_id, number, attempt, None)
        JOBS.labels(kind, "done").inc()
        LOG.info("%s %s done at try %s in %.0f ms", kind, job_id, attempt + 1, (time.monotonic() - begin) * 1000)
        return True

    def _note(self, kind: str, job_id: str, number: int, attempt: int, problem: str | None) -> None:
        """Have it seen what became of a job. Where the database is away, there are other pages that say so."""
        with suppress(SQLAlchemyError), self._database.writing() as session:
            if problem is None:
                stuck.forget(session, kind, job_id)
            else:
                given_up = attempt == len(self._kinds[kind].waits)
                stuck.note(session, kind, job_id, number, problem, given_up=given_up)


def _queue(kind: str) -> str:
    """Each kind waits in a queue of its own: what the clinic must know never stands behind anything else."""
    return f"intake {kind}"


def _tidy() -> None:
    """Have DBOS forget jobs that were done long ago."""
    before = (datetime.now(UTC) - KEPT).isoformat()
    while True:
        done = DBOS.list_workflows(completed_before=before, limit=TIDIED_AT_ONCE, load_input=False, load_output=False)
        if not done:
            return
        DBOS.delete_workflows([job.workflow_id for job in done])
