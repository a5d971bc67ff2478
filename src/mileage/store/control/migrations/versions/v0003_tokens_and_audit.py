"""Tokens that rotate, are limited and used; an audit row for each change of access."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def _tokens() -> None:
    for name in ("last_used_at", "outlived_at"):
        op.add_column("token", sa.Column(name, sa.BigInteger))
    for name in ("requests", "records"):
        op.add_column("token", sa.Column(name, sa.Integer))
    op.add_column(
        "token", sa.Column("domains", sa.Text, nullable=False, server_default="")
    )
    op.create_table(
        "former_secret",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("token_id", sa.Text, sa.ForeignKey("token.token_id"), nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
    )
    op.create_index("former_secret_token", "former_secret", ["token_id"])
    for name in ("expires_at", "last_used_at"):
        op.add_column("api_key", sa.Column(name, sa.BigInteger))


def _audit() -> None:
    op.create_table(
        "audit_row",
        sa.Column("row_id", sa.Integer, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("actor_name", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    for name, change in (("unchanged", "UPDATE"), ("kept", "DELETE")):
        op.execute(
            f"CREATE TRIGGER audit_row_{name} BEFORE {change} ON audit_row "
            "BEGIN SELECT RAISE(ABORT, 'audit rows are append-only'); END"
        )


def upgrade() -> None:
    """Add columns and two tables."""
    _tokens()
    _audit()
