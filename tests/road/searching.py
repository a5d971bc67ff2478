"""Looks for a text in every byte that a server left behind, packed or not."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEGMENT_HEAD, SNAPSHOT_HEAD = 16, 20
FRAME = struct.Struct("<II")


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
            yield from _segment(path.name, content)
        elif path.suffix == ".snap":
            yield path.name + " unpacked", zlib.decompress(content[SNAPSHOT_HEAD:])


def _segment(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    at = SEGMENT_HEAD
    while at + FRAME.size <= len(content):
        length, _ = FRAME.unpack_from(content, at)
        payload = content[at + FRAME.size : at + FRAME.size + length]
        at += FRAME.size + length
        if len(payload) == length:
            yield f"{name} unpacked", zlib.decompress(payload)


def every_row(path: Path) -> str:
    """Return all rows of a ledger as text: the file may keep texts compressed."""
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute("select table_name from duckdb_tables()").fetchall()
        return "\n".join(
            repr(connection.table(name).fetchall()) for (name,) in sorted(tables)
        )
