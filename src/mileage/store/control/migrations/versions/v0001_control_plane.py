"""Accounts, memberships, credentials, sessions and the access log.

Written out, not derived from ``schema``: a revision stays what it was.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _account(*, required: bool) -> sa.Column[str]:
    return sa.Column(
        "account_id",
        sa.Text,
        sa.ForeignKey("account.account_id"),
        nullable=not required,
    )


def _people() -> None:
    op.create_table(
        "account",
        sa.Column("account_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text, unique=True),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "identity",
        sa.Column("value", sa.Text, primary_key=True),
        _account(required=True),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "membership",
        sa.Column("membership_id", sa.Integer, primary_key=True),
        _account(required=True),
        sa.Column("department", sa.Text, nullable=False),
        sa.Column("team", sa.Text, nullable=False),
        sa.Column("manager", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("since", sa.Date),
        sa.Column("until", sa.Date),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("superseded_at", sa.BigInteger),
    )


def _credentials() -> None:
    op.create_table(
        "token",
        sa.Column("token_id", sa.Text, primary_key=True),
        sa.Column("hash", sa.LargeBinary, nullable=False, unique=True),
        _account(required=False),
        sa.Column("collector", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
    )
    op.create_table(
        "api_key",
        sa.Column("key_id", sa.Text, primary_key=True),
        sa.Column("hash", sa.LargeBinary, nullable=False, unique=True),
        _account(required=True),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
    )


def _sign_in() -> None:
    op.create_table(
        "sign_in_link",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        _account(required=False),
        sa.Column("operator", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger),
    )
    op.create_table(
        "session",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        _account(required=False),
        sa.Column("operator", sa.Boolean, nullable=False),
        sa.Column("key_id", sa.Text, sa.ForeignKey("api_key.key_id")),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("last_seen_at", sa.BigInteger, nullable=False),
        sa.Column("idle_limit", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )


def _records() -> None:
    op.create_table(
        "access_row",
        sa.Column("row_id", sa.Integer, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("viewer", sa.Text, nullable=False),
        sa.Column("viewer_name", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("report", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("subjects", sa.Integer, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )


def upgrade() -> None:
    """Create the first tables."""
    _people()
    _credentials()
    _sign_in()
    _records()
