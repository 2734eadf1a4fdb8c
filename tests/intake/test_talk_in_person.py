"""A section that the patient would rather talk about: open for the rules, plain to the clinician, never in the way."""

import re

import pytest
from flask.testing import FlaskClient

from intake import encounters, submission
from intake.database import Database
from intake.encounters import Encounter
from intake.rulesets import Screeners
from reports.summary import summarise
from rules.load import library
from rules.ruleset import Outcome
from tests.conftest import come_in

PAGES = library().questionnaire.pages
TALK = "I would rather talk about this in person"


@pytest.fixture
def phone(client: FlaskClient, ada: Encounter) -> FlaskClient:
    """Ada's own phone."""
    come_in(client, ada)
    return client


def leave_for_a_talk(phone: FlaskClient, page: str, **answers: str) -> str:
    """Press the button on a page, with what was answered on it until then; return where that leads."""
    asked = " ".join(item.id for item in PAGES[page].items if item.when is None)
    back = phone.post(f"/questions/{page}", data={"asked-items": asked, "talk": "yes", **answers})
    assert back.status_code == 303
    return back.headers["Location"]


def stored(database: Database, patient: Encounter) -> dict[str, object]:
    with database.reading() as session:
        return encounters.answers(session, patient.id)


@pytest.mark.parametrize(
    "section", [s for s in library().questionnaire.sections if s.id != "closing"], ids=lambda s: s.id
)
def test_every_section_can_be_left_for_a_talk_on_its_first_page(phone: FlaskClient, section) -> None:
    page = next(page for page in section.pages if any(item.when is None and not item.derived for item in page.items))
    assert TALK in phone.get(f"/questions/{page.id}?show=all").text
    leads_to = leave_for_a_talk(phone, page.id)
    assert not any(leads_to == f"/questions/{page.id}" for page in section.pages)


def test_what_was_answered_before_is_kept(phone: FlaskClient, database: Database, ada: Encounter) -> None:
    leave_for_a_talk(phone, "mood", phq9_1="2")
    answers = stored(database, ada)
    assert answers["phq9_1"] == 2
    assert {answers[item] for item in ("phq9_2", "phq9_9", "gad7_1", "stress_coping")} == {"in_person"}
    assert "ucla3_1" not in answers


def test_the_rules_are_not_assessed_and_the_clinician_reads_what_to_talk_about(
    phone: FlaskClient, database: Database, ada: Encounter
) -> None:
    leave_for_a_talk(phone, "mood")
    submission.send(database, Screeners(), ada.id)
    with database.reading() as session:
        screened = submission.stored_screening(session, Screeners(), ada.id)
    assert screened is not None
    outcome = screened.screening.outcomes["RF1"]
    assert outcome.outcome is Outcome.NOT_ASSESSED
    assert {answer.item: answer.why.value for answer in outcome.missing}["phq9_9"] == "in_person"
    summary = summarise(
        screened.ruleset, screened.response, screened.screening, patient=None, clinic="Harbour", completed_at=None
    )
    assert summary.rather_in_person == "mood"
    assert any("RF1" in line.rules for line in summary.ask_in_person)
    answers = {line.question: line.answer for section in summary.answers for line in section.answers}
    assert answers["Better off dead or self-harm (item 9)"] == "prefers to talk in person"


def test_it_is_one_line_to_check_and_can_be_answered_after_all(
    phone: FlaskClient, database: Database, ada: Encounter
) -> None:
    for page in PAGES.values():
        if page.section == "mood" and page.id == "mood":
            leave_for_a_talk(phone, "mood")
        asked = [item.id for item in page.items if not item.derived and page.section != "mood"]
        phone.post(f"/questions/{page.id}", data={"asked-items": " ".join(asked)})
    check = phone.get("/check").text
    assert check.count("You would rather talk about this in person") == 1
    assert re.search(r'href="/questions/mood\?show=all', check)
    phone.post("/questions/mood", data={"asked-items": "phq9_1 phq9_2", "phq9_1": "1"})
    assert (stored(database, ada)["phq9_1"], stored(database, ada)["phq9_2"]) == (1, "in_person")


def test_a_page_left_for_a_talk_shows_no_answer_picked(phone: FlaskClient) -> None:
    leave_for_a_talk(phone, "mood")
    page = phone.get("/questions/mood?show=all").text
    assert "checked" not in page
    assert "in_person" not in page
