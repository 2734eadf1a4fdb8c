"""Corrections: answers that a patient changes after sending them, until a clinician opens the summary."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ADDED = (("correction", sa.JSON), ("first_sent_at", sa.DateTime(timezone=True)))


def upgrade() -> None:
    """Add the columns one by one: making the table anew would need its rows' references to be let go."""
    for name, kind in ADDED:
        op.add_column("response", sa.Column(name, kind))


def downgrade() -> None:
    """Drop what was added."""
    for name, _ in ADDED:
        op.drop_column("response", name)
