"""Whose encounter it is about that staff typed and did not save, so that erasing takes it along."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was typed before is dropped, since nobody knows what it is about."""
    op.execute("DELETE FROM kept_form")
    op.add_column("kept_form", sa.Column("encounter_id", sa.String(36)))
    op.create_index("ix_kept_form_encounter_id", "kept_form", ["encounter_id"])


def downgrade() -> None:
    """Drop the column, and what cannot be opened without it."""
    op.execute("DELETE FROM kept_form")
    op.drop_index("ix_kept_form_encounter_id", "kept_form")
    op.drop_column("kept_form", "encounter_id")
