"""A walk along every command: whoever is handed something of a patient by one leaves an entry in the audit trail.

A new command fails here until it leaves one, or stands on the list of those that need none, with the reason.
"""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from flask import Flask

from intake import audit
from intake.audit import COMMAND_LINE, Event
from intake.audit_tables import AuditRow
from intake.cli import main
from intake.database import Database
from intake.encounters import Encounter
from intake.settings import Settings
from rules.load import library

ENTRIES = {  # what each leaves; {} is the encounter, {folder} a folder to write to
    ("show", "{}", "{folder}/all.zip"): Event.ALL_SHOWN,
    ("fhir", "export", "{}"): Event.FHIR_READ,
    ("export", "screenings", "{folder}"): Event.EXPORTED,
    ("rules", "impact", "{folder}/rules", "--json"): Event.IMPACT_READ,
    ("audit", "export", "--patient", "{}"): Event.TRAIL_EXPORTED,
    ("backup", "{folder}/monday.backup"): Event.BACKED_UP,
    ("keys", "rotate"): Event.KEYS_ROTATED,
    ("staff", "add", "Kim Lake", "--role", "admin"): Event.MEMBER_ADDED,
    ("staff", "reset", "Kim Lake"): Event.FACTOR_RESET,
    ("sign-in-link", "Kim Lake"): Event.STAFF_LINK_MADE,
    ("staff", "remove", "Kim Lake"): Event.MEMBER_REMOVED,
    ("erase", "{}", "--reason", "test", "--yes"): Event.ERASED,
}
ELSEWHERE = {"restore": "tests/intake/test_backup.py", "rules publish": "tests/intake/test_rule_files.py"}
NOTHING_OF_PATIENTS = {
    "init": "makes an installation",
    "demo": "adds invented people",
    "serve": "what it serves leaves entries by itself",
    "worker": "the jobs leave entries by themselves",
    "doctor": "figures",
    "settings": "settings",
    "screen": "answers from a file, stored nowhere",
    "fhir screen": "the same",
    "fhir import-questionnaire": "a questionnaire",
    "questionnaire pdf": "a questionnaire",
    "retention preview": "ids and days",
    "audit check": "the trail itself",
    "audit head": "the trail itself",
    "keys list": "ids of master keys",
    "keys forget": "master keys that open nothing",
    "staff list": "members of staff",
    **{f"rules {name}": "rules" for name in ("check", "test", "list", "mutate", "explain", "fmt", "diff", "export")},
    "rules schema": "the language of rules",
}


def commands(command: click.Command, name: str = "") -> Iterator[str]:
    """Every command by its words."""
    if isinstance(command, click.Group):
        for word, one in command.commands.items():
            yield from commands(one, f"{name} {word}".strip())
    else:
        yield name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with changed rule files in it."""
    for name, text in library().files.items():
        file = tmp_path / "rules" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("priority: soon", "priority: same_day"))
    return tmp_path


def test_every_command_that_hands_out_something_of_a_patient_leaves_an_entry(
    app: Flask, settings: Settings, told: Encounter, database: Database, folder: Path
):
    environ = {"INTAKE_DATA": str(settings.data), "INTAKE_SECRET_KEY": settings.secret_key}
    environ |= {"INTAKE_BACKUP_KEY": "a passphrase for tests", "INTAKE_DATABASE_URL": settings.database_url}
    for words, event in ENTRIES.items():
        with database.reading() as session:
            before = audit.count(session, AuditRow.event == event)
        said = CliRunner().invoke(main, [word.format(told.id, folder=folder) for word in words], env=environ)
        assert said.exit_code == 0, (words, said.output)
        with database.reading() as session:
            assert audit.count(session, AuditRow.event == event, AuditRow.who_kind == COMMAND_LINE.kind) == before + 1


def test_every_command_is_known_to_leave_an_entry_or_to_need_none():
    said = [" ".join(words) for words in ENTRIES]
    known = {name for name in commands(main) if any(f"{words} ".startswith(f"{name} ") for words in said)}
    assert set(commands(main)) == known | set(ELSEWHERE) | set(NOTHING_OF_PATIENTS)
