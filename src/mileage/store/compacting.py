"""Writing the file of a ledger anew: rows by time, and no room that was freed.

A database reuses room and gives hardly any of it back, and rows lie as they came. Where
they came in any order, names of one hour are spread over all blocks and packed in each.
"""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.errors import Unavailable
from mileage.store.ledger import connected
from mileage.store.statements import run, said_plainly

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from mileage.store.ledger import Room

NAME = "compacted.duckdb"
"""Beside the ledger while it is written; statements know it by its stem."""
BY_TIME = "utc_hour, occurred_at"
SORTED = "plain_call"
OLD = "old.main"
SUMS = "count(*), sum(hash(*columns(*)))"


class Compacted(NamedTuple):
    """Bytes of the file."""

    before: int
    after: int


def compact(path: Path, room: Room) -> Compacted:
    """Put a copy in the place of a closed ledger, when both hold the same rows.

    Needs as much room as the copy takes; a crash leaves the ledger as it was. Raises
    Conflict when another process has the file, Unavailable when the disk refuses.
    """
    before = path.stat().st_size
    part = path.with_name(NAME)
    _remove(part)
    try:
        with closing(connected(part, room, enable_external_access=True)) as new:
            part.chmod(0o600)
            # Held until the copy is in its place: nobody appends to the old file.
            run(new, "compacting.attach", path=str(path))
            _copy(path, new)
            part.replace(path)
            _sync_folder(path.parent)
    finally:
        _remove(part)
    return Compacted(before, path.stat().st_size)


def _copy(path: Path, new: duckdb.DuckDBPyConnection) -> None:
    if path.with_name(f"{path.name}.wal").exists():
        message = f"{path} was not closed well; run `mileage verify` and try again"
        raise Unavailable(message)
    run(new, "compacting.schema")
    for (table,) in run(new, "compacting.tables"):
        with said_plainly():
            rows = new.table(f"{OLD}.{table}")
            ordered = rows.order(BY_TIME) if table == SORTED else rows
            ordered.insert_into(table)
            same = rows.aggregate(SUMS).fetchall() == (
                new.table(table).aggregate(SUMS).fetchall()
            )
        if not same:
            message = f"the copy of {table} is not what {path} holds; nothing changed"
            raise Unavailable(message)
    run(new, "checkpoint")


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _remove(part: Path) -> None:
    """Remove what an attempt left, here or at a crash."""
    for name in (part.name, f"{part.name}.wal"):
        part.with_name(name).unlink(missing_ok=True)
    shutil.rmtree(part.with_name(f"{part.name}.tmp"), ignore_errors=True)
