"""Tables of the access ledger beside its rows, and of the dark switch."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table, Text

from mileage.store.control.schema import METADATA

# Whom an access row has named: sets by the SHA-256 of their members, each stored
# once, because thousands look at one board. Append-only.
NAMED_ACCOUNT = Table(
    "named_account",
    METADATA,
    Column("named", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    sqlite_with_rowid=False,
)

# The same the other way round, of the access rows up to ``INDEXED`` (in ``meta``).
# Filled beside the pages: 250 names are 250 places in it, and each place is a block
# to write. Append-only.
ACCOUNT_SET = Table(
    "account_set",
    METADATA,
    Column("account_id", Text, primary_key=True),
    Column("named", Text, primary_key=True),
    sqlite_with_rowid=False,
)

# Signed heads of the two logs (``access_row``, ``audit_row``). Append-only.
CHECKPOINT = Table(
    "checkpoint",
    METADATA,
    Column("log", Text, primary_key=True),
    Column("size", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    # The hashes of the perfect subtrees that the first ``size`` entries make up.
    Column("frontier", LargeBinary, nullable=False),
    # The signed note as it is sent outside.
    Column("note", Text, nullable=False),
)

# One row a time in the dark; ``ended_at`` is null while it lasts.
DARKNESS = Table(
    "darkness",
    METADATA,
    Column("incident", Integer, primary_key=True),
    Column("began_at", BigInteger, nullable=False),
    Column("began_by", Text, nullable=False),
    Column("began_name", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_at", BigInteger),
    Column("asked_by", Text),
    Column("asked_name", Text),
    Column("ended_at", BigInteger),
    Column("ended_by", Text),
    Column("ended_name", Text),
)
