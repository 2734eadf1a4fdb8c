"""How rules do: counted over what patients sent, by rule and month, with what was missing and what clinicians said."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from intake import encounters, reviews, rule_record, submission
from intake.tables import ResponseRow
from reports.review import Opinion, Review, Verdict
from rules.ruleset import Outcome
from tests.conftest import member
from tests.intake.admins import Admin

ANSWERS = ({"phq9_1": 3, "phq9_2": 3}, {"phq9_1": 3, "phq9_2": 3}, {"phq9_1": 0, "phq9_2": 0}, {"phq9_1": 1})


@pytest.fixture
def sent(sam: Admin) -> list[str]:
    """Four patients: low mood twice, once not, once not known."""
    services = sam.browser.application.extensions["intake"]
    people = []
    for number, answers in enumerate(ANSWERS):
        with services.database.writing() as session:
            who, _ = encounters.create(session, patient_name=f"P {number}", date_of_birth=encounters.date(1980, 1, 1))
            encounters.save_page(session, who.id, answers)
        submission.send(services.database, services.screeners, who.id)
        people.append(who.id)
    return people


def say(sam: Admin, encounter_id: str, verdict: Verdict) -> None:
    price = member(sam.database, "clinician", "Dr Ada Price")
    with sam.database.writing() as session:
        reviews.save(session, encounter_id, Review({"S1": Opinion(verdict)}), 0, price)


def test_ends_verdicts_and_missing_answers_are_counted_by_rule(sam: Admin, sent: list[str]) -> None:
    say(sam, sent[0], Verdict.AGREE)
    say(sam, sent[1], Verdict.NOT_RELEVANT)
    with sam.database.reading() as session:
        record = rule_record.read(session, 30)
    low_mood = record.rules["S1"]
    assert (record.screenings, record.of) == (4, 4)
    assert low_mood.ends == {Outcome.RAISED: 2, Outcome.NOT_RAISED: 1, Outcome.NOT_ASSESSED: 1}
    assert low_mood.missing == {"phq9_2": 1}
    assert low_mood.verdicts == {Verdict.AGREE: 1, Verdict.NOT_RELEVANT: 1}
    assert low_mood.not_relevant == 0.5
    assert low_mood.raised == {f"{datetime.now(UTC):%Y-%m}": 2}


def test_what_was_sent_before_is_left_out_and_the_newest_are_read(
    sam: Admin, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with sam.database.writing() as session:
        old = session.scalars(select(ResponseRow).where(ResponseRow.encounter_id == sent[0])).one()
        old.sent_at = datetime(2020, 1, 1, tzinfo=UTC)
    monkeypatch.setattr(rule_record, "MOST", 2)
    with sam.database.reading() as session:
        record = rule_record.read(session, 30)
    assert (record.screenings, record.of) == (2, 3)
    assert record.rules["S1"].ends[Outcome.RAISED] == 0


def test_the_page_shows_them_and_one_rule_month_by_month(sam: Admin, sent: list[str]) -> None:
    assert "How rules do" in sam.sees("/admin")
    page = sam.sees("/admin/how-rules-do")
    assert "4 are counted" in page
    assert '2 <span class="quiet">50%</span>' in page
    say(sam, sent[0], Verdict.NOT_RELEVANT)
    page = sam.sees("/admin/how-rules-do?days=30&order=not_relevant&rule=S1")
    assert '1 <span class="quiet">100%</span>' in page
    assert "Second <span" in page, "the answer that is missing"
    assert page.index("Low mood", page.index("<tbody", page.index("Not relevant</th>"))) < page.index("Heavy")
    assert "P 0" not in page, "an admin learns nothing of patients"
