"""Reviews of summaries, and what was signed."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables, and look patients up by their date of birth."""
    op.create_table(
        "review",
        sa.Column("encounter_id", sa.String(36), sa.ForeignKey("encounter.id"), primary_key=True),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("saved_at", MOMENT, nullable=False),
        sa.Column("saved_by", sa.String(36), sa.ForeignKey("staff.id"), nullable=False),
    )
    op.create_table(
        "signed_summary",
        sa.Column("encounter_id", sa.String(36), sa.ForeignKey("encounter.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("signed_at", MOMENT, nullable=False),
        sa.Column("signed_by", sa.String(36), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("signature", sa.String(400), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("basis", sa.String(64), nullable=False),
        sa.Column("pdf", sa.LargeBinary, nullable=False),
        sa.Column("pdf_sha256", sa.String(64), nullable=False),
    )
    op.create_index("ix_encounter_date_of_birth", "encounter", ["date_of_birth"])


def downgrade() -> None:
    """Drop what was made."""
    op.drop_index("ix_encounter_date_of_birth", "encounter")
    op.drop_table("signed_summary")
    op.drop_table("review")
