"""Summary → PDF: the clinician's document, from its page and its style sheet."""

from datetime import UTC, datetime

from reports.documents import Attachment, Document, Paper
from reports.html import page, style
from reports.summary import Summary

NO_DAY = datetime(2000, 1, 1, tzinfo=UTC)  # what an attachment carries whose time is not known
EMPTY = '<!doctype html><html lang="en"><title>Warm</title><h1>A</h1><p><b>b</b> <i>c</i></p></html>'


def document(summary: Summary, paper: Paper = "A4") -> Document:
    """Return the summary as a document for `reports.pdf.render` or a `PdfWorker`."""
    made = summary.completed_at or NO_DAY
    return Document(
        html=page(summary, style_in_page=False),
        style=style(),
        identifier=summary.rule_set.encode()[:16],
        paper=paper,
        attachments=(Attachment("screening.json", "The screening as data", summary.data, made),),
    )


def first_document(paper: Paper = "A4") -> Document:
    """Return what a `PdfWorker` warms up with: the summary's style sheet on a page of nothing."""
    return Document(html=EMPTY, style=style(), identifier=b"warm", paper=paper)
