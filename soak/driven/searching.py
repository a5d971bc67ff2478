"""Looks for texts in every byte of a data directory, packed or not."""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

import duckdb

from mileage.ingest import frames

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SNAPSHOT_HEAD = 20


def found_in(folder: Path, marks: Sequence[bytes]) -> list[str]:
    """Return the places that hold one of the marks, in any letter case."""
    return [
        place
        for place, content in _everything(folder)
        if any(mark in content.lower() for mark in marks)
    ]


def _everything(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        yield path.name, content
        if path.suffix == ".seg":
            yield from _segment(path)
        elif path.suffix == ".head":
            yield path.name, zlib.decompress(content[SNAPSHOT_HEAD:])
        elif path.suffix == ".parquet":
            rows = duckdb.connect().read_parquet(str(path)).fetchall()
            yield path.name, repr(rows).encode()
        elif path.suffix == ".duckdb":
            yield path.name, _rows(path)


def _segment(path: Path) -> Iterator[tuple[str, bytes]]:
    handle = os.open(path, os.O_RDONLY)
    try:
        for found in frames.read(handle, int(path.stem)):
            if isinstance(found, frames.Entry):
                yield f"{path.name} unpacked", zlib.decompress(found.payload)
    finally:
        os.close(handle)


def _rows(path: Path) -> bytes:
    """Return all rows of a ledger as text: the file may keep texts compressed."""
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute("select table_name from duckdb_tables()").fetchall()
        texts = (repr(connection.table(name).fetchall()) for (name,) in tables)
        return "\n".join(texts).encode()
