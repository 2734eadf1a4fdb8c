"""Inviting from a file: good rows are kept, bad ones are told by row and column, and nothing is invited twice."""

import csv
import re
from contextlib import suppress
from datetime import UTC, date, datetime
from html import unescape
from io import BytesIO, StringIO

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from intake import invitations
from intake.database import Database
from intake.invitation_csv import (
    COLUMNS,
    FORMULA_SIGNS,
    LARGEST_FILE,
    MOST_ROWS,
    FileError,
    Rows,
    bad_rows_csv,
    read_rows,
    template_csv,
)
from intake.settings import Settings
from tests.conftest import sign_in

HEADER = "name,date_of_birth,appointment,email,phone\n"
CELL = st.text(max_size=20) | st.sampled_from(
    [
        "Ada",
        "1971-03-27",
        "27/3/1971",
        "2027-12-31 14:30",
        "ada@example.org",
        "020 7946 0000",
        "=1+1",
        "+44 20 7946 0000",
    ]
)


def rows(text: str) -> Rows:
    return read_rows((HEADER + text).encode())


def reasons(text: str) -> str:
    (row,) = rows(text).bad
    return " ".join(f"{problem.column}: {problem.reason}" for problem in row.problems)


def records(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"), newline="")))


class TestReading:
    @pytest.mark.parametrize("day", ["1971-03-27", "27/3/1971", "27.03.1971", "27-3-1971", "1971-3-27"])
    def test_days_are_read_as_documented(self, day: str):
        (row,) = rows(f"Ada Example,{day}\n").good
        assert row.invitee.date_of_birth == date(1971, 3, 27)

    @pytest.mark.parametrize(
        "moment", ["2027-12-31 14:30", "31/12/2027 14:30", "2027-12-31T14:30:00", "31.12.2027  14:30"]
    )
    def test_an_appointment_has_a_time_behind_its_day(self, moment: str):
        (row,) = rows(f"Ada Example,1971-03-27,{moment}\n").good
        assert row.invitee.appointment_at == datetime(2027, 12, 31, 14, 30).astimezone()

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    def test_names_are_read_in_the_encodings_of_spreadsheets(self, encoding: str):
        found = read_rows((HEADER + "Zoë Müller,1971-03-27\n").encode(encoding))
        assert found.good[0].invitee.patient_name == "Zoë Müller"
        assert found.is_guessed == (encoding == "cp1252")

    @pytest.mark.parametrize("sign", [",", ";", "\t"])
    def test_the_sign_between_cells_is_found(self, sign: str):
        found = read_rows(
            f"Date of Birth{sign} NAME{sign}E-mail\n1971-03-27{sign}Ada{sign}\n".replace("E-mail", "email").encode()
        )
        assert found.good[0].invitee.patient_name == "Ada"

    def test_a_row_has_the_number_that_a_spreadsheet_shows(self):
        found = rows('"Ada\nExample",1971-03-27\n\n,,,\nBen,never\n')
        assert [row.number for row in found.good] == [2]
        assert [row.number for row in found.bad] == [5]

    def test_every_problem_of_a_row_is_told_with_its_column(self):
        told = reasons(",3/27/1971,2020-01-01,ada,none\n")
        for words in ("name: Give", "27/3/1971", "day is over", "email: ", "phone: "):
            assert words in told

    @pytest.mark.parametrize(
        ("row", "words"),
        [
            ("Ada,", "Give the date of birth"),
            ("Ada,27/3/71", "four figures"),
            ("Ada,31/2/1971", "not a date"),
            ("Ada,2020-01-01", "from 16 to 120"),
            ("Ada,27 March 1971", "2026-12-31"),
            ("Ada,1971-03-27,2027-12-31 25:00", "Write the time like 14:30"),
            ("Ada,1971-03-27,2027-12-31 half two", "Write the time like 14:30"),
            ("Ada,1971-03-27,,,,extra", "more cells than there are columns"),
        ],
    )
    def test_what_is_wrong_comes_with_what_to_do(self, row: str, words: str):
        assert words in reasons(f"{row}\n")

    def test_a_patient_who_stands_there_twice_is_taken_once(self):
        found = rows("Ada,1971-03-27\nADA,27/3/1971\nAda,1971-03-27,2027-12-31\n")
        assert [row.number for row in found.good] == [2, 4]
        assert [row.number for row in found.repeated] == [3]


class TestFilesThatCannotBeRead:
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "empty"),
            (b"\n\n", "empty"),
            (HEADER.encode(), "holds no patients"),
            (b"nmae,date_of_birth\nAda,1971-03-27\n", "did you mean “name”?"),
            (b"name,birthday of the patient\n", "There is no column “birthday_of_the_patient”"),
            (b"name\nAda\n", "“date_of_birth” is missing"),
            (b"name,name,date_of_birth\n", "“name” is there twice"),
            (b"PK\x03\x04 and so on", "save it as “CSV UTF-8"),
            (b"name\0,date_of_birth\n", "not a text file"),
            (b"\x81\x8d\x8f", "not a text file"),
            (b"x" * (LARGEST_FILE + 1), "larger than 150 KB"),
            ((HEADER + "Ada,1971-03-27\n" * (MOST_ROWS + 1)).encode(), "more than 1000 rows"),
            (HEADER.encode() + b'"' + b"x" * 140_000, "cannot be read as CSV"),
        ],
    )  # fmt: skip
    def test_it_is_said_why_and_what_to_do(self, content: bytes, words: str):
        with pytest.raises(FileError) as refused:
            read_rows(content)
        assert words in str(refused.value)

    def test_the_file_to_begin_with_can_be_read(self):
        found = read_rows(template_csv())
        assert (len(found.good), found.bad) == (2, ())


class TestFuzz:
    @given(st.binary(max_size=600))
    def test_any_bytes_are_rows_or_refused_in_words(self, content: bytes):
        for start in (b"", HEADER.encode()):
            with suppress(FileError):
                read_rows(start + content)

    @given(st.lists(st.lists(CELL, min_size=1, max_size=6), min_size=1, max_size=8))
    def test_every_row_is_good_repeated_or_bad_and_what_was_bad_comes_back_as_bad(self, table: list[list[str]]):
        text = StringIO(newline="")
        csv.writer(text).writerows([COLUMNS, *table])
        content = text.getvalue().encode("utf-8", "surrogatepass")
        try:
            found = read_rows(content)
        except FileError:
            return
        numbers = [row.number for part in (found.good, found.repeated, found.bad) for row in part]
        assert len(set(numbers)) == len(numbers)
        assert set(numbers) <= set(range(2, len(table) + 2))
        assert all(row.problems for row in found.bad)
        if found.bad:
            again = bad_rows_csv(found.bad)
            for record in records(again):
                assert not any(cell.startswith(FORMULA_SIGNS) for cell in record.values())
            returned = read_rows(again)
            stray = {row.number for row in found.bad if any(not problem.column for problem in row.problems)}
            assert len(returned.bad) >= len(found.bad) - len(stray)


@pytest.fixture
def staff(client: FlaskClient, settings: Settings) -> FlaskClient:
    """A browser that a clinician has signed in with."""
    sign_in(client, "clinician")
    return client


FILE = HEADER + "Ada Example,1971-03-27,2027-12-31 14:30,ada@example.org,\n=cmd(),27/3/71,,,\nBen Example,1988-03-01\n"


def upload(staff: FlaskClient, content: str | bytes) -> TestResponse:
    data = content.encode() if isinstance(content, str) else content
    return staff.post("/desk/import", data={"file": (BytesIO(data), "patients.csv")})


def kept(page: TestResponse) -> dict[str, str]:
    match = re.search(r'name="kept" value="([^"]+)"', page.text)
    assert match is not None
    return {"kept": unescape(match[1])}


def names(database: Database) -> list[str]:
    with database.reading() as session:
        return sorted(line.invitation.patient_name for line in invitations.listing(session))


class TestTheDesksPages:
    def test_looking_at_a_file_invites_nobody(self, staff: FlaskClient, database: Database):
        page = upload(staff, FILE)
        assert page.status_code == 200
        for words in ("Ada Example", "Ben Example", "four figures", "Invite 2 patients", "Download the row to correct"):
            assert words in page.text
        assert names(database) == []

    def test_good_rows_are_invited_and_the_same_file_again_does_no_harm(self, staff: FlaskClient, database: Database):
        for _ in range(2):
            staff.post("/desk/import/invite", data=kept(upload(staff, FILE)))
        assert names(database) == ["Ada Example", "Ben Example"]
        again = upload(staff, FILE).text
        assert "nothing happens" in again
        assert "Invite 2" not in again

    def test_it_is_said_how_many_were_invited(self, staff: FlaskClient):
        answer = staff.post("/desk/import/invite", data=kept(upload(staff, FILE)), follow_redirects=True)
        assert "2 patients invited." in answer.text

    def test_bad_rows_come_back_as_a_file_that_no_spreadsheet_runs(self, staff: FlaskClient):
        answer = staff.post("/desk/import/bad.csv", data=kept(upload(staff, FILE)))
        assert answer.mimetype == "text/csv"
        assert "attachment" in answer.headers["Content-Disposition"]
        (record,) = records(answer.data)
        assert record["name"] == "'=cmd()"
        assert "four figures" in record["reason"]

    @pytest.mark.parametrize(
        ("content", "status", "words"),
        [("", 422, "not empty"), ("nmae\n", 422, "did you mean"), ("x" * 300_000, 413, "larger than 150 KB")],
    )
    def test_a_file_that_cannot_be_read_is_told_where_it_was_chosen(
        self, staff: FlaskClient, content: str, status: int, words: str
    ):
        answer = upload(staff, content)
        assert answer.status_code == status
        assert words in answer.text
        assert 'type="file"' in answer.text

    @pytest.mark.parametrize("step", ["invite", "bad.csv"])
    def test_a_file_that_was_lost_between_the_steps_is_asked_for_again(self, staff: FlaskClient, step: str):
        answer = staff.post(f"/desk/import/{step}", data={"kept": "äöü"})
        assert answer.status_code == 422
        assert "choose it again" in answer.text

    def test_a_file_to_begin_with_is_offered(self, staff: FlaskClient):
        assert staff.get("/desk/import/template.csv").data == template_csv()

    def test_a_cancelled_invitation_may_be_imported_again(self, staff: FlaskClient, database: Database):
        staff.post("/desk/import/invite", data=kept(upload(staff, FILE)))
        with database.writing() as session:
            for line in invitations.listing(session):
                invitations.cancel(session, line.invitation.encounter_id)
        staff.post("/desk/import/invite", data=kept(upload(staff, FILE)))
        assert len(names(database)) == 4

    def test_the_largest_file_goes_through_both_steps(self, staff: FlaskClient, database: Database):
        lines = "".join(
            f"Patient Number {n:04},1971-03-27,2027-12-31 14:30,p{n}@example.org,020 7946 {n:04}\n"
            for n in range(MOST_ROWS)
        )
        content = (HEADER + lines).encode()
        assert len(content) < LARGEST_FILE
        begin = datetime.now(UTC)
        assert staff.post("/desk/import/invite", data=kept(upload(staff, content))).status_code == 303
        assert (datetime.now(UTC) - begin).total_seconds() < 20
        assert len(names(database)) == MOST_ROWS


def test_the_language_may_be_a_code_or_a_name_and_is_english_where_none_is_given():
    content = "name,date_of_birth,language\n" + "\n".join(
        f"Ada {word},1970-05-17,{word}" for word in ("es", "Spanish", "ESPAÑOL", "", "en", "Klingon")
    )
    rows = read_rows(content.encode())
    assert [row.invitee.language for row in rows.good] == ["es", "es", "es", "en", "en"]
    (bad,) = rows.bad
    assert bad.problems[0].column == "language"
    assert "en, es" in bad.problems[0].reason
