"""The shortcuts through WeasyPrint change how long a document takes, and not a byte of it."""

import pickle
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

import pytest
import weasyprint

from reports.documents import Document
from reports.paper import document
from reports.pdf import render
from reports.weasyprint_shortcuts import WRITTEN_FOR
from rules.load import library
from tests.reports.conftest import WOMAN_OF_52, Summarised
from tests.reports.population import patient
from tests.reports.test_pdf_worker import LETTER
from tests.reports.test_taken import ON_HORMONES

# renders without the shortcuts, but for how hard the file is compressed, which is meant to differ
PLAIN = """
import pickle, sys, zlib, pydyf
from reports import weasyprint_shortcuts
from reports.pdf import render
weasyprint_shortcuts.use = lambda: False
harder = zlib.compressobj
pydyf.zlib.compressobj = lambda *args, **options: harder()
pickle.dump([render(document) for document in pickle.load(sys.stdin.buffer)], sys.stdout.buffer)
"""
STYLES = """
p { width: 30%; font-variant: small-caps; text-align: justify } b { text-decoration: underline }
p::first-letter { font-size: 20pt } i { letter-spacing: 1pt; word-spacing: 3pt } h1 { margin: 5% 0; float: left }
table { border-collapse: collapse } td { border: 2px solid; padding: 1% }
"""
ODD = """<html lang="es"><title>T</title><h1>Uno</h1>
<p id="a">Una <b>palabra</b> muy <i>larguísima</i>, y otra; y otra más.</p>
<a href="#a">a</a><ol><li>uno<li>dos</ol><table><tr><th>A<td>b b b b b b b b b b b b b b b b b b b b b b b b b b</table>
<p dir="rtl">مرحبا بالعالم</p><pre>a\tb\n\nc</pre><p style="hyphens: auto; width: 2cm">incomprehensibilities</p>"""


def plainly(documents: Sequence[Document]) -> list[bytes]:
    """What WeasyPrint itself makes of documents."""
    done = subprocess.run([sys.executable, "-c", PLAIN], input=pickle.dumps(documents), capture_output=True, check=True)
    return list(pickle.loads(done.stdout))


def test_they_are_written_for_the_weasyprint_that_is_installed() -> None:
    """When this fails, read what changed in what they replace; then set WRITTEN_FOR, if the other test agrees."""
    assert weasyprint.VERSION == WRITTEN_FOR


def test_documents_have_the_same_bytes_as_without_them(summarised: Summarised) -> None:
    words = " ".join(["Wörter", "x" * 400, "مرحبا", "line\nline\u2028line\n\n", "soft\u00adhyphen", "a/b-c", "   "] * 3)
    answers = [WOMAN_OF_52, ON_HORMONES, {}, WOMAN_OF_52 | {"matters_most": words}]
    answers += [patient(library().questionnaire, number) for number in range(20, 23)]
    documents = [document(summarised(raw)) for raw in answers]
    documents += [LETTER, replace(documents[0], paper="Letter"), replace(LETTER, html=ODD, style=STYLES), documents[0]]
    for plain, ours in zip(plainly(documents), map(render, documents), strict=True):
        assert ours == plain


@pytest.mark.parametrize("words", ["a\x0bb", "]]>", "<b>", "&nbsp;"])
def test_a_page_that_is_no_xml_is_read_all_the_same(summarised: Summarised, words: str) -> None:
    assert render(document(summarised(WOMAN_OF_52 | {"matters_most": words}))).startswith(b"%PDF")
