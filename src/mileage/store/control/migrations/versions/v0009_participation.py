"""How people choose to stand on boards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add a table and its index."""
    op.create_table(
        "participation",
        sa.Column(
            "account_id",
            sa.Text,
            sa.ForeignKey("account.account_id"),
            primary_key=True,
        ),
        sa.Column("choice", sa.Text),
        sa.Column("stated", sa.Boolean, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
    op.create_index("participation_changed", "participation", ["changed_at"])
