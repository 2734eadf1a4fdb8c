"""Invitations: an unguessable link, stored as a hash, that ends, locks after five wrong dates, and can be made anew."""

import re
import string
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from intake import encounters, invitations, invitee, outbox
from intake.database import Database
from intake.invitations import MOST_TRIES, SIGNS, Invitation, State, Try
from intake.invitee import Invitee
from intake.settings import Settings
from intake.tables import EncounterRow
from intake.worklist import Asked, worklist
from tests.conftest import sign_in

KEY = "a key for tests only"
BORN = date(1970, 5, 17)
ADA = Invitee("Ada Example", BORN)


def invite(database: Database, who: Invitee = ADA, days: int = 30) -> Invitation:
    with database.writing() as session:
        return invitations.create(session, KEY, who, days)


def token_of(database: Database, invitation: Invitation, key: str = KEY) -> str:
    with database.reading() as session:
        return invitations.link_token(session, key, invitation) or ""


def found(database: Database, token: str) -> Invitation | None:
    with database.reading() as session:
        return invitations.find_by_token(session, token)


def tried(database: Database, invitation: Invitation, day: date) -> Try:
    with database.writing() as session:
        return invitations.try_date(session, invitation.encounter_id, day)


@pytest.fixture
def staff(client: FlaskClient, settings: Settings) -> FlaskClient:
    """A browser that a clinician has signed in with."""
    sign_in(client, "clinician")
    return client


class TestLinks:
    def test_a_token_is_125_bits_in_groups_that_can_be_typed(self, database: Database):
        token = token_of(database, invite(database))
        assert [len(group) for group in token.split("-")] == [5] * 5
        assert set(token) <= {*SIGNS, "-"}
        assert len(SIGNS) == 32

    def test_no_two_links_have_the_same_token(self, database: Database):
        tokens = {token_of(database, invite(database)) for _ in range(50)}
        assert len(tokens) == 50

    @pytest.mark.sqlite
    def test_the_token_stands_nowhere_in_the_data_folder(self, database: Database, settings: Settings):
        token = token_of(database, invite(database))
        stored = b"".join(path.read_bytes() for path in settings.data.iterdir())
        assert encounters.token_hash(token).encode() in stored
        assert token.encode() not in stored
        assert token.replace("-", "").encode() not in stored

    def test_a_link_cannot_be_made_without_the_secret_key(self, database: Database):
        assert token_of(database, invite(database), key="another key") == ""

    def test_a_token_is_found_however_it_was_typed(self, database: Database):
        invitation = invite(database)
        token = token_of(database, invitation)
        typed = token.upper().replace("-", " ").replace("0", "O").replace("1", "l")
        for variant in (token, token.upper(), token.replace("-", ""), f" {token} ", typed, token.replace("-", "–")):
            assert found(database, variant) == invitation, variant

    @given(st.text(max_size=300))
    def test_any_text_is_read_as_some_token_of_bounded_length(self, text: str):
        printed = invitations._as_printed(text)
        assert len(printed) < 130
        assert invitations._as_printed(printed) == printed

    def test_almost_the_token_finds_nothing(self, database: Database):
        token = token_of(database, invite(database))
        last = next(sign for sign in SIGNS if sign != token[-1])
        for wrong in (token[:-1], token[:-1] + last, token + token, token[::-1], "", "-", string.printable):
            assert found(database, wrong) is None

    def test_a_new_link_takes_the_place_of_the_one_before(self, database: Database):
        first = invite(database)
        old = token_of(database, first)
        with database.writing() as session:
            second = invitations.renew(session, KEY, first.encounter_id, 30)
        assert second.link_number == first.link_number + 1
        assert found(database, old) is None
        assert found(database, token_of(database, second)) == second


class TestEnd:
    def test_without_an_appointment_it_works_for_the_days_of_the_setting(self, database: Database):
        invitation = invite(database, days=7)
        assert invitation.expires_at is not None
        left = invitation.expires_at - datetime.now(UTC)
        assert timedelta(days=7, minutes=-1) < left <= timedelta(days=7)

    def test_with_an_appointment_it_works_until_two_days_after(self, database: Database):
        appointment = datetime.now(UTC) + timedelta(days=90)
        assert invite(database, Invitee("Ada", BORN, appointment)).expires_at == appointment + timedelta(days=2)

    def test_with_an_appointment_in_the_past_it_works_for_two_days(self, database: Database):
        invitation = invite(database, Invitee("Ada", BORN, datetime.now(UTC) - timedelta(days=90)))
        assert invitation.state is State.OPEN

    def test_after_its_end_it_is_over(self, database: Database):
        invitation = invite(database)
        with database.writing() as session:
            session.execute(update(EncounterRow).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
        after = found(database, token_of(database, invitation))
        assert after is not None
        assert after.state is State.EXPIRED

    def test_a_new_link_begins_a_new_time(self, database: Database):
        invitation = invite(database)
        with database.writing() as session:
            session.execute(update(EncounterRow).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
        with database.writing() as session:
            assert invitations.renew(session, KEY, invitation.encounter_id, 30).state is State.OPEN


class TestLock:
    def test_the_right_date_opens(self, database: Database):
        assert tried(database, invite(database), BORN) is Try.RIGHT

    def test_the_fifth_wrong_date_locks_and_then_the_right_one_opens_no_more(self, database: Database):
        invitation = invite(database)
        outcomes = [tried(database, invitation, date(1970, 5, day)) for day in range(1, 6)]
        assert outcomes == [Try.WRONG] * 4 + [Try.LOCKED]
        assert tried(database, invitation, BORN) is Try.LOCKED
        with database.reading() as session:
            assert invitations.count_locked(session) == 1

    def test_the_right_date_gives_all_tries_back(self, database: Database):
        invitation = invite(database)
        for _ in range(3):
            for day in range(1, MOST_TRIES):
                assert tried(database, invitation, date(1970, 5, day)) is Try.WRONG
            assert tried(database, invitation, BORN) is Try.RIGHT

    def test_many_tries_at_once_count_as_many(self, database: Database):
        invitation = invite(database)
        with ThreadPoolExecutor(8) as threads:
            outcomes = list(threads.map(lambda n: tried(database, invitation, date(1980, 1, n + 1)), range(20)))
        assert outcomes.count(Try.WRONG) == MOST_TRIES - 1
        assert outcomes.count(Try.LOCKED) == 20 - (MOST_TRIES - 1)

    def test_the_clinic_frees_it(self, database: Database):
        invitation = invite(database)
        for day in range(1, 6):
            tried(database, invitation, date(1970, 5, day))
        with database.writing() as session:
            assert invitations.unlock(session, invitation.encounter_id).tries_left == MOST_TRIES
        assert tried(database, invitation, BORN) is Try.RIGHT
        with database.reading() as session:
            assert invitations.count_locked(session) == 0


class TestCancel:
    def test_what_was_cancelled_opens_nothing_and_leaves_the_worklist(self, database: Database):
        invitation = invite(database)
        with database.writing() as session:
            assert invitations.cancel(session, invitation.encounter_id).state is State.CANCELLED
        with database.reading() as session:
            assert worklist(session, Asked(), datetime.now(UTC)).lines == ()

    def test_what_was_answered_before_stays_on_the_worklist(self, database: Database):
        invitation = invite(database)
        with database.writing() as session:
            encounters.save_page(session, invitation.encounter_id, {"phq9_1": 1})
            invitations.cancel(session, invitation.encounter_id)
        with database.reading() as session:
            assert len(worklist(session, Asked(), datetime.now(UTC)).lines) == 1

    def test_a_new_link_brings_it_back(self, database: Database):
        invitation = invite(database)
        with database.writing() as session:
            invitations.cancel(session, invitation.encounter_id)
            assert invitations.renew(session, KEY, invitation.encounter_id, 30).state is State.OPEN


class TestWhoIsInvited:
    @pytest.mark.parametrize(
        "email",
        ["ann", "ann@", "@example.org", "ann@example", "ann example@example.org", "ann@example.org,bob@example.org",
         "ann@example.org\nBcc: all@example.org", "<ann@example.org>", "ann..lee@example.org",
         "a" * 250 + "@example.org"],
    )  # fmt: skip
    def test_what_no_mail_can_be_sent_to_is_refused(self, email: str):
        with pytest.raises(ValueError, match=r"Write it like ann@example\.org"):
            invitee.read_email(email)

    @pytest.mark.parametrize("email", ["ann@example.org", " o'neil+clinic@mail.example.co.uk ", ""])
    def test_addresses_are_taken(self, email: str):
        assert invitee.read_email(email) == email.strip()

    @pytest.mark.parametrize("phone", ["020 7946 0000", "+44 (0)20-7946-0000", "07700/900123", ""])
    def test_telephone_numbers_are_taken_as_written(self, phone: str):
        assert invitee.read_phone(phone) == phone

    @pytest.mark.parametrize("phone", ["ask her son", "123", "+44 20 7946 0000 0000 0000", "=1+1"])
    def test_what_cannot_be_called_is_refused(self, phone: str):
        with pytest.raises(ValueError, match="telephone number"):
            invitee.read_phone(phone)

    def test_control_characters_are_no_part_of_a_name(self):
        assert invitee.read_name(" Ada\u202e\n Example\t") == "Ada Example"


FORM = {
    "patient_name": "Ada Example", "date_of_birth": ["17", "5", "1970"], "appointment_day": ["1", "12", "2027"],
    "appointment_time": "14:30", "email": "ada@example.org", "phone": "020 7946 0000",
    "language": "en",
}  # fmt: skip


class TestTheDesksPages:
    def test_a_patient_is_invited_and_the_link_can_be_shown_more_than_once(self, staff: FlaskClient):
        made = staff.post("/desk/new", data=FORM)
        assert made.status_code == 303
        for _ in range(2):
            page = staff.get(made.location).text
            assert "http://127.0.0.1:5000/start/" in page
            assert "ada@example.org" in page
            assert "1 December 2027, 14:30" in page

    def test_the_patients_language_is_that_of_the_sheet_and_of_the_page_behind_the_link(
        self, staff: FlaskClient, app: Flask
    ):
        made = staff.post("/desk/new", data=FORM | {"language": "es"}).location
        sheet = staff.get(f"{made}/sheet").text
        assert "Apunte aquí con la cámara" in sheet
        link = re.search(r'value="http://127.0.0.1:5000(/start/[^"]+)"', staff.get(made).text)
        assert link
        asked = app.test_client().get(link[1], follow_redirects=True, headers={"Accept-Language": "en"})
        assert "¿Cuál es su fecha de nacimiento?" in asked.text
        chosen = app.test_client()
        chosen.get("/?language=en")
        assert "What is your date of birth?" in chosen.get(link[1], follow_redirects=True).text

    def test_what_does_not_fit_is_told_at_its_place_and_nothing_is_lost(self, staff: FlaskClient, database: Database):
        wrong = FORM | {"patient_name": " ", "date_of_birth": ["17", "5", "70"], "email": "ada", "phone": "none"}
        answer = staff.post("/desk/new", data=wrong)
        assert answer.status_code == 422
        for words in ("patient’s name", "four figures", "ann@example.org", "020 7946 0000", 'value="14:30"'):
            assert words in answer.text
        assert 'href="#date_of_birth-day"' in answer.text
        with database.reading() as session:
            assert invitations.listing(session) == []

    def test_a_locked_link_stands_first_and_can_be_freed(self, staff: FlaskClient, database: Database):
        locked = invite(database)
        invite(database, Invitee("Ben Example", BORN))
        for day in range(1, 6):
            tried(database, locked, date(1970, 5, day))
        page = staff.get("/desk").text
        assert page.index("Ada Example") < page.index("Ben Example")
        assert "Locked" in page
        assert "A link is locked" in staff.get("/clinician").text
        staff.post(f"/desk/{locked.encounter_id}/unlock")
        assert tried(database, locked, BORN) is Try.RIGHT
        assert "locked after five" not in staff.get("/clinician").text

    def test_cancelling_and_a_new_link(self, staff: FlaskClient, database: Database):
        invitation = invite(database)
        staff.post(f"/desk/{invitation.encounter_id}/cancel")
        assert "was cancelled" in staff.get(f"/desk/{invitation.encounter_id}").text
        staff.post(f"/desk/{invitation.encounter_id}/renew")
        assert "/start/" in staff.get(f"/desk/{invitation.encounter_id}").text

    def test_it_is_shown_how_the_mail_fares(self, staff: FlaskClient, database: Database):
        page = staff.post("/desk/new", data=FORM).location
        assert "Being sent" in staff.get(page).text
        with database.writing() as session:
            (mail_id,) = outbox.waiting(session)
            mail = outbox.find(session, mail_id)
            assert mail is not None
            outbox.mark_failed(
                session, mail.key, "the mail server refused the address: 550 No such user", for_good=True
            )
        for address in (page, "/desk"):
            assert "550 No such user. Check the address." in staff.get(address).text
        with database.writing() as session:
            outbox.mark_sent(session, mail.key)
        assert "Sent " in staff.get(page).text

    def test_mails_to_the_clinic_that_do_not_go_out_are_shown(self, staff: FlaskClient, database: Database):
        invitation = invite(database)
        for day in range(1, 6):
            tried(database, invitation, date(1970, 5, day))
        assert "could not be sent" not in staff.get("/desk").text
        with database.writing() as session:
            mail = outbox.find(session, outbox.waiting(session)[0])
            assert mail is not None
            outbox.mark_failed(session, mail.key, "away", for_good=False)
        assert "An alert to the clinic could not be sent" in staff.get("/desk").text

    @pytest.mark.parametrize("path", ["", "/qr.svg", "/sheet"])
    def test_an_unknown_invitation_is_not_found(self, staff: FlaskClient, path: str):
        assert staff.get(f"/desk/nobody{path}").status_code == 404

    def test_a_link_of_another_secret_key_is_not_shown(self, app: Flask, staff: FlaskClient, database: Database):
        with database.writing() as session:
            invitation = invitations.create(session, "the key of last year", ADA, 30)
        assert "another secret key" in staff.get(f"/desk/{invitation.encounter_id}").text
        assert staff.get(f"/desk/{invitation.encounter_id}/qr.svg").status_code == 404
