"""Drafts of rule sets, and a record of every publication."""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables; what was published so far came with the product."""
    op.create_table(
        "draft",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False, unique=True),
        sa.Column("base_hash", sa.String(64), sa.ForeignKey("rule_set.hash"), nullable=False),
        sa.Column("changes", sa.JSON, nullable=False),
        sa.Column("changed_by", sa.String(36), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("approved_hash", sa.String(64)),
        sa.Column("approved_by", sa.String(36)),
    )
    publication = op.create_table(
        "publication",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("rule_set_hash", sa.String(64), sa.ForeignKey("rule_set.hash"), nullable=False),
        sa.Column("from_hash", sa.String(64), sa.ForeignKey("rule_set.hash")),
        sa.Column("published_at", MOMENT, nullable=False),
        sa.Column("how", sa.String(20), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("published_by", sa.String(36)),
        sa.Column("approved_by", sa.String(36)),
    )
    op.create_index("ix_publication_published_at", "publication", ["published_at"])
    before = None
    rule_set = sa.table("rule_set", sa.column("hash", sa.String), sa.column("published_at", MOMENT))
    for row in op.get_bind().execute(sa.select(rule_set).order_by(rule_set.c.published_at)).all():
        values = {"id": str(uuid4()), "rule_set_hash": row.hash, "from_hash": before, "published_at": row.published_at}
        op.get_bind().execute(publication.insert().values(**values, how="installed", name="", note=""))
        before = row.hash


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("publication")
    op.drop_table("draft")
