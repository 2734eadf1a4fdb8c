"""Background jobs: done once, done again when they fail, and not lost when a process is killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from intake import hand_over, invitations, outbox, stuck, submission, work
from intake.database import Database
from intake.invitee import Invitee
from intake.jobs import FILE, Kind, Worker
from intake.outbox import Kind as MailKind
from intake.settings import Settings
from intake.stuck import StuckJob
from intake.worker_names import AlreadyRunning, held
from tests.intake.mail_server import Mailbox, a_free_port, mail_server
from tests.intake.test_mail import set_up, waiting

BORN = date(1970, 5, 17)
PATIENCE = 120  # seconds: the machine may be busy
SLOW_JOBS = """
import os, sys, time
from pathlib import Path
from intake.database import Database
from intake.jobs import Kind, Worker
from intake.key_store import KeyRing
from intake.master_keys import KeyPlaces
folder, url, name = Path(sys.argv[1]), *sys.argv[2:]
def waiting():
    return [path.stem for path in sorted(folder.glob("*.todo"))]
def run(name):
    with (folder / "begun").open("a") as log:
        log.write(name + "\\n")
    time.sleep(0.3)
    (folder / f"{name}.todo").rename(folder / f"{name}.done")
keys = KeyRing(KeyPlaces("sqlite://", folder / "master_key"))
Worker(Database(url, keys), folder, name, {"slow": Kind(waiting, run)}).run()
"""


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


class Chores:
    """Jobs that note what becomes of them, and fail as often as they are told to."""

    def __init__(self, *names: str, failures: int = 0) -> None:
        self.open, self.done, self.tries, self.failures = list(names), [], [], failures

    def run(self, name: str) -> None:
        """Do one."""
        self.tries.append((name, time.monotonic()))
        if len(self.tries) <= self.failures:
            raise RuntimeError("a secret worry of ada@example.org")
        self.done.append(name)
        if name in self.open:
            self.open.remove(name)

    def kinds(self) -> dict[str, Kind]:
        """What the worker is handed."""
        return {"chore": Kind(lambda: list(self.open), self.run)}


@contextmanager
def working(
    database: Database, folder: Path, kinds: Mapping[str, Kind], waits: tuple[float, ...] = (0.2, 0.5, 0.5)
) -> Iterator[None]:
    """A worker in a thread of this process."""
    quick = {name: replace(kind, waits=waits) for name, kind in kinds.items()}
    worker = Worker(database, folder, "worker", quick)
    thread = Thread(target=worker.run)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()


@contextmanager
def process(*command: str | Path, **environ: str) -> Iterator[subprocess.Popen]:
    """A process of its own that is killed at the end of the block."""
    started = subprocess.Popen(command, env=os.environ | environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def kept_of_jobs(database: Database, folder: Path) -> bytes:
    """All that DBOS has stored."""
    if database.is_sqlite:
        return b"".join(path.read_bytes() for path in folder.glob(f"{FILE}*"))
    tables = sa.inspect(database.engine).get_table_names(schema="dbos")
    with database.engine.connect() as connection:
        return repr([connection.execute(sa.text(f'SELECT * FROM dbos."{name}"')).all() for name in tables]).encode()


def failing(database: Database) -> list[StuckJob]:
    """The jobs that failed the last time."""
    with database.reading() as session:
        return stuck.listing(session)


def test_what_waits_is_done_once(database: Database, tmp_path: Path):
    chores = Chores("one", "two", "three")
    with working(database, tmp_path, chores.kinds()):
        until(lambda: len(chores.done) == 3)
        chores.open.append("four")
        until(lambda: len(chores.done) == 4)
        time.sleep(2)
    assert sorted(chores.done) == ["four", "one", "three", "two"]


def test_what_fails_is_done_again_later_and_its_words_are_kept_nowhere(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    chores = Chores("one", failures=2)
    with working(database, tmp_path, chores.kinds()):
        until(lambda: chores.done == ["one"])
    moments = [moment for _, moment in chores.tries]
    assert len(moments) == 3
    assert moments[1] - moments[0] >= 0.2
    assert moments[2] - moments[1] >= 0.5
    assert "RuntimeError" in caplog.text
    stored = kept_of_jobs(database, tmp_path)
    assert b"chore:one:0:2" in stored
    assert failing(database) == []
    for secret in ("secret worry", "ada@example.org"):
        assert secret not in caplog.text
        assert secret.encode() not in stored


def test_what_never_succeeds_is_given_up_and_said_and_tried_again_when_somebody_says_so(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    chores = Chores("one", failures=4)
    with working(database, tmp_path, chores.kinds(), waits=(0.1, 0.1)):
        until(lambda: "given up" in caplog.text)
        assert len(chores.tries) == 3
        [job] = failing(database)
        assert (job.kind, job.job_id, job.tries) == ("chore", "one", 3)
        assert job.given_up_at is not None
        assert job.problem.startswith("RuntimeError at ")
        assert "secret" not in job.problem
        with database.writing() as session:
            stuck.try_again(session, "chore", "one")
        until(lambda: chores.done == ["one"])
        until(lambda: failing(database) == [])
    assert len(chores.tries) == 5


def test_a_job_that_fails_does_not_hold_up_the_others(database: Database, tmp_path: Path):
    chores = Chores(*"abcdefgh")
    run = chores.run
    chores.run = lambda name: 1 / 0 if name in "abcd" else run(name)
    with working(database, tmp_path, chores.kinds(), waits=(60,)):
        until(lambda: sorted(chores.done) == list("efgh"))


def slow_jobs(folder: Path, number: int) -> list[str]:
    """Put down so many jobs, each of which takes a while; return their names."""
    names = [f"job{number:02}" for number in range(number)]
    for name in names:
        (folder / f"{name}.todo").touch()
    return names


def done(folder: Path) -> int:
    """How many of them are done."""
    return len(list(folder.glob("*.done")))


def test_what_is_urgent_waits_behind_nothing_of_another_kind(database: Database, tmp_path: Path):
    backlog, alert = Chores(*(str(number) for number in range(1000))), Chores()

    def slowly(name: str) -> None:
        time.sleep(0.05)
        backlog.run(name)

    kinds = {"screening": Kind(lambda: list(backlog.open), slowly), "alert": Kind(lambda: list(alert.open), alert.run)}
    with working(database, tmp_path, kinds):
        until(lambda: len(backlog.done) >= 2)
        alert.open.append("come at once")
        until(lambda: alert.done == ["come at once"])
        assert len(backlog.open) > 500


def test_a_worker_that_is_killed_loses_no_job(database: Database, tmp_path: Path):
    names = slow_jobs(tmp_path, 12)
    command = (sys.executable, "-c", SLOW_JOBS, tmp_path, database.url, "worker")
    for _ in range(2):
        before = done(tmp_path)
        with process(*command) as killed:
            until(lambda before=before: done(tmp_path) > before)
            killed.send_signal(signal.SIGKILL)
            killed.wait()
    with process(*command):
        until(lambda: done(tmp_path) == len(names))
    begun = (tmp_path / "begun").read_text().split()
    assert set(begun) == set(names)
    assert len(begun) <= len(names) + 2 * 4, "only what was cut off is done again"


def test_a_worker_that_lives_takes_over_what_one_that_was_killed_had_in_hand(database: Database, tmp_path: Path):
    names = slow_jobs(tmp_path, 30)
    command = (sys.executable, "-c", SLOW_JOBS, tmp_path, database.url)
    with process(*command, "one") as one, process(*command, "other"):
        until(lambda: done(tmp_path) > 4)
        one.send_signal(signal.SIGKILL)
        one.wait()
        until(lambda: done(tmp_path) == len(names))
    begun = (tmp_path / "begun").read_text().split()
    assert set(begun) == set(names)
    assert len(begun) <= len(names) + 4, "only what was cut off is done again"


def test_two_workers_of_one_name_do_not_run_at_once(database: Database, tmp_path: Path):
    other = Database(database.url, database.keys)  # as that of another process, or of another machine
    with held(database, tmp_path, "worker"):
        with pytest.raises(AlreadyRunning, match="--name"), held(other, tmp_path, "worker"):
            pass
        with held(other, tmp_path, "another"):
            pass
    with held(other, tmp_path, "worker"):
        pass
    other.engine.dispose()


@pytest.mark.parametrize(
    ("looked_for", "index"),
    [
        (submission.unfinished, "response_unscreened"),
        (hand_over.waiting, "signed_summary_unhanded"),
        (outbox.waiting, "mail_unsent"),
    ],
)
def test_what_waits_is_found_by_an_index_of_it_and_not_by_going_through_all_that_is_stored(
    database: Database, looked_for: Callable[[Session], object], index: str
):
    asked: list[tuple[str, Any]] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *heard: asked.append(heard[2:4]))
    with database.reading() as session:
        looked_for(session)
        statement, parameters = asked[-1]
        connection = session.connection()
        if database.is_sqlite:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        else:  # there is so little in these tables that it would rather read them whole
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).all()
    assert index in str(plan)


@pytest.mark.postgres
def test_a_name_is_taken_again_after_the_database_was_away_unless_another_was_faster(
    database: Database, tmp_path: Path
):
    def cut_off() -> None:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        with database.engine.connect() as connection:
            connection.exec_driver_sql(f"{others} AND pid != pg_backend_pid()")

    with held(database, tmp_path, "worker") as keep:
        cut_off()
        keep()
        with pytest.raises(AlreadyRunning), held(database, tmp_path, "worker"):
            pass
        cut_off()
        with held(database, tmp_path, "worker"), pytest.raises(AlreadyRunning):
            keep()
        keep()


class TestMails:
    """The worker as it is started, and a real mail server."""

    @pytest.fixture
    def mailbox(self) -> Mailbox:
        """A mailbox whose server is not running yet."""
        return Mailbox(port=a_free_port())

    @pytest.fixture
    def environ(self, settings: Settings, mailbox: Mailbox) -> dict[str, str]:
        """The clinic's settings, for the worker's own process."""
        return {
            "INTAKE_DATA": str(settings.data),
            "INTAKE_SECRET_KEY": settings.secret_key,
            "INTAKE_SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}",
            "INTAKE_MAIL_FROM": "intake@clinic.example",
            "INTAKE_ALERT_EMAIL": "desk@clinic.example",
        }

    def test_a_mail_waits_for_a_server_that_is_away_and_for_one_that_greylists(
        self, database: Database, settings: Settings, mailbox: Mailbox
    ):
        settings = set_up(settings, INTAKE_SMTP_URL=f"smtp://127.0.0.1:{mailbox.port}")
        with database.writing() as session:
            made = invitations.create(session, settings.secret_key, Invitee("Ada", BORN, None, "ada@example.org"), 30)
            outbox.add(session, MailKind.ALERT, made.encounter_id, "emergency")

        def tries() -> list[int]:
            with database.reading() as session:
                return [mail.tries for mail_id in outbox.waiting(session) if (mail := outbox.find(session, mail_id))]

        with working(database, settings.data, work.kinds(database, settings), waits=(1, *[0.5] * 40)):
            until(lambda: len(tries()) == 2 and min(tries()) >= 1)
            mailbox.answers.append("450 4.2.0 Greylisted")
            with mail_server(mailbox):
                until(lambda: waiting(database) == [])
        assert sorted(mail["To"] for mail in mailbox.arrived) == ["ada@example.org", "desk@clinic.example"]
        assert mailbox.asked == 3

    @pytest.mark.usefixtures("screeners")
    def test_the_file_of_jobs_holds_no_name_no_address_and_no_link(
        self, database: Database, settings: Settings, mailbox: Mailbox, environ: dict[str, str]
    ):
        with database.writing() as session:
            who = Invitee("Ada Examplova", BORN, None, "ada@example.org")
            made = invitations.create(session, settings.secret_key, who, 30)
            token = invitations.link_token(session, settings.secret_key, made)
        with mail_server(mailbox), process(sys.executable, "-m", "intake", "worker", **environ):
            until(lambda: waiting(database) == [])
        stored = kept_of_jobs(database, settings.data)
        assert b"mail:" in stored
        for secret in ("Ada", "Examplova", "ada@example.org", "1970-05-17", str(token)):
            assert secret.encode() not in stored

    @pytest.mark.usefixtures("screeners")
    def test_a_worker_ends_in_order_when_it_is_told_to(self, database: Database, environ: dict[str, str]):
        with process(sys.executable, "-m", "intake", "worker", **environ) as worker:
            until(lambda: b"intake" in kept_of_jobs(database, Path(environ["INTAKE_DATA"])))
            time.sleep(1)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(PATIENCE) == 0
            assert worker.stdout is not None
            assert worker.stdout.read() == b""


def test_one_command_runs_everything_starts_a_dead_worker_again_and_ends_everything(settings: Settings):
    environ = {"INTAKE_DATA": str(settings.data), "INTAKE_SECRET_KEY": settings.secret_key}
    subprocess.run([sys.executable, "-m", "intake", "init"], env=os.environ | environ, check=True, capture_output=True)
    port = str(a_free_port())
    with process(sys.executable, "-m", "intake", "serve", "--port", port, "--workers", "1", **environ) as serve:
        until(lambda: len(children(serve.pid)) == 2)
        worker = next(pid for pid, command in children(serve.pid).items() if command.endswith("intake worker"))
        os.kill(worker, signal.SIGKILL)
        until(lambda: worker not in children(serve.pid) and len(children(serve.pid)) == 2)
        family = list(children(serve.pid))
        serve.send_signal(signal.SIGINT)
        assert serve.wait(PATIENCE) == 0
        assert [pid for pid in family if Path(f"/proc/{pid}").exists()] == []


def test_nothing_goes_on_when_the_command_itself_is_killed(settings: Settings):
    environ = {"INTAKE_DATA": str(settings.data), "INTAKE_SECRET_KEY": settings.secret_key}
    subprocess.run([sys.executable, "-m", "intake", "init"], env=os.environ | environ, check=True, capture_output=True)
    port = str(a_free_port())
    with process(sys.executable, "-m", "intake", "serve", "--port", port, "--workers", "1", **environ) as serve:
        until(lambda: len(children(serve.pid)) == 2)
        family = list(children(serve.pid))
        serve.send_signal(signal.SIGKILL)
        until(lambda: not any(alive(pid) for pid in family))


def test_no_request_fails_while_the_processes_are_taken_over_by_new_ones(settings: Settings):
    environ = {"INTAKE_DATA": str(settings.data), "INTAKE_SECRET_KEY": settings.secret_key}
    subprocess.run([sys.executable, "-m", "intake", "init"], env=os.environ | environ, check=True, capture_output=True)
    address = f"http://127.0.0.1:{(port := a_free_port())}"
    with process(sys.executable, "-m", "intake", "serve", "--port", str(port), "--workers", "1", **environ) as serve:
        until(lambda: is_ready(address))
        answering = next(pid for pid, command in children(serve.pid).items() if "gunicorn" in command)
        first = set(children(answering))
        serve.send_signal(signal.SIGHUP)
        with httpx.Client(base_url=address, timeout=PATIENCE) as kept_open:
            while first & set(children(answering)) or len(children(answering)) != 1:
                assert httpx.get(f"{address}/about/evidence", timeout=PATIENCE).status_code == 200
                assert kept_open.get("/about/evidence").status_code == 200
        serve.send_signal(signal.SIGTERM)
        assert serve.wait(PATIENCE) == 0


def is_ready(address: str) -> bool:
    """Whether patients can be served."""
    try:
        return httpx.get(f"{address}/readyz", timeout=PATIENCE).is_success
    except httpx.ConnectError:
        return False


def children(pid: int) -> dict[int, str]:
    """The living children of a process, with their commands."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    commands = {int(child): Path(f"/proc/{child}/cmdline").read_bytes() for child in listed}
    return {child: command.decode().replace("\0", " ").strip() for child, command in commands.items() if command}


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not asked after yet does not."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:4]
    except (FileNotFoundError, ProcessLookupError):
        return False
