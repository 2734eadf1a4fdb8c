"""A process of its own that makes PDFs: warm before the first is wanted, replaced when it dies, ended when it hangs.

Each web process has one. It makes one PDF at a time, and its memory is its own: what goes wrong inside WeasyPrint ends
this process and no other. It imports neither Flask nor the rules engine. When its web process is gone, however it
went, it ends: the pipe between them closes.
"""

import gc
import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Thread

from reports.documents import Document
from rules.own_process import OwnProcess, ProcessEndedError, TooSlowError

LONGEST = 30  # seconds; the usual document takes a fifth of one
ATTEMPTS = 2  # the second in a new process


class PdfError(Exception):
    """No PDF could be made of a document; the message names the kind of fault and nothing that the document holds."""


class PdfWorker:
    """Makes PDFs outside this process; safe to call from several threads.

    `first` is rendered, and thrown away, whenever the process starts: fonts and style sheet are read by then.
    """

    def __init__(self, first: Document) -> None:
        self._process = OwnProcess("PDF", _make_pdfs, first)

    def warm(self) -> None:
        """Start the process in the background, so that nobody waits for it. It can be left out."""
        Thread(target=self._process.start, name="warm the PDF worker", daemon=True).start()

    def write(self, document: Document, longest: float = LONGEST) -> bytes:
        """Return a document as PDF, made in at most `longest` seconds. Raises `PdfError`."""
        for _ in range(ATTEMPTS):
            with suppress(ProcessEndedError):  # of this document or of something else
                return self._written(document, longest)
        raise PdfError("the process that makes PDFs ended twice")

    def close(self) -> None:
        """End the process. The next call of `write` would start another."""
        self._process.close()

    def _written(self, document: Document, longest: float) -> bytes:
        try:
            answer = self._process.ask(document, longest)
        except TooSlowError as error:
            raise PdfError(f"a PDF took longer than {longest:g} seconds") from error
        if isinstance(answer, str):
            raise PdfError(answer)
        return bytes(answer)


def _make_pdfs(pipe: Connection, first: Document) -> None:
    """What the process does until the other end of its pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the web process, which ends this one
    from reports.pdf import render  # only here: a web process has no use for WeasyPrint, and is 28 MB smaller without

    render(first)
    gc.freeze()  # what every document needs is never looked through again
    gc.disable()  # a quarter of the time went into looking for garbage in the middle of a document
    with suppress(EOFError, OSError):  # the other end is closed: nobody is left to make PDFs for
        while True:
            pipe.send(_pdf_or_fault(render, pipe.recv()))
            gc.collect()


def _pdf_or_fault(render: Callable[[Document], bytes], document: Document) -> bytes | str:
    try:
        return render(document)
    except Exception as error:  # its words could hold what the patient wrote; its kind cannot
        return f"a PDF could not be made: {type(error).__name__}"
