"""Migrations: from every version, with data in place, to the newest; and what they make of it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import intake
from intake import encounters, staff
from intake.database import Database
from intake.encounters import Encounter
from intake.invitations import State, Try
from intake.key_store import KeyRing
from intake.sealed import HoldsSealed, Sealed
from intake.settings import Settings
from intake.tables import Row
from intake.worklist import Asked, View, worklist
from rules.ruleset import Priority
from tests.intake.test_invitations import found, tried

MOMENT = datetime(2026, 1, 2, tzinfo=UTC)
BORN = date(1970, 5, 17)
SCRIPTS = Config()
SCRIPTS.set_main_option("script_location", str(Path(intake.__file__).parent / "migrations"))
VERSIONS = [script.revision for script in ScriptDirectory.from_config(SCRIPTS).walk_revisions()][::-1]
SEALED = "0012"
NOT_KEPT = ("impact", "kept_form")  # worked out anew, and forgotten after a week anyhow
CLEAR = VERSIONS[VERSIONS.index(SEALED) - 1]  # the last version in which a row can be made up
LISTS = ("help_shown", "roles", "recovery_codes")
OF_ITS_KIND = {
    sa.String: "1",
    sa.Integer: 1,
    sa.Boolean: True,
    sa.DateTime: MOMENT,
    sa.Date: BORN,
    sa.LargeBinary: b"1",
    sa.JSON: {"outcomes": {"S1": {"priority": "same_day"}}},
}
CHOSEN = {"roles": ["clinician"], "priority": "same_day", "kind": "invitation", "cause": "answers", "how": "installed"}


@pytest.fixture
def empty(settings: Settings, elsewhere: str) -> Iterator[Database]:
    """A database without any table."""
    database = Database(elsewhere, KeyRing(settings.key_places))
    yield database
    database.close()


def tables(database: Database) -> sa.MetaData:
    """The tables as they are now."""
    metadata = sa.MetaData()
    metadata.reflect(database.engine)
    return metadata


def put(database: Database, table: str, **values: object) -> None:
    """Store a row in a table as it is now."""
    with database.engine.begin() as connection:
        connection.execute(tables(database).tables[table].insert().values(values))


def value_for(column: sa.Column[Any]) -> object:
    """Something that a column takes; all rows refer to each other."""
    if column.name in CHOSEN:
        return CHOSEN[column.name]
    if column.name in LISTS:
        return []
    return next(value for kind, value in OF_ITS_KIND.items() if isinstance(column.type, kind))


def counts(database: Database, of: sa.MetaData) -> dict[str, int]:
    """How many rows each table holds."""
    with database.engine.connect() as connection:
        return {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in of.sorted_tables
        }


def fill(database: Database) -> dict[str, int]:
    """Put a row into each table that has none, as they are now; return how many rows each has."""
    there = tables(database)
    filled = counts(database, there)  # by the migrations themselves
    for table in there.sorted_tables:
        if not filled[table.name]:
            put(database, table.name, **{column.name: value_for(column) for column in table.columns})
    return counts(database, there)


def opened(database: Database) -> list[object]:
    """All that stands sealed in tables as they are in the newest version, opened."""
    kinds = [mapper.class_ for mapper in Row.registry.mappers if issubclass(mapper.class_, HoldsSealed)]
    with database.reading() as session:
        return [
            getattr(row, name)
            for kind in kinds
            for row in session.scalars(sa.select(kind))
            for name, value in vars(kind).items()
            if isinstance(value, Sealed)
        ]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_goes_up_to_the_newest_with_a_row_in_each_table(empty: Database, version: str):
    is_sealed = VERSIONS.index(version) >= VERSIONS.index(SEALED)
    empty.migrate(CLEAR if is_sealed else version)
    had = fill(empty)
    if is_sealed:  # a row that is made up cannot stand in a version whose rows are sealed: they are from before
        empty.migrate(version)
        had = {name: number for name, number in counts(empty, tables(empty)).items() if number}
    empty.migrate()
    has = counts(empty, tables(empty))
    assert {name: has[name] for name in had} == had | {name: 0 for name in NOT_KEPT if name in had}
    assert {"1", BORN} <= {value for value in opened(empty) if isinstance(value, str | date)}
    with empty.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Row.metadata) == []
    with empty.reading() as session:
        assert [line.encounter_id for line in worklist(session, Asked(View.ALL, "", 1), MOMENT).lines] == ["1"]
        if "staff" in had:
            assert [one.id for one in staff.listing(session)] == ["1"]


def test_migrations_make_exactly_the_tables_that_the_code_expects(database: Database):
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Row.metadata) == []


def test_migrating_twice_changes_nothing(database: Database, ada: Encounter):
    database.migrate()
    with database.reading() as session:
        assert encounters.find(session, ada.id) == ada


def test_patients_of_the_first_version_keep_their_links_for_a_month(empty: Database):
    empty.migrate("0001")
    who = {"id": "1", "token_hash": encounters.token_hash("secret"), "patient_name": "Ada Example"}
    put(empty, "encounter", **who, date_of_birth=BORN, created_at=MOMENT)
    answers = {"answers": {"phq9_1": 2}, "help_shown": [], "revision": 1, "started_at": MOMENT}
    put(empty, "response", id="2", encounter_id="1", **answers)
    empty.migrate()
    invitation = found(empty, "secret")
    assert invitation is not None
    assert invitation.state is State.OPEN
    assert invitation.expires_at is not None
    assert tried(empty, invitation, BORN) is Try.RIGHT
    with empty.reading() as session:
        assert encounters.answers(session, "1")["phq9_1"] == 2


def test_what_was_stored_before_the_worklist_is_found_and_stands_in_its_place(empty: Database):
    empty.migrate("0007")
    outcomes = {"S1": {"priority": "same_day"}, "S2": {"priority": "note"}, "S3": {"priority": None}}
    for number, name in (("1", "José García"), ("2", "Ben Example"), ("3", "Ada Example")):
        who = {"id": number, "token_hash": number, "patient_name": name, "link_number": 1, "wrong_tries": 0}
        put(empty, "encounter", **who, date_of_birth=BORN, created_at=MOMENT)
    for number, sent in (("1", MOMENT), ("2", None)):
        given = {"answers": {}, "help_shown": [], "revision": 1, "started_at": MOMENT, "sent_at": sent}
        put(empty, "response", id=number, encounter_id=number, **given)
    put(empty, "rule_set", hash="h", files={}, published_at=MOMENT)
    screened = {"result": {"outcomes": outcomes}, "screened_at": MOMENT}
    put(empty, "screening", id="1", response_id="1", rule_set_hash="h", **screened)
    alert = {"rule": "R", "priority": "emergency", "is_private": False, "raised_at": MOMENT}
    put(empty, "alert", id="1", encounter_id="2", **alert)
    empty.migrate()
    with empty.reading() as session:
        lines = worklist(session, Asked(View.ALL, "", 1), MOMENT).lines
        searched = worklist(session, Asked(View.ALL, "garcia", 1), MOMENT).lines
    assert [(line.patient_name, line.priority, line.flag_count) for line in lines] == [
        ("Ben Example", Priority.EMERGENCY, None),
        ("José García", Priority.SAME_DAY, 2),
        ("Ada Example", None, None),
    ]
    assert [line.patient_name for line in searched] == ["José García"]
