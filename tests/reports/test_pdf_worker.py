"""The process that makes PDFs: warm, killed, hanging, closed; and what any document may hold."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing import active_children
from multiprocessing.process import BaseProcess
from threading import Thread

import pytest

from reports.documents import Attachment, Document
from reports.paper import document, first_document
from reports.pdf import render
from reports.pdf_worker import PdfError, PdfWorker
from reports.summary import Summary

LETTER = Document(
    html='<!doctype html><html lang="en"><title>Letter</title><h1>Letter</h1><p>Dear colleague,</p></html>',
    style="h1 { font: 700 14pt 'Source Sans 3' } p { font: 9pt 'Source Sans 3' }",
    identifier=b"letter",
    paper="Letter",
    attachments=(Attachment("data.json", "The data", b"{}", datetime(2026, 11, 20, tzinfo=UTC)),),
)


@pytest.fixture
def worker() -> Iterator[PdfWorker]:
    worker = PdfWorker(first_document())
    yield worker
    worker.close()


def renderers() -> list[BaseProcess]:
    return [process for process in active_children() if process.name == "PDF"]


def test_it_makes_the_same_bytes_in_a_process_of_its_own(worker: PdfWorker, woman_of_52: Summary) -> None:
    assert worker.write(document(woman_of_52)) == render(document(woman_of_52))
    assert worker.write(LETTER) == render(LETTER)


def test_warmed_in_the_background_it_is_there_before_the_first_document(worker: PdfWorker) -> None:
    worker.warm()
    until = time.monotonic() + 30
    while not renderers() and time.monotonic() < until:
        time.sleep(0.02)
    started = renderers()
    assert started
    assert worker.write(LETTER)
    assert renderers() == started


def test_killed_between_two_documents_it_loses_nothing(worker: PdfWorker) -> None:
    pdf = worker.write(LETTER)
    renderers()[0].kill()
    assert worker.write(LETTER) == pdf


def test_killed_while_it_writes_it_is_replaced_and_the_document_comes(worker: PdfWorker) -> None:
    worker.write(LETTER)
    long = Document(LETTER.html + "<p>line</p>" * 500, LETTER.style, b"long")
    made: list[bytes] = []
    waiting = Thread(target=lambda: made.append(worker.write(long)))
    waiting.start()
    time.sleep(0.1)
    first = renderers()[0]
    first.kill()
    waiting.join(60)
    assert made
    assert made[0].startswith(b"%PDF")
    assert first not in renderers()


def test_a_document_that_takes_too_long_is_given_up_and_the_next_is_made(worker: PdfWorker) -> None:
    endless = Document("<p>line</p>" * 200_000, LETTER.style, b"endless")
    with pytest.raises(PdfError, match="took longer than 1 seconds"):
        worker.write(endless, longest=1)
    assert worker.write(LETTER) == render(LETTER)


def test_the_web_process_does_not_load_weasyprint() -> None:
    code = "import sys, intake.wsgi; sys.exit('weasyprint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_fault_names_its_kind_and_nothing_of_the_document(worker: PdfWorker) -> None:
    broken = Document("<p>Ada Example is afraid</p>", "", b"x", attachments=("no attachment",))  # type: ignore[arg-type]
    with pytest.raises(PdfError) as fault:
        worker.write(broken)
    assert str(fault.value) == "a PDF could not be made: AttributeError"
    assert worker.write(LETTER) == render(LETTER)


def test_threads_share_one_process(worker: PdfWorker) -> None:
    made: list[bytes] = []
    threads = [Thread(target=lambda: made.append(worker.write(LETTER))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(made) == 6
    assert len(set(made)) == 1
    assert len(renderers()) == 1


def test_closed_it_leaves_no_process_behind(worker: PdfWorker) -> None:
    worker.write(LETTER)
    process = renderers()[0]
    worker.close()
    assert not process.is_alive()
