"""Commands for what is stored of a patient: `intake show`, `intake erase`, and `intake retention`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from intake import audit, erasure, retention
from intake.audit import Event, Trail
from intake.everything import everything
from intake.installation import chosen_settings, ready_database
from intake.rules_commands import count, print_table
from intake.rulesets import Screeners
from reports.pdf import render

LOOK_AHEAD = 30  # days


@click.command()
@click.argument("encounter_id")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def show(encounter_id: str, file: Path) -> None:
    """Write all that is stored of an encounter to FILE, a ZIP of JSON and PDFs, for the patient who asks for it.

    ENCOUNTER_ID stands at the end of the address of a patient's summary.
    """
    settings = chosen_settings()
    database = ready_database(settings)
    made = everything(database, Screeners(), settings, encounter_id, render)
    if made is None:
        raise click.ClickException(f"there is no encounter {encounter_id}")
    with database.writing(encounter_id) as session:
        Trail(settings.secret_key, audit.COMMAND_LINE).note(session, Event.ALL_SHOWN, encounter_id)
    try:
        file.write_bytes(made)
    except OSError as error:
        raise click.ClickException(f"cannot write {file}: {error.strerror}") from error
    click.echo(f"{len(made):,} bytes written to {file}. It holds what is private too: give it to the patient alone.")


@click.command()
@click.argument("encounter_id")
@click.option("--reason", required=True, help="Why, in a few words and without a name: it is kept with the receipt.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(encounter_id: str, reason: str, yes: bool) -> None:
    """Erase all that is stored of an encounter, here and, as its key is destroyed, in every backup.

    Nothing brings it back. What is left is a receipt, and the entries of the audit trail, which name ids alone.
    """
    settings = chosen_settings()
    database = ready_database(settings)
    if not yes:
        click.confirm(f"Erase encounter {encounter_id} for good?", abort=True)
    trail = Trail(settings.secret_key, audit.COMMAND_LINE)
    receipt = erasure.erase(database, settings.data, encounter_id, reason=reason, trail=trail)
    if receipt is None:
        raise click.ClickException(f"there is no encounter {encounter_id}")
    click.echo(f"Erased: {count(receipt.rows, 'row')} of encounter {encounter_id}, and its key.")
    click.echo(f"Receipt {receipt.id} of {receipt.erased_at:%Y-%m-%d %H:%M} UTC, SHA-256 {receipt.sha256}")


@click.group("retention")
def retention_group() -> None:
    """How long what patients told is kept (INTAKE_KEEP_UNFINISHED_DAYS, INTAKE_KEEP_YEARS)."""


@retention_group.command("preview")
@click.option("--days", default=LOOK_AHEAD, show_default=True, type=click.IntRange(0, 36_500), help="How far ahead.")
def preview(days: int) -> None:
    """List what the background jobs will erase, and when; nothing is erased by this."""
    settings = chosen_settings()
    until = datetime.now(UTC) + timedelta(days=days)
    with ready_database(settings).reading() as session:
        found = retention.due(session, retention.policy_of(settings), until)
    if found:
        print_table(("when", "encounter", ""), [(f"{one.at:%Y-%m-%d}", one.encounter_id, one.reason) for one in found])
    click.echo(f"{count(len(found), 'encounter')} to be erased within {count(days, 'day')}.")
