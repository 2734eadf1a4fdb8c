"""The command line: `intake …`. What is wrong is said in words, with what to do; nothing is written by halves."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from sqlalchemy.exc import OperationalError

from intake import demo, rulesets, serving, submission, work
from intake.accounts import sign_in_token
from intake.answers_file import AnswersFileError, read_answers
from intake.database import Database
from intake.days import plain_day
from intake.installation import OWNER_ONLY, chosen_settings, ready_database
from intake.jobs import AlreadyRunning
from intake.rulesets import Screeners
from intake.settings import kept_secret_key
from intake.staff_commands import sign_in_link, staff_group
from reports.html import page
from reports.paper import document
from reports.pdf import render
from reports.summary import PRIORITY_WORDS, summarise
from rules.check import run_tests
from rules.coverage import coverage
from rules.errors import AnswerErrors, RuleErrors
from rules.explain import reason_text
from rules.load import LIBRARY, library, load
from rules.response import Response, read
from rules.ruleset import RuleSet
from rules.screening import Screener, Screening

TEST_COLUMNS = ("rule", "test", "expected", "got")
COVERAGE_COLUMNS = ("rule", "test in its conditions", "true", "false", "missing")
LIST_COLUMNS = ("rule", "priority", "status", "evidence: health", "link", "title")


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
        database = Database(settings.database_url)
        database.migrate()
    except (OSError, OperationalError) as error:
        reason = error.orig if isinstance(error, OperationalError) else error.strerror
        raise click.ClickException(f"cannot make the database in {settings.data}: {reason}") from error
    with database.writing() as session:
        is_new = rulesets.publish(session, library())
    click.echo(f"Data in {settings.data}; rule set {library().hash[:12]} {'published' if is_new else 'in use'}.")


@main.command("demo")
def demo_command() -> None:
    """Add invented patients to look around with. Does nothing the second time."""
    settings = chosen_settings()
    added = demo.fill(ready_database(settings), Screeners(), settings.secret_key)
    click.echo(f"{_count(added, 'invented patient')} added." if added else "The invented patients are there already.")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes that answer.")
def serve(host: str, port: int, workers: int) -> None:
    """Screen what was cut off, then serve the pages and do the background jobs."""
    settings = chosen_settings()
    try:
        serving.check_port(host, port)
    except serving.PortError as error:
        raise click.ClickException(str(error)) from error
    database = ready_database(settings)
    base_url = settings.base_url if os.environ.get("INTAKE_BASE_URL") else serving.address(host, port)
    unfinished = submission.screen_unfinished(database, Screeners())
    if unfinished:
        click.echo(f"Screened {_count(unfinished, 'response')} that had been cut off.")
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
        'Staff: "intake staff add" adds one; "intake sign-in-link" prints a link, valid for 12 hours. Stop with Ctrl-C.'
    )
    sys.stdout.flush()
    environ = {**os.environ, "INTAKE_BASE_URL": base_url}
    commands = serving.gunicorn_command(host, port, workers), serving.worker_command()
    sys.exit(serving.Household(*commands, environ).run())


@main.command()
@click.option("--name", default="worker", show_default=True, help="What tells it from other workers of the machine.")
def worker(name: str) -> None:
    """Do the background jobs: mails. `intake serve` starts one by itself."""
    settings = chosen_settings()
    ready_database(settings)
    try:
        work.run(settings, name)
    except AlreadyRunning as error:
        raise click.ClickException(str(error)) from error


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


main.add_command(staff_group)
main.add_command(sign_in_link)


@main.group("rules")
def rules_group() -> None:
    """Look at, check and test rule files."""


def _load(path: Path | None) -> RuleSet:
    try:
        return load(path or LIBRARY)
    except RuleErrors as error:
        click.echo(str(error), err=True)
        click.echo(f"{_count(len(error.problems), 'problem')} found.", err=True)
        sys.exit(1)


@rules_group.command("check")
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
def check_command(path: Path | None) -> None:
    """Name every problem in a folder of rule files, or in one file; without PATH, in those of the product."""
    ruleset = _load(path)
    for translation in ruleset.translations.values():
        for notice in translation.notices:
            click.echo(f"{notice}")
        if translation.notices:
            count = _count(len(translation.notices), "text")
            click.echo(
                f"Language {translation.language}: {count} to translate; patients are shown the English till then."
            )
    click.echo(f"{_count(len(ruleset.by_id), 'rule')}, no problems. Rule set {ruleset.hash}")


@rules_group.command("test")
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--coverage", "with_coverage", is_flag=True, help="Show which ends the tests saw: each leaf true, false, missing."
)
def test_command(path: Path | None, with_coverage: bool) -> None:
    """Run the tests inside the rule files; the exit code is 1 if one fails, or if coverage is asked for and lacking."""
    ruleset = _load(path)
    results = run_tests(ruleset)
    rows = [(result.rule, result.name, result.expected, result.got) for result in results]
    _print_table(TEST_COLUMNS, rows, ["    " if result.passed else "FAIL" for result in results])
    for result in results:
        if not result.passed:
            click.echo(f'{result.rule} "{result.name}": expected {result.expected}, got {result.got}: {result.detail}')
    failed = sum(not result.passed for result in results)
    untested = [rule.id for rule in ruleset.by_id.values() if not rule.tests and rule.status != "retired"]
    click.echo(f"{_count(len(results), 'test')}: {len(results) - failed} passed, {failed} failed.")
    if untested:
        click.echo(f"Without a test: {', '.join(untested)}")
    if with_coverage:
        failed += _print_coverage(ruleset)
    sys.exit(1 if failed else 0)


@rules_group.command("list")
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
def list_command(path: Path | None) -> None:
    """List the rules: id, priority, status, grades of evidence (health, link to oxytocin), title."""
    rows = []
    for rule in _load(path).by_id.values():
        priority = " to ".join(dict.fromkeys((rule.priorities[-1].value, rule.priorities[0].value)))
        rows.append((rule.id, priority, rule.status, rule.evidence.health, rule.evidence.link, rule.title))
    _print_table(LIST_COLUMNS, rows)
    click.echo(f"{_count(len(rows), 'rule')}.")


def _print_coverage(ruleset: RuleSet) -> bool:
    """Print for each leaf of each rule which ends its tests saw; True if one was not seen."""
    leaves = coverage(ruleset)
    rows = []
    for leaf in leaves:
        ends = ("never" if end in leaf.lacking else "seen" for end in COVERAGE_COLUMNS[2:])
        rows.append((leaf.rule, str(leaf.finding), *ends))
    _print_table(COVERAGE_COLUMNS, rows, ["LACK" if leaf.lacking else "    " for leaf in leaves])
    total, lacking = 3 * len(leaves), sum(len(leaf.lacking) for leaf in leaves)
    click.echo(f"Coverage: {total - lacking} of {total} ends seen ({100 * (total - lacking) // max(total, 1)}%)")
    return lacking > 0


def _print_table(head: Sequence[str], rows: Sequence[Sequence[str]], marks: Sequence[str] = ()) -> None:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for mark, row in zip(["    ", *marks] if marks else [""] * (len(rows) + 1), [head, *rows], strict=True):
        line = "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        click.echo(f"{mark}  {line}".rstrip() if marks else line.rstrip())


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
    try:
        response = read(ruleset.questionnaire, read_answers(answers))
    except (AnswersFileError, AnswerErrors) as error:
        for line in str(error).splitlines():
            click.echo(line, err=True)
        sys.exit(2)
    screener = Screener(ruleset)
    screening = screener.screen(response)
    screener.close()
    if as_json:
        click.echo(json.dumps(screening.as_json(), indent=2))
        return
    if not pdf and not html:
        _tell(ruleset, response, screening)
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


def _tell(ruleset: RuleSet, response: Response, screening: Screening) -> None:
    for flag in screening.raised:
        rule = ruleset.by_id[flag.rule]
        if flag.priority:
            click.echo(f"{PRIORITY_WORDS[flag.priority]}: {rule.title} ({rule.id})")
        click.echo(f"    {' '.join(reason_text(rule, response).split())}")
    if screening.not_assessed:
        click.echo("Could not be assessed:")
    for outcome in screening.not_assessed:
        waited = ", ".join(f"{m.item} ({m.why.value.replace('_', ' ')})" for m in outcome.missing)
        click.echo(f"    {ruleset.by_id[outcome.rule].title} ({outcome.rule}): {waited}")
    click.echo(f"{_count(len(screening.raised), 'flag')}, {len(screening.not_assessed)} not assessed. Not a diagnosis.")
