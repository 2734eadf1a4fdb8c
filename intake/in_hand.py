"""What a patient is working on: asked by each of their pages in one statement, and saved without reading it again."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, exists, update
from sqlalchemy.orm import Session

from intake import encounters
from intake.account_tables import EndedSessionRow
from intake.database import Database
from intake.encounters import Encounter, Stored
from intake.rulesets import PUBLISHED
from intake.sealed import connection_of, keys_of
from intake.tables import ResponseRow


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


_IN_HAND = encounters.BY_ID.add_columns(PUBLISHED.scalar_subquery().label("published")).where(
    ~exists().where(EndedSessionRow.id == bindparam("session_id"))
)
_SAVE = (
    update(ResponseRow.__table__)  # type: ignore[arg-type]
    .where(ResponseRow.id == bindparam("response_id"))
    .where(ResponseRow.revision == bindparam("seen"), ResponseRow.sent_at.is_(None))
    .values(answers_sealed=bindparam("sealed"), revision=ResponseRow.revision + 1)
)


def find(database: Database, encounter_id: str, session_id: str) -> InHand | None:
    """Return what the patient of an encounter is working on.

    None if the browser's session with this id was ended, in that browser or by a copy of its cookie.
    """
    row = database.look(_IN_HAND, id=encounter_id, session_id=session_id)
    if row is None:
        return None
    found = Stored(row, database.keys.cipher(row.id))
    encounter = found.encounter()
    changed = found.opened(ResponseRow.correction) if encounter.opened_at is None else None
    stored = changed if changed is not None else found.opened(ResponseRow.answers) or {}
    return InHand(encounter, encounters.with_age(encounter, stored), stored, row.response_id, row.published)


def save(session: Session, in_hand: InHand, page_answers: Mapping[str, object]) -> bool:
    """Add one page's answers to those in hand; return False, and save nothing, if there have been other saves since.

    The same as `save_page`, without reading again what is in hand.
    """
    encounter, response_id = in_hand.encounter, in_hand.response_id
    if response_id is None or encounter.sent_at is not None:
        return encounters.save_page(session, encounter.id, page_answers, encounter.revision)
    cipher = keys_of(session).cipher(encounter.id)
    sealed = ResponseRow.answers.seal(cipher, response_id, {**in_hand.stored, **page_answers})
    values = {"response_id": response_id, "seen": encounter.revision, "sealed": sealed}
    return connection_of(session).execute(_SAVE, values).rowcount == 1
