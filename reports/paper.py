"""Summary → PDF: the clinician's document, from its page and its style sheet."""

from reports.documents import Document, Paper
from reports.html import page, style
from reports.summary import Summary

EMPTY = '<!doctype html><html lang="en"><title>Warm</title><h1>A</h1><p><b>b</b> <i>c</i></p></html>'


def document(summary: Summary, paper: Paper = "A4") -> Document:
    """Return the summary as a document for `reports.pdf.render` or a `PdfWorker`."""
    return Document(
        html=page(summary, style_in_page=False),
        style=style(),
        identifier=summary.rule_set.encode()[:16],
        paper=paper,
    )


def first_document(paper: Paper = "A4") -> Document:
    """Return what a `PdfWorker` warms up with: the summary's style sheet on a page of nothing."""
    return Document(html=EMPTY, style=style(), identifier=b"warm", paper=paper)
