"""The responses that patients have sent, to try changed rules on."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from multiprocessing import get_context
from threading import get_ident

import orjson
from sqlalchemy import func, select, type_coerce
from sqlalchemy.orm import Session

from intake.cluster import on_cluster
from intake.database import Database
from intake.encounters import age_on
from intake.key_store import KeyRing
from intake.master_keys import KeyPlaces
from intake.moments import Moment
from intake.sealed import keys_of
from intake.tables import EncounterRow, ResponseRow
from rules.impact import Comparison, Impact, joined
from rules.load import load_texts
from rules.ruleset import RuleSet

AT_ONCE = 500  # rows fetched together
EACH = 50_000  # responses that are worth a process of their own
Files = tuple[tuple[str, str], ...]  # names and texts
Told = Callable[[int, int], None]  # how many parts are done, of how many


def past_responses(session: Session, part: int = 0, parts: int = 1) -> Iterator[tuple[str, bytes]]:
    """Yield the id and the stored answers of every sent response, with the age on the day it was sent.

    They are fetched as they are asked for, so that any number of them fits into memory. Of several parts, numbered from
    0, each response is in exactly one.
    """
    sent_at = type_coerce(ResponseRow.sent_at, Moment)
    sealed = ResponseRow.answers_sealed, EncounterRow.date_of_birth_sealed
    stored = select(ResponseRow.id, ResponseRow.encounter_id, *sealed, sent_at)
    stored = (
        stored.join(EncounterRow, EncounterRow.id == ResponseRow.encounter_id)
        .where(sent_at.is_not(None))
        .order_by(ResponseRow.encounter_id)
    )
    if part > 0:
        stored = stored.where(ResponseRow.encounter_id >= _first_id(part, parts))
    if part + 1 < parts:
        stored = stored.where(ResponseRow.encounter_id < _first_id(part + 1, parts))
    fetched = session.connection().execute(stored, execution_options={"yield_per": AT_ONCE})
    for rows in fetched.partitions():
        ciphers = keys_of(session).ring.read_sorted([row.encounter_id for row in rows])
        for response_id, encounter_id, answers, date_of_birth, moment in rows:
            cipher = ciphers.get(encounter_id)
            if cipher is not None:  # else it has been erased since the reading began
                born = EncounterRow.date_of_birth.open(cipher, encounter_id, date_of_birth)
                text = ResponseRow.answers.open_bytes(cipher, response_id, answers)
                yield response_id, _with_age(text, age_on(born, moment.date()))


def _with_age(answers: bytes, age: int) -> bytes:
    """Put the age into answers as they are stored; an age that stands there already is no better known."""
    if b'"age":' in answers or not answers.startswith(b'{"'):
        return orjson.dumps({**orjson.loads(answers), "age": age})
    return b'{"age":%d,%b' % (age, answers[1:])


def _first_id(part: int, parts: int) -> str:
    """Ids are random, and begin with hexadecimal digits."""
    return f"{part * 0x10000 // parts:04x}"


def sent_responses(session: Session) -> int:
    """Return how many responses were sent so far."""
    return session.scalar(select(func.count()).where(ResponseRow.sent_at.is_not(None))) or 0


def past_impact(
    database: Database, before: RuleSet, after: RuleSet, cluster: str = "", told: Told = lambda done, parts: None
) -> Impact:
    """Compare two rule sets on every sent response; with many of them in parts, on all processors.

    With the address of a cluster's scheduler it is the workers of the cluster that read and compare, a part each time;
    all of them must reach the database and the key store, and have the master key. `told` is called after each part
    that was done here. Raises `ClusterError`.
    """
    with database.reading() as session:
        parts = max(int(sent_responses(session) / EACH), 1)
    places = database.keys.places.without_secret() if cluster else database.keys.places
    work = partial(part_impact, database.url, places, tuple(before.files.items()), tuple(after.files.items()), parts)
    if cluster:
        return joined(on_cluster(cluster, work, range(parts)))
    if parts == 1:
        with database.reading() as session:
            return Comparison(before, after).of(past_responses(session))
    done = []
    with ProcessPoolExecutor(min(os.cpu_count() or 1, parts), get_context("spawn")) as pool:
        for impact in pool.map(work, range(parts)):
            done.append(impact)
            told(len(done), parts)
    return joined(done)


def part_impact(url: str, places: KeyPlaces, before: Files, after: Files, parts: int, part: int) -> Impact:
    """Compare two rule sets, given as files, on one part of the sent responses: in any process, on any machine."""
    database = Database(url, KeyRing(places))
    try:
        with database.reading() as session:
            return _comparison(before, after, get_ident()).of(past_responses(session, part, parts))
    finally:
        database.close()


@lru_cache(maxsize=4)
def _comparison(before: Files, after: Files, _thread: int) -> Comparison:
    """A worker compares the same rule sets on one part after the other: they are read once, and what answers mean."""
    return Comparison(load_texts(dict(before)), load_texts(dict(after)))
