"""`intake rules impact`: what changed rule files would do, on past or invented patients."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from intake import audit
from intake.audit import Event, Trail
from intake.cluster import ClusterError
from intake.database import Database
from intake.installation import chosen_settings, ready_database
from intake.past_responses import past_impact
from intake.rule_files import given_files
from intake.rules_commands import count, print_table, refuse
from intake.rulesets import Screeners
from reports.summary import PRIORITY_WORDS
from rules.errors import RuleErrors
from rules.impact import Burden, Impact, RuleImpact, compare, raised
from rules.load import load_texts
from rules.response import RawAnswers
from rules.ruleset import Priority, Rule, RuleSet
from rules.synthetic import patients

INVENTED = 2_000  # where no responses are stored
MANY = 10  # flags of one patient that are counted together with more
RULE_COLUMNS = ("rule", "before", "after", "gained", "lost", "other priority", "title")
BURDEN_COLUMNS = ("flags", "before", "after", "a patient: before", "after")
PATIENT_COLUMNS = ("with so many flags", "patients before", "after")


@click.command("impact")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--synthetic", type=click.IntRange(1), metavar="N", help="Try N invented patients, not past responses.")
@click.option("--seed", default=0, show_default=True, help="Another number invents other patients.")
@click.option("--cluster", default="", metavar="ADDRESS", help="Of a Dask scheduler, whose workers do it.")
@click.option("--json", "as_json", is_flag=True, help="Print the impact as JSON, with the ids of the responses.")
def impact_command(path: Path, synthetic: int | None, seed: int, cluster: str, as_json: bool) -> None:
    """Compare changed rule files with the published rule set: flags gained and lost, and flags a patient.

    A folder is taken for the whole rule set; one file takes the place of the published file of its name.
    """
    settings = chosen_settings()
    database = ready_database(settings)
    with database.reading() as session:
        before = Screeners().published(session).ruleset
    after = _changed(path, before)
    impact = None if synthetic else _on_past_responses(database, before, after, cluster)
    if impact is not None:
        with database.writing() as session:
            trail = Trail(settings.secret_key, audit.COMMAND_LINE)
            trail.note(session, Event.IMPACT_READ, about=f"{impact.before.patients}")
    if impact is None:
        impact = compare(before, after, _invented(after, synthetic or INVENTED, seed))
    if as_json:
        click.echo(json.dumps(impact.as_json(), indent=2))
        return
    click.echo(f"From rule set {before.hash[:12]}, the published one, to {after.hash[:12]}")
    _print_rules(impact, {**before.by_id, **after.by_id})
    _print_burden(impact)


def _changed(path: Path, published: RuleSet) -> RuleSet:
    try:
        return load_texts(given_files(path, published.files))
    except RuleErrors as error:
        refuse(error)


def _on_past_responses(database: Database, before: RuleSet, after: RuleSet, cluster: str) -> Impact | None:
    """The impact on what patients have sent; None where nothing has been sent yet."""
    try:
        impact = past_impact(database, before, after, cluster)
    except ClusterError as error:
        raise click.ClickException(str(error)) from error
    number = impact.before.patients
    said = (
        f"On {count(number, 'past response')}." if number else "Nothing has been sent yet; invented patients instead."
    )
    click.echo(said, err=True)
    return impact if number else None


def _invented(ruleset: RuleSet, number: int, seed: int) -> Iterable[tuple[str, RawAnswers]]:
    click.echo(
        f"On {count(number, 'invented patient')}: it compares two rule sets, and is not how common things are.",
        err=True,
    )
    answers = patients(ruleset.questionnaire, range(number), seed)
    return ((f"invented {place}", raw) for place, raw in enumerate(answers))


def _print_rules(impact: Impact, known: Mapping[str, Rule]) -> None:
    if impact.changed:
        rows = [_row(rule, known[rule.rule].title) for rule in impact.changed]
        print_table(RULE_COLUMNS, rows)
    same = len(impact.rules) - len(impact.changed)
    click.echo(f"{count(len(impact.changed), 'rule')} with other flags, {same} with the same.")


def _row(rule: RuleImpact, title: str) -> tuple[str, ...]:
    numbers = raised(rule.before), raised(rule.after), len(rule.gained), len(rule.lost), len(rule.moved)
    cells = (f"{number:>{len(column)}}" for number, column in zip(numbers, RULE_COLUMNS[1:], strict=False))
    return rule.rule, *cells, title


def _print_burden(impact: Impact) -> None:
    rows = []
    for priority in (*Priority, None):
        name = PRIORITY_WORDS[priority] if priority else "All"
        both = impact.before, impact.after
        cells = [f"{burden.total(priority)}" for burden in both] + [f"{burden.mean(priority):.2f}" for burden in both]
        rows.append((name, *(f"{cell:>{len(column)}}" for cell, column in zip(cells, BURDEN_COLUMNS[1:], strict=True))))
    click.echo()
    print_table(BURDEN_COLUMNS, rows)
    click.echo()
    print_table(PATIENT_COLUMNS, _patients_by_flags(impact))


def _patients_by_flags(impact: Impact) -> list[tuple[str, ...]]:
    rows = []
    for flags in range(MANY + 1):
        counted = [_with_flags(burden, flags) for burden in (impact.before, impact.after)]
        if any(counted):
            label = f"{flags} or more" if flags == MANY else f"{flags}"
            rows.append(
                (label, *(f"{number:>{len(name)}}" for number, name in zip(counted, PATIENT_COLUMNS[1:], strict=True)))
            )
    return rows


def _with_flags(burden: Burden, flags: int) -> int:
    """How many patients have so many flags, where MANY stands for more too."""
    return sum(number for own, number in burden.together.items() if min(own, MANY) == flags)
