"""Parquet files as rows, read by the database that is here anyway.

In a database of its own in memory, with little of it, so that a file of any size
streams through; the ledger's connection never gets to see another file.
"""

from __future__ import annotations

from glob import escape
from typing import TYPE_CHECKING, Any

import duckdb

from mileage.domain.errors import Invalid
from mileage.store.statements import reason, statement

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH = 5_000
_OPTIONS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "memory_limit": "512MB",
    "threads": 1,
}


def parquet_rows(path: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a Parquet file by column; raises Invalid for another file."""
    with duckdb.connect(":memory:", config=_OPTIONS) as connection:
        try:
            result = connection.execute(
                statement("parquet_rows"), {"path": escape(path)}
            )
            names = [column[0] for column in result.description or ()]
            while batch := result.fetchmany(BATCH):
                yield from (dict(zip(names, row, strict=True)) for row in batch)
        except duckdb.Error as error:
            message = f"{path} cannot be read as Parquet: {reason(error)}"
            raise Invalid(message) from None
