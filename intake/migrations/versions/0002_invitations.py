"""Invitations that end, lock and are cancelled; mails to be sent; jobs that fail; alerts."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ADDED = (
    ("email", sa.String(254)),
    ("phone", sa.String(40)),
    ("expires_at", MOMENT),
    ("locked_at", MOMENT),
    ("cancelled_at", MOMENT),
)
COUNTERS = ("link_number", "wrong_tries")


LINKS_OF_BEFORE = timedelta(days=30)  # how long those go on working that had no end


def upgrade() -> None:
    """Add columns one by one: making the table anew would need its rows' references to be let go."""
    for name, kind in ADDED:
        op.add_column("encounter", sa.Column(name, kind))
    encounter = sa.table("encounter", sa.column("expires_at", MOMENT))
    op.execute(encounter.update().values(expires_at=datetime.now(UTC) + LINKS_OF_BEFORE))
    for name in COUNTERS:
        op.add_column("encounter", sa.Column(name, sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "mail",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("key", sa.String(120), nullable=False, unique=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("encounter_id", sa.String(36), sa.ForeignKey("encounter.id"), nullable=False, index=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.Column("dropped_at", MOMENT),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("problem", sa.String(200)),
    )
    op.create_table(
        "stuck_job",
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("job_id", sa.String(120), primary_key=True),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("tried_at", MOMENT, nullable=False),
        sa.Column("problem", sa.String(200), nullable=False),
        sa.Column("given_up_at", MOMENT),
    )
    op.create_table(
        "alert",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("encounter_id", sa.String(36), sa.ForeignKey("encounter.id"), nullable=False, index=True),
        sa.Column("rule", sa.String(40), nullable=False),
        sa.Column("priority", sa.String(20), nullable=False),
        sa.Column("is_private", sa.Boolean, nullable=False),
        sa.Column("raised_at", MOMENT, nullable=False),
        sa.UniqueConstraint("encounter_id", "rule", "priority", name="alert_once"),
    )


def downgrade() -> None:
    """Drop what was added."""
    op.drop_table("alert")
    op.drop_table("stuck_job")
    op.drop_table("mail")
    for name in (*COUNTERS, *(name for name, _ in ADDED)):
        op.drop_column("encounter", name)
