"""Titles and tiers that people have and had."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add three tables and their indexes."""
    account = sa.ForeignKey("account.account_id")
    op.create_table(
        "award",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("account_id", sa.Text, account, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("began_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("lapsed_at", sa.BigInteger),
    )
    op.create_index("award_account", "award", ["account_id"])
    op.create_index("award_ended", "award", ["ended_at"])
    op.create_table(
        "award_choice",
        sa.Column(
            "account_id",
            sa.Text,
            sa.ForeignKey("account.account_id"),
            primary_key=True,
        ),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("declined", sa.Boolean, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
    op.create_index("award_choice_changed", "award_choice", ["changed_at"])
    op.create_table(
        "tier_reference",
        sa.Column("start", sa.BigInteger, primary_key=True),
        sa.Column("rules", sa.Text, primary_key=True),
        sa.Column("bounds", sa.Text, nullable=False),
        sa.Column("length", sa.BigInteger, nullable=False),
    )
