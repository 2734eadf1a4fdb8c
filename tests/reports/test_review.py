"""A clinician's review on the summary: beside each flag, and signed or not."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from reports.html import page
from reports.review import HandFlag, Opinion, Review, Verdict
from reports.summary import Summary
from rules.ruleset import Priority

OPINIONS = st.builds(Opinion, st.none() | st.sampled_from(Verdict), st.text())
HAND_FLAGS = st.builds(HandFlag, st.text(), st.sampled_from(Priority), st.text())
REVIEW = Review(
    {"RF6": Opinion(Verdict.ACTED_ON, "Referred <today>.")},
    (HandFlag("Lump in the neck", Priority.SOON, "Felt on the left."),),
    "Signed by Dr Ada Price",
)


@given(st.builds(Review, st.dictionaries(st.text(), OPINIONS), st.lists(HAND_FLAGS).map(tuple)))
def test_a_review_is_stored_and_read_back_as_it_was(review: Review) -> None:
    assert Review.from_json(review.as_json()) == review


def test_what_is_signed_stands_at_its_flag_and_what_is_not_marked_says_so(woman_of_52: Summary) -> None:
    signed = page(replace(woman_of_52, review=REVIEW))
    assert "<b>Clinician: Acted on.</b> Referred &lt;today&gt;." in signed
    assert signed.count("Clinician: not marked.") == len(woman_of_52.unsafe) + len(woman_of_52.flags) - 1
    assert "Lump in the neck" in signed
    assert "Signed by Dr Ada Price" in signed
    assert "Not reviewed yet" not in signed


def test_until_it_is_signed_nothing_of_a_review_is_on_paper(woman_of_52: Summary) -> None:
    unsigned = page(replace(woman_of_52, review=replace(REVIEW, signature="")))
    assert "Not reviewed yet by a clinician." in unsigned
    assert "Referred" not in unsigned
    assert "Lump" not in unsigned


def test_where_nobody_reviews_nothing_is_said_of_it(woman_of_52: Summary) -> None:
    assert 'class="signature"' not in page(woman_of_52)
