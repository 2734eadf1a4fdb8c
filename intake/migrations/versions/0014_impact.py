"""What a draft would do to past responses, worked out in the background."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0011"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "impact",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("before_hash", sa.String(64), sa.ForeignKey("rule_set.hash"), nullable=False),
        sa.Column("after_hash", sa.String(64), nullable=False),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("responses", sa.Integer, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("parts_done", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("done_at", MOMENT),
        sa.Column("result", sa.JSON),
    )
    op.create_index("impact_asked", "impact", ["before_hash", "after_hash", "asked_at"])
    op.create_index("ix_impact_done_at", "impact", ["done_at"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("impact")
