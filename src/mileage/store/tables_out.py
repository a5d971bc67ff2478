"""Rows as a Parquet file, written by the database that is here anyway."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb

from mileage.store.statements import run
from mileage.store.tabular import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOBODY = dict.fromkeys(
    ("rank", "account", "name", "department", "value", "tier", "cost_usd")
)


def parquet_bytes(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return rows of a board as a Parquet file; all have the keys of the first.

    A board without rows has the columns that every board has.

    The database writes nothing but files: it gets a folder that nobody else reads.
    """
    with (
        TemporaryDirectory(prefix="mileage-") as folder,
        duckdb.connect(":memory:", config=OPTIONS) as connection,
    ):
        path = Path(folder) / "rows.parquet"
        run(
            connection,
            "parquet_file.write",
            rows=list(rows) or [NOBODY],
            path=str(path),
        )
        return path.read_bytes()
