"""`intake export …`: what leaves the clinic for others to count with."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from intake import audit, encounters, names, submission
from intake.audit import Event, Trail
from intake.installation import chosen_settings, ready_database
from intake.rules_commands import count
from intake.rulesets import Screeners
from intake.tables import ResponseRow, ScreeningRow
from reports.deidentified import FORMATS, Source, deidentify


@click.group("export")
def export_group() -> None:
    """Data for research."""


@export_group.command("screenings")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--format", "form", default="csv", show_default=True, type=click.Choice(FORMATS), help="Of the table.")
def screenings(folder: Path, form: str) -> None:
    """Write all screenings to FOLDER, de-identified, with a dictionary of the columns.

    De-identified is not anonymous: somebody with rare answers may still be found by who knows them.
    """
    settings = chosen_settings()
    database = ready_database(settings)
    with database.reading() as session:
        export = deidentify(research_sources(session, Screeners()), secrets.token_bytes(32))
    with database.writing() as session:
        Trail(settings.secret_key, audit.COMMAND_LINE).note(session, Event.EXPORTED, about=f"{len(export.rows)}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"screenings.{form}").write_bytes(export.table(form))
        (folder / "dictionary.csv").write_bytes(export.dictionary())
    except OSError as error:
        raise click.ClickException(f"cannot write to {folder}: {error.strerror}") from error
    click.echo(f"{count(len(export.rows), 'screening')} of {len(export.columns)} columns in {folder}.")


def research_sources(session: Session, screeners: Screeners) -> Iterator[Source]:
    """Yield all that was screened, with what is private still in it."""
    ids = session.execute(select(ScreeningRow.id, ResponseRow.encounter_id).join(ResponseRow)).all()
    for screening_id, encounter_id in ids:
        encounter = encounters.find(session, encounter_id)
        screened = submission.stored_screening(session, screeners, encounter_id)
        if encounter and encounter.sent_at and screened:
            person = f"{names.folded(encounter.patient_name)} {encounter.date_of_birth}"
            yield Source(
                screening_id, person, encounter.sent_at.year, screened.ruleset, screened.response, screened.screening
            )
