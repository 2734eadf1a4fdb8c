"""The responses that patients have sent, to try changed rules on."""

from collections.abc import Iterator

import orjson
from sqlalchemy import Text, cast, select, type_coerce
from sqlalchemy.orm import Session

from intake.encounters import age_on
from intake.tables import EncounterRow, Moment, ResponseRow
from rules.response import RawAnswers

AT_ONCE = 500  # rows fetched together


def past_responses(session: Session) -> Iterator[tuple[str, RawAnswers]]:
    """Yield the id and the raw answers of every sent response, with the age on the day it was sent; in no order.

    They are fetched as they are asked for, so that any number of them fits into memory.
    """
    sent_at = type_coerce(ResponseRow.sent_at, Moment)
    stored = select(ResponseRow.id, cast(ResponseRow.answers, Text), EncounterRow.date_of_birth, sent_at)
    stored = stored.join(EncounterRow, EncounterRow.id == ResponseRow.encounter_id).where(sent_at.is_not(None))
    found = session.execute(stored, execution_options={"yield_per": AT_ONCE})
    for response_id, text, date_of_birth, moment in found:
        answers: dict[str, object] = orjson.loads(text)
        answers["age"] = age_on(date_of_birth, moment.date())
        yield response_id, answers
