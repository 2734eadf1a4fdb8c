"""What there is to be done in the background, and the process that does it."""

import logging
import signal
from collections.abc import Mapping

from intake import jobs, mailing, outbox
from intake.database import Database
from intake.jobs import Kind, Worker
from intake.settings import Settings


def kinds(database: Database, settings: Settings) -> Mapping[str, Kind]:
    """Return every kind of job by its name."""

    def waiting_mails() -> list[str]:
        with database.reading() as session:
            return outbox.waiting(session)

    return {"mail": Kind(waiting_mails, lambda mail_id: mailing.send(database, settings, mail_id))}


def run(settings: Settings, name: str) -> None:
    """Do background jobs until this process is told to end. Raises `AlreadyRunning`."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s [worker] [%(levelname)s] %(message)s")
    database = Database(settings.database_url)
    with jobs.only_one(settings.data, name):
        worker = Worker(f"sqlite:///{settings.data / jobs.FILE}", name, kinds(database, settings))
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: worker.stop())
        worker.run()
