"""Encounters: who was invited, and the answers so far. Plain functions over a session; callers get frozen values."""

import hashlib
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar, cast
from uuid import uuid4

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from intake import names
from intake.encryption import Cipher
from intake.sealed import Sealed, connection_of, keys_of
from intake.tables import NOT_URGENT, EncounterRow, ResponseRow
from rules.ruleset import Priority

LONGEST_NAME = 200  # characters
Value = TypeVar("Value")


@dataclass(frozen=True)
class Encounter:
    """One patient's appointment. `sent_at` is set once the answers were sent; `revision` counts their saves.

    `left_quickly`: the patient had to get off a page, so no earlier answer to a sensitive question is shown again.
    `help_wanted_at`: when the patient last said that they need help now. `opened_at`: when a clinician first opened the
    summary; `opened_by` is the id of that member of staff. `first_sent_at`: when the answers were sent before they were
    corrected. `has_correction`: the patient has changed sent answers, and not sent them again.
    """

    id: str
    patient_name: str
    date_of_birth: date
    appointment_at: datetime | None
    started_at: datetime | None
    sent_at: datetime | None
    help_shown: frozenset[str]
    revision: int
    left_quickly: bool = False
    help_wanted_at: datetime | None = None
    opened_at: datetime | None = None
    opened_by: str | None = None
    first_sent_at: datetime | None = None
    has_correction: bool = False
    link_number: int = 0
    is_cancelled: bool = False

    @property
    def may_be_corrected(self) -> bool:
        """Whether the answers were sent, and nobody at the clinic has opened them."""
        return self.sent_at is not None and self.opened_at is None

    @property
    def is_corrected_now(self) -> bool:
        """Whether the patient is changing answers that were sent."""
        return self.may_be_corrected and self.has_correction


def token_hash(token: str) -> str:
    """Return what is stored of a link's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def create(
    session: Session,
    *,
    patient_name: str,
    date_of_birth: date,
    appointment_at: datetime | None = None,
    token: str | None = None,
) -> tuple[Encounter, str]:
    """Store an encounter, its key first. Return it with the token of its link, which is never shown again."""
    token = token or secrets.token_urlsafe(32)
    now, encounter_id = datetime.now(UTC), str(uuid4())
    keys_of(session).ring.make([encounter_id])
    row = EncounterRow(
        id=encounter_id,
        person=names.person(session, patient_name, date_of_birth),
        token_hash=token_hash(token),
        patient_name=patient_name,
        date_of_birth=date_of_birth,
        appointment_at=appointment_at,
        created_at=now,
    )
    session.add(row)
    session.flush()
    names.index(session, encounter_id, patient_name)
    return cast(Encounter, find(session, encounter_id)), token


def find(session: Session, encounter_id: str) -> Encounter | None:
    """Return an encounter by its id."""
    found = _find(session, BY_ID, id=encounter_id)
    return found.encounter() if found else None


def find_by_token(session: Session, token: str) -> Encounter | None:
    """Return the encounter whose link has this token."""
    found = _find(session, _BY_TOKEN, token_hash=token_hash(token))
    return found.encounter() if found else None


def answers(session: Session, encounter_id: str) -> dict[str, object]:
    """Return the raw answers so far, with the age on the day they were sent, or today."""
    found = _find(session, BY_ID, id=encounter_id)
    if found is None:
        raise LookupError(f"there is no encounter {encounter_id}")
    return with_age(found.encounter(), found.opened(ResponseRow.answers) or {})


# Every page of a patient's asks this: a statement that is made once, for columns and not for rows to be watched.
_ENCOUNTER, _RESPONSE = EncounterRow.__table__.c, ResponseRow.__table__.c
_STORED = (
    select(
        _ENCOUNTER.id,
        _ENCOUNTER.patient_name_sealed,
        _ENCOUNTER.date_of_birth_sealed,
        _ENCOUNTER.appointment_at,
        _ENCOUNTER.link_number,
        _ENCOUNTER.cancelled_at,
        _RESPONSE.id.label("response_id"),
        _RESPONSE.answers_sealed,
        _RESPONSE.correction_sealed,
        _RESPONSE.help_shown_sealed,
        _RESPONSE.revision,
        _RESPONSE.started_at,
        _RESPONSE.sent_at,
        _RESPONSE.first_sent_at,
        _RESPONSE.left_quickly_at_sealed,
        _RESPONSE.help_wanted_at,
        _RESPONSE.opened_at,
        _RESPONSE.opened_by,
    )
    .select_from(EncounterRow)
    .outerjoin(ResponseRow, ResponseRow.encounter_id == EncounterRow.id)
)
BY_ID = _STORED.where(_ENCOUNTER.id == bindparam("id"))
_BY_TOKEN = _STORED.where(_ENCOUNTER.token_hash == bindparam("token_hash"))


def with_age(encounter: Encounter, given: Mapping[str, object]) -> dict[str, object]:
    """Return answers with the patient's age on the day they were sent, or today."""
    day = (encounter.sent_at or datetime.now(UTC)).date()
    return {**given, "age": age_on(encounter.date_of_birth, day)}


def age_on(date_of_birth: date, day: date) -> int:
    """Return the age in whole years on a day."""
    return day.year - date_of_birth.year - ((day.month, day.day) < (date_of_birth.month, date_of_birth.day))


def save_page(
    session: Session, encounter_id: str, page_answers: Mapping[str, object], revision: int | None = None
) -> bool:
    """Add one page's answers to those so far; what was sent blank is None.

    A response that was sent stays as it is; what is changed in it waits beside it, and only until a clinician opens it.
    Return False, and save nothing, if there have been other saves since `revision`.
    """
    response = _response(session, encounter_id)
    if revision not in (None, response.revision if response else 0):
        return False
    if response is None:
        response = ResponseRow(
            id=str(uuid4()),
            encounter_id=encounter_id,
            answers={},
            help_shown=[],
            revision=0,
            started_at=datetime.now(UTC),
        )
        session.add(response)
    if response.sent_at is None:
        response.answers = {**response.answers, **page_answers}
    elif response.open_correction is not None:
        response.correction = {**response.open_correction, **page_answers}
    else:
        return True
    response.revision += 1
    return True


def mark_help_shown(session: Session, encounter_id: str, rule_ids: Iterable[str]) -> None:
    """Remember which rules' help the patient has seen."""
    response = _response(session, encounter_id)
    if response is not None:
        response.help_shown = sorted({*response.help_shown, *rule_ids})


def leave_quickly(session: Session, encounter_id: str) -> None:
    """Remember that the patient had to get off a page."""
    response = _response(session, encounter_id)
    if response is not None:
        response.left_quickly_at = datetime.now(UTC)


def ask_for_help(session: Session, encounter_id: str) -> None:
    """Remember that the patient said that they need help now."""
    response = _response(session, encounter_id)
    if response is not None:
        response.help_wanted_at = datetime.now(UTC)


def mark_opened(session: Session, encounter_id: str, staff_id: str) -> None:
    """Remember who first opened the summary, and when. Answers that were not sent yet have none to open."""
    response = _response(session, encounter_id)
    if response is not None and response.sent_at is not None and response.opened_at is None:
        response.opened_at, response.opened_by = datetime.now(UTC), staff_id


def note_flags(session: Session, encounter_id: str, raised: Collection[Priority]) -> None:
    """Remember the priorities of the flags that a screening raised: how many, and the most urgent, for the worklist."""
    row = session.get_one(EncounterRow, encounter_id)
    row.flag_count = len(raised)
    row.urgency = min((priority.rank for priority in raised), default=NOT_URGENT)


def _response(session: Session, encounter_id: str) -> ResponseRow | None:
    return session.scalar(select(ResponseRow).where(ResponseRow.encounter_id == encounter_id))


@dataclass(frozen=True)
class Stored:
    """What is stored of an encounter and its response, a row of `BY_ID`, and what opens it."""

    row: Any
    cipher: Cipher

    def opened(self, column: Sealed[Value]) -> Value | None:
        """Return what a column holds; None where it holds nothing."""
        sealed = getattr(self.row, column.column)
        row = self.row.response_id if column.table == ResponseRow.__tablename__ else self.row.id
        return None if sealed is None else column.open(self.cipher, row, sealed)

    def encounter(self) -> Encounter:
        """Return the encounter."""
        row = self.row
        return Encounter(
            id=row.id,
            patient_name=EncounterRow.patient_name.open(self.cipher, row.id, row.patient_name_sealed),
            date_of_birth=EncounterRow.date_of_birth.open(self.cipher, row.id, row.date_of_birth_sealed),
            appointment_at=row.appointment_at,
            started_at=row.started_at,
            sent_at=row.sent_at,
            help_shown=frozenset(self.opened(ResponseRow.help_shown) or ()),
            revision=row.revision or 0,
            left_quickly=row.left_quickly_at_sealed is not None,
            help_wanted_at=row.help_wanted_at,
            opened_at=row.opened_at,
            opened_by=row.opened_by,
            first_sent_at=row.first_sent_at,
            has_correction=row.correction_sealed is not None,
            link_number=row.link_number,
            is_cancelled=row.cancelled_at is not None,
        )


def _find(session: Session, statement: Select[Any], **values: str) -> Stored | None:
    row = connection_of(session).execute(statement, values).one_or_none()
    return None if row is None else Stored(row, keys_of(session).cipher(row.id))
