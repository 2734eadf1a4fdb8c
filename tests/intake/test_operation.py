"""What who runs an installation relies on: probes, figures, logs with request ids and nothing of patients."""

import json
import logging
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask, g
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text, update

from intake import create_app, emergencies, encounters, logs, staff, stuck
from intake.cli import main
from intake.database import Database
from intake.doctor import Finding, examine
from intake.emergencies import Cause
from intake.encounters import Encounter
from intake.settings import KNOWN, Settings
from intake.tables import ResponseRow
from tests.conftest import come_in

TOKEN = "a token for the tests"


@contextmanager
def another(settings: Settings) -> Iterator[FlaskClient]:
    """An application with other settings."""
    app = create_app(settings)
    yield app.test_client()
    app.extensions["intake"].pdf_worker.close()
    app.extensions["intake"].database.close()


@pytest.fixture
def watched(app: Flask, settings: Settings) -> Iterator[FlaskClient]:
    """An application that shows its figures to who knows the token."""
    with another(replace(settings, metrics_token=TOKEN)) as client:
        yield client


def figures(client: FlaskClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def test_a_process_that_lives_says_so_at_any_address(client: FlaskClient):
    assert client.get("/healthz", headers={"Host": "10.1.2.3:8000"}).json == {"alive": True}


def test_an_installation_that_is_set_up_is_ready(client: FlaskClient):
    answer = client.get("/readyz", headers={"Host": "10.1.2.3:8000"})
    assert (answer.status_code, answer.json) == (200, {"ready": True})


def test_without_a_rule_set_it_is_not_ready(client: FlaskClient, database: Database):
    with database.writing() as session:
        session.execute(text("DELETE FROM publication"))
        session.execute(text("DELETE FROM rule_set"))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"ready": False, "reason": "no rule set is published; run: intake init"}


def test_with_the_tables_of_another_version_it_is_not_ready(client: FlaskClient, database: Database):
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert client.get("/readyz").status_code == 503


def test_without_a_database_it_is_not_ready_and_still_alive(client: FlaskClient, database: Database):
    with database.writing() as session:
        session.execute(text("DROP TABLE alembic_version"))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (503, {"ready": False, "reason": "the database does not answer"})
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("given", [None, "Bearer ", "Bearer wrong", TOKEN])
def test_figures_are_for_who_knows_the_token(watched: FlaskClient, given: str | None):
    assert watched.get("/metrics", headers={"Authorization": given} if given else {}).status_code == 404


def test_where_no_token_is_set_there_are_no_figures(client: FlaskClient):
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_requests_are_counted_by_endpoint_and_status(watched: FlaskClient):
    key = "intake_request_seconds_count", frozenset({"endpoint": "none", "method": "GET", "status": "404"}.items())
    before = figures(watched).get(key, 0)
    watched.get("/no-such-page")
    assert figures(watched)[key] == before + 1


def test_who_needs_somebody_is_counted_until_taken(watched: FlaskClient, database: Database, ada: Encounter):
    key = "intake_emergencies_open", frozenset[tuple[str, str]]()
    assert figures(watched)[key] == 0
    with database.writing() as session:
        emergencies.raise_one(session, ada.id, Cause.HELP_WANTED)
    found = figures(watched)
    assert found[key] == 1
    assert found["intake_mails_waiting", frozenset({("kind", "alert")})] == 1


def test_without_a_database_that_is_the_figure(watched: FlaskClient, database: Database):
    with database.writing() as session:
        session.execute(text("DROP TABLE mail"))
    assert figures(watched)["intake_database_up", frozenset[tuple[str, str]]()] == 0


def test_the_doctor_finds_nothing_wrong_with_what_was_just_set_up(app: Flask, settings: Settings, database: Database):
    with database.writing() as session:
        staff.add(session, "Sam Admin", ["admin", "clinician"])
    found = {finding.part: finding for finding in examine(settings)}
    assert [finding for finding in found.values() if finding.state == "wrong"] == []
    assert {"data folder", "disk", "database", "rules", "screenings", "PDF", "mail", "background jobs"} <= set(found)
    assert all(finding.advice for finding in found.values() if finding.state == "look")


def test_the_doctor_says_what_to_do_before_the_installation_is_set_up(settings: Settings, tmp_path: Path):
    empty = replace(settings, data=tmp_path / "none", database_url=f"sqlite:///{tmp_path}/none.sqlite")
    found = {finding.part: finding for finding in examine(empty)}
    assert (found["data folder"].state, found["data folder"].advice) == ("wrong", "run: intake init")
    assert "intake init" in found["database"].advice


def part(settings: Settings, name: str) -> Finding:
    return next(finding for finding in examine(settings) if finding.part == name)


def keys_at(settings: Settings, file: Path) -> Settings:
    return replace(settings, key_places=replace(settings.key_places, file=file))


def test_the_doctor_looks_where_the_master_key_stands_and_who_may_read_it(
    app: Flask, settings: Settings, tmp_path: Path
):
    inside, outside = settings.data / "master_key", tmp_path / "elsewhere"
    assert part(settings, "master key").state == "look"
    assert "INTAKE_MASTER_KEY_FILE" in part(settings, "master key").advice
    shutil.copy(inside, outside)
    assert part(keys_at(settings, outside), "master key").state == "fine"
    outside.chmod(0o640)
    found = part(keys_at(settings, outside), "master key")
    assert (found.state, found.advice) == ("wrong", f"run: chmod 600 {outside}")
    given = replace(settings, key_places=replace(settings.key_places, given=inside.read_text()))
    assert part(given, "master key").state == "fine"


@pytest.mark.parametrize("content", [None, "ab" * 32, "not a key", ""])
def test_without_the_right_master_key_the_doctor_says_so_and_it_is_not_ready(
    app: Flask, client: FlaskClient, settings: Settings, content: str | None
):
    assert client.get("/readyz").status_code == 200
    path = settings.data / "master_key"
    path.unlink()
    if content is not None:
        path.write_text(content)
        path.chmod(0o600)
    found = [finding for finding in examine(settings) if finding.state == "wrong"]
    assert [finding.part for finding in found] == ["master key"]
    assert found[0].advice
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "intake doctor" in answer.json["reason"]
    assert str(settings.data) not in answer.text


def test_the_doctor_finds_a_mail_server_that_is_away_and_repeats_no_password(app: Flask, settings: Settings):
    with socket.socket() as taken:  # and nobody listens
        taken.bind(("127.0.0.1", 0))
        away = replace(settings, smtp_url=f"smtp://someone:secret-word@127.0.0.1:{taken.getsockname()[1]}")
        found = next(finding for finding in examine(away) if finding.part == "mail")
    assert (found.state, found.advice) == ("wrong", "see INTAKE_SMTP_URL")
    assert "secret-word" not in found.words


def test_the_doctor_finds_answers_that_were_not_screened(
    app: Flask, settings: Settings, database: Database, ada: Encounter
):
    with database.writing() as session:
        encounters.save_page(session, ada.id, {"phq9_1": 0})
        session.execute(update(ResponseRow).values(unscreened_since=datetime.now(UTC) - timedelta(minutes=1)))
    found = next(finding for finding in examine(settings) if finding.part == "screenings")
    assert found.state == "look"
    assert found.words.endswith("not screened yet: 1")


def test_the_commands_print_findings_and_settings_and_no_secret(app: Flask, settings: Settings):
    environ = {"INTAKE_DATA": str(settings.data), "INTAKE_METRICS_TOKEN": "a token that stays secret"}
    told = CliRunner().invoke(main, ["doctor", "--json"], env=environ)
    assert {"part": "rules", "state": "fine"}.items() <= json.loads(told.output)[4].items()
    assert told.exit_code == 1  # nobody is on staff
    listed = CliRunner().invoke(main, ["settings"], env=environ).output
    assert [name for name in KNOWN if f"INTAKE_{name} " not in listed] == []
    assert "a token that stays secret" not in listed


def test_a_mistake_in_the_settings_is_named_by_the_command():
    refused = CliRunner().invoke(main, ["settings"], env={"INTAKE_LOG_LEVEL": "loud"})
    assert refused.exit_code == 1
    assert "INTAKE_LOG_LEVEL: 'loud' is not known" in refused.output


def test_jobs_that_fail_are_figures(watched: FlaskClient, database: Database):
    with database.writing() as session:
        stuck.note(session, "mail", "one", 0, "MailError", given_up=False)
        stuck.note(session, "mail", "two", 0, "MailError", given_up=True)
    found, of = figures(watched), frozenset({("kind", "mail")})
    assert found["intake_jobs_failing", of] == 2
    assert found["intake_jobs_given_up", of] == 1
    assert found["intake_jobs_failing_seconds", of] >= 0


def test_figures_name_no_patient(watched: FlaskClient, ada: Encounter):
    come_in(watched, ada)
    watched.get("/questions/mood")
    shown = watched.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    assert [word for word in (ada.id, ada.patient_name, ada.patient_name.split()[0]) if word in shown] == []


def test_every_answer_carries_the_id_that_stands_in_the_log(client: FlaskClient, caplog):
    with caplog.at_level(logging.INFO, logger="intake.logs"):
        answer = client.get("/healthz")
    record = next(one for one in caplog.records if one.name == "intake.logs")
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])
    assert (record.endpoint, record.method, record.status) == ("health.alive", "GET", 200)


def test_a_log_line_is_json_with_the_request_id_and_without_what_an_exception_says(app: Flask, capsys):
    handler = logging.StreamHandler()
    handler.setFormatter(logs.Lines())
    handler.addFilter(logs.OfRequest())
    log = logging.Logger("intake.tried")
    log.addHandler(handler)
    with app.test_request_context("/"):
        app.preprocess_request()
        try:
            raise ValueError("Ada Example feels unwell")
        except ValueError:
            log.exception("it failed")
        expected = g.request_id
    line = capsys.readouterr().err.strip()
    found = json.loads(line)
    assert "Ada" not in line
    assert (found["level"], found["message"], found["request_id"]) == ("ERROR", "it failed", expected)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found["at"])


@pytest.mark.parametrize(("proxies", "is_taken"), [(0, False), (1, True)])
def test_a_request_id_is_taken_from_a_proxy_of_ours_alone(settings: Settings, proxies: int, is_taken: bool):
    with another(replace(settings, proxies=proxies)) as client:
        answer = client.get("/healthz", headers={"X-Request-Id": "from-the-proxy-1"})
        hostile = client.get("/healthz", headers={"X-Request-Id": "a b<script>"})
    assert (answer.headers["X-Request-Id"] == "from-the-proxy-1") is is_taken
    assert hostile.headers["X-Request-Id"] != "a b<script>"
