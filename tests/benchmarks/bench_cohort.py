"""What a million past responses cost: `python -m tests.benchmarks.bench_cohort [RESPONSES]`.

First 10,000 responses, half of them wild, one by one and as a table: every rule must end alike. Then a million in
memory: typed answers → ends of the whole library. Then as many stored in a database: sealed JSON text → impact of a
changed rule set, on all processors. 20,000 patients are invented and stored again and again under other ids.
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from functools import cache
from itertools import islice
from pathlib import Path
from uuid import UUID

import polars as pl
from sqlalchemy import text

from intake.database import Database, database_of
from intake.past_responses import past_impact
from intake.settings import Settings
from intake.tables import EncounterRow
from rules.cohort import CohortScreener
from rules.columns import Columns, as_stored
from rules.load import library, load_texts
from rules.response import read
from rules.ruleset import RuleSet
from rules.screening import Screener
from rules.synthetic import patients
from tests.generative.wild_answers import wild_answers

INVENTED, AGREEING = 20_000, 10_000
GIB = 1024 * 1024  # of the kibibytes that the system counts in


def invented(part: int) -> list[dict[str, object]]:
    """Return half of the invented patients."""
    return list(patients(library().questionnaire, range(part * INVENTED // 2, (part + 1) * INVENTED // 2)))


def stricter() -> RuleSet:
    """The library with another threshold for alcohol."""
    file = "substances.yaml"
    changed = library().files[file].replace("auditc >= 4", "auditc >= 5").replace("auditc >= 3,", "auditc >= 4,")
    return load_texts({**library().files, file: changed})


def check_agreement(people: list[dict[str, object]]) -> None:
    """Screen responses one by one and as a table."""
    ends = CohortScreener(library()).screen(people)
    columns = {rule: ends.of(rule) for rule in library().by_id}
    screener = Screener(library())
    for place, person in enumerate(people):
        screening = screener.screen(read(library().questionnaire, person))
        assert screening.agreed
        alone = {rule: ended.priority or ended.outcome for rule, ended in screening.outcomes.items()}
        assert alone == {rule: column[place] for rule, column in columns.items()}, f"response {place}"
    screener.close()
    print(f"{len(people):,} responses, {len(columns)} rules: all ends alike")


@cache
def _moment() -> datetime:
    return datetime(2026, 11, 21, tzinfo=UTC)


def _rows(texts: list[str], number: int) -> Iterator[dict[str, object]]:
    for place in range(number):
        # spread over all ids, as random ones are, and always the same
        name = str(UUID(int=(place * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128))
        yield {"id": name, "answers": texts[place % len(texts)], "at": _moment()}


def fill(database: Database, texts: list[str], number: int) -> None:
    """Store responses of as many encounters, all of them sent and sealed with a key for each."""
    encounter = text(
        "INSERT INTO encounter (id, token_hash, person, patient_name_sealed, date_of_birth_sealed, created_at)"
        " VALUES (:id, :id, x'', x'', :born, :at)"
    )
    response = text(
        "INSERT INTO response (id, encounter_id, answers_sealed, help_shown_sealed, revision, started_at, sent_at)"
        " VALUES (:id, :id, :answers, x'', 1, :at, :at)"
    )
    rows = _rows(texts, number)
    while batch := list(islice(rows, 20_000)):
        ids = [str(row["id"]) for row in batch]
        database.keys.make(ids)
        ciphers = database.keys.read(ids)
        for row, one in zip(batch, ids, strict=True):
            row["answers"] = ciphers[one].seal(str(row["answers"]).encode(), f"response {one} answers")
            row["born"] = EncounterRow.date_of_birth.seal(ciphers[one], one, date(1970, 5, 17))
        with database.writing() as session:
            session.execute(encounter, batch)
            session.execute(response, batch)


def stored(folder: Path, number: int) -> Database:
    """A database with sent responses, made when it is first asked for."""
    folder = folder / str(number)
    is_new = not folder.exists()
    database = database_of(Settings.from_environment({"INTAKE_DATA": str(folder)}))
    if is_new:
        folder.mkdir(parents=True)
        database.migrate()
        with ProcessPoolExecutor(2) as pool:
            people = [one for half in pool.map(invented, range(2)) for one in half]
        # the age follows from the date of birth, and is not stored
        texts = [as_stored({name: one[name] for name in one if name != "age"}).decode() for one in people]
        print(f"{len(texts):,} invented responses of {sum(map(len, texts)) / len(texts):,.0f} bytes each")
        fill(database, texts, number)
    return database


def peak(whose: int) -> str:
    """The most memory that this process, or the largest of its children, has had so far."""
    return f"{resource.getrusage(whose).ru_maxrss / GIB:.1f} GiB at most"


def processor(whose: int) -> float:
    """Seconds of processor time so far."""
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def measure_in_memory(number: int) -> None:
    """Typed answers of many responses → how every rule ends for each, in one go."""
    screener = CohortScreener(library())
    some = Columns(screener.items.values(), screener.picked).table(map(as_stored, invented(0)))
    answers = pl.concat([some] * (number // some.height)).rechunk()
    for _ in range(3):
        start, before = time.perf_counter(), processor(resource.RUSAGE_SELF)
        ends = screener.ends(answers)
        took, used = time.perf_counter() - start, processor(resource.RUSAGE_SELF) - before
        print(f"{ends.patients:,} in memory: {took:.1f} s, {used:.1f} s of processors, {peak(resource.RUSAGE_SELF)}")


def measure_stored(number: int, folder: Path) -> None:
    """Sealed JSON text of many responses → impact of a changed rule set on them."""
    database, changed = stored(folder, number), stricter()
    start, before = time.perf_counter(), processor(resource.RUSAGE_CHILDREN)
    impact = past_impact(database, library(), changed)
    took, used = time.perf_counter() - start, processor(resource.RUSAGE_CHILDREN) - before
    told = f"{impact.before.patients:,} stored, two rule sets: {took:.1f} s, {used:.1f} s of processors"
    print(f"{told}, {peak(resource.RUSAGE_CHILDREN)} a process")


def main() -> None:
    """Print the figures."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    half = range(AGREEING // 2)
    questionnaire = library().questionnaire
    print(f"load: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    check_agreement([*patients(questionnaire, half), *(wild_answers(questionnaire, place) for place in half)])
    measure_in_memory(number)
    with tempfile.TemporaryDirectory() as folder:
        measure_stored(number, Path(os.environ.get("BENCH_FOLDER", folder)))


if __name__ == "__main__":
    main()
