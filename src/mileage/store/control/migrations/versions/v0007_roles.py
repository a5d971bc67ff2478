"""Granted roles; who is below whom, found without reading everybody."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add a table and two indexes."""
    op.create_table(
        "role_grant",
        sa.Column("grant_id", sa.Text, primary_key=True),
        sa.Column(
            "account_id", sa.Text, sa.ForeignKey("account.account_id"), nullable=False
        ),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("department", sa.Text, nullable=False),
        sa.Column("granted_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
    )
    op.create_index("role_grant_account", "role_grant", ["account_id"])
    # Addresses are compared as they are kept: in lower case, as everywhere.
    op.execute(
        "UPDATE membership SET manager = lower(manager) WHERE manager LIKE '%@%'"
    )
    op.create_index("membership_manager", "membership", ["manager"])
    op.create_index("membership_department", "membership", ["department", "team"])
