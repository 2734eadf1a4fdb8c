"""The commands for members of staff: add, list, remove, and print the link that signs one in."""

import click
from sqlalchemy.orm import Session

from intake import audit, credentials, staff
from intake.accounts import link_token
from intake.audit import Event, Trail
from intake.installation import chosen_settings, ready_database
from intake.settings import Settings
from intake.staff import ROLES, Role, Staff, StaffError


@click.group("staff")
def staff_group() -> None:
    """Add, list and remove members of staff."""


@staff_group.command("add")
@click.argument("name")
@click.option("--email", help="What they sign in with; without it, the sign-in link asks for it.")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help="May be given again.")
def add_command(name: str, email: str | None, roles: tuple[Role, ...]) -> None:
    """Add a member of staff. NAME is what stands below the summaries that they sign."""
    try:
        settings = chosen_settings()
        with ready_database(settings).writing() as session:
            member = staff.add(session, name, roles)
            _note(session, settings, Event.MEMBER_ADDED, member)
            if email:
                credentials.set_email(session, member.id, email)
    except StaffError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{member.name} is on staff. To sign in: intake sign-in-link {member.id}")


@staff_group.command("list")
def list_command() -> None:
    """List the members of staff: id, roles, name."""
    with ready_database(chosen_settings()).reading() as session:
        members = staff.listing(session)
    for member in members:
        click.echo(f"{member.id}  {', '.join(member.roles):<22}  {member.name}{'' if member.active else ' (has left)'}")


@staff_group.command("remove")
@click.argument("name_or_id")
def remove_command(name_or_id: str) -> None:
    """Let a member of staff in no more, at once. What they signed keeps their name."""
    settings = chosen_settings()
    with ready_database(settings).writing() as session:
        member = _active(staff.named(session, name_or_id), name_or_id)
        staff.remove(session, member.id)
        _note(session, settings, Event.MEMBER_REMOVED, member)
    click.echo(f"{member.name} is let in no more.")


@staff_group.command("reset")
@click.argument("name_or_id")
def reset_command(name_or_id: str) -> None:
    """Take away a member's second factor, for somebody who has lost it, and end their sessions."""
    settings = chosen_settings()
    with ready_database(settings).writing() as session:
        member = _active(staff.named(session, name_or_id), name_or_id)
        credentials.reset_second_factor(session, member.id)
        _note(session, settings, Event.FACTOR_RESET, member)
    click.echo(f"{member.name} sets up a second factor at the next sign-in.")


@click.command("sign-in-link")
@click.argument("name_or_id")
def sign_in_link(name_or_id: str) -> None:
    """Print a link with which a member of staff chooses a password: once, within 12 hours.

    The link before it works no more. Invented members (`intake demo`) sign in by theirs alone.
    """
    settings = chosen_settings()
    with ready_database(settings).writing() as session:
        member = _active(staff.named(session, name_or_id), name_or_id)
        number = credentials.new_link(session, member.id)
        _note(session, settings, Event.STAFF_LINK_MADE, member)
    click.echo(f"{settings.base_url}/sign-in/{link_token(settings.secret_key, member.id, number)}")


def _note(session: Session, settings: Settings, what: Event, member: Staff) -> None:
    Trail(settings.secret_key, audit.COMMAND_LINE).note(session, what, about=member.id)


def _active(member: Staff | None, name_or_id: str) -> Staff:
    if member is None:
        raise click.ClickException(f'there is no "{name_or_id}" on staff; see: intake staff list')
    if not member.active:
        raise click.ClickException(f"{member.name} has left; nobody signs in by that name")
    return member
