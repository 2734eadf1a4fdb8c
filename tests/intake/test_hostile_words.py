"""What people type is words and nothing else, on every page and in every file: no script runs, nothing is fetched.

A patient's name and answers and a clinician's notes hold what browsers and makers of PDFs might act on: scripts, and
addresses on the network and of files. A server on this machine notices whoever asks for the one, and a file holds
words that would show that the other was read.
"""

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from datetime import date
from html import escape
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pikepdf
import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake import encounters, invitations, submission
from intake.database import Database
from intake.encounters import Encounter
from intake.invitee import Invitee
from intake.rulesets import Screeners
from tests.conftest import come_in, sign_in
from tests.intake.test_review import form

OF_A_FILE = "words of a file that nobody may read"
STAFF_PAGES = (
    "/clinician?view=all",
    "/clinician/{}",
    "/clinician/{}/review",
    "/clinician/{}/record",
    "/desk",
    "/desk/{}",
)
STAFF_PAGES += ("/clinician/{}/readers", "/clinician/hand-over")
PATIENT_PAGES = ("/sent", "/help-now", "/correct")


@pytest.fixture
def asked_for() -> Iterator[tuple[str, list[str]]]:
    """The address of a server on this machine, and what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


@pytest.fixture
def hostile(asked_for: tuple[str, list[str]], tmp_path: Path) -> str:
    """Words that ask for much, for a name as for a note."""
    file = tmp_path / "private.txt"
    file.write_text(OF_A_FILE)
    wanted = [f"{asked_for[0]}/x.png", file.as_uri()]
    parts = ["<script>alert(1)</script>", "{{ 7*7 }}", "<a href=javascript:alert(1)>x</a>", "]]>"]
    parts += [f'<img src="{one}"><link rel=attachment href="{one}"><object data="{one}"></object>' for one in wanted]
    return " ".join([*parts, f"<style>@import url({wanted[0]})</style>", f"url({wanted[1]})"])


@pytest.fixture
def patient(app: Flask, database: Database, hostile: str) -> Encounter:
    """A patient of that name, who has sent such words, and whose summary is signed with such notes."""
    with database.writing() as session:
        made, _ = encounters.create(session, patient_name=hostile, date_of_birth=date(1970, 5, 17))
        encounters.save_page(session, made.id, {"breast_change": "yes", "matters_most": hostile})
    submission.send(database, Screeners(), made.id)
    price = app.test_client()
    sign_in(price, "clinician", f"Dr {hostile[:60]}")
    typed = {"note__RF8": hostile, "added__title__0": hostile[:80], "added__priority__0": "soon"}
    page = price.get(f"/clinician/{made.id}/review").text
    done = price.post(
        f"/clinician/{made.id}/review", data=form(page, **typed, verdict__RF8="agree") | {"action": "sign"}
    )
    assert done.status_code == 303
    return made


def acted_on(page: str) -> list[str]:
    """What stands in a page as markup though it was typed."""
    found = re.findall(r"<script>alert|<img src=\"(?:http|file)|<object|<link rel=attachment|<a href=javascript", page)
    return found + re.findall(r"<style>@import|\b49\b(?=\s*&lt;a href)", page)


def in_pdf(content: bytes) -> str:
    """All that a PDF holds: streams, attachments, and where its links lead."""
    with pikepdf.open(BytesIO(content)) as pdf:
        streams = [one.read_bytes().decode("latin-1") for one in pdf.objects if is_readable(one)]
        links = [str(one["/URI"]) for one in pdf.objects if isinstance(one, pikepdf.Dictionary) and "/URI" in one]
    assert [link for link in links if "127.0.0.1" in link or link.startswith(("file:", "javascript:"))] == []
    return "".join([*streams, on_paper(content)])


def on_paper(content: bytes) -> str:
    """What is printed; a line may end anywhere."""
    text = subprocess.run(["pdftotext", "-", "-"], input=content, capture_output=True, check=True).stdout.decode()
    return " ".join(text.split())


def is_readable(one: Any) -> bool:
    return isinstance(one, pikepdf.Stream) and one.get("/Subtype") != pikepdf.Name.Image


def narratives(resource: object) -> Iterator[str]:
    """Every piece of XHTML in FHIR."""
    if isinstance(resource, dict):
        yield from (value for key, value in resource.items() if key == "div")
        yield from (piece for value in resource.values() for piece in narratives(value))
    elif isinstance(resource, list):
        yield from (piece for value in resource for piece in narratives(value))


def test_pages_show_what_was_typed_and_do_nothing_of_it(
    app: Flask, client: FlaskClient, patient: Encounter, hostile: str, database: Database
):
    sign_in(client, "clinician")
    for address in STAFF_PAGES:
        page = client.get(address.format(patient.id))
        assert (page.status_code, acted_on(page.text)) == (200, []), address
    assert str(escape("<script>alert(1)</script>")) in client.get(f"/clinician/{patient.id}").text
    with database.writing() as session:
        invited = invitations.create(session, str(app.secret_key), Invitee(hostile, date(1970, 5, 17)), 30)
    sheet = client.get(f"/desk/{invited.encounter_id}/sheet")
    assert (sheet.status_code, acted_on(sheet.text)) == (200, [])
    own = app.test_client()
    come_in(own, patient)
    for address in PATIENT_PAGES:
        assert acted_on(own.get(address, follow_redirects=True).text) == [], address


def test_no_file_fetches_anything_that_was_typed(
    app: Flask, client: FlaskClient, patient: Encounter, asked_for: tuple[str, list[str]]
):
    sign_in(client, "clinician")
    address = f"/clinician/{patient.id}"
    pdfs = [client.get(f"{address}/{name}").data for name in ("summary.pdf", "signed/1.pdf")]
    with ZipFile(BytesIO(client.post(f"{address}/record.zip").data)) as archive:
        pdfs += [archive.read(name) for name in archive.namelist() if name.endswith(".pdf")]
        assert OF_A_FILE not in archive.read("record.json").decode()
    own = app.test_client()
    come_in(own, patient)
    pdfs.append(own.get("/my-answers.pdf").data)
    assert len(pdfs) == 5
    for pdf in pdfs:
        assert OF_A_FILE not in in_pdf(pdf)
    assert asked_for[1] == []


def test_fhir_holds_it_as_text(client: FlaskClient, patient: Encounter, asked_for: tuple[str, list[str]]):
    sign_in(client, "clinician")
    bundle = json.loads(client.get(f"/clinician/{patient.id}/fhir.json").data)
    assert [piece for piece in narratives(bundle) if acted_on(piece)] == []
    assert OF_A_FILE not in json.dumps(bundle)
    assert asked_for[1] == []
