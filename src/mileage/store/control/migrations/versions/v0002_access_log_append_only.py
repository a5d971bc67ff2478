"""Index what is looked up by person; let nobody rewrite the access log."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add two indexes and the triggers that keep access rows as they were."""
    op.create_index("membership_account", "membership", ["account_id", "superseded_at"])
    op.create_index("access_row_subject", "access_row", ["subject", "row_id"])
    op.execute(
        "CREATE TRIGGER access_row_unchanged BEFORE UPDATE ON access_row "
        "BEGIN SELECT RAISE(ABORT, 'access rows are append-only'); END"
    )
    op.execute(
        "CREATE TRIGGER access_row_kept BEFORE DELETE ON access_row "
        "BEGIN SELECT RAISE(ABORT, 'access rows are append-only'); END"
    )
