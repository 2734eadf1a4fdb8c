"""What there is to be done in the background, and the process that does it."""

import signal
from collections.abc import Mapping

from intake import hand_over, impacts, logs, mailing, outbox, retention, submission
from intake.database import Database, database_of
from intake.jobs import Kind, Worker
from intake.outbox import TO_CLINIC
from intake.outbox import Kind as MailKind
from intake.rulesets import Screeners
from intake.settings import Settings
from reports.pdf import render
from rules.engine_process import EngineProcess

# Seconds between the tries of what the clinic must know: soon again, then every five minutes, for a day. Whoever looks
# at the worklist is told meanwhile of alerts that fail, and can have them tried again after that.
SOON_AND_FOR_A_DAY = (5, 10, 30, 60, 120, *(300 for _ in range(24 * 12)))


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

    def not_screened() -> list[str]:
        with database.reading() as session:
            return submission.unfinished(session)

    def screen(job_id: str) -> None:
        submission.finish(database, screeners, job_id)

    def to_work_out() -> list[str]:
        with database.reading() as session:
            return impacts.waiting(session)

    def work_out(impact_id: str) -> None:
        impacts.run(database, impact_id)

    daily = retention.Daily(database, settings)

    def erase(job_id: str) -> None:
        retention.erase_if_due(database, settings, job_id.split("/")[0])

    to_record_system = {"hand-over": Kind(to_hand_over, give)} if settings.fhir_server else {}
    screeners = Screeners(EngineProcess())
    return {
        **to_record_system,
        "screening": Kind(not_screened, screen, SOON_AND_FOR_A_DAY),
        "alert": Kind(lambda: waiting(*TO_CLINIC), send, SOON_AND_FOR_A_DAY),
        "mail": Kind(lambda: waiting(MailKind.INVITATION), send),
        "erasing": Kind(daily.waiting, erase),
        "impact": Kind(to_work_out, work_out, impacts.WAITS),
    }


def run(settings: Settings, name: str) -> None:
    """Do background jobs until this process is told to end. Raises `AlreadyRunning`."""
    logs.configure(settings.log_level)
    database = database_of(settings)
    worker = Worker(database, settings.data, name, kinds(database, settings))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: worker.stop())
    try:
        worker.run()
    finally:
        database.close()
