"""The responses that patients have sent, to try changed rules on."""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import orjson
from sqlalchemy import Text, cast, func, select, type_coerce
from sqlalchemy.orm import Session

from intake.database import Database
from intake.encounters import age_on
from intake.tables import EncounterRow, Moment, ResponseRow
from rules.impact import Impact, compare, joined
from rules.load import load_texts
from rules.response import RawAnswers
from rules.ruleset import RuleSet

AT_ONCE = 500  # rows fetched together
EACH = 20_000  # responses that are worth a process of their own


def past_responses(session: Session, part: int = 0, parts: int = 1) -> Iterator[tuple[str, RawAnswers]]:
    """Yield the id and the raw answers of every sent response, with the age on the day it was sent; in no order.

    They are fetched as they are asked for, so that any number of them fits into memory. Of several parts, numbered from
    0, each response is in exactly one.
    """
    sent_at = type_coerce(ResponseRow.sent_at, Moment)
    stored = select(ResponseRow.id, cast(ResponseRow.answers, Text), EncounterRow.date_of_birth, sent_at)
    stored = stored.join(EncounterRow, EncounterRow.id == ResponseRow.encounter_id).where(sent_at.is_not(None))
    if part > 0:
        stored = stored.where(ResponseRow.id >= _first_id(part, parts))
    if part + 1 < parts:
        stored = stored.where(ResponseRow.id < _first_id(part + 1, parts))
    found = session.execute(stored, execution_options={"yield_per": AT_ONCE})
    for response_id, text, date_of_birth, moment in found:
        answers: dict[str, object] = orjson.loads(text)
        answers["age"] = age_on(date_of_birth, moment.date())
        yield response_id, answers


def _first_id(part: int, parts: int) -> str:
    """Ids are random, and begin with hexadecimal digits."""
    return f"{part * 0x10000 // parts:04x}"


def past_impact(database: Database, before: RuleSet, after: RuleSet) -> Impact:
    """Compare two rule sets on every sent response; with many of them, on all processors."""
    with database.reading() as session:
        number = session.scalar(select(func.count()).where(ResponseRow.sent_at.is_not(None))) or 0
        parts = min(os.cpu_count() or 1, number // EACH)
        if parts < 2:
            return compare(before, after, past_responses(session))
    work = partial(part_impact, database.url, before.files, after.files, parts)
    with ProcessPoolExecutor(parts, get_context("spawn")) as pool:
        return joined(list(pool.map(work, range(parts))))


def part_impact(url: str, before: Mapping[str, str], after: Mapping[str, str], parts: int, part: int) -> Impact:
    """Compare two rule sets, given as files, on one part of the sent responses: in any process, on any machine."""
    database = Database(url)
    try:
        with database.reading() as session:
            return compare(load_texts(before), load_texts(after), past_responses(session, part, parts))
    finally:
        database.engine.dispose()
