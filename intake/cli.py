"""The command line: `intake …`. What is wrong is said in words, with what to do; nothing is written by halves."""

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from sqlalchemy.exc import OperationalError

from intake import demo, demo_review, erasure, rulesets, serving, work
from intake.accounts import sign_in_token
from intake.audit_commands import audit_group
from intake.backup_commands import backup, restore
from intake.days import plain_day
from intake.explain_command import explain_command
from intake.export_commands import export_group
from intake.fhir_commands import fhir_group
from intake.impact_command import impact_command
from intake.installation import OWNER_ONLY, chosen_settings, opened_database, ready_database
from intake.key_commands import keys_group
from intake.master_keys import MasterKeyError
from intake.metrics import FOLDER as FIGURES
from intake.operation_commands import doctor_command, settings_command
from intake.questionnaire_commands import questionnaire_group
from intake.record_commands import erase, retention_group, show
from intake.rule_files_commands import diff_command, export_command, fmt_command, publish_command, schema_command
from intake.rules_commands import count, rules_group
from intake.rulesets import Screeners
from intake.screening_in_words import response_in, tell
from intake.settings import kept_secret_key
from intake.staff_commands import sign_in_link, staff_group
from intake.worker_names import AlreadyRunning, own_name
from reports.html import page
from reports.paper import document
from reports.pdf import render
from reports.summary import summarise
from rules.load import library
from rules.screening import screen_once


@click.group()
@click.version_option(package_name="clinical-intake-screening")
def main() -> None:
    """Clinical intake screening: answers in, flags with their reasons out. Not a diagnosis."""


@main.command()
def init() -> None:
    """Make the data folder and the database, and publish the rule set that comes with the product."""
    settings = chosen_settings()
    os.umask(OWNER_ONLY)
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        if settings.given_secret_key is None:
            kept_secret_key(settings.data)
        database = opened_database(settings)
        database.migrate()
    except (OSError, OperationalError) as error:
        reason = error.orig if isinstance(error, OperationalError) else error.strerror
        raise click.ClickException(f"cannot make the database in {settings.data}: {reason}") from error
    except MasterKeyError as error:
        raise click.ClickException(str(error)) from error
    with database.writing() as session:
        is_new = not rulesets.is_edited(session) and rulesets.publish(session, library())
        in_use = rulesets.published_hash(session) or ""
    click.echo(f"Data in {settings.data}; rule set {in_use[:12]} {'published' if is_new else 'in use'}.")


@main.command("demo")
def demo_command() -> None:
    """Add invented patients to look around with. Does nothing the second time."""
    settings = chosen_settings()
    database, screeners = ready_database(settings), Screeners()
    try:
        added = demo.fill(database, screeners, settings.secret_key)
    except demo.NotToLookAround as error:
        raise click.ClickException("members of staff sign in here already; invented ones need no password") from error
    demo_review.sign_past(database, screeners, settings)
    click.echo(f"{count(added, 'invented patient')} added." if added else "The invented patients are there already.")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes that answer.")
def serve(host: str, port: int, workers: int) -> None:
    """Serve the pages and do the background jobs."""
    settings = chosen_settings()
    try:
        serving.check_port(host, port)
    except serving.PortError as error:
        raise click.ClickException(str(error)) from error
    database = ready_database(settings)
    base_url = settings.base_url if os.environ.get("INTAKE_BASE_URL") else serving.address(host, port)
    erasure.finish(database, settings.data)
    invitation = demo.invitation(database, settings.secret_key)
    patient = f"{base_url}/start/{invitation[0]}" if invitation else "invite one on the clinician's page"
    click.echo(f"Serving on {base_url}")
    click.echo(f"  Patient:    {patient}")
    if invitation:
        click.echo(f"              It asks for the date of birth of this invented patient: {plain_day(invitation[1])}")
    for member in demo.members(database):
        link = f"{base_url}/sign-in/{sign_in_token(settings.secret_key, member.id)}"
        click.echo(f"  {demo.FIRST_WORDS[member.roles[0]]:<11} {link}  ({member.name})")
    click.echo(
        'Staff: "intake staff add" adds one; "intake sign-in-link" prints the link to choose a password with. '
        "Only the invented staff of the demo sign in by a link alone. Stop with Ctrl-C."
    )
    sys.stdout.flush()
    commands = serving.gunicorn_command(host, port, workers), serving.worker_command()
    with TemporaryDirectory(prefix="intake-figures-") as figures:
        environ = {**os.environ, "INTAKE_BASE_URL": base_url, FIGURES: figures}
        code = serving.Household(*commands, environ).run()
    sys.exit(code)


@main.command()
@click.option(
    "--name", help="What tells it from all other workers; left out, it is named after machine and data folder."
)
def worker(name: str | None) -> None:
    """Do the background jobs: screenings that were cut off, mails. `intake serve` starts one by itself."""
    settings = chosen_settings()
    ready_database(settings)
    try:
        work.run(settings, name or own_name(settings.data))
    except AlreadyRunning as error:
        raise click.ClickException(str(error)) from error


for rules_command in (
    impact_command,
    explain_command,
    fmt_command,
    diff_command,
    publish_command,
    export_command,
    schema_command,
):
    rules_group.add_command(rules_command)
main.add_command(rules_group)
main.add_command(keys_group)
main.add_command(staff_group)
main.add_command(questionnaire_group)
main.add_command(fhir_group)
main.add_command(export_group)
main.add_command(audit_group)
main.add_command(show)
main.add_command(erase)
main.add_command(retention_group)
main.add_command(backup)
main.add_command(restore)
main.add_command(sign_in_link)
main.add_command(doctor_command)
main.add_command(settings_command)


@main.command()
@click.argument("answers", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--json", "as_json", is_flag=True, help="Print the screening as JSON.")
@click.option("--pdf", type=click.Path(path_type=Path, dir_okay=False), help="Write the summary as PDF.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the summary as HTML.")
def screen(answers: Path, as_json: bool, pdf: Path | None, html: Path | None) -> None:
    """Screen the answers in a JSON file ("-" reads them from standard input)."""
    if as_json + bool(pdf) + bool(html) > 1:
        raise click.UsageError("choose one of --json, --pdf and --html")
    ruleset = library()
    response = response_in(answers, ruleset)
    screening = screen_once(ruleset, response)
    if as_json:
        click.echo(json.dumps(screening.as_json(), indent=2))
        return
    if not pdf and not html:
        tell(ruleset, response, screening)
        return
    summary = summarise(
        ruleset, response, screening, patient=None, clinic=chosen_settings().clinic_name, completed_at=None
    )
    if pdf:
        _write(pdf, render(document(summary, chosen_settings().paper)))
    if html:
        _write(html, page(summary).encode())


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror}") from error
