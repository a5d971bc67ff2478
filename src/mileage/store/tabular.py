"""Parquet files as rows, read by the database that is here anyway.

In a database of its own in memory, with little of it, so that a file of any size
streams through; the ledger's connection never gets to see another file.
"""

from __future__ import annotations

from glob import escape
from typing import TYPE_CHECKING, Any

import duckdb
import msgspec

from mileage.domain.errors import Invalid
from mileage.store.statements import reason, statement

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH = 5_000
NOT_JSON = "a number that is none (NaN or infinite)"
OPTIONS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "memory_limit": "512MB",
    "threads": 1,
}

_decoder = msgspec.json.Decoder(dict[str, Any])


def parquet_rows(path: str) -> Iterator[dict[str, Any] | str]:
    """Yield the rows of a Parquet file by column, or why one cannot be told.

    Raises Invalid for a file that is none.

    Values are those of JSON, so times are text: the driver's own ones want a package
    for time zones that is not here.
    """
    with duckdb.connect(":memory:", config=OPTIONS) as connection:
        try:
            connection.execute(statement("utc"))
            connection.execute(statement("parquet_rows"), {"path": escape(path)})
            while batch := connection.fetchmany(BATCH):
                yield from (_row(text) for (text,) in batch)
        except duckdb.Error as error:
            raise Invalid(f"not readable as Parquet: {_reason(error, path)}") from None


def _row(text: str) -> dict[str, Any] | str:
    try:
        return _decoder.decode(text)
    except (msgspec.MsgspecError, ValueError):
        return NOT_JSON


def _reason(error: duckdb.Error, path: str) -> str:
    """Say it without the file's name and folders: those spell out projects."""
    return reason(error).replace(escape(path), "the file").replace(path, "the file")
