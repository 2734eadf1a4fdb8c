"""What is wrong with an installation, and how to mend it: each part is tried, and nothing is changed."""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import httpx
from sqlalchemy.exc import SQLAlchemyError

from intake import credentials, demo, health, mail, outbox, rulesets, staff, stuck, submission
from intake.database import Database, database_of
from intake.encryption import Unreadable
from intake.master_keys import MasterKeyError
from intake.rulesets import Screeners
from intake.settings import Settings
from intake.worker_names import AlreadyRunning, held, own_name
from reports.paper import first_document
from reports.pdf_worker import PdfError, PdfWorker
from rules.check import run_tests

LEAST_SPACE = 2**30  # bytes
PATIENCE = 5.0  # seconds for the other side
State = Literal["fine", "look", "wrong"]


@dataclass(frozen=True)
class Finding:
    """How one part is: `fine`, worth a `look`, or `wrong`; the last two come with what to do."""

    part: str
    state: State
    words: str
    advice: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Try each part of an installation, one after the other; the rest is left out where the database cannot be read."""
    yield _folder(settings)
    if settings.data.is_dir():
        yield _space(settings)
    database = database_of(settings)
    try:
        for look in NEEDED:
            found = look(settings, database)
            yield found
            if found.state == "wrong":
                return
        for look in LOOKS:
            yield look(settings, database)
    finally:
        database.close()


def _folder(settings: Settings) -> Finding:
    part, data = "data folder", settings.data
    if not data.is_dir():
        return Finding(part, "wrong", f"there is no {data}", "run: intake init")
    if not os.access(data, os.W_OK | os.X_OK):
        return Finding(part, "wrong", f"this user may not write to {data}", "run as the user that owns it")
    if stat.S_IMODE(data.stat().st_mode) & 0o077:
        return Finding(part, "look", f"others on this machine may look into {data}", f"run: chmod 700 {data}")
    return Finding(part, "fine", f"{data}, for its owner alone")


def _space(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.data).free
    words = f"{free / 2**30:.1f} GiB are free"
    if free < LEAST_SPACE:
        return Finding("disk", "wrong", words, "make room: without it nothing that patients write can be saved")
    return Finding("disk", "fine", words)


def _database(_settings: Settings, database: Database) -> Finding:
    part = "database"
    try:
        with database.reading() as session:
            reason = health.not_ready(session)
    except SQLAlchemyError as error:  # its words may hold a password
        return Finding(
            part, "wrong", f"does not answer ({type(error).__name__})", "see INTAKE_DATABASE_URL, or run: intake init"
        )
    if reason:
        words, _, advice = reason.partition("; ")
        return Finding(part, "wrong", words, advice)
    return Finding(part, "fine", f"{database.engine.dialect.name}, with the tables of this version")


def _master_key(settings: Settings, database: Database) -> Finding:
    part, places = "master key", settings.key_places
    try:
        database.keys.check()
        database.keys.masters.check(set(database.keys.used()))
    except (MasterKeyError, Unreadable) as error:
        words, _, advice = str(error).partition("; ")
        return Finding(part, "wrong", words, advice)
    except SQLAlchemyError as error:
        words = f"the key store does not answer ({type(error).__name__})"
        return Finding(part, "wrong", words, "see INTAKE_KEYS_URL, or run: intake init")
    if places.given:
        return Finding(part, "fine", "opens the keys; it stands in INTAKE_MASTER_KEY")
    if stat.S_IMODE(places.file.stat().st_mode) & 0o077:
        return Finding(part, "wrong", f"others on this machine may read {places.file}", f"run: chmod 600 {places.file}")
    if places.file.is_relative_to(settings.data):
        words = "stands in the data folder, so that whoever copies the folder can read everything"
        return Finding(part, "look", words, "move it elsewhere, and set INTAKE_MASTER_KEY_FILE")
    return Finding(part, "fine", f"opens the keys; {places.file}, for its owner alone")


def _rules(_settings: Settings, database: Database) -> Finding:
    with database.reading() as session:
        in_use = rulesets.published_hash(session) or ""
        ruleset = Screeners().ruleset(session, in_use)
    results = run_tests(ruleset)
    failed = sorted({result.rule for result in results if not result.passed})
    if failed:
        advice = "go back to an earlier version on the page of rules; run: intake rules test"
        return Finding("rules", "wrong", f"tests of {', '.join(failed)} fail", advice)
    return Finding("rules", "fine", f"rule set {in_use[:12]}; its {len(results)} tests pass")


def _screenings(_settings: Settings, database: Database) -> Finding:
    with database.reading() as session:
        waiting = len(submission.unfinished(session))
    if waiting:
        advice = "the background jobs try again; should they stay, the log names the reason"
        return Finding("screenings", "look", f"responses that were sent and are not screened yet: {waiting}", advice)
    return Finding("screenings", "fine", "everything that was sent is screened")


def _pdf(settings: Settings, _database: Database) -> Finding:
    worker = PdfWorker(first_document(settings.paper))
    try:
        worker.write(first_document(settings.paper))
    except PdfError as error:
        return Finding("PDF", "wrong", str(error), "see that Pango is there: script/setup names the packages")
    finally:
        worker.close()
    return Finding("PDF", "fine", "can be made")


def _mail(settings: Settings, _database: Database) -> Finding:
    if settings.mail_server is None:
        words = "no mail server: mails are written to a folder, and nobody gets them"
        return Finding("mail", "look", words, "set INTAKE_SMTP_URL")
    try:
        mail.reach(settings.mail_server)
    except mail.MailError as error:
        return Finding("mail", "wrong", str(error), "see INTAKE_SMTP_URL")
    return Finding("mail", "fine", "the mail server answers")


def _record_system(settings: Settings, _database: Database) -> Finding:
    part = "record system"
    if settings.fhir_server is None:
        return Finding(part, "fine", "none is set; nothing is handed over")
    try:
        answer = httpx.get(f"{settings.fhir_server.url.rstrip('/')}/metadata", timeout=PATIENCE)
    except httpx.HTTPError as error:
        return Finding(part, "wrong", f"cannot be reached ({type(error).__name__})", "see INTAKE_FHIR_URL")
    if answer.is_error:
        words = f"answers {answer.status_code} when it is asked what it can do"
        return Finding(part, "look", words, "see INTAKE_FHIR_URL; some servers ask for a token here too")
    return Finding(part, "fine", "answers")


def _jobs(settings: Settings, database: Database) -> Finding:
    with database.reading() as session:
        late, given_up = outbox.to_clinic_failing(session), [job for job in stuck.listing(session) if job.given_up_at]
    try:
        with held(database, settings.data, own_name(settings.data)):
            pass
    except AlreadyRunning:
        if late:
            words = f"messages to the clinic that are late: {len(late)} ({late[0].problem or 'not tried yet'})"
            return Finding("background jobs", "wrong", words, "see mail and webhook; the log names each try")
        if given_up:
            words = f"jobs that failed until they were given up: {len(given_up)}"
            return Finding("background jobs", "look", words, "see Background work on the pages for admins")
        return Finding("background jobs", "fine", "a worker runs; nothing for the clinic is late")
    advice = "run intake serve, or intake worker, unless one runs on another machine or under another name"
    return Finding("background jobs", "wrong" if late else "look", "no worker runs here", advice)


def _people(settings: Settings, database: Database) -> Finding:
    part = "staff"
    with database.reading() as session:
        active = [member for member in staff.listing(session) if member.active]
        is_real = credentials.anybody_real(session)
    admins = [member for member in active if "admin" in member.roles]
    if not active:
        return Finding(part, "wrong", "nobody can sign in", "run: intake staff add NAME --role clinician --role admin")
    if demo.members(database) and (is_real or settings.base_url.startswith("https://")):
        words = "invented members of the demo sign in without a password"
        return Finding(part, "wrong", words, "remove them (intake staff remove NAME), or begin with an empty folder")
    if settings.needs_approval and len(admins) < 2:
        words = "fewer than two admins, and publishing rules takes two"
        return Finding(part, "look", words, "add one, or set INTAKE_APPROVAL=one")
    return Finding(part, "fine", f"{len(active)} members, {len(admins)} of them admins")


def _address(settings: Settings, _database: Database) -> Finding:
    if settings.base_url.startswith("https://"):
        return Finding("address", "fine", settings.base_url)
    advice = "put a proxy with TLS in front, and set INTAKE_BASE_URL=https://…"
    return Finding("address", "look", f"{settings.base_url} is not encrypted: for trying it out only", advice)


NEEDED: tuple[Callable[[Settings, Database], Finding], ...] = (_database, _master_key)
LOOKS: tuple[Callable[[Settings, Database], Finding], ...] = (
    _rules,
    _screenings,
    _pdf,
    _mail,
    _record_system,
    _jobs,
    _people,
    _address,
)
