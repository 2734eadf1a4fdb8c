"""After a whole visit no file that the product wrote holds a name or an answer in clear: every byte of it is read.

The product runs as a clinic runs it, with its server and its background worker, and a record system that repeats the
patient's name in its refusal. Left out is the folder of mails alone, which takes the place of their delivery.
"""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from html import unescape
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import pytest

from intake import encounters, erasure, hand_over, invitations
from intake.database import Database, database_of
from intake.invitee import Invitee
from intake.mail import FOLDER as MAILS
from rules.load import library
from tests.browser.clinic import Clinic, served
from tests.intake.fhir_peer import Peer, fhir_peer

NAME, FREE_TEXT, CORRECTED, NOTE, BY_HAND = "Zyzzyva Quixotl", "wombatish", "numbatish", "quokkaish", "bilbyish"
BORN, EMAIL, PHONE = date(1961, 7, 9), "zyzzyva.q@example.org", "0191 4980123"
SECRETS = (*NAME.split(), FREE_TEXT, CORRECTED, NOTE, BY_HAND, "zyzzyva.q", PHONE, BORN.isoformat(), "%PDF")
ANSWER = {"chest_pain_now": "yes", "breast_change": "yes"}
HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
LONGEST_WAIT = 90  # seconds
REFUSAL = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "invalid", "diagnostics": f"{NAME} is not known", "expression": ["name"]}],
}


@dataclass
class Browser:
    """A browser: it keeps cookies, and sends what a page hides in its form."""

    address: str
    page: str = ""
    opener: OpenerDirector = field(default_factory=lambda: build_opener(HTTPCookieProcessor()))

    def get(self, path: str) -> bytes:
        return self._open(path, None)

    def post(self, path: str, **fields: str | list[str]) -> bytes:
        hidden = (dict(ATTRIBUTE.findall(tag)) for tag in HIDDEN.findall(self.page))
        sent: dict[str, str | list[str]] = {
            one["name"]: unescape(one.get("value", "")) for one in hidden if "name" in one
        } | fields
        return self._open(path, urlencode({name.replace("__", "-"): sent[name] for name in sent}, doseq=True).encode())

    def _open(self, path: str, body: bytes | None) -> bytes:
        try:
            with self.opener.open(path if "://" in path else self.address + path, body, timeout=60) as answer:
                content: bytes = answer.read()
        except HTTPError as error:
            raise AssertionError(f"{path}: {error.code} {error.read().decode()}") from None
        self.page = content.decode(errors="replace")
        return content


@pytest.fixture
def peer() -> Iterator[Peer]:
    """The clinic's record system, which refuses in words that name the patient."""
    with fhir_peer() as running:
        running.answers.append((400, REFUSAL))
        yield running


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """The data folder, and the folder for temporary files."""
    folders = tmp_path / "data", tmp_path / "temporary"
    for folder in folders:
        folder.mkdir()
    return folders


def in_clear(*folders: Path) -> dict[str, list[str]]:
    """The files that hold any of the secrets, with those that they hold."""
    found = {}
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file() and MAILS not in path.parts]
    for path in files:
        try:
            content = path.read_bytes().lower()
        except FileNotFoundError:  # a journal that has ended in between
            continue
        held = [secret for secret in SECRETS if secret.lower().encode() in content]
        if held:
            found[path.name] = held
    assert len(files) > 3
    return found


def invite(clinic: Clinic, database: Database) -> tuple[str, str]:
    """Invite the patient; return the encounter's id and the address of the link."""
    with database.writing() as session:
        made = invitations.create(session, clinic.settings.secret_key, Invitee(NAME, BORN, None, EMAIL, PHONE), 30)
        token = invitations.link_token(session, clinic.settings.secret_key, made)
    return made.encounter_id, f"{clinic.address}/start/{token}"


def answer(browser: Browser, **answers: str) -> None:
    """Send the pages of these questions."""
    questionnaire = library().questionnaire
    for name, value in answers.items():
        path = f"/questions/{questionnaire.items[name].page}"
        browser.get(path)
        browser.post(path, **{name: value})


def leave_the_rest_blank(database: Database, encounter_id: str) -> None:
    with database.writing() as session:
        known = encounters.answers(session, encounter_id)
        items = library().questionnaire.items.values()
        blank = {item.id: None for item in items if item.id not in known and not item.derived}
        encounters.save_page(session, encounter_id, blank)


def visit(browser: Browser, database: Database, encounter_id: str, link: str) -> None:
    """Answer, send, correct, send again, and take a copy."""
    browser.get(link)
    browser.post("/enter", date_of_birth=[str(BORN.day), str(BORN.month), str(BORN.year)])
    answer(browser, **ANSWER, matters_most=FREE_TEXT)
    leave_the_rest_blank(database, encounter_id)
    browser.get("/check")
    browser.post("/check")
    browser.post("/correct")
    answer(browser, matters_most=f"{FREE_TEXT} {CORRECTED}")
    browser.get("/check")
    browser.post("/check")
    assert browser.get("/my-answers.pdf").startswith(b"%PDF")


def review(browser: Browser, encounter_id: str) -> None:
    """Read the summary and its PDF, find the patient by name, write notes, and sign."""
    browser.get("/clinician?view=all&q=quix")
    assert NAME in browser.page
    browser.get(f"/clinician/{encounter_id}")
    assert CORRECTED in browser.page
    assert browser.get(f"/clinician/{encounter_id}/summary.pdf").startswith(b"%PDF")
    browser.get(f"/clinician/{encounter_id}/review")
    verdicts: Mapping[str, str] = {"verdict__RF2": "agree", "note__RF2": NOTE, "note__RF8": BY_HAND}
    browser.post(f"/clinician/{encounter_id}/review", **verdicts, action="sign")
    browser.get(f"/clinician/{encounter_id}")
    assert NOTE in browser.page
    assert browser.get(f"/clinician/{encounter_id}/signed/1.pdf").startswith(b"%PDF")


def wait_for_refusal(database: Database, encounter_id: str) -> None:
    """Wait until the background worker has told the record system, and has written down what it said."""
    end = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < end:
        with database.reading() as session:
            found = hand_over.of_encounter(session, encounter_id)
        if found is not None and found.problem:
            assert NAME in found.problem
            return
        time.sleep(0.2)
    raise AssertionError("the background worker did nothing")


def mails_to_her(data: Path) -> list[str]:
    return [text for path in (data / MAILS).glob("*.eml") if EMAIL in (text := path.read_text())]


@pytest.mark.sqlite
def test_no_file_holds_a_name_or_an_answer_in_clear(folders: tuple[Path, Path], peer: Peer) -> None:
    data, temporary = folders
    with served(data, {"TMPDIR": str(temporary), "INTAKE_LOG_LEVEL": "info", **peer.settings}) as clinic:
        database = database_of(clinic.settings)
        encounter_id, link = invite(clinic, database)
        visit(Browser(clinic.address), database, encounter_id, link)
        clinician = Browser(clinic.address)
        clinician.get(clinic.staff("clinician"))
        review(clinician, encounter_id)
        wait_for_refusal(database, encounter_id)
        assert in_clear(data, temporary) == {}, "while the server runs"
        (mail,) = mails_to_her(data)
        assert NAME not in mail, "what is left out of this test is an address, and no name"
        assert erasure.erase(database, data, encounter_id, reason="test") is not None
        assert in_clear(data, temporary) == {}, "after erasing"
        database.close()
    assert in_clear(data, temporary) == {}, "after the end"
    assert mails_to_her(data) == []
