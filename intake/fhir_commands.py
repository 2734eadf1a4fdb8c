"""`intake fhir …`: screenings as FHIR, and what others made as FHIR."""

import json
from pathlib import Path
from typing import Any

import click

from intake import audit
from intake.answers_file import AnswersFileError, read_answers
from intake.audit import Event, Trail
from intake.fhir_export import transaction
from intake.installation import chosen_settings, ready_database
from intake.rulesets import Screeners
from intake.screening_in_words import fitting, tell
from reports.fhir_checks import problems_of
from reports.fhir_import import section_of
from reports.fhir_response import answers_of
from reports.pdf import render
from rules.load import library
from rules.screening import screen_once

FILE = click.Path(path_type=Path, allow_dash=True)


@click.group("fhir")
def fhir_group() -> None:
    """Screenings as FHIR R4, and questionnaires and answers that others made."""


@fhir_group.command("export")
@click.argument("encounter_id")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file instead.")
def export(encounter_id: str, out: Path | None) -> None:
    """Print the screening of an encounter as a FHIR transaction, without what is private.

    ENCOUNTER_ID stands at the end of the address of a patient's summary.
    """
    settings = chosen_settings()
    database = ready_database(settings)
    made = transaction(database, Screeners(), settings, encounter_id, render)
    if made is None:
        raise click.ClickException(f"there is no screening of an encounter {encounter_id}")
    with database.writing() as session:
        Trail(settings.secret_key, audit.COMMAND_LINE).note(session, Event.FHIR_READ, encounter_id)
    text = json.dumps(made, ensure_ascii=False, indent=2)
    if out is None:
        click.echo(text)
        return
    try:
        out.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"cannot write {out}: {error.strerror}") from error
    click.echo(f"{len(made['entry'])} resources written to {out}.")


@fhir_group.command("import-questionnaire")
@click.argument("file", type=FILE)
def import_questionnaire(file: Path) -> None:
    """Print a Questionnaire that others published as a section for the questionnaire of a rule set.

    What cannot be taken over is said, and stands in the section as a comment.
    """
    resource = _resource(file, "Questionnaire")
    section = section_of(resource)
    click.echo(section.text, nl=False)
    for line in section.left_out:
        click.echo(f"left out: {line}", err=True)


@fhir_group.command("screen")
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print the screening as JSON.")
def screen(file: Path, as_json: bool) -> None:
    """Screen a QuestionnaireResponse that was made elsewhere.

    Questions are known by our ids or by their LOINC codes.
    """
    ruleset = library()
    taken = answers_of(_resource(file, "QuestionnaireResponse"), ruleset.questionnaire)
    for link in taken.not_taken:
        click.echo(f"{link}: no question and answer of ours, so it is left out", err=True)
    response = fitting(taken.answers, ruleset)
    screening = screen_once(ruleset, response)
    if as_json:
        click.echo(json.dumps(screening.as_json(), indent=2))
    else:
        tell(ruleset, response, screening)


def _resource(file: Path, kind: str) -> dict[str, Any]:
    """The one resource in a file, checked. Raises `ClickException`."""
    try:
        resource = read_answers(file)
    except AnswersFileError as error:
        raise click.ClickException(str(error)) from error
    if resource.get("resourceType") != kind:
        raise click.ClickException(f"{file}: this is no {kind}, but {resource.get('resourceType', 'no resource')}")
    problems = problems_of(resource)
    if problems:
        raise click.ClickException("\n".join(f"{file}: {line}" for line in problems))
    return resource
