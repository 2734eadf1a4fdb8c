"""HTML → PDF, tagged, by WeasyPrint, which must never run in two threads of one process."""

import atexit
import gc
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import weasyprint
from weasyprint import CSS
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from reports import weasyprint_shortcuts
from reports.documents import Attachment, Document

FONTS = Path(__file__).parent / "fonts"
FACES = (
    ("Regular", 400, "normal"),
    ("It", 400, "italic"),
    ("Semibold", 600, "normal"),
    ("Bold", 700, "normal"),
)
MOST_STYLES = 8  # style sheets kept parsed; each kind of document has one


class _OwnFontsOnly(URLFetcher):
    """Fetches our own font files and nothing else, whatever a text holds."""

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        if url not in {(FONTS / f"SourceSans3-{name}.ttf").as_uri() for name, _, _ in FACES}:
            raise ValueError("a document loads nothing from outside")
        return super().fetch(url, headers)


def render(document: Document) -> bytes:
    """Return a document as PDF/UA-1, in this process: the same bytes for the same document, on any day."""
    page = weasyprint_shortcuts.Page(document.html, _OwnFontsOnly())
    return bytes(
        page.write_pdf(
            stylesheets=[_sheet(f"{document.style}\n@page {{ size: {document.paper} }}")],
            font_config=_fonts(),
            pdf_variant="pdf/ua-1",
            pdf_identifier=document.identifier,
            attachments=[_attached(attachment) for attachment in document.attachments],
            finisher=_finish,
        )
    )


def _attached(attachment: Attachment) -> weasyprint.Attachment:
    return weasyprint.Attachment(
        string=attachment.content,
        name=attachment.name,
        description=attachment.description,
        created=attachment.made,
        modified=attachment.made,
    )


def _finish(_document: Any, pdf: Any) -> None:
    """Add what WeasyPrint leaves out of PDF/UA-1."""
    _mark_attachments(pdf)
    _scope_headers(pdf)


def _mark_attachments(pdf: Any) -> None:
    """Say of the attached files that they hold the document's data, as in PDF/A."""
    files: list[Any] = [part for part in pdf.objects if isinstance(part, dict) and part.get("Type") == "/Filespec"]
    for file in files:
        file["AFRelationship"] = "/Data"
    if files:
        pdf.catalog["AF"] = b"[%b]" % b" ".join(file.reference for file in files)


def _scope_headers(pdf: Any) -> None:
    """Say of each header cell whether it heads its column or its row; the cells under it name it already."""

    def above(part: Any) -> Any:
        return pdf.objects[int(part["P"].split()[0])]

    for part in pdf.objects:
        if isinstance(part, dict) and part.get("S") == "/TH":
            part["A"]["Scope"] = "/Column" if above(above(part))["S"] == "/THead" else "/Row"


@cache
def _fonts() -> FontConfiguration:
    """The fonts, read once for each process."""
    weasyprint_shortcuts.use()
    fonts = FontConfiguration()
    faces = "".join(
        f"@font-face {{font-family: 'Source Sans 3'; font-weight: {weight}; font-style: {slant}; "
        f"src: url({(FONTS / f'SourceSans3-{name}.ttf').as_uri()})}}\n"
        for name, weight, slant in FACES
    )
    CSS(string=faces, font_config=fonts, url_fetcher=_OwnFontsOnly())
    return fonts


@lru_cache(MOST_STYLES)
def _sheet(style: str) -> CSS:
    """A style sheet, parsed once for each process."""
    return weasyprint_shortcuts.sheet(style, _fonts(), _OwnFontsOnly())


@atexit.register
def _release() -> None:
    weasyprint_shortcuts.forget()
    # left to the interpreter's last collection, Pango's objects are freed in an order that crashes the process
    _sheet.cache_clear()
    _fonts.cache_clear()
    gc.collect()
