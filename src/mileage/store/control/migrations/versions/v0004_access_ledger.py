"""Whom a read named and how it came, signed checkpoints, the dark switch."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

APPEND_ONLY = (("unchanged", "UPDATE"), ("kept", "DELETE"))


def _append_only(table: str) -> None:
    for name, change in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_{name} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _access_rows() -> None:
    for name in ("named", "through"):
        column = sa.Column(name, sa.Text, nullable=False, server_default="")
        op.add_column("access_row", column)
    op.create_index("access_row_named", "access_row", ["named", "row_id"])
    op.create_index("access_row_viewer", "access_row", ["viewer", "row_id"])
    op.create_table(
        "named_account",
        sa.Column("named", sa.Text, primary_key=True),
        sa.Column("account_id", sa.Text, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("named_account_account", "named_account", ["account_id", "named"])
    _append_only("named_account")


def _checkpoints() -> None:
    op.create_table(
        "checkpoint",
        sa.Column("log", sa.Text, primary_key=True),
        sa.Column("size", sa.Integer, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
    _append_only("checkpoint")


def _darkness() -> None:
    op.create_table(
        "darkness",
        sa.Column("incident", sa.Integer, primary_key=True),
        sa.Column("began_at", sa.BigInteger, nullable=False),
        sa.Column("began_by", sa.Text, nullable=False),
        sa.Column("began_name", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("asked_at", sa.BigInteger),
        sa.Column("asked_by", sa.Text),
        sa.Column("asked_name", sa.Text),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("ended_by", sa.Text),
        sa.Column("ended_name", sa.Text),
    )


def upgrade() -> None:
    """Add two columns and three tables."""
    _access_rows()
    _checkpoints()
    _darkness()
