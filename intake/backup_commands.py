"""`intake backup` and `intake restore`."""

import os
from pathlib import Path

import click

from intake import backup as backups
from intake.backup import BackupError
from intake.installation import OWNER_ONLY, chosen_settings, ready_database
from intake.rules_commands import count

KEYS_NAME = "keys.backup"  # beside the file of the database
FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("file", type=FILE)
@click.option("--keys", "keys_file", type=FILE, help=f"Where the keys go; {KEYS_NAME} beside FILE if left out.")
def backup(file: Path, keys_file: Path | None) -> None:
    """Write the database to FILE and the keys over those of before, both sealed, while the service runs.

    Keep only the latest file of the keys: one from before brings back what was erased since.
    """
    settings = chosen_settings()
    keys_file = keys_file or file.with_name(KEYS_NAME)
    try:
        backups.make(settings, ready_database(settings), file, keys_file)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"The database is in {file}, the keys in {keys_file}. Keep older files of the database if you like, and")
    click.echo("of the keys this one alone. Both open with INTAKE_BACKUP_KEY: keep it elsewhere.")


@click.command()
@click.argument("file", type=FILE)
@click.option(
    "--keys", "keys_file", type=FILE, help=f"The latest file of the keys; {KEYS_NAME} beside FILE if left out."
)
def restore(file: Path, keys_file: Path | None) -> None:
    """Put a backup back, into a data folder where nothing is yet. What was erased since stays erased."""
    os.umask(OWNER_ONLY)
    try:
        done = backups.restore(chosen_settings(), file, keys_file or file.with_name(KEYS_NAME))
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"Restored as of {done.made_at:%Y-%m-%d %H:%M} UTC; {count(done.erased_since, 'encounter')} erased since."
    )
    click.echo("Now: intake audit check, then intake serve.")
