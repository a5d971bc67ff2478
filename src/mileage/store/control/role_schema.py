"""The table of granted roles, as it is after the last migration."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from mileage.store.control.schema import MEMBERSHIP, METADATA

# ``department`` is '' for a role that is of none. ``revoked_at`` ends a grant from the
# next request on; a role granted again is another row.
ROLE_GRANT = Table(
    "role_grant",
    METADATA,
    Column("grant_id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("account.account_id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("granted_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Index("role_grant_account", "account_id"),
)

# Who is below whom is asked for single people, at every read about somebody else.
Index("membership_manager", MEMBERSHIP.c.manager)
Index("membership_department", MEMBERSHIP.c.department, MEMBERSHIP.c.team)
