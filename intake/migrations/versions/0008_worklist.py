"""The worklist's columns, emergencies, and when a mail was last tried."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
RANKS = ("emergency", "same_day", "soon", "routine", "note")
NOT_URGENT = 9


def upgrade() -> None:
    """Add the tables and columns, and fill them from what is stored."""
    op.create_table(
        "emergency",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("encounter_id", sa.String(36), sa.ForeignKey("encounter.id"), nullable=False, index=True),
        sa.Column("cause", sa.String(20), nullable=False),
        sa.Column("raised_at", MOMENT, nullable=False),
        sa.Column("taken_at", MOMENT, index=True),
        sa.Column("taken_by", sa.String(36)),
    )
    op.add_column("encounter", sa.Column("search_name", sa.String(200), nullable=False, server_default=""))
    op.add_column("encounter", sa.Column("urgency", sa.Integer, nullable=False, server_default=str(NOT_URGENT)))
    op.add_column("encounter", sa.Column("flag_count", sa.Integer))
    op.add_column("mail", sa.Column("tried_at", MOMENT))
    op.create_index("mail_unsent", "mail", ["sent_at", "dropped_at"])
    op.create_index(
        "response_on_worklist", "response", ["encounter_id", "sent_at", "started_at", "opened_at", "opened_by", "id"]
    )
    _fill()


def _fill() -> None:
    """What the columns would hold had they always been there. Emergencies of before are not called out anew."""
    connection = op.get_bind()
    encounter = sa.table(
        "encounter",
        *(sa.column(name) for name in ("id", "patient_name", "search_name", "urgency", "flag_count")),
    )
    alert = sa.table("alert", sa.column("encounter_id"), sa.column("priority"))
    response = sa.table("response", sa.column("id"), sa.column("encounter_id"))
    screening = sa.table("screening", sa.column("response_id"), sa.column("result", sa.JSON))
    alerts: dict[str, int] = {}
    for encounter_id, priority in connection.execute(sa.select(alert.c.encounter_id, alert.c.priority)):
        alerts[encounter_id] = min(alerts.get(encounter_id, NOT_URGENT), RANKS.index(priority))
    for encounter_id, name in connection.execute(sa.select(encounter.c.id, encounter.c.patient_name)).all():
        values = {"search_name": _as_searched(name), "urgency": alerts.get(encounter_id, NOT_URGENT)}
        connection.execute(encounter.update().where(encounter.c.id == encounter_id).values(values))
    screened = sa.select(response.c.encounter_id, screening.c.result).join(
        screening, screening.c.response_id == response.c.id
    )
    for encounter_id, result in connection.execute(screened).all():
        ranks = [RANKS.index(one["priority"]) for one in result["outcomes"].values() if one.get("priority")]
        values = {"urgency": min(ranks, default=NOT_URGENT), "flag_count": len(ranks)}
        connection.execute(encounter.update().where(encounter.c.id == encounter_id).values(values))


def _as_searched(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))[:200]


def downgrade() -> None:
    """Drop what was added."""
    op.drop_index("response_on_worklist", "response")
    op.drop_index("mail_unsent", "mail")
    op.drop_column("mail", "tried_at")
    for name in ("flag_count", "urgency", "search_name"):
        op.drop_column("encounter", name)
    op.drop_table("emergency")
