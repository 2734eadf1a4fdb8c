"""Background jobs that fail: what admins see of them, and that they are tried again when somebody says so."""

from datetime import date

import pytest
from flask.testing import FlaskClient

from intake import invitations, outbox, stuck
from intake.database import Database
from intake.faults import place_of
from intake.invitee import Invitee
from intake.mail import MailError
from intake.outbox import Kind
from intake.settings import Settings
from intake.stuck import StuckJob
from tests.conftest import sign_in

PROBLEM = "MailError at intake/mailing.py:81"


@pytest.fixture
def failing(database: Database) -> None:
    """Two jobs that failed; the second is given up."""
    for job_id, given_up in (("one", False), ("two", True)):
        with database.writing() as session:
            stuck.note(session, "mail", job_id, 0, PROBLEM, given_up=given_up)


def jobs(database: Database) -> list[StuckJob]:
    with database.reading() as session:
        return stuck.listing(session)


def breaks(words: str) -> None:
    try:
        raise ValueError(words)
    except ValueError as error:
        raise MailError(f"550 {words}") from error


def test_the_place_of_a_fault_holds_no_words_of_it_nor_of_what_caused_it():
    with pytest.raises(MailError) as met:
        breaks("Ada Example answered: quietly xylophonic")
    place = place_of(met.value)
    assert place.startswith("MailError at intake/test_stuck.py:")
    assert "; caused by ValueError at intake/test_stuck.py:" in place
    assert [word for word in ("Ada", "Example", "xylophonic", "550") if word in place] == []


def test_what_is_given_up_comes_first(database: Database, failing: None):
    assert [(job.job_id, job.tries) for job in jobs(database)] == [("two", 1), ("one", 1)]


def test_tries_are_counted_and_the_beginning_is_kept(database: Database, failing: None):
    since = {job.job_id: job.since for job in jobs(database)}
    with database.writing() as session:
        stuck.note(session, "mail", "one", 0, "MailError at intake/mailing.py:90", given_up=True)
    job = next(job for job in jobs(database) if job.job_id == "one")
    assert (job.tries, job.problem) == (2, "MailError at intake/mailing.py:90")
    assert job.since == since["one"]
    assert job.tried_at > job.since
    assert job.given_up_at is not None


def test_what_an_earlier_round_meets_is_not_told_of_the_one_that_was_begun_since(database: Database, failing: None):
    with database.writing() as session:
        assert stuck.try_again(session, "mail", "two")
        stuck.note(session, "mail", "two", 0, "late", given_up=True)
    job = next(job for job in jobs(database) if job.job_id == "two")
    assert (job.round, job.tries, job.problem, job.given_up_at) == (1, 1, PROBLEM, None)


def test_an_admin_sees_it_and_has_it_tried_again(client: FlaskClient, database: Database, failing: None):
    sign_in(client, "admin")
    page = client.get("/admin/jobs").text
    assert "Sending an invitation" in page
    assert PROBLEM in page
    assert page.count("given up</strong>") == 1
    assert client.post("/admin/jobs", data={"kind": "mail", "job": "two"}).status_code == 303
    assert "given up</strong>" not in client.get("/admin/jobs").text
    with database.reading() as session:
        assert stuck.rounds(session) == {("mail", "two"): 1}


def test_a_job_that_is_done_by_now_is_said_to_be(client: FlaskClient):
    sign_in(client, "admin")
    answer = client.post("/admin/jobs", data={"kind": "mail", "job": "three"})
    assert answer.status_code == 404
    assert "it is done" in answer.text
    assert "Nothing fails" in client.get("/admin/jobs").text


def test_a_mail_that_begins_anew_is_no_longer_on_the_list(database: Database, settings: Settings):
    with database.writing() as session:
        who = Invitee("Ada Example", date(1970, 5, 17))
        made = invitations.create(session, settings.secret_key, who, 30)
        outbox.add(session, Kind.LOCK, made.encounter_id, "now")
        [mail_id] = outbox.waiting(session)
        mail = outbox.find(session, mail_id)
        assert mail is not None
        outbox.mark_failed(session, mail.key, "no answer", for_good=False)
        stuck.note(session, "alert", mail_id, 0, PROBLEM, given_up=False)
        assert outbox.try_again(session) == 1
    assert jobs(database) == []
