"""Whom a read named is filed by account beside the pages, no longer before them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

APPEND_ONLY = (("unchanged", "UPDATE"), ("kept", "DELETE"))


def upgrade() -> None:
    """Swap an index for a table that is filled later, from the first row on."""
    op.drop_index("named_account_account", "named_account")
    op.create_table(
        "account_set",
        sa.Column("account_id", sa.Text, primary_key=True),
        sa.Column("named", sa.Text, primary_key=True),
        sqlite_with_rowid=False,
    )
    for name, change in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER account_set_{name} BEFORE {change} ON account_set "
            "BEGIN SELECT RAISE(ABORT, 'account_set is append-only'); END"
        )
