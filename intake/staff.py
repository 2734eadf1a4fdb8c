"""The members of staff, by name, and what each of them may do. Plain functions over a session; frozen values."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args
from uuid import uuid4

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from intake.account_tables import AccountRow
from intake.tables import StaffRow

Role = Literal["clinician", "admin", "front_desk"]
ROLES: tuple[Role, ...] = get_args(Role)  # in the order in which a member's first page is chosen
LONGEST_NAME = 200  # characters


class StaffError(ValueError):
    """A member of staff that cannot be added or found, said in words."""


@dataclass(frozen=True)
class Staff:
    """A member of staff. One who is not `active` has left, and may do nothing any more."""

    id: str
    name: str
    roles: tuple[Role, ...]
    active: bool = True


def add(session: Session, name: str, roles: Iterable[Role]) -> Staff:
    """Store a member of staff. Raise `StaffError` without a name or role, or if the name is taken.

    Names are told apart because a name is what signs a summary.
    """
    name, chosen = " ".join(name.split()), [role for role in ROLES if role in set(roles)]
    if not name or len(name) > LONGEST_NAME:
        raise StaffError(f"a member of staff needs a name, of at most {LONGEST_NAME} characters")
    if not chosen:
        raise StaffError(f"{name} needs a role: {', '.join(ROLES)}")
    if session.scalar(select(StaffRow.id).where(StaffRow.name == name)):
        raise StaffError(f'there is, or was, a "{name}" on staff; add what tells the two apart')
    row = StaffRow(id=str(uuid4()), name=name, roles=chosen, active=True, created_at=datetime.now(UTC))
    session.add(row)
    session.flush()
    account = AccountRow(staff_id=row.id, stamp=uuid4().hex, recovery_codes=[], link_number=0, is_invented=False)
    session.add(account)
    session.flush()
    return _staff(row)


def find(session: Session, staff_id: str) -> Staff | None:
    """Return a member of staff by id, also one who has left."""
    row = session.get(StaffRow, staff_id)
    return None if row is None else _staff(row)


def named(session: Session, name_or_id: str) -> Staff | None:
    """Return a member of staff by name or id, also one who has left."""
    row = session.scalar(select(StaffRow).where(or_(StaffRow.name == name_or_id, StaffRow.id == name_or_id)))
    return None if row is None else _staff(row)


def listing(session: Session) -> list[Staff]:
    """Return all members of staff by name, those who have left last."""
    rows = session.scalars(select(StaffRow).order_by(StaffRow.active.desc(), StaffRow.name))
    return [_staff(row) for row in rows]


def remove(session: Session, staff_id: str) -> None:
    """Let a member of staff in no more, from the next page on. What they signed keeps their name."""
    session.get_one(StaffRow, staff_id).active = False


def take_back(session: Session, staff_id: str) -> None:
    """Let a member of staff who had left in again."""
    session.get_one(StaffRow, staff_id).active = True


def set_roles(session: Session, staff_id: str, roles: Iterable[Role]) -> None:
    """Change what a member may do, from the next page on. Raises `StaffError` without a role."""
    chosen = [role for role in ROLES if role in set(roles)]
    if not chosen:
        raise StaffError("Choose at least one role.")
    session.get_one(StaffRow, staff_id).roles = [*chosen]


def _staff(row: StaffRow) -> Staff:
    return Staff(row.id, row.name, tuple(role for role in ROLES if role in row.roles), row.active)
