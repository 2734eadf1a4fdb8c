"""What is stored is sealed and bound to its place; elsewhere it fails loudly, in words without its content."""

from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Boolean, Integer, select, text, update
from sqlalchemy.orm import Session

from intake import alerts, encounters, names, outbox, reviews
from intake.database import Database
from intake.encounters import Encounter
from intake.encryption import Cipher, Unreadable, new_key
from intake.key_store import KeyRing
from intake.moments import Moment
from intake.rulesets import Screeners
from intake.settings import Settings
from intake.tables import EncounterRow, ResponseRow, Row
from intake.worklist import Asked, View, worklist
from rules.ruleset import Priority
from tests.intake.test_migrations import put
from tests.postgres import Server

WORDS = {"phq9_1": 1, "own_words": "a zyzzyva worry"}


@pytest.fixture
def ben(database: Database) -> Encounter:
    """Another patient."""
    with database.writing() as session:
        encounter, _ = encounters.create(session, patient_name="Ben Other", date_of_birth=date(1980, 1, 2))
    return encounter


@pytest.fixture
def both(database: Database, ada: Encounter, ben: Encounter) -> tuple[Encounter, Encounter]:
    """Two patients who have answered."""
    for patient in (ada, ben):
        with database.writing() as session:
            encounters.save_page(session, patient.id, WORDS)
    return ada, ben


def swap(session: Session, column: str, one: str, other: str, table: str = "encounter", key: str = "id") -> None:
    """Exchange what is stored in a column of two rows."""
    read = text(f"SELECT {column} FROM {table} WHERE {key} = :id")
    stored = [session.scalar(read, {"id": id_}) for id_ in (one, other)]
    for id_, value in ((one, stored[1]), (other, stored[0])):
        session.execute(text(f"UPDATE {table} SET {column} = :value WHERE {key} = :id"), {"id": id_, "value": value})


@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_is_sealed_opens_in_its_place_and_reads_otherwise_each_time(content: bytes, place: str):
    cipher = Cipher(new_key())
    sealed = cipher.seal(content, place)
    assert cipher.open(sealed, place) == content
    assert cipher.seal(content, place) != sealed


@given(st.binary(max_size=50), st.data())
def test_whatever_is_changed_is_noticed(content: bytes, data: st.DataObject):
    cipher = Cipher(new_key())
    sealed = bytearray(cipher.seal(content, "here"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Unreadable, match="here"):
        cipher.open(bytes(sealed), "here")


@given(st.binary(max_size=60))
def test_what_was_never_sealed_is_refused_in_words(content: bytes):
    with pytest.raises(Unreadable, match="there"):
        Cipher(new_key()).open(content, "there")


def test_answers_come_back_as_they_were_saved(database: Database, ada: Encounter):
    with database.writing() as session:
        encounters.save_page(session, ada.id, WORDS)
        assert encounters.answers(session, ada.id).items() >= WORDS.items()
    with database.reading() as session:
        assert encounters.answers(session, ada.id).items() >= WORDS.items()


def test_two_patients_names_that_were_exchanged_are_refused(database: Database, both: tuple[Encounter, Encounter]):
    ada, ben = both
    with database.writing() as session:
        swap(session, "patient_name_sealed", ada.id, ben.id)
    with database.reading() as session, pytest.raises(Unreadable) as refused:
        encounters.find(session, ada.id)
    assert f"encounter {ada.id} patient_name" in str(refused.value)
    assert "Ada" not in str(refused.value)
    assert "Ben" not in str(refused.value)


def test_two_patients_answers_that_were_exchanged_are_refused(database: Database, both: tuple[Encounter, Encounter]):
    ada, ben = both
    with database.writing() as session:
        swap(session, "answers_sealed", ada.id, ben.id, "response", "encounter_id")
    for patient in both:
        with database.reading() as session, pytest.raises(Unreadable, match=r"response .* answers"):
            encounters.answers(session, patient.id)


def test_two_columns_that_were_exchanged_are_refused(database: Database, both: tuple[Encounter, Encounter]):
    ada, _ = both
    with database.writing() as session:
        exchanged = {"answers_sealed": ResponseRow.help_shown_sealed, "help_shown_sealed": ResponseRow.answers_sealed}
        session.execute(update(ResponseRow).where(ResponseRow.encounter_id == ada.id).values(exchanged))
    with database.reading() as session, pytest.raises(Unreadable, match=r"response .* (answers|help_shown)"):
        encounters.answers(session, ada.id)


def test_two_keys_that_were_exchanged_are_refused(database: Database, both: tuple[Encounter, Encounter]):
    ada, ben = both
    with Session(database.keys.engine) as session, session.begin():
        swap(session, "wrapped", ada.id, ben.id, "wrapped_key")
    has_read_no_key = Database(database.url, KeyRing(database.keys.places))
    with (
        closing(has_read_no_key),
        has_read_no_key.reading() as session,
        pytest.raises(Unreadable, match=f"key {ada.id}"),
    ):
        encounters.find(session, ada.id)


def test_a_row_cannot_be_opened_once_its_session_is_over(database: Database, both: tuple[Encounter, Encounter]):
    with database.reading() as session:
        row = session.get_one(EncounterRow, both[0].id)
    with pytest.raises(Unreadable, match="session"):
        assert row.patient_name


def test_none_stays_none_and_can_be_set_again(database: Database, ada: Encounter):
    for email in (None, "ada@example.org", None, "ada@example.com"):
        with database.writing() as session:
            session.get_one(EncounterRow, ada.id).email = email
        with database.reading() as session:
            row = session.get_one(EncounterRow, ada.id)
            assert (row.email, row.email_sealed is None) == (email, email is None)


def test_what_a_transaction_took_back_is_as_it_was(database: Database, ada: Encounter):
    def change_and_fail(session: Session) -> None:
        session.get_one(EncounterRow, ada.id).email = "new@example.org"
        session.flush()
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError), database.writing() as session:
        change_and_fail(session)
    with database.reading() as session:
        assert session.get_one(EncounterRow, ada.id).email is None


def test_every_column_that_holds_words_of_patients_is_sealed():
    """A new column with text, JSON or bytes is either sealed or named here, with why it may stand in clear."""
    in_clear = {
        "alert": {"id", "encounter_id", "priority", "token"},
        "emergency": {"id", "encounter_id", "cause", "taken_by"},
        "encounter": {"id", "token_hash", "language", "person"},
        "erasure": {"id", "encounter_id", "reason", "by"},
        "impact": {"id", "before_hash", "after_hash", "files"},
        "hand_over": {"encounter_id"},
        "mail": {"id", "key", "kind", "encounter_id"},
        "name_token": {"encounter_id", "token"},
        "response": {"id", "encounter_id", "opened_by", "rule_set_hash"},
        "review": {"encounter_id", "saved_by"},
        "screening": {"id", "response_id", "encounter_id", "rule_set_hash"},
        "signed_summary": {"encounter_id", "signed_by", "pdf_sha256"},
    }
    for name, known in in_clear.items():
        columns = Row.metadata.tables[name].columns
        wordy = {one.name for one in columns if not isinstance(one.type, Moment | Integer | Boolean)}
        assert {one for one in wordy if not one.endswith("_sealed")} == known, name


@pytest.mark.parametrize("table", ["encounter", "response", "screening", "review", "signed_summary", "mail", "alert"])
def test_tables_of_patients_have_sealed_columns(table: str):
    assert [column for column in Row.metadata.tables[table].columns if column.name.endswith("_sealed")]


def test_what_stood_in_clear_is_sealed_by_the_migration(
    settings: Settings, elsewhere: str, postgresql: Server | None, tmp_path: Path
):
    moment, secret = datetime(2026, 1, 2, tzinfo=UTC), "zyzzyva"
    database = Database(elsewhere, KeyRing(settings.key_places))
    database.migrate("0011")
    told: dict[str, dict[str, object]] = {
        "rule_set": {"hash": "h", "files": {}, "published_at": moment},
        "staff": {"id": "s", "name": "Dr Ada Price", "roles": [], "active": True, "created_at": moment},
        "encounter": {
            "id": "e", "token_hash": "t", "patient_name": f"José {secret}", "date_of_birth": date(1970, 5, 17),
            "created_at": moment, "email": f"{secret}@example.org", "search_name": f"jose {secret}",
        },
        "response": {
            "id": "r", "encounter_id": "e", "answers": {"own_words": secret}, "help_shown": ["RF1"],
            "revision": 1, "started_at": moment, "sent_at": moment, "left_quickly_at": moment,
            "correction": {"own_words": f"more {secret}"},
        },
        "screening": {
            "id": "c", "response_id": "r", "rule_set_hash": "h", "result": {"said": secret},
            "screened_at": moment,
        },
        "review": {
            "encounter_id": "e", "content": {"note": secret}, "revision": 1, "saved_at": moment,
            "saved_by": "s",
        },
        "signed_summary": {
            "encounter_id": "e", "number": 1, "signed_at": moment, "signed_by": "s", "signature": f"S {secret}",
            "content": {}, "revision": 1, "basis": "b", "pdf": secret.encode(), "pdf_sha256": "p",
        },
        "mail": {
            "id": "m", "key": "k", "kind": "invitation", "encounter_id": "e", "made_at": moment, "tries": 1,
            "problem": f"no {secret}",
        },
        "alert": {
            "id": "a", "encounter_id": "e", "rule": "RF1", "priority": "emergency", "is_private": True,
            "raised_at": moment,
        },
        "hand_over": {
            "encounter_id": "e", "number": 1, "round": 0, "tries": 1, "tried_at": moment, "problem": f"h {secret}"
        },
    }  # fmt: skip
    for table, named in told.items():
        put(database, table, **named)
    folder = postgresql.folder / "data" / "base" if postgresql else tmp_path
    assert secret.encode() in written(database, folder)
    database.migrate()
    assert secret.encode() not in written(database, folder)
    with database.reading() as session:
        (line,) = worklist(session, Asked(View.ALL, "jose zyz"), datetime.now(UTC)).lines
        assert line.patient_name == f"José {secret}"
        response = session.scalars(select(ResponseRow)).one()
        assert (response.answers, response.help_shown) == ({"own_words": secret}, ["RF1"])
        assert response.correction == {"own_words": f"more {secret}"}
        assert response.left_quickly_at == datetime(2026, 1, 2, tzinfo=UTC)
        assert session.get_one(EncounterRow, "e").email == f"{secret}@example.org"
        assert session.get_one(EncounterRow, "e").person == names.person(session, f"Jose {secret}", date(1970, 5, 17))
        mail = outbox.find(session, "m")
        assert mail is not None
        assert mail.problem == f"no {secret}"
        assert [(one.rule, one.is_private) for one in alerts.of_encounter(session, "e")] == [("RF1", True)]
        row = session.scalars(select(reviews.SignedSummaryRow)).one()
        assert (row.signature, row.pdf, row.basis) == (f"S {secret}", secret.encode(), "b")
        assert session.scalars(select(reviews.ReviewRow)).one().content == {"note": secret}
    database.close()


def written(database: Database, folder: Path) -> bytes:
    """All bytes of all files in the folder of a database."""
    if not database.is_sqlite:
        with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("CHECKPOINT")
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_alerts_are_stored_once_and_say_their_rule(database: Database, ada: Encounter, screeners: Screeners):
    for _ in range(2):
        with database.writing() as session:
            alerts.note(session, ada.id, screeners.published(session).ruleset, {"S1": Priority.SAME_DAY})
    with database.reading() as session:
        assert [alert.rule for alert in alerts.of_encounter(session, ada.id)] == ["S1"]
