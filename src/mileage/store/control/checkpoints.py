"""The entries of the two logs as they are hashed, and their signed checkpoints."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import insert, select

from mileage.store.control.database import OnDatabase
from mileage.store.control.schema import ACCESS_ROW, AUDIT_ROW
from mileage.store.control.trust_schema import CHECKPOINT, NAMED_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Table

PAGE = 5000
ENTRIES: Mapping[str, tuple[Table, tuple[str, ...]]] = MappingProxyType(
    {
        # What is hashed of an entry stays what it was: a new column is not in here.
        "access": (
            ACCESS_ROW,
            (
                *("row_id", "at", "viewer", "viewer_name", "purpose", "report"),
                *("subject", "subjects", "detail", "named", "through"),
            ),
        ),
        "changes": (
            AUDIT_ROW,
            ("row_id", "at", "actor", "actor_name", "action", "subject", "detail"),
        ),
    }
)
LOGS = tuple(ENTRIES)


class StoredCheckpoint(NamedTuple):
    """A checkpoint as this data directory keeps it."""

    size: int
    at: int
    frontier: bytes
    note: str


class Checkpoints(OnDatabase):
    """Append-only, like the logs."""

    def log_entries(self, log: str, after: int = 0) -> Iterator[tuple[Any, ...]]:
        """Walk through a log's entries in the order of their numbers."""
        table, names = ENTRIES[log]
        columns = [table.c[name] for name in names]
        while True:
            wanted = select(*columns).where(table.c.row_id > after)
            wanted = wanted.order_by(table.c.row_id).limit(PAGE)
            with self._database.reading() as connection:
                rows = connection.execute(wanted).all()
            for row in rows:
                yield tuple(row)
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    def checkpoints(self, log: str) -> tuple[StoredCheckpoint, ...]:
        """List a log's checkpoints, the oldest first."""
        wanted = select(
            *(CHECKPOINT.c.size, CHECKPOINT.c.at),
            *(CHECKPOINT.c.frontier, CHECKPOINT.c.note),
        )
        wanted = wanted.where(CHECKPOINT.c.log == log).order_by(CHECKPOINT.c.size)
        with self._database.reading() as connection:
            rows = connection.execute(wanted)
            return tuple(StoredCheckpoint(*map(_plain, row)) for row in rows)

    def add_checkpoint(self, log: str, made: StoredCheckpoint) -> None:
        """Keep a checkpoint; another process may have made the same one."""
        values = {"log": log, **made._asdict()}
        known = (CHECKPOINT.c.log == log) & (CHECKPOINT.c.size == made.size)
        with self._database.writing() as connection:
            if connection.execute(select(CHECKPOINT.c.size).where(known)).first():
                return
            connection.execute(insert(CHECKPOINT).values(values))

    def named_sets(self) -> Iterator[tuple[str, list[str]]]:
        """Walk through the sets that access rows refer to: name and members."""
        order = select(NAMED_ACCOUNT).order_by(
            NAMED_ACCOUNT.c.named, NAMED_ACCOUNT.c.account_id
        )
        name, members = "", list[str]()
        with self._database.reading() as connection:
            for named, account_id in connection.execute(order):
                if named != name and members:
                    yield name, members
                    members = []
                name = named
                members.append(account_id)
        if members:
            yield name, members


def _plain(value: Any) -> Any:  # noqa: ANN401 (a column's)
    return bytes(value) if isinstance(value, memoryview) else value
