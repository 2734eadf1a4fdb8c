"""What still waits to be screened or handed over, in indices of those few rows alone."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0017"
branch_labels = None
depends_on = None

WAITING = (("response", "unscreened"), ("signed_summary", "unhanded"))


def upgrade() -> None:
    """Add the columns, fill them, and make the indices."""
    for table, what in WAITING:
        op.add_column(table, sa.Column(f"{what}_since", sa.DateTime(timezone=True)))
    op.execute(
        "UPDATE response SET unscreened_since = sent_at WHERE NOT EXISTS"
        " (SELECT 1 FROM screening WHERE screening.response_id = response.id)"
    )
    op.execute(
        "UPDATE signed_summary SET unhanded_since = signed_at WHERE NOT EXISTS"
        " (SELECT 1 FROM signed_summary AS later WHERE later.encounter_id = signed_summary.encounter_id"
        " AND later.number > signed_summary.number) AND NOT EXISTS"
        " (SELECT 1 FROM hand_over WHERE hand_over.encounter_id = signed_summary.encounter_id"
        " AND hand_over.number = signed_summary.number"
        " AND (hand_over.done_at IS NOT NULL OR hand_over.refused_at IS NOT NULL))"
    )
    for table, what in WAITING:
        is_set = sa.text(f"{what}_since IS NOT NULL")
        column = f"{what}_since"
        op.create_index(f"{table}_{what}", table, [column], sqlite_where=is_set, postgresql_where=is_set)


def downgrade() -> None:
    """Take them away."""
    for table, what in WAITING:
        op.drop_index(f"{table}_{what}", table)
        op.drop_column(table, f"{what}_since")
