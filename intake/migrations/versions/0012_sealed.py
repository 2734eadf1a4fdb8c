"""What patients and clinicians say is sealed, each encounter with a key of its own; names are found by tokens."""

import json
import unicodedata
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

from intake.encryption import Cipher, token

revision = "0012"
down_revision = "0015"
branch_labels = None
depends_on = None

AT_ONCE = 500  # encounters
LONGEST_BEGINNING = 12
JSON, TEXT, MOMENT, PLAIN = "json", "text", "moment", "bytes"
SEALED = {  # table: what tells its rows, the column with the encounter's id, and how each column is written
    "encounter": (("id",), "id", {"patient_name": TEXT, "date_of_birth": TEXT, "email": TEXT, "phone": TEXT}),
    "response": (
        ("id",),
        "encounter_id",
        {"answers": JSON, "help_shown": JSON, "left_quickly_at": MOMENT, "correction": JSON},
    ),
    "screening": (("id",), "encounter_id", {"result": JSON}),
    "review": (("encounter_id",), "encounter_id", {"content": JSON}),
    "signed_summary": (
        ("encounter_id", "number"),
        "encounter_id",
        {"signature": TEXT, "content": JSON, "basis": TEXT, "pdf": PLAIN},
    ),
    "mail": (("key",), "encounter_id", {"problem": TEXT}),
    "alert": (("id",), "encounter_id", {"rule": TEXT, "is_private": JSON}),
    "hand_over": (("encounter_id", "number"), "encounter_id", {"problem": TEXT}),
}
MAY_BE_EMPTY = {"email", "phone", "left_quickly_at", "correction", "problem"}
TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    JSON: sa.JSON(),
    TEXT: sa.Text(),
    MOMENT: sa.DateTime(timezone=True),
    PLAIN: sa.LargeBinary(),
}


def upgrade() -> None:
    """Add the sealed columns, seal what is stored, and drop what stood in clear."""
    nothing = sa.text("x''") if op.get_bind().dialect.name == "sqlite" else sa.text("''")
    op.create_table(
        "name_token",
        sa.Column("token", sa.LargeBinary(16), primary_key=True),
        sa.Column("encounter_id", sa.String(36), sa.ForeignKey("encounter.id"), primary_key=True, index=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "erasure",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("encounter_id", sa.String(36), nullable=False, unique=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("by", sa.String(36)),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("key_destroyed_at", sa.DateTime(timezone=True)),
    )
    op.add_column("encounter", sa.Column("person", sa.LargeBinary(16), nullable=False, server_default=nothing))
    op.add_column("alert", sa.Column("token", sa.LargeBinary(16), nullable=False, server_default=nothing))
    op.add_column("screening", sa.Column("encounter_id", sa.String(36)))
    op.execute(
        "UPDATE screening SET encounter_id ="
        " (SELECT encounter_id FROM response WHERE response.id = screening.response_id)"
    )
    for table, (_, _, columns) in SEALED.items():
        for name in columns:
            how: dict[str, Any] = {} if name in MAY_BE_EMPTY else {"nullable": False, "server_default": nothing}
            op.add_column(table, sa.Column(f"{name}_sealed", sa.LargeBinary, **how))
    op.execute("DELETE FROM impact")  # it is worked out anew
    op.add_column("impact", sa.Column("result_sealed", sa.LargeBinary))
    op.drop_column("impact", "result")
    _seal_all()
    op.create_index("ix_encounter_person", "encounter", ["person"])
    op.drop_index("ix_encounter_date_of_birth", "encounter")
    op.drop_column("encounter", "search_name")
    with op.batch_alter_table("screening") as batch:
        batch.alter_column("encounter_id", existing_type=sa.String(36), nullable=False)
        batch.create_foreign_key("screening_of_encounter", "encounter", ["encounter_id"], ["id"])
    op.create_index("ix_screening_encounter_id", "screening", ["encounter_id"])
    with op.batch_alter_table("alert") as batch:
        batch.drop_constraint("alert_once", type_="unique")
        batch.drop_column("rule")
        batch.drop_column("is_private")
        batch.create_unique_constraint("alert_once", ["encounter_id", "token", "priority"])
    for table, (_, _, columns) in SEALED.items():
        for name in columns if table != "alert" else ():
            op.drop_column(table, name)
    if op.get_bind().dialect.name == "postgresql":  # else what was dropped, and each row as it was, stays in its files
        for table in SEALED:
            op.execute(f"CLUSTER {table} USING {table}_pkey")


def _seal_all() -> None:
    connection, ring = op.get_bind(), op.get_context().config.attributes["keys"]  # type: ignore[union-attr]
    ids = list(connection.scalars(sa.text("SELECT id FROM encounter ORDER BY id")))
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        known = ring.read(some)  # from a migration that was cut off
        ring.make([one for one in some if one not in known])
        ciphers = ring.read(some)
        for table in SEALED:
            _seal(connection, table, ciphers)
        _tokens(connection, ring.search_key, some)


def _seal(connection: sa.Connection, name: str, ciphers: dict[str, Cipher]) -> None:
    identity, owner, columns = SEALED[name]
    plain: list[sa.ColumnClause[Any]] = [sa.column(column, TYPES[kind]) for column, kind in columns.items()]
    sealed = [sa.column(f"{column}_sealed", sa.LargeBinary()) for column in columns]
    ids: list[sa.ColumnClause[Any]] = [sa.column(part) for part in dict.fromkeys((*identity, owner))]
    table = sa.table(name, *ids, *plain, *sealed)
    for row in connection.execute(sa.select(*ids, *plain).where(table.c[owner].in_(ciphers))).mappings().all():
        cipher, told = ciphers[row[owner]], "/".join(str(row[part]) for part in identity)
        values = {
            f"{column}_sealed": cipher.seal(_written(row[column], kind), f"{name} {told} {column}")
            for column, kind in columns.items()
            if row[column] is not None
        }
        if values:
            mine = (table.c[part] == row[part] for part in identity)
            connection.execute(sa.update(table).where(*mine).values(values))


def _written(value: Any, kind: str) -> bytes:
    if kind == PLAIN:
        return bytes(value)
    if kind == MOMENT:
        return (value.isoformat() if value.tzinfo else f"{value.isoformat()}+00:00").encode()
    return (json.dumps(value, separators=(",", ":")) if kind == JSON else str(value)).encode()


def _tokens(connection: sa.Connection, key: bytes, ids: list[str]) -> None:
    encounter = sa.table("encounter", *map(sa.column, ("id", "patient_name", "date_of_birth", "person")))
    alert = sa.table("alert", *map(sa.column, ("id", "encounter_id", "rule", "token")))
    name_token = sa.table("name_token", *map(sa.column, ("token", "encounter_id")))
    patients = sa.select(encounter.c.id, encounter.c.patient_name, encounter.c.date_of_birth)
    for one, name, born in connection.execute(patients.where(encounter.c.id.in_(ids))).all():
        person = token(key, "person", f"{_folded(name)}\0{born}")
        connection.execute(sa.update(encounter).where(encounter.c.id == one).values(person=person))
        found = [{"token": token(key, "name", beginning), "encounter_id": one} for beginning in _beginnings(name)]
        connection.execute(sa.insert(name_token), found)
    raised = sa.select(alert.c.id, alert.c.encounter_id, alert.c.rule).where(alert.c.encounter_id.in_(ids))
    for one, encounter_id, rule in connection.execute(raised).all():
        value = token(key, "alert", f"{encounter_id} {rule}")
        connection.execute(sa.update(alert).where(alert.c.id == one).values(token=value))


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())


def _beginnings(name: str) -> Iterable[str]:
    whole = _folded(name).split()
    parts = (part for word in whole for part in "".join(c if c.isalnum() else " " for c in word).split())
    return {word[:length] for word in {*whole, *parts} for length in range(1, min(len(word), LONGEST_BEGINNING) + 1)}


def downgrade() -> None:
    """What was sealed is not put back in clear."""
    raise NotImplementedError("sealed columns cannot be taken back; restore a backup from before")
