"""Many patients at once, and what must be true of them afterwards."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import func, select

from intake import alerts, encounters, invitations, outbox, submission
from intake.database import Database, database_of
from intake.invitee import Invitee
from intake.outbox import TO_CLINIC
from intake.outgoing_tables import MailRow
from intake.rulesets import Screeners
from intake.tables import ResponseRow, ScreeningRow
from rules.load import library
from tests.browser.clinic import Clinic
from tests.intake.mail_server import Mailbox
from tests.patient_by_http import Patient

BORN = date(1974, 1, 1)
PAUSE = 0.5  # seconds that a patient waits before trying again
MOST_PAGES = 400
TRIES = 60
LONGEST_WAIT = 180  # seconds until all that was cut off is made up for
Disturbance = Callable[[], object]
Result = TypeVar("Result")


def invite(clinic: Clinic, count: int, *, left: int, seed: int = 1) -> list[Patient]:
    """Invite patients who have left blank all but the first two pages, where emergencies are, and the last ones.

    So they come to an end soon: `left` pages in all, and those that follow from the answers.
    """
    pages = list(library().questionnaire.pages.values())
    blank = {item.id: None for page in pages[2 : len(pages) - left + 2] for item in page.items if not item.derived}
    database, key = database_of(clinic.settings), clinic.settings.secret_key
    patients = []
    with database.writing() as session:
        for number in range(count):
            made = invitations.create(session, key, Invitee(f"Patient {number}", BORN), 30)
            encounters.save_page(session, made.encounter_id, blank)
            token = invitations.link_token(session, key, made)
            link = f"{clinic.address}/start/{token}"
            patients.append(Patient.invited(link, BORN, seed * 1000 + number, made.encounter_id))
    database.close()
    return patients


def _run(to_do: Coroutine[Any, Any, Result]) -> Result:
    """Run it in a thread: a test of a browser may have left a loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, to_do).result()


def walk(patients: list[Patient], disturb: Disturbance, every: int, *, at_once: int = 20, seed: int = 1) -> None:
    """Let all patients answer to the end, and disturb after about every so many pages that came.

    By pages and not by the clock, so that it does not matter how busy the machine is. `disturb` runs in a thread.
    """
    _run(_walk(patients, disturb, every, at_once, random.Random(seed)))


async def _walk(patients: list[Patient], disturb: Disturbance, every: int, at_once: int, chance: random.Random) -> None:
    waiting, going = list(reversed(patients)), asyncio.Semaphore(at_once)
    pages, until = 0, chance.randint(1, 2 * every)

    async def to_the_end(patient: Patient) -> None:
        nonlocal pages, until
        async with going:
            for _ in range(MOST_PAGES):
                if not await patient.page():
                    await asyncio.sleep(PAUSE + patient.chance.random() * PAUSE)
                    continue
                pages += 1
                if patient.is_done:
                    break
                if pages >= until:
                    until = pages + chance.randint(1, 2 * every)
                    await asyncio.to_thread(disturb)
            patient.hang_up()

    await asyncio.gather(*map(to_the_end, waiting))


def pdfs(clinic: Clinic, patients: list[Patient], disturb: Disturbance, every: int) -> list[str]:
    """Let a clinician fetch the summary of everybody as PDF, and disturb now and then; return what did not come."""
    return _run(_pdfs(clinic, patients, disturb, every))


async def _pdfs(clinic: Clinic, patients: list[Patient], disturb: Disturbance, every: int) -> list[str]:
    reader = Patient.invited(clinic.staff("clinician"), BORN, 0)
    await reader.ask()
    wrong = []
    for number, patient in enumerate(patients):
        if number % every == every - 1:
            await asyncio.to_thread(disturb)
        reader.path = f"/clinician/{patient.encounter_id}/summary.pdf"
        for _ in range(TRIES):
            status, content, _ = await reader.ask()
            if status == 200:
                break
            await asyncio.sleep(PAUSE)
        if status != 200 or not content.startswith(b"%PDF") or not content.rstrip().endswith(b"%%EOF"):
            wrong.append(f"{patient.encounter_id}: no PDF ({status})")
    reader.hang_up()
    return wrong


@dataclass(frozen=True)
class Found:
    """What became of a crowd; what must not be is in `wrong`, in words."""

    patients: int
    saved: int
    sent: int
    faults: int
    came_back: int
    slowest: float
    mails: int
    repeated: int
    alone: int
    wrong: tuple[str, ...]


def look(clinic: Clinic, patients: list[Patient], mailbox: Mailbox | None = None) -> Found:
    """Wait until the background jobs have made up for what was cut off, then compare what is stored with what was seen.

    `alone`: responses that the reference screened alone, since the engine died of them twice.
    """
    database = database_of(clinic.settings)
    wrong = [f"{patient.encounter_id}: {what}" for patient in patients for what in patient.odd]
    wrong += [f"{patient.encounter_id}: did not come to the end" for patient in patients if not patient.is_done]
    wrong += _wait(database)
    alone = 0
    with database.reading() as session:
        screeners = Screeners()
        for patient in patients:
            about, was_alone = _wrong_of(session, screeners, patient)
            wrong += [f"{patient.encounter_id}: {what}" for what in about]
            alone += was_alone
        keys = session.scalars(select(MailRow.key).where(MailRow.kind == outbox.Kind.ALERT.value)).all()
        unsent = outbox.waiting(session)
    database.close()
    arrived = Counter(str(mail["Message-ID"]) for mail in mailbox.arrived) if mailbox else Counter()
    if mailbox and len(arrived) != len(keys):
        wrong.append(f"{len(keys)} mails to send, {len(arrived)} arrived, {len(unsent)} wait")
    seen = [answer for patient in patients for answer in patient.seen]
    return Found(
        patients=len(patients),
        saved=sum(len(patient.saved) for patient in patients),
        sent=sum(patient.is_done for patient in patients),
        faults=sum(answer.status in (0, 500, 503) for answer in seen),
        came_back=sum(patient.came_back for patient in patients),
        slowest=max(answer.seconds for answer in seen),
        mails=len(arrived),
        repeated=sum(arrived.values()) - len(arrived),
        alone=alone,
        wrong=tuple(wrong),
    )


def _wait(database: Database) -> list[str]:
    end = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < end:
        with database.reading() as session:
            mails = outbox.waiting(session, TO_CLINIC)
            sent = session.scalar(select(func.count()).where(ResponseRow.sent_at.is_not(None)))
            screened = session.scalar(select(func.count()).select_from(ScreeningRow))
        if not mails and sent == screened:
            return []
        time.sleep(1)
    return [f"after {LONGEST_WAIT} s {len(mails)} mails wait, {sent} are sent and {screened} screened"]


def _wrong_of(session: object, screeners: Screeners, patient: Patient) -> tuple[list[str], bool]:
    """What is wrong with what is stored of a patient, and whether the reference alone screened it."""
    stored = encounters.answers(session, patient.encounter_id)  # type: ignore[arg-type]
    wrong = [f"{item} is {stored.get(item)!r}" for item, seen in patient.saved.items() if not _is(stored, item, seen)]
    if not patient.is_done:
        return wrong, False
    screened = submission.stored_screening(session, screeners, patient.encounter_id)  # type: ignore[arg-type]
    if screened is None:
        return [*wrong, "not screened"], False
    row = session.execute(  # type: ignore[attr-defined]
        select(ResponseRow.rule_set_hash, func.count(ScreeningRow.id))
        .join(ScreeningRow, ScreeningRow.response_id == ResponseRow.id)
        .where(ResponseRow.encounter_id == patient.encounter_id)
        .group_by(ResponseRow.rule_set_hash)
    ).one()
    if tuple(row) != (screened.screening.rule_set, 1):
        wrong.append("not one screening of the right version")
    urgent = {(flag.rule, flag.priority) for flag in screened.screening.raised if flag.priority in alerts.AT_ONCE}
    told = [(alert.rule, alert.priority) for alert in alerts.of_encounter(session, patient.encounter_id)]  # type: ignore[arg-type]
    if not urgent <= set(told) or len(told) != len(set(told)):
        wrong.append(f"alerts are {told}, and should be {urgent}")
    return wrong, not screened.screening.agreed


def _is(stored: dict[str, object], item: str, seen: str) -> bool:
    value = stored.get(item)
    return seen in [str(one) for one in (value if isinstance(value, list) else [value])]
