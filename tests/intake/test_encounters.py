"""Encounters: invited by a link whose token is never stored, answered page by page."""

from datetime import UTC, date, datetime

import pytest

from intake import encounters, in_hand, submission
from intake.database import Database
from intake.encounters import Encounter, token_hash
from intake.in_hand import InHand
from intake.rulesets import Screeners
from intake.worklist import Asked, worklist


def test_only_the_link_itself_finds_the_encounter(database: Database):
    with database.writing() as session:
        encounter, token = encounters.create(session, patient_name="Ada Example", date_of_birth=date(1970, 5, 17))
    with database.reading() as session:
        assert encounters.find_by_token(session, token) == encounter
        assert encounters.find_by_token(session, token[:-1]) is None
        assert encounters.find_by_token(session, "") is None


@pytest.mark.sqlite
def test_the_token_is_long_and_not_in_the_database_files(database: Database, settings):
    with database.writing() as session:
        _, token = encounters.create(session, patient_name="Ada Example", date_of_birth=date(1970, 5, 17))
    assert len(token) >= 43  # 256 bits
    stored = b"".join(path.read_bytes() for path in settings.data.iterdir())
    assert token_hash(token).encode() in stored
    assert b"Ada Example" not in stored
    assert token.encode() not in stored


def test_answers_are_merged_page_by_page_and_a_blank_is_kept(database: Database, ada: Encounter):
    for page in ({"phq9_1": 1, "phq9_2": None}, {"phq9_1": 2, "own_words": "tired"}):
        with database.writing() as session:
            encounters.save_page(session, ada.id, page)
    with database.reading() as session:
        answers = encounters.answers(session, ada.id)
        found = encounters.find(session, ada.id)
    assert {name: answers[name] for name in answers if name != "age"} == {
        "phq9_1": 2,
        "phq9_2": None,
        "own_words": "tired",
    }
    assert found is not None
    assert found.revision == 2
    assert found.started_at is not None


def now_of(database: Database, encounter_id: str) -> InHand:
    """What the patient works on, in a session that was not ended."""
    found = in_hand.find(database, encounter_id, "a session")
    assert found is not None
    return found


def save(database: Database, found: InHand, page: dict[str, object]) -> bool:
    """Save a page on what is in hand."""
    with database.writing(found.encounter.id) as session:
        return in_hand.save(session, found, page)


def test_page_after_page_is_saved_on_what_is_in_hand(database: Database, ada: Encounter):
    assert now_of(database, ada.id).response_id is None
    pages: list[dict[str, object]] = [{"phq9_1": 1, "phq9_2": None}, {"phq9_1": 2}, {"phq9_3": 0}]
    for number, page in enumerate(pages):
        found = now_of(database, ada.id)
        assert found.encounter.revision == number
        assert save(database, found, page)
    assert now_of(database, ada.id).stored == {"phq9_1": 2, "phq9_2": None, "phq9_3": 0}


def test_what_another_window_saved_since_is_not_overwritten(database: Database, ada: Encounter):
    for number in range(2):  # the first page of all, and one after it
        found = now_of(database, ada.id)
        assert save(database, found, {"phq9_1": number})
        assert not save(database, found, {"phq9_1": 3, "phq9_2": 3})
        assert now_of(database, ada.id).stored == {"phq9_1": number}


def test_a_page_in_hand_when_another_window_sent_all_leaves_what_was_sent(
    database: Database, screeners: Screeners, ada: Encounter
):
    assert save(database, now_of(database, ada.id), {"phq9_1": 1})
    found = now_of(database, ada.id)
    submission.send(database, screeners, ada.id)
    assert not save(database, found, {"phq9_1": 3})
    assert now_of(database, ada.id).stored == {"phq9_1": 1}


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        (date(1970, 5, 17), date(2026, 5, 16), 55),
        (date(1970, 5, 17), date(2026, 5, 17), 56),
        (date(2004, 2, 29), date(2026, 2, 28), 21),
        (date(2004, 2, 29), date(2026, 3, 1), 22),
    ],
)
def test_age_is_counted_in_whole_years(birth: date, day: date, age: int):
    assert encounters.age_on(birth, day) == age


def test_the_age_is_that_of_the_day_of_sending(database: Database, screeners: Screeners, ada: Encounter):
    with database.writing() as session:
        encounters.save_page(session, ada.id, {"phq9_1": 1})
    submission.send(database, screeners, ada.id)
    with database.reading() as session:
        expected = encounters.age_on(ada.date_of_birth, datetime.now(UTC).date())
        assert encounters.answers(session, ada.id)["age"] == expected


def test_answers_that_were_sent_stay_as_they_were(database: Database, screeners: Screeners, ada: Encounter):
    with database.writing() as session:
        encounters.save_page(session, ada.id, {"phq9_1": 1})
    submission.send(database, screeners, ada.id)
    with database.writing() as session:
        encounters.save_page(session, ada.id, {"phq9_1": 3})
    with database.reading() as session:
        assert encounters.answers(session, ada.id)["phq9_1"] == 1


def test_help_that_was_shown_is_remembered(database: Database, ada: Encounter):
    with database.writing() as session:
        encounters.save_page(session, ada.id, {"phq9_1": 3})
        encounters.mark_help_shown(session, ada.id, {"RF1"})
        encounters.mark_help_shown(session, ada.id, {"RF2", "RF1"})
    with database.reading() as session:
        found = encounters.find(session, ada.id)
    assert found is not None
    assert found.help_shown == {"RF1", "RF2"}


def test_the_worklist_is_ordered_by_urgency_and_then_by_appointment(database: Database, screeners: Screeners):
    patients = {
        "healthy, tomorrow": ({"phq9_1": 0, "phq9_2": 0}, 2),
        "not begun, first": ({}, 1),
        "low mood, later": ({"phq9_1": 3, "phq9_2": 3}, 4),
        "heavy": ({"weight_kg": 150, "height_cm": 160}, 3),
    }
    for name, (answers, day) in patients.items():
        with database.writing() as session:
            encounter, _ = encounters.create(
                session,
                patient_name=name,
                date_of_birth=date(1970, 5, 17),
                appointment_at=datetime(2026, 11, day, 9, tzinfo=UTC),
            )
        if answers:
            with database.writing() as session:
                encounters.save_page(session, encounter.id, answers)
            submission.send(database, screeners, encounter.id)
    with database.reading() as session:
        lines = worklist(session, Asked(), datetime(2026, 10, 31, tzinfo=UTC)).lines
        names = [line.patient_name for line in lines]
        screened = [line.flag_count is not None for line in lines]
    assert names == ["low mood, later", "heavy", "not begun, first", "healthy, tomorrow"]
    assert screened == [True, True, False, True]
