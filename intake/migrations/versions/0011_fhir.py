"""What was handed over to the record system."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "hand_over",
        sa.Column("encounter_id", sa.String(36), sa.ForeignKey("encounter.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("tried_at", MOMENT, nullable=False),
        sa.Column("problem", sa.Text),
        sa.Column("refused_at", MOMENT),
        sa.Column("done_at", MOMENT),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("hand_over")
