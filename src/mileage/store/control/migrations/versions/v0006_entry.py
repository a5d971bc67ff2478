"""Sessions with a name, disabled accounts, passwords, subjects, provisioning."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def _sessions() -> None:
    for name in ("session_id", "method", "device", "subject", "provider_session"):
        op.add_column(
            "session", sa.Column(name, sa.Text, nullable=False, server_default="")
        )
    groups = sa.Column("provider_groups", sa.Text, nullable=False, server_default="[]")
    op.add_column("session", groups)
    # Sessions that are open stay open.
    op.execute("UPDATE session SET session_id = 'ses_' || lower(hex(randomblob(10)))")
    op.create_index("session_id", "session", ["session_id"], unique=True)
    op.create_index("session_account", "session", ["account_id"])
    op.add_column("account", sa.Column("disabled_at", sa.BigInteger))


def _account() -> sa.ForeignKey:
    return sa.ForeignKey("account.account_id")


def _entry() -> None:
    op.create_table(
        "local_password",
        sa.Column("account_id", sa.Text, _account(), primary_key=True),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("set_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "password_attempt",
        sa.Column("attempt_id", sa.Integer, primary_key=True),
        sa.Column("name", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("password_attempt_at", "password_attempt", ["at"])
    op.create_table(
        "oidc_subject",
        sa.Column("issuer", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("account_id", sa.Text, _account(), nullable=False),
        sa.Column("linked_at", sa.BigInteger, nullable=False),
    )


def _provisioning() -> None:
    op.create_table(
        "provisioned",
        sa.Column("resource_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text, _account()),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
    op.create_index("provisioned_name", "provisioned", ["kind", "name"], unique=True)
    op.create_index("provisioned_account", "provisioned", ["account_id"])
    op.create_table(
        "provisioned_member",
        sa.Column(
            "group_id",
            sa.Text,
            sa.ForeignKey("provisioned.resource_id"),
            primary_key=True,
        ),
        sa.Column("member_id", sa.Text, primary_key=True),
    )
    op.create_index("provisioned_member_of", "provisioned_member", ["member_id"])


def upgrade() -> None:
    """Add columns and tables; what is there stays."""
    _sessions()
    _entry()
    _provisioning()
