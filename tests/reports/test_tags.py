"""The PDF as a screen reader, a search engine and another program have it: its tags, its outline, its attachment."""

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from reports.paper import document
from reports.pdf import render
from reports.scores import EarlierScore
from reports.summary import Summary
from tests.reports.conftest import Summarised
from tests.reports.test_taken import ON_HORMONES

MILLIMETRE = 72 / 25.4  # points


@pytest.fixture(scope="module")
def woman_on_hormones(summarised: Summarised) -> Summary:
    """A summary with everything in it: an urgent flag, a timeline, an earlier score, a private answer, blanks."""
    answers = {"afraid_at_home": "no", "has_uterus": "yes", "phq9_6": "declined", "gad7_1": "not_sure"}
    summary = summarised(ON_HORMONES | answers)
    first, *others = summary.scores
    earlier = EarlierScore(date(2026, 3, 3), first.least, first.least)
    return replace(summary, scores=(replace(first, earlier=(earlier,)), *others))


@pytest.fixture(scope="module")
def made(woman_on_hormones: Summary) -> bytes:
    """Its PDF."""
    return render(document(woman_on_hormones))


@pytest.fixture
def pdf(made: bytes) -> Iterator[pikepdf.Pdf]:
    """Its PDF, opened."""
    with pikepdf.open(BytesIO(made)) as opened:
        yield opened


def walk(node: Any) -> Iterator[Any]:
    """Every structure element below a node, in reading order."""
    if isinstance(node, pikepdf.Array):
        for kid in node:
            yield from walk(kid)
    elif isinstance(node, pikepdf.Dictionary) and "/S" in node:
        yield node
        if "/K" in node:
            yield from walk(node.K)


def elements(pdf: pikepdf.Pdf, *kinds: str) -> list[Any]:
    """All structure elements of some kinds: "H1", "TH", …"""
    return [node for node in walk(pdf.Root.StructTreeRoot.K) if str(node.S)[1:] in kinds]


def outline(pdf: pikepdf.Pdf) -> list[tuple[int, str]]:
    """The bookmarks with their depth."""

    def below(items: Any, depth: int) -> Iterator[tuple[int, str]]:
        for item in items:
            yield depth, item.title
            yield from below(item.children, depth + 1)

    with pdf.open_outline() as bookmarks:
        return list(below(bookmarks.root, 0))


def test_it_says_that_it_is_tagged_and_has_language_and_title(pdf: pikepdf.Pdf) -> None:
    assert bool(pdf.Root.MarkInfo.Marked)
    assert str(pdf.Root.Lang) == "en"
    assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
    with pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["dc:title"] == "Intake summary: Maria Example"


def test_headings_begin_with_one_and_never_skip_a_level(pdf: pikepdf.Pdf) -> None:
    levels = [int(str(node.S)[2:]) for node in elements(pdf, "H1", "H2", "H3", "H4", "H5", "H6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_figure_has_words_and_there_is_one_for_each_chart(pdf: pikepdf.Pdf, woman_on_hormones: Summary) -> None:
    words = [str(figure.Alt) for figure in elements(pdf, "Figure")]
    assert len(words) == len(woman_on_hormones.scores) + 2
    assert sum("at earlier visits" in text for text in words) == 1
    assert sum(text.startswith("Timeline: Hormones for 26 months") for text in words) == 1
    assert all(len(text) > 20 for text in words)


def test_every_table_has_headers_that_say_what_they_head(pdf: pikepdf.Pdf) -> None:
    tables = elements(pdf, "Table")
    assert tables
    for table in tables:
        headers = [node for node in walk(table) if str(node.S) == "/TH"]
        assert headers
        for header in headers:
            assert str(header.A.Scope) == ("/Column" if header.P.P.S == "/THead" else "/Row")
        for row in (node for node in walk(table) if str(node.S) == "/TR"):
            assert {str(cell.S) for cell in row.K} <= {"/TH", "/TD"}


def test_lists_hold_items_with_bodies(pdf: pikepdf.Pdf) -> None:
    lists = elements(pdf, "L")
    assert lists
    for tagged in lists:
        assert {str(kid.S) for kid in tagged.K} == {"/LI"}
        assert all("/LBody" in {str(part.S) for part in item.K} for item in tagged.K)


def test_the_outline_leads_to_each_section_and_each_flag(pdf: pikepdf.Pdf, woman_on_hormones: Summary) -> None:
    found = outline(pdf)
    titles = [title for _, title in found]
    sections = [
        "Is anything unsafe?",
        "What to look at, and why",
        "What could not be assessed",
        "What the patient wants",
    ]
    sections += ["Medicines and hormones", "Scores", "What this is", "All answers", "Evidence behind the flags"]
    assert [title for depth, title in found if depth == 1] == sections
    for flag in (*woman_on_hormones.unsafe, *woman_on_hormones.flags):
        assert any(flag.title in title for title in titles)


def test_every_font_is_our_own_embedded_and_a_subset(pdf: pikepdf.Pdf) -> None:
    fonts = {str(font.BaseFont): font for page in pdf.pages for font in page.resources.Font.values()}
    assert fonts
    for name, font in fonts.items():
        assert name[7] == "+", "no subset"
        assert "SourceSans3" in name.replace("-", "")
        descriptor = font.DescendantFonts[0].FontDescriptor
        assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
        assert "/ToUnicode" in font, "its text cannot be copied"


def test_the_screening_is_attached_as_data(pdf: pikepdf.Pdf, woman_on_hormones: Summary) -> None:
    (file,) = pdf.Root.AF
    assert str(file.AFRelationship) == "/Data"
    assert str(file.EF.F.Subtype) == "/application/json"
    data = json.loads(pdf.attachments["screening.json"].get_file().read_bytes())
    assert data["format"] == "intake-screening/1"
    assert data["rule_set"] == woman_on_hormones.rule_set
    assert data["patient"] == {"name": "Maria Example", "date_of_birth": "1974-03-09"}
    assert data["completed_at"] == "2026-11-20T09:41:00+00:00"
    assert data["outcomes"]["RF1"]["outcome"] == "raised"
    assert data["scores"]["phq9"]["complete"] is False
    assert data["private"] == ["afraid_at_home", "RF14"]


def test_attached_answers_tell_apart_why_one_is_missing(summarised: Summarised) -> None:
    answers = {"has_uterus": "declined", "has_ovaries": "not_sure", "age": 40, "height_cm": 171.5}
    answers |= {"hormone_status": "never", "medicines": ["triptan", "opioid"], "phq9_1": "in_person"}
    told = json.loads(summarised(answers).data)["answers"]
    assert told["has_uterus"] == {"missing": "declined"}
    assert told["has_ovaries"] == {"missing": "not_sure"}
    assert told["has_testes"] == {"missing": "skipped"}
    assert told["phq9_1"] == {"missing": "in_person"}
    assert told["oestrogen_route"] == {"not_asked": True}
    assert told["height_cm"] == {"value": 171.5}
    assert told["medicines"] == {"value": ["opioid", "triptan"]}


def test_a4_and_letter_have_their_sizes(woman_on_hormones: Summary) -> None:
    for paper, width, height in (("A4", 210, 297), ("Letter", 215.9, 279.4)):
        with pikepdf.open(BytesIO(render(document(woman_on_hormones, paper)))) as pdf:  # type: ignore[arg-type]
            box = [float(value) for value in pdf.pages[0].mediabox]
            assert box == pytest.approx([0, 0, width * MILLIMETRE, height * MILLIMETRE], abs=0.1)


def test_other_processes_make_the_same_bytes(made: bytes, woman_on_hormones: Summary, tmp_path: Path) -> None:
    code = (
        "import pickle, sys; from reports.pdf import render; "
        "sys.stdout.buffer.write(render(pickle.load(sys.stdin.buffer)))"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            input=pickle.dumps(document(woman_on_hormones)),
            env={"PYTHONHASHSEED": seed, "TZ": "Pacific/Auckland", "PATH": ""},
            capture_output=True,
            check=True,
        )
        assert done.stdout == made


def test_qpdf_finds_no_fault_and_poppler_reads_the_structure(made: bytes, tmp_path: Path) -> None:
    path = tmp_path / "summary.pdf"
    path.write_bytes(made)
    subprocess.run(["qpdf", "--check", path], check=True, capture_output=True)
    read = subprocess.run(["pdfinfo", "-struct-text", path], capture_output=True, text=True, check=True)
    assert read.stderr == ""
    order = ["Is anything unsafe?", "What to look at", "What could not be", "What the patient wants", "All answers"]
    places = [read.stdout.index(words) for words in order]
    assert places == sorted(places)
