"""The tables of the control plane, as they are after the last migration.

Instants are UTC microseconds since 1970 (``*_at``), days are local dates.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

METADATA = MetaData()


def _account(*, required: bool) -> Column[str]:
    return Column(
        "account_id", Text, ForeignKey("account.account_id"), nullable=not required
    )


ACCOUNT = Table(
    "account",
    METADATA,
    Column("account_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text, unique=True),
    Column("created_at", BigInteger, nullable=False),
    # Since when nothing of it opens anything: no session, key or token.
    Column("disabled_at", BigInteger),
    # ``domain.people.found_by``: SQLite folds letters of English alone.
    Column("found_by", Text, nullable=False, server_default=""),
    Index("account_found_by", "found_by", "account_id"),
)

# An e-mail, ``installation:…`` or ``collector:NAME``, always in lower case.
IDENTITY = Table(
    "identity",
    METADATA,
    Column("value", Text, primary_key=True),
    _account(required=True),
    Column("created_at", BigInteger, nullable=False),
    Index("identity_account", "account_id"),
)

# Two times: ``since``/``until`` is when it was so in the organisation (days, both
# included), ``recorded_at``/``superseded_at`` when Mileage believed it (half-open).
MEMBERSHIP = Table(
    "membership",
    METADATA,
    Column("membership_id", Integer, primary_key=True),
    _account(required=True),
    Column("department", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("manager", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("since", Date),
    Column("until", Date),
    Column("recorded_at", BigInteger, nullable=False),
    Column("superseded_at", BigInteger),
    Index("membership_account", "account_id", "superseded_at"),
)

TOKEN = Table(
    "token",
    METADATA,
    Column("token_id", Text, primary_key=True),
    Column("hash", LargeBinary, nullable=False, unique=True),
    _account(required=False),
    Column("collector", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("last_used_at", BigInteger),
    # When it was first refused for being over: noted once.
    Column("outlived_at", BigInteger),
    # Null takes what the settings say, 0 is no limit.
    Column("requests", Integer),
    Column("records", Integer),
    # Domains that a collector may name people of, by spaces; '' is no bound.
    Column("domains", Text, nullable=False, server_default=""),
)

# Secrets that a rotation has replaced, each good until its own end.
FORMER_SECRET = Table(
    "former_secret",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    Column("token_id", Text, ForeignKey("token.token_id"), nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Index("former_secret_token", "token_id"),
)

API_KEY = Table(
    "api_key",
    METADATA,
    Column("key_id", Text, primary_key=True),
    Column("hash", LargeBinary, nullable=False, unique=True),
    _account(required=True),
    Column("scope", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("expires_at", BigInteger),
    Column("last_used_at", BigInteger),
)

SIGN_IN_LINK = Table(
    "sign_in_link",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    _account(required=False),
    Column("operator", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)

# ``key_id`` is the key that opened the session, which ends with it.
SESSION = Table(
    "session",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    _account(required=False),
    Column("operator", Boolean, nullable=False),
    Column("key_id", Text, ForeignKey("api_key.key_id")),
    Column("created_at", BigInteger, nullable=False),
    Column("last_seen_at", BigInteger, nullable=False),
    Column("idle_limit", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    # By which it is listed and ended; it opens nothing.
    Column("session_id", Text, nullable=False, server_default=""),
    Column("method", Text, nullable=False, server_default=""),
    Column("device", Text, nullable=False, server_default=""),
    # What the identity provider calls the person and this session.
    Column("subject", Text, nullable=False, server_default=""),
    Column("provider_session", Text, nullable=False, server_default=""),
    # The groups that it named, as far as the policy knows them, as JSON.
    Column("provider_groups", Text, nullable=False, server_default="[]"),
    Index("session_id", "session_id", unique=True),
    Index("session_account", "account_id"),
)

# Append-only: triggers refuse to change or delete a row.
ACCESS_ROW = Table(
    "access_row",
    METADATA,
    Column("row_id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("viewer", Text, nullable=False),
    Column("viewer_name", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("report", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("subjects", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    # The set of accounts that the answer named; '' when it is the subject, or anybody.
    Column("named", Text, nullable=False, server_default=""),
    Column("through", Text, nullable=False, server_default=""),
    Index("access_row_subject", "subject", "row_id"),
    Index("access_row_named", "named", "row_id"),
    Index("access_row_viewer", "viewer", "row_id"),
)

# Who changed what about access. Append-only, as above; ids, never names or secrets.
AUDIT_ROW = Table(
    "audit_row",
    METADATA,
    Column("row_id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("actor_name", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
)

META = Table(
    "meta",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
