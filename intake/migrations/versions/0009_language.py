"""The language that a patient is written to in."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; patients who are there already are written to in English."""
    op.add_column("encounter", sa.Column("language", sa.String(8), nullable=False, server_default="en"))


def downgrade() -> None:
    """Drop what was added."""
    op.drop_column("encounter", "language")
