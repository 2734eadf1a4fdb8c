"""A clinician's review: saved, signed and frozen; nothing typed is lost; two at once never overwrite each other."""

import hashlib
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from intake import review_form, reviews, submission
from intake.database import Database
from intake.encounters import Encounter
from intake.review_form import LONGEST_NOTE, LONGEST_TITLE, MOST_BY_HAND, Typed
from intake.rulesets import Screeners
from intake.tables import ResponseRow, ScreeningRow, SignedSummaryRow
from reports.review import HandFlag, Opinion, Review, Verdict
from reports.summary import FlagLine
from rules.load import library
from rules.ruleset import Priority
from tests.conftest import member, sign_in
from tests.intake.clinicians import ANSWERS, HIDDEN, form, look, post, sign

LETTER = re.compile(r'<textarea id="letter"[^>]*>(.*?)</textarea>', re.DOTALL)


@pytest.fixture
def head(app: Flask) -> FlaskClient:
    """A browser of Dr Bo Head."""
    browser = app.test_client()
    sign_in(browser, "clinician", "Dr Bo Head")
    return browser


def on_paper(pdf: bytes, folder: Path) -> str:
    file = folder / "summary.pdf"
    file.write_bytes(pdf)
    text = subprocess.run(["pdftotext", file, "-"], capture_output=True, text=True, check=True).stdout
    return " ".join(text.split())


def test_a_review_is_saved_and_not_signed(price: FlaskClient, head: FlaskClient, sent: Encounter):
    page = look(price, sent)
    assert "Not reviewed yet by a clinician." in page
    assert post(price, sent, form(page, verdict__RF8="acted_on", note__RF8="Referred.")).status_code == 303
    page = look(head, sent)
    assert "Last saved by Dr Ada Price" in page
    assert re.search(r'id="verdict-RF8-acted_on" value="acted_on" checked', page)
    assert ">Referred.</textarea>" in page
    assert "Not reviewed yet by a clinician." in page


def test_what_is_signed_stands_on_screen_and_on_paper(price: FlaskClient, sent: Encounter, tmp_path: Path):
    done = sign(price, sent, note__RF2="Sent to hospital.", added__title__0="Pale", added__priority__0="soon")
    assert done.location == f"/clinician/{sent.id}#review"
    signature = "Signed by Dr Ada Price"
    version = f"(summary version 1, rule set {library().hash[:12]})"
    for text in (look(price, sent), on_paper(price.get(f"/clinician/{sent.id}/summary.pdf").data, tmp_path)):
        for words in (signature, version, "Sent to hospital.", "Added by the clinician", "Pale", "Clinician: Agree."):
            assert words in text
        assert "Not reviewed yet" not in text


def test_a_signed_pdf_comes_back_byte_for_byte_after_every_later_change(
    price: FlaskClient, head: FlaskClient, sent: Encounter
):
    sign(price, sent, note__RF2="Sent to hospital.")
    first = price.get(f"/clinician/{sent.id}/signed/1.pdf").data
    assert hashlib.sha256(first).hexdigest() in look(price, sent)
    assert price.get(f"/clinician/{sent.id}/summary.pdf").data == first
    page = look(head, sent, "/review")
    assert ">Sent to hospital.</textarea>" in page, "a new version begins with what was signed"
    post(head, sent, form(page, verdict__RF2="not_relevant"))
    assert "Not signed as it stands: changed since version 1" in look(head, sent)
    sign(head, sent)
    page = look(head, sent)
    assert re.search(r"Version 1 \(PDF\)</a>\s+signed by Dr Ada Price", page)
    assert re.search(r"Version 2 \(PDF\)</a>\s+signed by Dr Bo Head", page)
    assert price.get(f"/clinician/{sent.id}/signed/1.pdf").data == first
    assert price.get(f"/clinician/{sent.id}/signed/2.pdf").data != first
    assert price.get(f"/clinician/{sent.id}/signed/3.pdf").status_code == 404


def test_corrected_answers_are_not_covered_by_the_signature(price: FlaskClient, sent: Encounter, database: Database):
    sign(price, sent)
    before = look(price, sent, "/review")
    with database.writing() as session:
        session.scalars(select(ResponseRow)).one().answers = {**ANSWERS, "breast_change": "no"}
        session.execute(delete(ScreeningRow))
    submission.screen(database, Screeners(), sent.id)
    page = look(price, sent)
    assert "The answers were corrected" in page
    assert "Not signed as it stands" in page
    late = post(price, sent, form(before, note__RF2="Seen.") | {"action": "sign"})
    assert late.status_code == 422, "RF2 has no verdict in what was sent"
    late = post(price, sent, form(before, note__RF2="Seen.", verdict__RF2="agree", verdict__RF14="agree"))
    assert late.status_code == 409
    assert "The answers were corrected since you opened this page." in late.text
    assert ">Seen.</textarea>" in late.text


def test_emergency_and_same_day_flags_are_looked_at_before_anybody_signs(price: FlaskClient, sent: Encounter):
    refused = post(price, sent, form(look(price, sent), note__RF8="Lump on the left.") | {"action": "sign"})
    assert refused.status_code == 422
    assert refused.text.count("say what you think of it before you sign") == 2
    assert ">Lump on the left.</textarea>" in refused.text
    assert "Signed" not in look(price, sent)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"added__note__0": "Felt on the left."}, "Give the flag that you add a title."),
        ({"added__title__0": "Lump"}, "Give the flag that you add a priority."),
        ({"added__title__0": "x" * (LONGEST_TITLE + 1), "added__priority__0": "soon"}, "A title is at most"),
        ({"note__RF8": "x" * (LONGEST_NOTE + 1)}, "the note is longer than"),
    ],
)
def test_nothing_typed_is_lost_on_an_error(price: FlaskClient, sent: Encounter, typed: dict[str, str], words: str):
    page = look(price, sent)
    refused = post(price, sent, form(page, note__RF2="Pain since noon.", **typed))
    assert refused.status_code == 422
    assert words in refused.text
    assert all(text in refused.text for text in ("Pain since noon.", *typed.values()))
    assert dict(HIDDEN.findall(refused.text)) == dict(HIDDEN.findall(page)), (
        "what others save meanwhile is not passed over"
    )


def test_of_two_clinicians_at_once_neither_overwrites_the_other_without_a_word(
    price: FlaskClient, head: FlaskClient, sent: Encounter
):
    page = look(price, sent)
    post(head, sent, form(page, verdict__RF2="acted_on", note__RF2="Sent to hospital.", added__title__0="Pale",
                          added__priority__0="soon"))  # fmt: skip
    late = post(price, sent, form(page, verdict__RF2="not_relevant", note__RF2="A bruise.") | {"action": "sign"})
    assert late.status_code == 422, "RF14 is not marked"
    late = post(price, sent, form(page, verdict__RF2="not_relevant", note__RF2="A bruise."))
    assert late.status_code == 409
    assert "Dr Bo Head saved this review" in late.text
    assert "<b>Dr Bo Head saved:</b> Acted on, “Sent to hospital.”" in late.text
    assert "<b>Dr Bo Head added by hand:</b> Soon, Pale" in late.text
    assert ">A bruise.</textarea>" in late.text
    assert ">Sent to hospital.</textarea>" in look(head, sent)
    assert post(price, sent, form(late.text, verdict__RF2="not_relevant", note__RF2="A bruise.")).status_code == 303
    assert ">A bruise.</textarea>" in look(head, sent)


def test_a_stored_pdf_that_was_altered_is_not_sent(app: Flask, price: FlaskClient, sent: Encounter, database: Database):
    sign(price, sent)
    with database.writing() as session:
        session.execute(update(SignedSummaryRow).values(pdf_sealed=b"%PDF-1.7 something else"))
    for address in ("signed/1.pdf", "summary.pdf"):
        refused = price.get(f"/clinician/{sent.id}/{address}")
        assert refused.status_code == 500
        assert "not the one that was signed" in refused.text


def test_the_text_to_copy_has_the_verdicts_and_leaves_private_flags_out(price: FlaskClient, sent: Encounter):
    private = library().by_id["RF14"]
    sign(price, sent, note__RF2="Sent to hospital.", verdict__RF8="not_relevant", note__RF14="Partner in the room.")
    page = look(price, sent)
    found = LETTER.search(page)
    assert found is not None
    text = found[1]
    assert "a screening, not a diagnosis" in text
    assert "Sent to hospital." in text
    assert f"not found relevant by the clinician:\n- {library().by_id['RF8'].title}" in text
    assert private.title not in text
    assert "Partner" not in text
    assert "<b>Left out of this text:</b> 1 private flag." in page


def test_there_is_no_review_before_there_are_answers(app: Flask, price: FlaskClient, ada: Encounter):
    for address in ("review", "signed/1.pdf"):
        assert price.get(f"/clinician/{ada.id}/{address}").status_code == 404
    assert post(price, ada, {}).status_code == 404


LINE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])).map(lambda text: " ".join(text.split()))
NOTE = st.lists(LINE).map(lambda lines: "\n".join(lines).strip())
OPINION = st.builds(Opinion, st.none() | st.sampled_from(Verdict), NOTE).filter(lambda opinion: opinion != Opinion())
HAND_FLAG = st.builds(HandFlag, LINE.filter(bool), st.sampled_from(Priority), NOTE)
REVIEW = st.builds(
    Review,
    st.dictionaries(st.sampled_from(["RF1", "O2", "my_own"]), OPINION),
    st.lists(HAND_FLAG, max_size=MOST_BY_HAND).map(tuple),
)
FLAGS = [
    FlagLine(rule, "A title", Priority.SOON, "Soon", "Because.", (), "", "none", "none", (), (), "", private=False)
    for rule in ("RF1", "O2", "my_own")
]


def fields(typed: Typed) -> dict[str, str]:
    """What a browser sends of a form."""
    sent = {f"note-{rule}": opinion.note for rule, opinion in typed.opinions.items()}
    sent |= {f"verdict-{rule}": one.verdict.value for rule, one in typed.opinions.items() if one.verdict}
    for number, row in enumerate(typed.rows):
        texts = {"title": row.title, "priority": row.priority, "note": row.note.replace("\n", "\r\n")}
        sent |= {f"added-{name}-{number}": text for name, text in texts.items()}
    return sent


@given(REVIEW)
def test_a_review_goes_through_the_form_unchanged(review: Review):
    assert review_form.read(fields(review_form.typed_from(review)), FLAGS).review == review


@given(st.dictionaries(st.sampled_from(["verdict-RF1", "note-RF1", "added-title-0", "added-priority-19"]), st.text()))
def test_whatever_is_sent_is_read_and_judged(sent: dict[str, str]):
    typed = review_form.read(sent, FLAGS)
    if not review_form.problems(typed, FLAGS, signing=False):
        assert Review.from_json(typed.review.as_json()) == typed.review


def test_a_version_is_kept_only_if_nobody_saved_or_signed_in_between(
    app: Flask, price: FlaskClient, sent: Encounter, database: Database
):
    sign(price, sent)
    who = member(database, "clinician", "Dr Bo Head")
    with database.reading() as session:
        first = reviews.versions(session, sent.id)[0]
    with database.writing() as session:
        assert not reviews.keep_signed(session, sent.id, first, who, b"another"), "the number is taken"
        assert reviews.save(session, sent.id, Review(), first.revision, who)
        second = replace(first, number=2)
        assert not reviews.keep_signed(session, sent.id, second, who, b"another"), "the review was saved anew"
        assert reviews.versions(session, sent.id) == [first]
