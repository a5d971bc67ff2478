"""The rows of a file of standings in memory, packed: one of them costs microseconds."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

_unpacked = msgspec.json.decode


class FileVersion(NamedTuple):
    """A file as it was written at some time; erasure writes it anew."""

    path: Path
    inode: int
    changed: int
    """Nanoseconds, as the file system stamps them."""
    size: int


def version_of(path: Path) -> FileVersion:
    """Return the version that readers get now; raises FileNotFoundError."""
    try:
        found = path.stat()
    except FileNotFoundError:
        raise FileNotFoundError(path) from None
    return FileVersion(path, found.st_ino, found.st_mtime_ns, found.st_size)


class PackedRows(NamedTuple):
    """All rows of one version of a file, in the order of accounts."""

    version: FileVersion
    rows: list[bytes]
    """JSON arrays that begin with the account; some 600 bytes each."""

    def row(self, number: int) -> list[Any]:
        """Return the columns of a row."""
        columns: list[Any] = _unpacked(self.rows[number])
        return columns

    def number_of(self, account_id: str) -> int | None:
        """Return the number of an account's row."""
        number = bisect_left(self.rows, account_id, key=_account_of)
        there = number < len(self.rows) and _account_of(self.rows[number]) == account_id
        return number if there else None


def _account_of(row: bytes) -> str:
    return str(_unpacked(row)[0])
