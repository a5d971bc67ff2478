"""Tables of signing in and of provisioning, as they are after the last migration."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text
from sqlalchemy.types import LargeBinary

from mileage.store.control.schema import METADATA

# Of local administrators only; everybody else is known by the identity provider.
LOCAL_PASSWORD = Table(
    "local_password",
    METADATA,
    Column("account_id", Text, ForeignKey("account.account_id"), primary_key=True),
    Column("hash", Text, nullable=False),
    Column("set_at", BigInteger, nullable=False),
)

# ``name`` is the hash of the address that was tried, whether anybody has it or not.
PASSWORD_ATTEMPT = Table(
    "password_attempt",
    METADATA,
    Column("attempt_id", Integer, primary_key=True),
    Column("name", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("password_attempt_at", "at"),
)

# Whom an identity provider means by a subject; an address may pass to somebody else.
OIDC_SUBJECT = Table(
    "oidc_subject",
    METADATA,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("account.account_id"), nullable=False),
    Column("linked_at", BigInteger, nullable=False),
)

# What a directory service keeps here of its users and groups; ``document`` is the
# resource as it was sent, without what other columns hold.
PROVISIONED = Table(
    "provisioned",
    METADATA,
    Column("resource_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    # The name that must be unique in its kind, in lower case.
    Column("name", Text, nullable=False),
    Column("account_id", Text, ForeignKey("account.account_id")),
    Column("document", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Index("provisioned_name", "kind", "name", unique=True),
    Index("provisioned_account", "account_id"),
)

PROVISIONED_MEMBER = Table(
    "provisioned_member",
    METADATA,
    Column("group_id", Text, ForeignKey("provisioned.resource_id"), primary_key=True),
    Column("member_id", Text, primary_key=True),
    Index("provisioned_member_of", "member_id"),
)
