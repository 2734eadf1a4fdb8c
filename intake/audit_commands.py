"""`intake audit …`: whether the audit trail is whole, and what of it is handed to whoever has a right to it."""

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import islice
from pathlib import Path

import click

from intake import audit, audit_check
from intake.audit import Entry, Event, Trail
from intake.audit_lists import Asked
from intake.installation import chosen_settings, ready_database

COLUMNS = ("number", "at", "who_kind", "who", "event", "encounter_id", "about", "digest")
MOST_PROBLEMS = 50
DAY = click.DateTime(["%Y-%m-%d"])


@click.group("audit")
def audit_group() -> None:
    """Who read or changed what, and when."""


@audit_group.command("check")
@click.option("--head", "kept", default="", help="What `intake audit head` printed before: it must still be there.")
def check(kept: str) -> None:
    """Find any entry that was changed, taken away or put elsewhere, also at the end; exit code 1 if there is one."""
    settings = chosen_settings()
    with ready_database(settings).reading() as session:
        found = list(islice(audit_check.problems(session, settings.secret_key, kept), MOST_PROBLEMS))
        number = audit.count(session)
    for problem in found:
        click.echo(problem)
    if found:
        sys.exit(1)
    click.echo(f"{number} entr{'y' if number == 1 else 'ies'}: whole.")


@audit_group.command("head")
def head() -> None:
    """Print how far the trail goes, to be kept elsewhere, so that `intake audit check --head` finds one cut off."""
    with ready_database(chosen_settings()).reading() as session:
        click.echo(audit_check.kept_head(session))


@audit_group.command("export")
@click.option("--patient", "encounter_id", default="", help="Only what is about this encounter.")
@click.option("--from", "since", type=DAY, help="From this day on: 2026-03-01.")
@click.option("--to", "until", type=DAY, help="Up to this day.")
@click.option("--format", "form", default="csv", show_default=True, type=click.Choice(("csv", "jsonl")))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file instead.")
def export(encounter_id: str, since: datetime | None, until: datetime | None, form: str, out: Path | None) -> None:
    """Print entries: ids and events, no names and no answers."""
    settings = chosen_settings()
    database = ready_database(settings)
    asked = Asked(encounter_id=encounter_id, since=_day(since), until=_day(until))
    with database.writing() as session:
        Trail(settings.secret_key, audit.COMMAND_LINE).note(session, Event.TRAIL_EXPORTED, encounter_id)
    with database.reading() as session:
        lines = _lines(audit.entries(session, *asked.where()), form)
        try:
            with click.open_file(str(out or "-"), "w", encoding="utf-8") as file:
                file.writelines(lines)
        except OSError as error:
            raise click.ClickException(f"cannot write {out}: {error.strerror}") from error


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _lines(entries: Iterable[Entry], form: str) -> Iterator[str]:
    if form == "jsonl":
        yield from (f"{json.dumps(dict(zip(COLUMNS, _values(entry), strict=True)))}\n" for entry in entries)
        return
    yield f"{','.join(COLUMNS)}\n"
    for entry in entries:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(_values(entry))
        yield line.getvalue()


def _values(entry: Entry) -> tuple[object, ...]:
    at, who = entry.at.isoformat(timespec="microseconds"), entry.who
    return entry.number, at, who.kind, who.id, entry.event, entry.encounter_id, entry.about, entry.digest
