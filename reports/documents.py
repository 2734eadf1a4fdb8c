"""What is to be a PDF, as plain data that can be sent to another process.

A new kind of document needs no code but this: fill a template of its own, and give the page and its style sheet as a
`Document`. `reports.pdf.render` makes the PDF where it is called (command line, scripts); a web process hands the same
document to its `reports.pdf_worker.PdfWorker`, which renders it elsewhere. `reports/paper.py` does so for the summary.
What the page must have:

- `<html lang="…">` and a `<title>`, which become the document's language and title;
- headings in order, `<th scope="…">` in every table, `<title>` and `aria-label` in every `<svg>`: they become tags;
- the size of the paper left out of its style sheet: `paper` decides. No length is a share of the page (`vw`, `vh`),
  since styles are kept from one document to the next.

What it may have: a page that is XML too (`<!DOCTYPE html>`, `<br/>`) is read in a tenth of the time.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Paper = Literal["A4", "Letter"]


@dataclass(frozen=True)
class Attachment:
    """A file inside the PDF, for programs: its `name` ends as its kind does. `made` is the date that it carries."""

    name: str
    description: str
    content: bytes
    made: datetime


@dataclass(frozen=True)
class Document:
    """What is to be a PDF: a whole page of HTML without its style sheet, the style sheet, and the paper.

    `identifier` (at most 16 bytes) is the file's own; like everything else in the PDF it must follow from the content,
    so that the same content always gives the same bytes. Nothing is loaded from outside, whatever the page names.
    """

    html: str
    style: str
    identifier: bytes
    paper: Paper = "A4"
    attachments: tuple[Attachment, ...] = ()
