"""With which a clinic keeps its rules in git: `intake rules fmt`, `diff`, `export`, `publish`, `schema`."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from intake import audit, publishing, rulesets, staff
from intake.audit import Event, Trail
from intake.database import Database
from intake.drafts import DraftError
from intake.installation import chosen_settings, ready_database
from intake.rule_files import RuleFilesError, given_files, stored_files, write_files
from intake.rules_commands import as_json_option, count, refuse
from rules.changes import Change, Piece, changes
from rules.check import run_tests
from rules.editor_schema import SCHEMAS, schema
from rules.errors import RuleErrors, RulesError
from rules.formatting import formatted
from rules.load import load_texts
from rules.ruleset import RuleSet

PATH = click.Path(exists=True, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
DIFFERENT, REFUSED, WAITING = 1, 2, 3  # exit codes
MARKS = {"added": "+", "removed": "-", "changed": "~"}


@click.command("fmt")
@click.argument("paths", nargs=-1, type=PATH)
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit code 1 if a file would change.")
def fmt_command(paths: tuple[Path, ...], only_check: bool) -> None:
    """Lay rule files out alike: indents, line ends, spaces in conditions. Words, comments and order stay.

    PATHS are folders or files; without one, the folder that this is called from.
    """
    changed, refused = [], False
    for file in _yaml_files(paths or (Path(),)):
        try:
            is_changed = _format(file, write=not only_check)
        except (RulesError, OSError) as error:
            click.echo(str(error), err=True)
            refused = True
        else:
            changed += [file] if is_changed else []
    for file in changed:
        click.echo(f"{file}")
    click.echo(f"{count(len(changed), 'file')} {'to change' if only_check else 'changed'}.", err=True)
    sys.exit(REFUSED if refused else DIFFERENT if changed and only_check else 0)


def _yaml_files(paths: tuple[Path, ...]) -> list[Path]:
    found = [file for path in paths for file in (sorted(path.rglob("*.yaml")) if path.is_dir() else [path])]
    return list(dict.fromkeys(found))


def _format(file: Path, *, write: bool) -> bool:
    """Lay a file out; True if that changes it. Raises `RulesError` or `OSError`."""
    old = file.read_bytes()
    try:
        new = formatted(str(file), old.decode("utf-8")).encode()
    except UnicodeDecodeError as error:
        raise RuleFilesError(f"{file}: byte {error.start} is not UTF-8 text; save the file as UTF-8") from error
    if write and new != old:
        file.write_bytes(new)
    return new != old


@click.command("diff")
@click.argument("path", type=PATH)
@click.option("--version", default="", metavar="HASH", help="Against an earlier version, by the beginning of its hash.")
@as_json_option
def diff_command(path: Path, version: str, as_json: bool) -> None:
    """Tell what rule files change against the published rule set, in words: rules, pages, questions, translations, ….

    Exit code 0 without a difference, 1 with one, 2 if the files cannot be read.
    """
    before = _stored(ready_database(chosen_settings()), version)
    after = _given(path, before, REFUSED)
    found = changes(before, after)
    names = sorted({*before.files, *after.files})
    files = [name for name in names if before.files.get(name) != after.files.get(name)]
    if as_json:
        told = {"before": before.hash, "after": after.hash, "files": files, "changes": [_as_json(one) for one in found]}
        click.echo(json.dumps(told, indent=2))
    else:
        for change in found:
            _print_change(change)
        click.echo(f"{count(len(found), 'change')} in {', '.join(files) or 'no file'}.")
    sys.exit(DIFFERENT if files else 0)


def _as_json(change: Change) -> dict[str, Any]:
    parts = {part.name: {"before": _text(part.before), "after": _text(part.after)} for part in change.parts}
    return {"kind": change.kind, "what": change.thing, "id": change.id, "title": change.title, "parts": parts}


def _text(pieces: tuple[Piece, ...]) -> str:
    return "".join(piece.text for piece in pieces)


def _print_change(change: Change) -> None:
    click.echo(f"{MARKS[change.kind]} {change.thing} {change.id} {change.kind}: {change.title}")
    for part in change.parts if change.kind == "changed" else ():
        click.echo(f"    {part.name}:")
        for mark, pieces in (("-", part.before), ("+", part.after)):
            for line in _text(pieces).splitlines():
                click.echo(f"      {mark} {line}")


@click.command("export")
@click.argument("folder", type=FOLDER)
@click.option("--version", default="", metavar="HASH", help="An earlier version, by the beginning of its hash.")
@click.option("--overwrite", is_flag=True, help="Replace rule files that differ, and remove those that do not belong.")
def export_command(folder: Path, version: str, overwrite: bool) -> None:
    """Write the published rule set into FOLDER, as files; `intake rules publish FOLDER` publishes them."""
    ruleset_files = _stored(ready_database(chosen_settings()), version).files
    try:
        written = write_files(folder, ruleset_files, overwrite=overwrite)
    except RuleFilesError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"cannot write {error.filename}: {error.strerror}") from error
    click.echo(f"{written} of {count(len(ruleset_files), 'file')} written to {folder}.")


@click.command("publish")
@click.argument("path", type=PATH)
@click.option("--by", required=True, metavar="NAME", help="The admin who publishes, as in: intake staff list.")
@click.option("--note", required=True, help="Why, for the list of versions.")
@click.option("--name", default="", help="What the list of versions calls it; the folder's or file's name without.")
@as_json_option
def publish_command(path: Path, by: str, note: str, name: str, as_json: bool) -> None:
    """Make rule files the published rule set, after the same checks and tests as in the browser.

    Where another admin has to approve (INTAKE_APPROVAL), this makes a draft, says where to approve it and ends with
    exit code 3; called again once that is done, it publishes. Exit code 0 also if the files are published already.
    """
    settings = chosen_settings()
    database = ready_database(settings)
    ruleset = _given(path, _stored(database, ""))
    _refuse_failing(ruleset)
    try:
        with database.writing() as session:
            before = rulesets.published_hash(session)
            admin = staff.named(session, by)
            if admin is None or not admin.active or "admin" not in admin.roles:
                raise click.ClickException(f'there is no admin "{by}"; see: intake staff list')
            if before == ruleset.hash:
                _tell("unchanged", ruleset, "This is the published rule set already.", as_json)
                return
            waiting = publishing.publish_files(
                session, ruleset, name or path.resolve().name, admin.id, note, needs_approval=settings.needs_approval
            )
            if waiting is None:
                Trail(settings.secret_key, audit.COMMAND_LINE).note(session, Event.PUBLISHED, about=ruleset.hash)
    except DraftError as error:
        raise click.ClickException(str(error)) from error
    if waiting is None:
        _tell("published", ruleset, f"Published, in place of {(before or '')[:12]}.", as_json)
        return
    address = f"{settings.base_url}/admin/drafts/{waiting.id}/review"
    _tell("waiting", ruleset, f"Another admin has to approve it: {address}\nThen call this again.", as_json, address)
    sys.exit(WAITING)


def _tell(state: str, ruleset: RuleSet, words: str, as_json: bool, address: str = "") -> None:
    told = {"state": state, "rule_set": ruleset.hash} | ({"approve_at": address} if address else {})
    click.echo(json.dumps(told) if as_json else f"Rule set {ruleset.hash[:12]}. {words}")


def _refuse_failing(ruleset: RuleSet) -> None:
    failed = [result for result in run_tests(ruleset) if not result.passed]
    for result in failed:
        click.echo(f'{result.rule} "{result.name}": expected {result.expected}, got {result.got}', err=True)
    if failed:
        raise click.ClickException(f"{count(len(failed), 'test')} in the files failed; nothing is published")


@click.command("schema")
@click.argument("kind", type=click.Choice(sorted(SCHEMAS)))
def schema_command(kind: str) -> None:
    """Print a JSON Schema of one kind of file, with which editors complete and check while one types."""
    click.echo(json.dumps(schema(kind), indent=2))


def _stored(database: Database, version: str) -> RuleSet:
    try:
        with database.reading() as session:
            return load_texts(stored_files(session, version))
    except RuleFilesError as error:
        raise click.ClickException(str(error)) from error


def _given(path: Path, before: RuleSet, exit_code: int = 1) -> RuleSet:
    try:
        return load_texts(given_files(path, before.files))
    except RuleErrors as error:
        refuse(error, exit_code)
