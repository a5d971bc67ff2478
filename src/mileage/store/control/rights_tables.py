"""The tables of what people asked for about their own data."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from mileage.store.control.schema import METADATA

PERSON_REQUEST = Table(
    "person_request",
    METADATA,
    Column("request_id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("account.account_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("filed_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("answered_at", BigInteger),
    Column("answered_by", Text, nullable=False, server_default=""),
    Column("answer", Text, nullable=False, server_default=""),
    Index("person_request_account", "account_id", "state"),
)

# ``account_id`` is there while an erasure is under way, and null from its end on:
# then nothing leads from a tombstone to whom it stands for.
ERASURE = Table(
    "erasure",
    METADATA,
    Column("tombstone", Text, primary_key=True),
    Column("account_id", Text),
    # Addresses and the like, one a line; '' from the end on.
    Column("identities", Text, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
)
