"""A screening on the command line: of answers that were given, and in words."""

import sys
from pathlib import Path

import click

from intake.answers_file import AnswersFileError, read_answers
from intake.rules_commands import count
from reports.summary import PRIORITY_WORDS
from rules.errors import AnswerErrors
from rules.explain import reason_text
from rules.response import RawAnswers, Response, read
from rules.ruleset import RuleSet
from rules.screening import Screening


def response_in(path: Path, ruleset: RuleSet) -> Response:
    """Return the answers in a JSON file; ends the command with exit code 2 if they do not fit, and says why."""
    try:
        return fitting(read_answers(path), ruleset)
    except AnswersFileError as error:
        click.echo(str(error), err=True)
        sys.exit(2)


def fitting(raw: RawAnswers, ruleset: RuleSet) -> Response:
    """Return answers, typed; ends the command with exit code 2 if they do not fit, and says why."""
    try:
        return read(ruleset.questionnaire, raw)
    except AnswerErrors as error:
        for line in str(error).splitlines():
            click.echo(line, err=True)
        sys.exit(2)


def tell(ruleset: RuleSet, response: Response, screening: Screening) -> None:
    """Print the flags with their reasons, and what could not be assessed."""
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
    click.echo(f"{count(len(screening.raised), 'flag')}, {len(screening.not_assessed)} not assessed. Not a diagnosis.")
