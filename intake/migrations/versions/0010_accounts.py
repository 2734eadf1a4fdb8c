"""How staff sign in: passwords, second factors, tries that are counted, and forms kept over a sign-in."""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TABLES = ("kept_form", "tally", "passkey", "account")


def upgrade() -> None:
    """Make the tables; members of staff who are there get an account that a link opens."""
    account = op.create_table(
        "account",
        sa.Column("staff_id", sa.String(36), sa.ForeignKey("staff.id"), primary_key=True),
        sa.Column("stamp", sa.String(64), nullable=False, unique=True),
        sa.Column("email", sa.String(254), unique=True),
        sa.Column("password", sa.Text),
        sa.Column("totp_secret", sa.Text),
        sa.Column("totp_counter", sa.Integer),
        sa.Column("recovery_codes", sa.JSON, nullable=False),
        sa.Column("link_number", sa.Integer, nullable=False),
        sa.Column("is_invented", sa.Boolean, nullable=False),
        sa.Column("signed_in_at", MOMENT),
    )
    members = op.get_bind().execute(sa.text("SELECT id FROM staff")).scalars().all()
    op.bulk_insert(
        account,
        [
            {"staff_id": one, "stamp": uuid4().hex, "recovery_codes": [], "link_number": 0, "is_invented": False}
            for one in members
        ],
    )
    op.create_table(
        "passkey",
        sa.Column("id", sa.String(1400), primary_key=True),
        sa.Column("staff_id", sa.String(36), sa.ForeignKey("account.staff_id"), nullable=False, index=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.Integer, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
    )
    op.create_table(
        "tally",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("since", MOMENT, nullable=False, index=True),
        sa.Column("until", MOMENT),
    )
    op.create_table(
        "kept_form",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("staff_id", sa.String(36), sa.ForeignKey("staff.id"), nullable=False, index=True),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("kept_at", MOMENT, nullable=False),
    )


def downgrade() -> None:
    """Drop what was added."""
    for name in TABLES:
        op.drop_table(name)
