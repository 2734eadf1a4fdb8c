"""A process of its own that makes PDFs: warm before the first is wanted, replaced when it dies, ended when it hangs.

Each web process has one. It makes one PDF at a time, and its memory is its own: what goes wrong inside WeasyPrint ends
this process and no other. It imports neither Flask nor the rules engine. When its web process is gone, however it
went, it ends: the pipe between them closes.
"""

import atexit
import gc
import multiprocessing
import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import Lock, Thread

from reports.documents import Document

LONGEST = 30  # seconds; the usual document takes a fifth of one
LONGEST_END = 5  # seconds
ATTEMPTS = 2  # the second in a new process


class PdfError(Exception):
    """No PDF could be made of a document; the message names the kind of fault and nothing that the document holds."""


class PdfWorker:
    """Makes PDFs outside this process; safe to call from several threads.

    `first` is rendered, and thrown away, whenever the process starts: fonts and style sheet are read by then.
    """

    def __init__(self, first: Document) -> None:
        self._first = first
        self._lock = Lock()  # one document at a time
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        atexit.register(self.close)

    def warm(self) -> None:
        """Start the process in the background, so that nobody waits for it. It can be left out."""
        Thread(target=self._warm, name="warm the PDF worker", daemon=True).start()

    def write(self, document: Document, longest: float = LONGEST) -> bytes:
        """Return a document as PDF, made in at most `longest` seconds. Raises `PdfError`."""
        with self._lock:
            for _ in range(ATTEMPTS):
                try:
                    return self._written(document, longest)
                except (EOFError, OSError):  # the process died: of this document or of something else
                    self._end()
            raise PdfError("the process that makes PDFs ended twice")

    def close(self) -> None:
        """End the process. The next call of `write` would start another."""
        atexit.unregister(self.close)
        with self._lock:
            self._end()

    def _warm(self) -> None:
        with self._lock:
            self._started()

    def _written(self, document: Document, longest: float) -> bytes:
        pipe = self._started()
        pipe.send(document)
        if not pipe.poll(longest):
            self._end()
            raise PdfError(f"a PDF took longer than {longest:g} seconds")
        answer = pipe.recv()
        if isinstance(answer, str):
            raise PdfError(answer)
        return bytes(answer)

    def _started(self) -> Connection:
        """The pipe to the living process, begun if there is none."""
        if self._pipe is None or self._process is None or not self._process.is_alive():
            self._end()
            # spawn: a fork would carry the database's connections and this process's threads' locks along
            context = multiprocessing.get_context("spawn")
            pipe, far_end = context.Pipe()
            with far_end:  # then the process's alone: when it dies, our end says so
                process = context.Process(target=_make_pdfs, args=(far_end, self._first), name="PDF", daemon=True)
                process.start()
            self._pipe, self._process = pipe, process
        return self._pipe

    def _end(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if self._process is not None:
            self._process.kill()  # it holds nothing that could be lost
            self._process.join(LONGEST_END)
            self._process = None


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
