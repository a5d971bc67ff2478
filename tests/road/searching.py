"""Looks for a text in every byte that a server left behind, packed or not."""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

import duckdb

from mileage.ingest import frames

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SNAPSHOT_HEAD = 20


def found_in(folder: Path, text: str) -> list[str]:
    """Return where ``text`` occurs, in any letter case, with what follows it."""
    wanted = text.lower().encode()
    hits = []
    for place, content in everything(folder):
        at = content.lower().find(wanted)
        if at >= 0:
            hits.append(f"{place}: {content[at : at + 60]!r}")
    return hits


def everything(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every file as it is, and unpacked where it is packed."""
    for path in sorted(folder.rglob("*")):
        yield f"name of {path.name}", str(path.relative_to(folder)).encode()
        if not path.is_file():
            continue
        content = path.read_bytes()
        yield path.name, content
        if path.suffix == ".seg":
            yield from _segment(path)
        elif path.suffix == ".head":
            yield path.name + " unpacked", zlib.decompress(content[SNAPSHOT_HEAD:])
        elif path.suffix == ".parquet":
            rows = duckdb.connect().read_parquet(str(path)).fetchall()
            yield path.name + " unpacked", repr(rows).encode()


def _segment(path: Path) -> Iterator[tuple[str, bytes]]:
    handle = os.open(path, os.O_RDONLY)
    try:
        for found in frames.read(handle, int(path.stem)):
            if isinstance(found, frames.Entry):
                yield f"{path.name} unpacked", zlib.decompress(found.payload)
    finally:
        os.close(handle)


def every_row(path: Path) -> str:
    """Return all rows of a ledger as text: the file may keep texts compressed."""
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute("select table_name from duckdb_tables()").fetchall()
        return "\n".join(
            repr(connection.table(name).fetchall()) for (name,) in sorted(tables)
        )
