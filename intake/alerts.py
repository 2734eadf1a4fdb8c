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

from intake import emergencies, outbox
from intake.emergencies import Cause
from intake.encryption import token
from intake.sealed import keys_of
from intake.tables import AlertRow, EncounterRow
from rules.ruleset import AT_ONCE, Priority, RuleSet


@dataclass(frozen=True)
class Alert:
    """An urgent rule that was raised. Of a private one nothing is shown but how urgent it is."""

    encounter_id: str
    rule: str
    priority: Priority
    is_private: bool
    raised_at: datetime


def note(session: Session, encounter_id: str, ruleset: RuleSet, raised: Mapping[str, Priority]) -> None:
    """Store the urgent ones of these rules that are new, and tell the clinic: once for each priority.

    After an emergency was taken, a new one calls for somebody anew.

    The writer must hold the encounter (`Database.writing`). Saying the same again changes nothing.
    """
    urgent = {rule: priority for rule, priority in raised.items() if priority in AT_ONCE}
    if not urgent:
        return
    known = {(alert.rule, alert.priority) for alert in of_encounter(session, encounter_id)}
    new = {rule: priority for rule, priority in urgent.items() if (rule, priority) not in known}
    for rule, priority in new.items():
        row = AlertRow(
            id=str(uuid4()),
            encounter_id=encounter_id,
            token=token(keys_of(session).ring.search_key, "alert", f"{encounter_id} {rule}"),
            rule=rule,
            priority=priority.value,
            is_private=ruleset.by_id[rule].private,
            raised_at=datetime.now(UTC),
        )
        session.add(row)
    if new:
        _tell(session, encounter_id, min(new.values(), key=lambda priority: priority.rank))


def help_wanted(session: Session, encounter_id: str) -> None:
    """Call for somebody, and tell the clinic: the patient said that they need help now.

    The writer must hold the encounter (`Database.writing`).
    """
    emergencies.raise_one(session, encounter_id, Cause.HELP_WANTED)
    _note_urgency(session, encounter_id, Priority.EMERGENCY)


def _tell(session: Session, encounter_id: str, priority: Priority) -> None:
    if priority is Priority.EMERGENCY:
        emergencies.raise_one(session, encounter_id, Cause.ANSWERS)
    else:
        outbox.alert(session, encounter_id, priority.value)
    _note_urgency(session, encounter_id, priority)


def _note_urgency(session: Session, encounter_id: str, priority: Priority) -> None:
    """Until the answers are screened, the most urgent alert is what the worklist goes by."""
    row = session.get_one(EncounterRow, encounter_id)
    if row.flag_count is None:
        row.urgency = min(row.urgency, priority.rank)


def of_encounter(session: Session, encounter_id: str) -> list[Alert]:
    """Return an encounter's alerts, the most urgent first, then the oldest."""
    rows = session.scalars(select(AlertRow).where(AlertRow.encounter_id == encounter_id).order_by(AlertRow.raised_at))
    return sorted(map(_alert, rows), key=lambda alert: alert.priority.rank)


def _alert(row: AlertRow) -> Alert:
    return Alert(row.encounter_id, row.rule, Priority(row.priority), row.is_private, row.raised_at)
