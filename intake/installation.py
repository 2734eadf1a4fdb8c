"""What each command begins with: the settings and the database of this installation, or in words what is wrong."""

import os

import click
from sqlalchemy.exc import OperationalError

from intake import rulesets
from intake.choices import SettingsError
from intake.database import Database, database_of
from intake.master_keys import MasterKeyError
from intake.settings import Settings

OWNER_ONLY = 0o077  # what patients write is for nobody else on the machine


def chosen_settings() -> Settings:
    """Return the settings. Raises `ClickException`."""
    try:
        return Settings.from_environment()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def opened_database(settings: Settings) -> Database:
    """Return the database, whose connections are closed when the command ends."""
    os.umask(OWNER_ONLY)
    database = database_of(settings)
    click.get_current_context().call_on_close(database.close)
    return database


def ready_database(settings: Settings) -> Database:
    """Return the database, brought up to date. Raises `ClickException`, in words before `intake init`."""
    database = opened_database(settings)
    try:
        database.migrate()
        with database.reading() as session:
            is_ready = rulesets.published_hash(session) is not None
    except OperationalError as error:
        raise click.ClickException(
            f"cannot open the database ({error.orig}); is it set up? Run: intake init"
        ) from error
    except MasterKeyError as error:
        raise click.ClickException(str(error)) from error
    if not is_ready:
        raise click.ClickException(f"nothing is set up in {settings.data} yet; run: intake init")
    return database
