"""The identities of an account are found by an index: managers are named by them."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add an index."""
    op.create_index("identity_account", "identity", ["account_id"])
