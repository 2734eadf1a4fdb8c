"""What there is to be done in the background, and the process that does it."""

import logging
import signal
from collections.abc import Mapping

from intake import hand_over, jobs, mailing, outbox
from intake.database import Database
from intake.jobs import Kind, Worker
from intake.outbox import TO_CLINIC
from intake.outbox import Kind as MailKind
from intake.rulesets import Screeners
from intake.settings import Settings
from reports.pdf import render

# Seconds between the tries of what the clinic must know: soon again, then every five minutes, for a day. Whoever looks
# at the worklist is told of it meanwhile, and can have it tried again after that.
ALERT_WAITS = (5, 10, 30, 60, 120, *(300 for _ in range(24 * 12)))


def kinds(database: Database, settings: Settings) -> Mapping[str, Kind]:
    """Return every kind of job by its name."""

    def waiting(*of: MailKind) -> list[str]:
        with database.reading() as session:
            return outbox.waiting(session, of)

    def send(mail_id: str) -> None:
        mailing.send(database, settings, mail_id)

    def to_hand_over() -> list[str]:
        with database.reading() as session:
            return hand_over.waiting(session)

    def give(job_id: str) -> None:
        hand_over.run(database, screeners, settings, render, job_id)

    to_record_system = {"hand-over": Kind(to_hand_over, give)} if settings.fhir_server else {}
    screeners = Screeners()
    return {
        **to_record_system,
        "alert": Kind(lambda: waiting(*TO_CLINIC), send, ALERT_WAITS),
        "mail": Kind(lambda: waiting(MailKind.INVITATION), send),
    }


def run(settings: Settings, name: str) -> None:
    """Do background jobs until this process is told to end. Raises `AlreadyRunning`."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s [worker] [%(levelname)s] %(message)s")
    database = Database(settings.database_url)
    with jobs.only_one(settings.data, name):
        worker = Worker(f"sqlite:///{settings.data / jobs.FILE}", name, kinds(database, settings))
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: worker.stop())
        worker.run()
