"""The command line: `intake …`. What is wrong is said in words, with what to do; nothing is written by halves."""

import json
import os
import socket
import sys
from pathlib import Path

import click

from intake import demo, rulesets, submission
from intake.accounts import Role, sign_in_token
from intake.answers_file import AnswersFileError, read_answers
from intake.database import Database
from intake.rulesets import Screeners
from intake.settings import Settings, SettingsError
from reports.html import page
from reports.pdf import write_pdf
from reports.summary import summarise
from rules.check import run_tests
from rules.coverage import coverage
from rules.errors import AnswerErrors, RuleErrors
from rules.explain import reason_text
from rules.load import LIBRARY, library, load
from rules.response import read
from rules.ruleset import RuleSet
from rules.screening import Screener

# glibc would hand the engine's tables back to the kernel for each patient, and fault them in again for the next
MALLOC = {
    "MALLOC_MMAP_THRESHOLD_": "1000000000",
    "MALLOC_TRIM_THRESHOLD_": "2000000000",
    "MALLOC_TOP_PAD_": "67108864",
}


@click.group()
@click.version_option(package_name="clinical-intake-screening")
def main() -> None:
    """Clinical intake screening: answers in, flags with their reasons out. Not a diagnosis."""


def _settings() -> Settings:
    try:
        return Settings.from_environment()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


@main.command()
def init() -> None:
    """Make the data folder and the database, and publish the rule set that comes with the product."""
    settings = _settings()
    settings.data.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_url)
    database.migrate()
    with database.writing() as session:
        is_new = rulesets.publish(session, library())
    click.echo(f"Data in {settings.data}; rule set {library().hash[:12]} {'published' if is_new else 'in use'}.")


@main.command("demo")
def demo_command() -> None:
    """Add invented patients to look around with. Does nothing the second time."""
    settings = _settings()
    added = demo.fill(Database(settings.database_url), Screeners(), settings.secret_key)
    click.echo(f"{added} invented patients added." if added else "The invented patients are there already.")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes that answer.")
def serve(host: str, port: int, workers: int) -> None:
    """Screen what was cut off, then serve the pages."""
    settings = _settings()
    if "INTAKE_BASE_URL" not in os.environ:
        os.environ["INTAKE_BASE_URL"] = f"http://{host}:{port}"
    address = os.environ["INTAKE_BASE_URL"].rstrip("/")
    _check_port(host, port)
    database = Database(settings.database_url)
    database.migrate()
    unfinished = submission.screen_unfinished(database, Screeners())
    if unfinished:
        click.echo(f"Screened {unfinished} responses that had been cut off.")
    click.echo(f"Serving on {address}")
    invitation = demo.invitation(database, settings.secret_key)
    if invitation:
        click.echo(f"  Patient:    {address}/start/{invitation}")
    click.echo(f"  Clinician:  {address}/sign-in/{sign_in_token(settings.secret_key, 'clinician')}")
    click.echo(f"  Admin:      {address}/sign-in/{sign_in_token(settings.secret_key, 'admin')}")
    sys.stdout.flush()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"{host}:{port}", "--workers", str(workers)]
    command += ["--log-level", "warning", "intake.wsgi:application()"]
    os.execve(sys.executable, command, MALLOC | dict(os.environ))


def _check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            advice = "choose another with --port, or stop what is listening there"
            raise click.ClickException(f"cannot listen on {host}:{port} ({error.strerror}); {advice}") from error


@main.command("sign-in-link")
@click.argument("role", type=click.Choice(["clinician", "admin"]))
def sign_in_link(role: Role) -> None:
    """Print a link that lets a member of staff in for the next 12 hours."""
    settings = _settings()
    click.echo(f"{settings.base_url}/sign-in/{sign_in_token(settings.secret_key, role)}")


@main.group("rules")
def rules_group() -> None:
    """Look at, check and test rule files."""


def _load(path: Path | None) -> RuleSet:
    try:
        return load(path or LIBRARY)
    except RuleErrors as error:
        click.echo(str(error), err=True)
        count = len(error.problems)
        click.echo(f"{count} problem{'s' if count > 1 else ''}; nothing was changed.", err=True)
        sys.exit(1)


@rules_group.command("check")
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
def check_command(path: Path | None) -> None:
    """Name every problem in a folder of rule files, or in one file. Without PATH: the rules that come with the product."""
    ruleset = _load(path)
    click.echo(f"{len(ruleset.by_id)} rules, no problems. Rule set {ruleset.hash}")


@rules_group.command("test")
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--coverage", "with_coverage", is_flag=True, help="Name every leaf that no test saw true, false or missing."
)
def test_command(path: Path | None, with_coverage: bool) -> None:
    """Run the tests inside the rule files; the exit code is 1 if one fails."""
    ruleset = _load(path)
    results = run_tests(ruleset)
    width = max((len(result.rule) for result in results), default=4)
    for result in results:
        click.echo(f"{'ok  ' if result.passed else 'FAIL'} {result.rule:{width}} {result.name}")
        if not result.passed:
            click.echo(
                f"     expected {result.expected}, got {result.got}{f' ({result.detail})' if result.detail else ''}"
            )
    failed = sum(not result.passed for result in results)
    untested = [rule.id for rule in ruleset.by_id.values() if not rule.tests and rule.status != "retired"]
    click.echo(f"{len(results) - failed} passed, {failed} failed")
    if untested:
        click.echo(f"Without a test: {', '.join(untested)}")
    if with_coverage:
        lacking = [leaf for leaf in coverage(ruleset) if leaf.lacking]
        for leaf in lacking:
            click.echo(f"{leaf.rule:{width}} {leaf.finding}: never {', '.join(leaf.lacking)}")
        total = 3 * len(coverage(ruleset))
        seen = total - sum(len(leaf.lacking) for leaf in lacking)
        click.echo(f"Coverage: {seen} of {total} ends seen ({100 * seen // max(total, 1)}%)")
        failed += bool(lacking)
    sys.exit(1 if failed else 0)


@rules_group.command("list")
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
def list_command(path: Path | None) -> None:
    """List the rules: id, priority, status, grades of evidence (health, link to oxytocin), title."""
    ruleset = _load(path)
    for rule in ruleset.by_id.values():
        grades = f"{rule.evidence.health} / {rule.evidence.link}"
        click.echo(f"{rule.id:6} {rule.priority.value:9} {rule.status:7} {grades:28} {rule.title}")


@main.command()
@click.argument("answers", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--json", "as_json", is_flag=True, help="Print the screening as JSON.")
@click.option("--pdf", type=click.Path(path_type=Path, dir_okay=False), help="Write the summary as PDF.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the summary as HTML.")
def screen(answers: Path, as_json: bool, pdf: Path | None, html: Path | None) -> None:
    """Screen the answers in a JSON file ("-" reads them from standard input)."""
    ruleset = library()
    try:
        response = read(ruleset.questionnaire, read_answers(answers))
    except AnswersFileError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except AnswerErrors as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        sys.exit(2)
    screener = Screener(ruleset)
    screening = screener.screen(response)
    screener.close()
    summary = summarise(ruleset, response, screening, patient=None, clinic=_settings().clinic_name, completed_at=None)
    try:
        if pdf:
            pdf.write_bytes(write_pdf(summary))
        if html:
            html.write_text(page(summary), encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"cannot write {error.filename}: {error.strerror}") from error
    if as_json:
        click.echo(json.dumps(screening.as_json(), indent=2))
    elif not pdf and not html:
        for flag in screening.raised:
            click.echo(f"{flag.priority} {flag.rule}: {ruleset.by_id[flag.rule].title}")
            click.echo(f"    {reason_text(ruleset.by_id[flag.rule], response)}")
        click.echo(f"{len(screening.raised)} flags, {len(screening.not_assessed)} rules not assessed. Not a diagnosis.")
