"""What reaches the clinic at once: the urgent rules that answers raised, whether or not the form is ever finished.

An alert says which rule and how urgent, and nothing of the answers. It is written in the transaction that saves the
page, so that an answer that is stored never lacks its alert. It stays even if the answer is changed later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake import outbox
from intake.database import AlertRow
from intake.outbox import Kind
from rules.ruleset import Priority, RuleSet

HELP_WANTED = "help wanted"  # the mark of its mail
AT_ONCE = (Priority.EMERGENCY, Priority.SAME_DAY)  # what cannot wait until the answers are read


@dataclass(frozen=True)
class Alert:
    """An urgent rule that was raised. Of a private one nothing is shown but how urgent it is."""

    encounter_id: str
    rule: str
    priority: Priority
    is_private: bool
    raised_at: datetime


def note(session: Session, encounter_id: str, ruleset: RuleSet, raised: Mapping[str, Priority]) -> None:
    """Store the urgent ones of these rules that are new, and tell the clinic of each priority by one e-mail.

    The writer must hold the encounter (`encounters.lock`). Saying the same again changes nothing.
    """
    urgent = {rule: priority for rule, priority in raised.items() if priority in AT_ONCE}
    if not urgent:
        return
    known = {(alert.rule, alert.priority) for alert in of_encounter(session, encounter_id)}
    for rule, priority in urgent.items():
        if (rule, priority) not in known:
            row = AlertRow(
                id=str(uuid4()),
                encounter_id=encounter_id,
                rule=rule,
                priority=priority.value,
                is_private=ruleset.by_id[rule].private,
                raised_at=datetime.now(UTC),
            )
            session.add(row)
            outbox.add(session, Kind.ALERT, encounter_id, priority.value)


def help_wanted(session: Session, encounter_id: str) -> None:
    """Tell the clinic by an e-mail that the patient said that they need help now; once for each encounter."""
    outbox.add(session, Kind.ALERT, encounter_id, HELP_WANTED)


def of_encounter(session: Session, encounter_id: str) -> list[Alert]:
    """Return an encounter's alerts, the most urgent first, then the oldest."""
    rows = session.scalars(select(AlertRow).where(AlertRow.encounter_id == encounter_id).order_by(AlertRow.raised_at))
    return sorted(map(_alert, rows), key=lambda alert: alert.priority.rank)


def most_urgent(session: Session) -> dict[str, Alert]:
    """Return the most urgent alert of every encounter that has one; of equal ones the first."""
    rows = map(_alert, session.scalars(select(AlertRow).order_by(AlertRow.raised_at.desc())))
    ordered = sorted(rows, key=lambda alert: alert.priority.rank, reverse=True)
    return {alert.encounter_id: alert for alert in ordered}


def _alert(row: AlertRow) -> Alert:
    return Alert(row.encounter_id, row.rule, Priority(row.priority), row.is_private, row.raised_at)
