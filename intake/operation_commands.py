"""The command line for who runs an installation: `intake doctor` and `intake settings`."""

import json
import os
import sys
from dataclasses import asdict

import click

from intake.doctor import examine
from intake.installation import chosen_settings
from intake.settings import KNOWN, PREFIX

MARKS = {"fine": ("fine ", "green"), "look": ("look ", "yellow"), "wrong": ("WRONG", "red")}
SECRET = ("KEY", "SECRET", "TOKEN", "URL", "WEBHOOK")  # how the names end whose values may hold a secret
IN_CLEAR = ("BASE_URL", "LEAVE_URL", "FHIR_URL", "FHIR_TOKEN_URL")


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor_command(as_json: bool) -> None:
    """Try each part of this installation; say what is wrong and how to mend it. Exit code 1 if something is wrong."""
    found = []
    for finding in examine(chosen_settings()):
        found.append(finding)
        if not as_json:
            mark, colour = MARKS[finding.state]
            click.echo(f"{click.style(mark, fg=colour)}  {finding.part}: {finding.words}")
            if finding.advice:
                click.echo(f"       -> {finding.advice}")
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in found], indent=2))
    sys.exit(any(finding.state == "wrong" for finding in found))


@click.command("settings")
def settings_command() -> None:
    """Check the settings of the environment and print them all; of what may hold a secret only whether it is set."""
    settings = chosen_settings()
    width = max(map(len, KNOWN)) + len(PREFIX)
    for name in KNOWN:
        given = os.environ.get(PREFIX + name)
        value = given or str(getattr(settings, name.lower(), None) or "none")
        if value != "none" and name.endswith(SECRET) and name not in IN_CLEAR:
            value = "(set, not shown)" if given else "(made by the product)"
        click.echo(f"{PREFIX + name:<{width}}  {value}{'' if given else '  (left out)'}")
