"""HTML → PDF, tagged; the only module that imports WeasyPrint, which must never run in two threads of one process."""

import atexit
import gc
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from reports.html import page, style
from reports.summary import Summary

FONTS = Path(__file__).parent / "fonts"
FACES = (
    ("Regular", 400, "normal"),
    ("It", 400, "italic"),
    ("Semibold", 600, "normal"),
    ("Bold", 700, "normal"),
)


class _OwnFontsOnly(URLFetcher):
    """Fetches our own font files and nothing else, whatever a text holds."""

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        if url not in {(FONTS / f"SourceSans3-{name}.ttf").as_uri() for name, _, _ in FACES}:
            raise ValueError("a summary loads nothing from outside")
        return super().fetch(url, headers)


def write_pdf(summary: Summary) -> bytes:
    """Return the summary as PDF/UA-1: the same bytes for the same summary."""
    sheet, fonts = _style()
    document = HTML(string=page(summary, style_in_page=False), url_fetcher=_OwnFontsOnly(), base_url="about:blank")
    return bytes(
        document.write_pdf(
            stylesheets=[sheet],
            font_config=fonts,
            pdf_variant="pdf/ua-1",
            pdf_identifier=summary.rule_set.encode()[:16],
        )
    )


@cache
def _style() -> tuple[CSS, FontConfiguration]:
    """The style sheet and fonts, read once for each process."""
    fonts = FontConfiguration()
    faces = "".join(
        f"@font-face {{font-family: 'Source Sans 3'; font-weight: {weight}; font-style: {slant}; "
        f"src: url({(FONTS / f'SourceSans3-{name}.ttf').as_uri()})}}\n"
        for name, weight, slant in FACES
    )
    return CSS(string=faces + style(), font_config=fonts, url_fetcher=_OwnFontsOnly()), fonts


@atexit.register
def _release() -> None:
    # left to the interpreter's last collection, Pango's objects are freed in an order that crashes the process
    _style.cache_clear()
    gc.collect()


class PdfWorker:
    """A process of its own that makes PDFs, started when it is first needed and again if it dies."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def write(self, summary: Summary) -> bytes:
        """Return the summary as PDF, made outside this process."""
        try:
            return self._started().submit(write_pdf, summary).result()
        except BrokenProcessPool:
            self.close()
            return self._started().submit(write_pdf, summary).result()

    def close(self) -> None:
        """Stop the process."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))
        return self._pool
