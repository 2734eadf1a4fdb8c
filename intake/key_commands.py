"""`intake keys`: which master keys there are, and a new one in the place of an old one while the service runs."""

import click

from intake import audit
from intake.audit import Event, Trail
from intake.installation import chosen_settings, ready_database
from intake.key_store import KeyRing
from intake.master_keys import MasterKeyError
from intake.rules_commands import count, print_table


@click.group("keys")
def keys_group() -> None:
    """The master keys, which wrap the key of each encounter."""


@keys_group.command("list")
def list_keys() -> None:
    """List the known master keys by their ids, the one that wraps what is new first; never the keys themselves."""
    ring = _ring()
    used = ring.used()
    rows = [(one, f"{used.get(one, 0):,}", "wraps what is new" if not place else "") for place, one in _known(ring)]
    print_table(("master key", "wraps", ""), rows)


@keys_group.command("rotate")
@click.option("--keep", is_flag=True, help="Make no new master key; only wrap anew with the first one.")
def rotate(keep: bool) -> None:
    """Make a new master key and wrap every key with it, while the service runs.

    Where INTAKE_MASTER_KEY holds the master keys, put the new one before the old ones there, start the service anew,
    and call this with --keep.
    """
    settings = chosen_settings()
    database = ready_database(settings)
    ring = database.keys
    try:
        if not keep:
            ring.masters.add()
        done = ring.rewrap()
        with database.writing() as session:
            trail = Trail(settings.secret_key, audit.COMMAND_LINE)
            trail.note(session, Event.KEYS_ROTATED, about=f"{done.rewrapped} keys, master key {done.master_id}")
    except MasterKeyError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{count(done.rewrapped, 'key')} wrapped anew with the master key {done.master_id}.")
    click.echo("The old ones open nothing any more but older copies of the key store. Then: intake keys forget")


@keys_group.command("forget")
def forget() -> None:
    """Take the master keys that wrap nothing out of the file, but never the first."""
    ring = _ring()
    unused = {one for _, one in _known(ring)} - set(ring.used())
    before = len(ring.masters.ids)
    try:
        ring.masters.forget(unused)
    except MasterKeyError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{count(before - len(ring.masters.ids), 'master key')} forgotten, {len(ring.masters.ids)} left.")


def _ring() -> KeyRing:
    return ready_database(chosen_settings()).keys


def _known(ring: KeyRing) -> list[tuple[int, str]]:
    return list(enumerate(ring.masters.ids))
