"""What the patient's pages remember: that they were left quickly, and that the patient asked for help."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ADDED = ("left_quickly_at", "help_wanted_at")


def upgrade() -> None:
    """Add columns one by one: making the table anew would need its rows' references to be let go."""
    for name in ADDED:
        op.add_column("response", sa.Column(name, sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Drop what was added."""
    for name in ADDED:
        op.drop_column("response", name)
