"""What a draft would do to many past responses: worked out in the background, once, and kept."""

import pytest

from intake import encounters, impacts, rulesets, submission
from intake import past_responses as stored
from intake.encounters import Encounter
from intake.past_responses import past_impact
from intake.work import kinds
from rules.impact import Impact
from rules.load import load_texts
from rules.ruleset import RuleSet
from tests.intake.admins import Admin


@pytest.fixture
def sam(sam: Admin, ada: Encounter, monkeypatch: pytest.MonkeyPatch) -> Admin:
    """An admin of a clinic where one response, PHQ-2 of 2, is many."""
    monkeypatch.setattr(impacts, "FEW", 0)
    send(sam, ada)
    return sam


@pytest.fixture
def draft(sam: Admin) -> str:
    """The address of a draft with which that is low mood."""
    begun = sam.begins()
    sam.changes(begun, "phq2 >= 3", "phq2 >= 2")
    return begun


def send(sam: Admin, encounter: Encounter) -> None:
    services = sam.browser.application.extensions["intake"]
    with services.database.writing() as session:
        encounters.save_page(session, encounter.id, {"phq9_1": 1, "phq9_2": 1})
    submission.send(services.database, services.screeners, encounter.id)


def send_another(sam: Admin) -> None:
    with sam.database.writing() as session:
        other, _ = encounters.create(session, patient_name="Ben Example", date_of_birth=encounters.date(1990, 1, 2))
    send(sam, other)


def do_what_waits(sam: Admin) -> int:
    kind = kinds(sam.database, sam.browser.application.extensions["intake"].settings)["impact"]
    jobs = kind.waiting()
    for job in jobs:
        kind.run(job)
    return len(jobs)


def test_the_page_says_that_it_is_worked_out_and_shows_it_once_it_is(sam: Admin, draft: str) -> None:
    page = sam.sees(f"{draft}/impact")
    assert "It is being worked out on all 1 responses" in page
    assert "as soon as the background jobs get to it" in sam.sees(f"{draft}/impact/progress")
    assert do_what_waits(sam) == 1
    assert "It is worked out." in sam.sees(f"{draft}/impact/progress")
    page = sam.sees(f"{draft}/impact?rule=S1")
    assert "Rule by rule" in page
    assert "Same day" in page


def test_it_is_worked_out_once_whoever_looks(sam: Admin, kim: Admin, draft: str) -> None:
    for who in (sam, kim, sam):
        who.sees(f"{draft}/impact")
        who.browser.post(f"{draft}/impact")
    assert do_what_waits(sam) == 1
    assert kim.browser.post(f"{draft}/impact").status_code == 303
    assert do_what_waits(sam) == 0, "nothing was sent since"


def test_what_was_sent_since_is_counted_when_somebody_asks_for_it(sam: Admin, draft: str) -> None:
    sam.sees(f"{draft}/impact")
    do_what_waits(sam)
    send_another(sam)
    assert "1 was sent since this was worked out" in sam.sees(f"{draft}/impact")
    sam.browser.post(f"{draft}/impact")
    assert "It is being worked out on all 2 responses" in sam.sees(f"{draft}/impact")
    do_what_waits(sam)
    assert "sent since" not in sam.sees(f"{draft}/impact")


def test_a_changed_draft_is_worked_out_anew(sam: Admin, draft: str) -> None:
    sam.sees(f"{draft}/impact")
    do_what_waits(sam)
    sam.changes(draft, "phq2 >= 2", "phq2 >= 1")
    assert "It is being worked out" in sam.sees(f"{draft}/impact")


def test_a_job_that_fails_is_tried_again_and_then_it_is_said(
    sam: Admin, draft: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sam.sees(f"{draft}/impact")

    def broken(*_: object, **__: object) -> Impact:
        raise OSError("the disk is full")

    monkeypatch.setattr(impacts, "past_impact", broken)
    for _ in range(len(impacts.WAITS) + 1):
        with pytest.raises(OSError, match="full"):
            do_what_waits(sam)
    assert do_what_waits(sam) == 0
    assert "It could not be worked out" in sam.sees(f"{draft}/impact")
    monkeypatch.undo()
    monkeypatch.setattr(impacts, "FEW", 0)
    sam.browser.post(f"{draft}/impact")
    assert do_what_waits(sam) == 1


def test_how_far_it_is_is_shown_part_by_part(sam: Admin, draft: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sam.sees(f"{draft}/impact")
    seen = []

    def slow(database: object, before: RuleSet, after: RuleSet, *, told: stored.Told) -> Impact:
        for part in (1, 2):
            told(part, 2)
            seen.append(sam.sees(f"{draft}/impact/progress"))
        return past_impact(sam.database, before, after)

    monkeypatch.setattr(impacts, "past_impact", slow)
    do_what_waits(sam)
    assert ["1 of 2 parts" in seen[0], "2 of 2 parts" in seen[1]] == [True, True]


def test_what_is_kept_is_what_was_worked_out(sam: Admin, draft: str, small: RuleSet) -> None:
    send_another(sam)
    with sam.database.reading() as session:
        before = load_texts(rulesets.stored(session, small.hash))
    impact = past_impact(sam.database, before, load_texts(sam.content(draft)[1]))
    assert Impact.from_stored(impact.stored()) == impact
    assert len(impact.changed[0].gained) == 2
