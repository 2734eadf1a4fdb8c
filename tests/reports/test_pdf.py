"""The PDF as its readers have it: its text, its tags, its fonts, its bytes."""

import logging
import subprocess
from pathlib import Path

import pikepdf
import pytest

from reports.paper import document
from reports.pdf import render
from reports.summary import Summary
from tests.reports.conftest import WOMAN_OF_52, Summarised


@pytest.fixture(autouse=True)
def no_word_from_weasyprint(caplog: pytest.LogCaptureFixture) -> object:
    caplog.set_level(logging.WARNING, logger="weasyprint")
    yield
    assert [record.message for record in caplog.records if record.name.startswith("weasyprint")] == []


def text_of(pdf: bytes, tmp_path: Path) -> list[str]:
    """The text of each page."""
    path = tmp_path / "summary.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True)
    return done.stdout.removesuffix("\f").split("\f")


def test_the_first_page_holds_what_cannot_wait_and_what_follows(woman_of_52: Summary, tmp_path: Path) -> None:
    first = text_of(render(document(woman_of_52)), tmp_path)[0]
    words = [
        "Riverside Clinic",
        "Maria Example",
        "9 March 1974",
        "Is anything unsafe?",
        "RF1",
        "What to look at",
        "RF6",
    ]
    assert [word for word in words if word not in first] == []
    assert first.index("RF1") < first.index("RF6")


def test_every_page_names_the_patient_and_counts_the_pages(woman_of_52: Summary, tmp_path: Path) -> None:
    pages = text_of(render(document(woman_of_52)), tmp_path)
    for number, text in enumerate(pages, 1):
        assert "Maria Example, born 9 March 1974" in text
        assert f"Page {number} of {len(pages)}" in text


def test_it_says_that_it_is_not_a_diagnosis_and_which_rules_made_it(woman_of_52: Summary, tmp_path: Path) -> None:
    text = " ".join(" ".join(text_of(render(document(woman_of_52)), tmp_path)).split())
    assert "Not a diagnosis." in text
    assert "No questionnaire and no routine blood test can show that oxytocin is low." in text
    assert woman_of_52.rule_set in text


def test_the_same_summary_gives_the_same_bytes(woman_of_52: Summary) -> None:
    assert render(document(woman_of_52)) == render(document(woman_of_52))


def test_it_is_tagged_with_language_title_headings_and_described_charts(woman_of_52: Summary, tmp_path: Path) -> None:
    path = tmp_path / "summary.pdf"
    path.write_bytes(render(document(woman_of_52)))
    with pikepdf.open(path) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "en"
        assert pdf.open_metadata()["dc:title"] == "Intake summary: Maria Example"
        assert pdf.open_metadata()["pdfuaid:part"] == "1"
    done = subprocess.run(["pdfinfo", "-struct-text", path], capture_output=True, text=True, check=True)
    assert [tag for tag in ("H1", "H2", "H3", "Table", "TH", "LI", "Figure") if f"{tag}" not in done.stdout] == []


def test_all_fonts_are_embedded(woman_of_52: Summary, tmp_path: Path) -> None:
    path = tmp_path / "summary.pdf"
    path.write_bytes(render(document(woman_of_52)))
    lines = subprocess.run(["pdffonts", path], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert lines
    assert all("SourceSans3" in line.replace("-", "") and " yes yes yes " in line for line in lines), lines


@pytest.mark.parametrize(
    "words", ["x" * 4000, "مرحبا بالعالم", "😀 to sleep", "<b>bold</b> & more", "line\n" * 60], ids=str.split
)
def test_whatever_a_patient_writes_makes_a_pdf(summarised: Summarised, words: str, tmp_path: Path) -> None:
    pages = text_of(render(document(summarised(WOMAN_OF_52 | {"matters_most": words}))), tmp_path)
    assert "What the patient wants" in "".join(pages)


def test_a_patient_who_answered_nothing_still_fits_on_two_pages(summarised: Summarised, tmp_path: Path) -> None:
    pages = text_of(render(document(summarised({}))), tmp_path)
    assert next(number for number, text in enumerate(pages) if "All answers" in text) <= 2
