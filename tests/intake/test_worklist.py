"""The worklist: which patients, in which order, found by which name; and what it never says."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from intake import emergencies, encounters
from intake.database import Database
from intake.emergencies import Cause
from intake.names import LONGEST_BEGINNING, beginnings, folded
from intake.worklist import LINES, Asked, View, Worklist, worklist
from rules.ruleset import Priority
from tests.conftest import member, sign_in
from tests.intake.test_entry import BORN

NOW = datetime.now(UTC).replace(hour=12)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def patient(
    database: Database,
    name: str,
    *,
    after: timedelta | None = None,
    flags: list[Priority] | None = None,
    opened: bool = False,
    started: bool = False,
) -> str:
    """Store a patient with an appointment after a while, flags once the answers are sent."""
    with database.writing() as session:
        appointment = NOW + after if after is not None else None
        made, _ = encounters.create(session, patient_name=name, date_of_birth=BORN, appointment_at=appointment)
        if started or flags is not None:
            encounters.save_page(session, made.id, {"phq9_1": 1})
        if flags is not None:
            encounters.note_flags(session, made.id, flags)
            session.flush()
            session.execute(
                update(encounters.ResponseRow).where(encounters.ResponseRow.encounter_id == made.id).values(sent_at=NOW)
            )
    if opened:
        clinician = member(database, "clinician")
        with database.writing() as session:
            encounters.mark_opened(session, made.id, clinician.id)
    return made.id


def listed(database: Database, view: View = View.OPEN, search: str = "", page: int = 1) -> Worklist:
    with database.reading() as session:
        return worklist(session, Asked(view, search, page), NOW)


def names(database: Database, view: View = View.OPEN, search: str = "") -> list[str]:
    return [line.patient_name for line in listed(database, view, search).lines]


def test_who_needs_somebody_comes_first_then_by_priority_then_by_appointment(database: Database):
    patient(database, "past", after=-DAY * 2, flags=[Priority.SOON])
    patient(database, "no appointment", flags=[Priority.SOON])
    patient(database, "tomorrow", after=DAY, flags=[Priority.SOON, Priority.NOTE])
    patient(database, "in an hour", after=HOUR, flags=[Priority.SOON])
    patient(database, "same day", after=DAY * 3, flags=[Priority.NOTE, Priority.SAME_DAY])
    patient(database, "nothing known", after=HOUR)
    needed = patient(database, "needed", after=DAY * 9)
    with database.writing() as session:
        emergencies.raise_one(session, needed, Cause.HELP_WANTED)
    assert names(database) == [
        "needed", "same day", "in an hour", "tomorrow", "no appointment", "past", "nothing known"
    ]  # fmt: skip


def test_each_view_has_its_patients(database: Database):
    patient(database, "read, last week", after=-DAY * 7, flags=[], opened=True)
    patient(database, "unread, last week", after=-DAY * 7, flags=[Priority.EMERGENCY])
    patient(database, "today", after=HOUR, flags=[Priority.NOTE], opened=True)
    patient(database, "not begun", after=DAY)
    patient(database, "begun", after=DAY, started=True)
    everybody = {"read, last week", "unread, last week", "today", "not begun", "begun"}
    has = {view: set(names(database, view)) for view in View}
    assert has == {
        View.OPEN: everybody - {"read, last week"},
        View.TODAY: {"today"},
        View.URGENT: {"unread, last week"},
        View.UNREAD: {"unread, last week"},
        View.RECEIVED: {"read, last week", "unread, last week", "today"},
        View.REVIEWED: set(),
        View.NOT_SENT: {"not begun", "begun"},
        View.ALL: everybody,
    }
    counts = listed(database, View.ALL).counts
    assert all(counts[view] == len(has[view]) for view in counts)


def test_a_line_says_who_opened_it_and_how_many_flags(database: Database):
    patient(database, "Ada", flags=[Priority.SOON, Priority.NOTE], opened=True)
    (line,) = listed(database).lines
    assert (line.priority, line.flag_count) == (Priority.SOON, 2)
    assert line.opened_by == member(database, "clinician").name
    assert line.opened_at is not None


@pytest.mark.parametrize("search", ["garcia", "GARCÍA", "jose garc", "  Garcia   José ", "g"])
def test_a_name_is_found_by_the_beginnings_of_its_words_whatever_the_accents_and_capitals(
    database: Database, search: str
):
    patient(database, "José García")
    patient(database, "Ada Example")
    assert names(database, search=search) == ["José García"]


@pytest.mark.parametrize("search", ["%", "_", "\\", "nobody", "'; drop table encounter"])
def test_signs_of_the_database_are_letters_like_others(database: Database, search: str):
    patient(database, "Ada Example")
    assert names(database, search=search) == []


@given(st.text(max_size=60), st.integers(1, 60))
def test_every_word_of_a_name_is_found_from_its_beginning(name: str, length: int):
    searched = (word for part in name.split() for word in folded(part[:length]).split())
    assert {word[:LONGEST_BEGINNING] for word in searched} <= beginnings(name)


def test_pages_hold_everybody_once_and_one_after_the_last_is_the_last(database: Database):
    for number in range(LINES + 3):
        patient(database, f"Patient {number:03}")
    first, second, beyond = (listed(database, page=page) for page in (1, 2, 99))
    assert (len(first.lines), len(second.lines), second.pages) == (LINES, 3, 2)
    assert beyond == second
    assert len({line.encounter_id for line in first.lines + second.lines}) == LINES + 3


@pytest.mark.parametrize("view", [View.ALL, View.RECEIVED])
def test_page_after_page_is_in_the_order_of_the_whole(database: Database, monkeypatch: pytest.MonkeyPatch, view: View):
    days = (None, timedelta(0), timedelta(days=1), timedelta(days=-40))
    for number in range(24):
        flags = [[], [Priority.SAME_DAY], [Priority.SOON]][number % 3]
        patient(database, f"Patient {number}", after=days[number % 4], flags=flags)
    whole = names(database, view)
    monkeypatch.setattr("intake.worklist.LINES", 5)
    pages = [listed(database, view, page=number).lines for number in range(1, 6)]
    assert [line.patient_name for page in pages for line in page] == whole
    assert len(whole) == 24


@pytest.mark.parametrize("text", ["", "0", "-1", "x", "١", "9999999999"])
def test_an_address_that_is_not_understood_is_the_first_page(text: str):
    assert Asked.read({"page": text, "view": "nothing", "q": " a   b "}) == Asked(View.OPEN, "a b", 1)


def test_the_page_keeps_what_is_searched_for(app: Flask, database: Database):
    patient(database, "José García")
    client = app.test_client()
    sign_in(client, "clinician")
    page = client.get("/clinician?view=all&q=Garc%C3%ADa").text
    assert 'value="García"' in page
    assert "q=Garc%C3%ADa" in page
    assert "José García" in page
