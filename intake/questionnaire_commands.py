"""`intake questionnaire …`: what is done with the questionnaire from the command line."""

from pathlib import Path

import click

from intake import create_app, language, paper_questionnaire
from intake.installation import chosen_settings
from reports.pdf import render
from rules.errors import RuleErrors
from rules.load import LIBRARY, load


@click.group("questionnaire")
def questionnaire_group() -> None:
    """The questionnaire on paper."""


@questionnaire_group.command("pdf")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--language", "spoken", default=language.ENGLISH, show_default=True, type=click.Choice(language.LANGUAGES)
)
@click.option("--large", is_flag=True, help="Large print: letters of 18 points and more.")
@click.option("--rules", default=LIBRARY, type=click.Path(exists=True, path_type=Path), help="Folder of rule files.")
def paper(file: Path, spoken: str, large: bool, rules: Path) -> None:
    """Write the questionnaire to FILE as a PDF to fill in with a pen, with codes to type it in by."""
    try:
        ruleset = load(rules)
    except RuleErrors as error:
        raise click.ClickException(str(error)) from error
    settings = chosen_settings()
    with create_app(settings).test_request_context(), language.in_language(spoken):
        document = paper_questionnaire.document(ruleset, settings, spoken, is_large=large)
    try:
        file.write_bytes(render(document))
    except OSError as error:
        raise click.ClickException(f"cannot write {file}: {error.strerror}") from error
