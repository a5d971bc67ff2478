"""By what somebody is found: name and address, folded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add a column, fill it, and list accounts by it."""
    op.add_column(
        "account", sa.Column("found_by", sa.Text, nullable=False, server_default="")
    )
    names = ("account_id", "name", "email", "found_by")
    account, bind = sa.table("account", *map(sa.column, names)), op.get_bind()
    told = sa.select(account.c.account_id, account.c.name, account.c.email)
    found_by = [
        {"which": which, "text": f"{name or email or ''} {email or ''}".casefold()}
        for which, name, email in bind.execute(told)
    ]
    if found_by:
        mine = account.c.account_id == sa.bindparam("which")
        filled = sa.update(account).where(mine).values(found_by=sa.bindparam("text"))
        bind.execute(filled, found_by)
    op.create_index("account_found_by", "account", ["found_by", "account_id"])
