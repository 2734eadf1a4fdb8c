"""A screening on the command line, in words."""

import click

from intake.rules_commands import count
from reports.summary import PRIORITY_WORDS
from rules.explain import reason_text
from rules.response import Response
from rules.ruleset import RuleSet
from rules.screening import Screening


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
