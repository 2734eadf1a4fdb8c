"""Indices by which each counted view of the worklist finds its patients without looking at all others."""

from alembic import op

revision = "0018"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them; the one by appointment holds more than the one before."""
    op.drop_index("ix_encounter_appointment_at", "encounter")
    op.create_index("encounter_to_come", "encounter", ["appointment_at", "expires_at", "id"])
    op.create_index("encounter_urgent", "encounter", ["urgency", "id"])
    op.create_index("response_unread", "response", ["opened_at", "sent_at", "encounter_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("response_unread", "response")
    op.drop_index("encounter_urgent", "encounter")
    op.drop_index("encounter_to_come", "encounter")
    op.create_index("ix_encounter_appointment_at", "encounter", ["appointment_at"])
