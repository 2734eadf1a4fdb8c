"""Staff by name, and who of them first opened a summary."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ADDED = (("opened_at", MOMENT), ("opened_by", sa.String(36)))


def upgrade() -> None:
    """Make the table; add columns one by one: making `response` anew would need its rows' references to be let go."""
    op.create_table(
        "staff",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False, unique=True),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    for name, kind in ADDED:
        op.add_column("response", sa.Column(name, kind))


def downgrade() -> None:
    """Drop what was added."""
    for name, _ in ADDED:
        op.drop_column("response", name)
    op.drop_table("staff")
