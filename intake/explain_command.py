"""`intake rules explain`: one rule in plain words, and why it ends as it does for given answers."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from intake.rules_commands import as_json_option, count, loaded
from intake.screening_in_words import response_in
from reports.summary import PRIORITY_WORDS
from rules.condition import Condition, as_text, findings
from rules.errors import did_you_mean
from rules.explain import reason_text
from rules.plain_words import PlainWords, in_plain_words
from rules.questionnaire import Questionnaire
from rules.response import Response
from rules.ruleset import Rule, RuleSet
from rules.screening import RuleOutcome, screen_once


@click.command("explain")
@click.argument("rule_id", metavar="ID")
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--answers", type=click.Path(path_type=Path, allow_dash=True), help="Also why it ends so for these.")
@as_json_option
def explain_command(rule_id: str, path: Path | None, answers: Path | None, as_json: bool) -> None:
    """Tell a rule in plain words: when it is raised, what it reads, what the clinician reads, and what it rests on.

    Without PATH, of the rules of the product. With --answers, a JSON file as `intake screen` takes it, also how the
    rule ends for them and why. Exit code 2 if the answers do not fit.
    """
    ruleset = loaded(path)
    rule = ruleset.by_id.get(rule_id)
    if rule is None:
        advice = did_you_mean(rule_id, ruleset.by_id) or "see: intake rules list"
        raise click.ClickException(f'there is no rule "{rule_id}"; {advice}')
    ended = _ended(ruleset, rule, answers) if answers else None
    if as_json:
        click.echo(json.dumps(_as_json(ruleset, rule) | ({"ended": ended[0]} if ended else {}), indent=2))
        return
    for line in _lines(ruleset, rule):
        click.echo(line)
    if ended:
        click.echo()
        for line in ended[1]:
            click.echo(line)


def _lines(ruleset: RuleSet, rule: Rule) -> Iterator[str]:
    private = ", private" if rule.private else ""
    yield f"{rule.id}  {rule.title}"
    yield f"    {PRIORITY_WORDS[rule.priority]}; {rule.status}{private}; review by {rule.review_by}; in {rule.file}"
    for title, condition in _conditions(rule).items():
        yield f"{title}:"
        yield from _indented([in_plain_words(condition, ruleset.questionnaire, name_private=True)])
    yield "The clinician reads:"
    yield f"    {' '.join(rule.reason.split())}"
    for line in rule.consider:
        yield f"    - {' '.join(line.text.split())}{f' (with {as_text(line.when)})' if line.when is not None else ''}"
    yield f"Evidence: {rule.evidence.health} for health, {rule.evidence.link} for the link to oxytocin"
    yield from (f"    {_source(ruleset, key)}" for key in rule.evidence.sources)
    yield from [f"    {' '.join(rule.evidence.note.split())}"] * bool(rule.evidence.note)
    yield "It asks:"
    yield from (f"    {name}: {words}" for name, words in _read(rule, ruleset.questionnaire).items())
    yield f"{count(len(rule.tests), 'test')} in its file."


def _conditions(rule: Rule) -> dict[str, Condition]:
    applies = {"Applies only with": rule.applies_when} if rule.applies_when is not None else {}
    steps = {f"Becomes {PRIORITY_WORDS[step.to].lower()} with": step.when for step in rule.escalate}
    return {**applies, "Raised with": rule.raised_when, **steps}


def _indented(words: Iterable[PlainWords], indent: str = "    ") -> Iterator[str]:
    for line in words:
        yield f"{indent}{line.line}{':' * bool(line.below)}"
        yield from _indented(line.below, f"{indent}    ")


def _source(ruleset: RuleSet, key: str) -> str:
    source = ruleset.sources[key]
    parts = (source.authors, source.title, source.publisher, source.year, source.identifier)
    return f"{'. '.join(str(part).rstrip('.') for part in parts if part)} [{key}]"


def _read(rule: Rule, questionnaire: Questionnaire) -> dict[str, str]:
    """Each item or score that the rule reads, with the words that the patient sees or the score's title."""
    names = dict.fromkeys(one.variable for part in rule.conditions().values() for one in findings(part))
    items = questionnaire.items
    return {name: items[name].text if name in items else questionnaire.title(name) for name in names}


def _as_json(ruleset: RuleSet, rule: Rule) -> dict[str, Any]:
    conditions = {title: as_text(one) for title, one in _conditions(rule).items()}
    return {
        "rule_set": ruleset.hash,
        "id": rule.id,
        "file": rule.file,
        "title": rule.title,
        "status": rule.status,
        "private": rule.private,
        "priorities": [priority.value for priority in rule.priorities],
        "conditions": conditions,
        "reads": _read(rule, ruleset.questionnaire),
        "evidence": rule.evidence.model_dump(),
        "review_by": rule.review_by.isoformat(),
    }


def _ended(ruleset: RuleSet, rule: Rule, answers: Path) -> tuple[dict[str, Any], list[str]]:
    """How the rule ends for the answers in a file: as data, and in words."""
    response = response_in(answers, ruleset)
    screening = screen_once(ruleset, response)
    data: dict[str, Any] = screening.as_json()["outcomes"][rule.id]
    return data, [*_end_in_words(rule, response, screening.outcomes[rule.id])]


def _end_in_words(rule: Rule, response: Response, end: RuleOutcome) -> Iterator[str]:
    urgency = f", {PRIORITY_WORDS[end.priority].lower()}" if end.priority else ""
    yield f"With these answers: {end.outcome.value}{urgency}"
    if end.priority:
        yield f"    {' '.join(reason_text(rule, response).split())}"
    yield from (f"    because {one.variable}: {one.answer} ({one.test})" for one in end.because)
    yield from (f"    not known: {one.item} ({one.why.value.replace('_', ' ')})" for one in end.missing)
    yield from (f"    would be lowered by {one.to}" for one in end.would_change)
