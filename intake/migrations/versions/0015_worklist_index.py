"""An index that holds all that the worklist sorts and counts by, so that it need not go past names and addresses."""

from alembic import op

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    columns = ["id", "appointment_at", "urgency", "cancelled_at", "expires_at", "created_at"]
    op.create_index("encounter_on_worklist", "encounter", columns)


def downgrade() -> None:
    """Drop it."""
    op.drop_index("encounter_on_worklist", "encounter")
