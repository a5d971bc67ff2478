"""Who has done which training."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "training",
        sa.Column(
            "account_id",
            sa.Text,
            sa.ForeignKey("account.account_id"),
            primary_key=True,
        ),
        sa.Column("training", sa.Text, primary_key=True),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
    )
