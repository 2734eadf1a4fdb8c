"""The webhook: what it is told, how that is signed, and what becomes of a call that is not taken."""

import hmac
import json
from hashlib import sha256

import pytest

from intake import emergencies, mailing, outbox, work
from intake.choices import SettingsError
from intake.database import Database
from intake.emergencies import Cause
from intake.encounters import Encounter
from intake.outbox import Kind
from intake.settings import Settings
from intake.webhook import Webhook, WebhookError, post
from tests.intake.mail_server import a_free_port
from tests.intake.test_jobs import until, working
from tests.intake.test_mail import mails, set_up, waiting
from tests.intake.web_server import Calls, web_server

KEY = "a key of the webhook"


def calls_to(settings: Settings, port: int) -> Settings:
    url = f"http://127.0.0.1:{port}/alerts?clinic=1"
    return set_up(settings, INTAKE_ALERT_WEBHOOK=url, INTAKE_ALERT_WEBHOOK_KEY=KEY)


def need_somebody(database: Database, encounter: Encounter) -> None:
    with database.writing() as session:
        emergencies.raise_one(session, encounter.id, Cause.ANSWERS)


def calls_waiting(database: Database) -> list[str]:
    with database.reading() as session:
        return outbox.waiting(session, [Kind.WEBHOOK])


def failing(database: Database) -> list[str]:
    with database.reading() as session:
        return [mail.problem for mail in outbox.to_clinic_failing(session)]


def test_it_is_told_that_there_is_something_and_nothing_of_what(database: Database, settings: Settings, ada: Encounter):
    need_somebody(database, ada)
    with web_server(Calls()) as calls:
        for call in calls_waiting(database):
            mailing.send(database, calls_to(settings, calls.port), call)
    ((path, headers, body),) = calls.arrived
    assert path == "/alerts?clinic=1"
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Intake-Signature"] == "sha256=" + hmac.new(KEY.encode(), body, sha256).hexdigest()
    told = json.loads(body)
    assert set(told) == {"id", "link", "at"}
    assert told["link"] == f"http://127.0.0.1:5000/clinician/{ada.id}"
    for secret in (b"Ada", b"1970", b"mergency", b"now"):
        assert secret not in body
    assert calls_waiting(database) == []


def test_a_repeat_is_the_same_to_the_byte(database: Database, settings: Settings, ada: Encounter):
    need_somebody(database, ada)
    with web_server(Calls(answers=[500, 204])) as calls:
        chosen = calls_to(settings, calls.port)
        with pytest.raises(WebhookError, match="answered 500"):
            mailing.send(database, chosen, calls_waiting(database)[0])
        assert failing(database) == ["the webhook answered 500"]
        with database.writing() as session:
            assert outbox.try_again(session) == 1
        mailing.send(database, chosen, calls_waiting(database)[0])
    assert [body for *_, body in calls.arrived] == [calls.arrived[0][2]] * 2
    assert failing(database) == []


def test_one_that_answers_500_and_then_takes_it_is_told_once_more_by_the_background_jobs(
    database: Database, settings: Settings, ada: Encounter
):
    need_somebody(database, ada)
    with web_server(Calls(answers=[500])) as calls:
        kinds = work.kinds(database, calls_to(settings, calls.port))
        with working(database, settings.data, kinds, waits=(0.2, 0.2)):
            until(lambda: calls_waiting(database) == [])
    assert len(calls.arrived) == 2
    assert len(mails(settings)) == 1


def test_a_redirect_is_not_followed(database: Database, settings: Settings, ada: Encounter):
    need_somebody(database, ada)
    with web_server(Calls(answers=[302])) as calls, pytest.raises(WebhookError, match="elsewhere"):
        mailing.send(database, calls_to(settings, calls.port), calls_waiting(database)[0])
    assert len(calls.arrived) == 1


def test_one_that_hangs_is_left_after_a_while():
    with web_server(Calls(answers=[0])) as calls, pytest.raises(WebhookError, match="did not answer within"):
        post(Webhook(calls.url, KEY, patience=0.2), b"{}")


def test_what_fails_says_nothing_of_the_address():
    with pytest.raises(WebhookError) as refused:
        post(Webhook(f"http://127.0.0.1:{a_free_port()}/a-secret-path", KEY), b"{}")
    assert "a-secret-path" not in str(refused.value)
    assert "secret" not in repr(Webhook("https://example.org/secret", KEY))


def test_without_a_webhook_nothing_waits_for_one(database: Database, settings: Settings, ada: Encounter):
    need_somebody(database, ada)
    for call in calls_waiting(database):
        mailing.send(database, set_up(settings), call)
    assert calls_waiting(database) == []
    assert len(waiting(database)) == 1


def test_what_the_clinic_must_know_is_tried_every_few_minutes_for_a_day():
    assert max(work.SOON_AND_FOR_A_DAY) <= 300
    assert 24 * 3600 <= sum(work.SOON_AND_FOR_A_DAY) <= 25 * 3600


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"ALERT_WEBHOOK": "https://example.org/x"}, "INTAKE_ALERT_WEBHOOK_KEY: needed too"),
        ({"ALERT_WEBHOOK_KEY": KEY}, "INTAKE_ALERT_WEBHOOK: needed too"),
        ({"ALERT_WEBHOOK": "https://example.org/x", "ALERT_WEBHOOK_KEY": "short"}, "INTAKE_ALERT_WEBHOOK_KEY: 5"),
        ({"ALERT_WEBHOOK": "http://example.org/x", "ALERT_WEBHOOK_KEY": KEY}, "must not travel in the clear"),
        ({"ALERT_WEBHOOK": "ftp://example.org/x", "ALERT_WEBHOOK_KEY": KEY}, "not the address of a web page"),
        ({"ALERT_WEBHOOK": "https://example.org:x/", "ALERT_WEBHOOK_KEY": KEY}, "this is not an address"),
        ({"ALERT_WEBHOOK": "https://u:pw@example.org/", "ALERT_WEBHOOK_KEY": KEY}, "not the address of a web page"),
        ({"ALERT_WEBHOOK": "https://example.org/a b", "ALERT_WEBHOOK_KEY": KEY}, "not the address of a web page"),
    ],
)
def test_settings_that_make_no_webhook_are_refused_in_words(settings: Settings, chosen: dict[str, str], words: str):
    with pytest.raises(SettingsError, match=words) as refused:
        set_up(settings, **{f"INTAKE_{name}": value for name, value in chosen.items()})
    assert "pw@" not in str(refused.value)
