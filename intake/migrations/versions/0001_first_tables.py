"""The first tables: rule sets, encounters, responses, screenings."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "rule_set",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("published_at", moment, nullable=False, index=True),
    )
    op.create_table(
        "encounter",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("patient_name", sa.String(200), nullable=False),
        sa.Column("date_of_birth", sa.Date, nullable=False),
        sa.Column("appointment_at", moment, index=True),
        sa.Column("created_at", moment, nullable=False),
    )
    op.create_table(
        "response",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("encounter_id", sa.String(36), sa.ForeignKey("encounter.id"), nullable=False, unique=True),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.Column("help_shown", sa.JSON, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("sent_at", moment, index=True),
        sa.Column("rule_set_hash", sa.String(64), sa.ForeignKey("rule_set.hash")),
    )
    op.create_table(
        "screening",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("response_id", sa.String(36), sa.ForeignKey("response.id"), nullable=False, unique=True),
        sa.Column("rule_set_hash", sa.String(64), sa.ForeignKey("rule_set.hash"), nullable=False),
        sa.Column("result", sa.JSON, nullable=False),
        sa.Column("screened_at", moment, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables, last made first."""
    for table in ("screening", "response", "encounter", "rule_set"):
        op.drop_table(table)
