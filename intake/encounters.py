"""Encounters: who was invited, and the answers so far. Plain functions over a session; callers get frozen values."""

import hashlib
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import uuid4

from sqlalchemy import bindparam, exists, select, update
from sqlalchemy.orm import Session

from intake import names
from intake.account_tables import EndedSessionRow
from intake.rulesets import PUBLISHED
from intake.sealed import keys_of
from intake.tables import NOT_URGENT, EncounterRow, ResponseRow
from rules.ruleset import Priority

LONGEST_NAME = 200  # characters


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


@dataclass(frozen=True)
class InHand:
    """What a patient is working on: the answers as they see them, and the hash of the rule set that screens now.

    `stored` are the same answers without the age; where sent ones are being corrected, the corrected ones.
    `response_id` is None until the first page is saved.
    """

    encounter: Encounter
    answers: dict[str, object]
    stored: Mapping[str, object]
    response_id: str | None
    published: str


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
    return _encounter(row, None), token


def find(session: Session, encounter_id: str) -> Encounter | None:
    """Return an encounter by its id."""
    row = session.get(EncounterRow, encounter_id)
    return None if row is None else _encounter(row, _response(session, encounter_id))


def find_by_token(session: Session, token: str) -> Encounter | None:
    """Return the encounter whose link has this token."""
    row = session.scalar(select(EncounterRow).where(EncounterRow.token_hash == token_hash(token)))
    return None if row is None else _encounter(row, _response(session, row.id))


def answers(session: Session, encounter_id: str) -> dict[str, object]:
    """Return the raw answers so far, with the age on the day they were sent, or today."""
    row, response = session.get_one(EncounterRow, encounter_id), _response(session, encounter_id)
    return _with_age(row, response, response.answers if response else {})


# every page of a patient's asks these: statements that are made once
_RESPONSE = select(ResponseRow).where(ResponseRow.encounter_id == bindparam("encounter_id"))
_IN_HAND = (
    select(EncounterRow, ResponseRow, PUBLISHED.scalar_subquery())
    .outerjoin(ResponseRow, ResponseRow.encounter_id == EncounterRow.id)
    .where(EncounterRow.id == bindparam("encounter_id"))
    .where(~exists().where(EndedSessionRow.id == bindparam("session_id")))
)
_SAVE = (
    update(ResponseRow.__table__)  # type: ignore[arg-type]
    .where(ResponseRow.id == bindparam("response_id"))
    .where(ResponseRow.revision == bindparam("seen"), ResponseRow.sent_at.is_(None))
    .values(answers_sealed=bindparam("sealed"), revision=ResponseRow.revision + 1)
)


def in_hand(session: Session, encounter_id: str, session_id: str) -> InHand | None:
    """Return what the patient of an encounter is working on.

    None if the browser's session with this id was ended, in that browser or by a copy of its cookie.
    """
    found = session.execute(_IN_HAND, {"encounter_id": encounter_id, "session_id": session_id}).one_or_none()
    if found is None:
        return None
    row, response, published = found
    stored: Mapping[str, object] = {}
    if response is not None:
        stored = response.answers if response.open_correction is None else response.open_correction
    answers = _with_age(row, response, stored)
    return InHand(_encounter(row, response), answers, stored, response.id if response else None, published)


def save_next(session: Session, in_hand: InHand, page_answers: Mapping[str, object]) -> bool:
    """Add one page's answers to those in hand; return False, and save nothing, if there have been other saves since.

    The same as `save_page`, without reading again what is in hand.
    """
    encounter, response_id = in_hand.encounter, in_hand.response_id
    if response_id is None or encounter.sent_at is not None:
        return save_page(session, encounter.id, page_answers, encounter.revision)
    cipher = keys_of(session).cipher(encounter.id)
    sealed = ResponseRow.answers.seal(cipher, response_id, {**in_hand.stored, **page_answers})
    values = {"response_id": response_id, "seen": encounter.revision, "sealed": sealed}
    return session.connection().execute(_SAVE, values).rowcount == 1


def _with_age(row: EncounterRow, response: ResponseRow | None, given: Mapping[str, object]) -> dict[str, object]:
    day = (response.sent_at if response and response.sent_at else datetime.now(UTC)).date()
    return {**given, "age": age_on(row.date_of_birth, day)}


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
    return session.scalar(_RESPONSE, {"encounter_id": encounter_id})


def _encounter(row: EncounterRow, response: ResponseRow | None) -> Encounter:
    return Encounter(
        id=row.id,
        patient_name=row.patient_name,
        date_of_birth=row.date_of_birth,
        appointment_at=row.appointment_at,
        started_at=response.started_at if response else None,
        sent_at=response.sent_at if response else None,
        help_shown=frozenset(response.help_shown if response else ()),
        revision=response.revision if response else 0,
        left_quickly=response is not None and response.left_quickly_at is not None,
        help_wanted_at=response.help_wanted_at if response else None,
        opened_at=response.opened_at if response else None,
        opened_by=response.opened_by if response else None,
        first_sent_at=response.first_sent_at if response else None,
        has_correction=response is not None and response.correction_sealed is not None,
        link_number=row.link_number,
        is_cancelled=row.cancelled_at is not None,
    )
