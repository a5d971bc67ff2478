"""Published snapshots: immutable files that any process may read.

``<as_of>.snap``: a 20-byte head (magic, format version), then compressed
MessagePack of ``domain.figures.Snapshot``. A file appears whole or not at all.
"""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING

from mileage.domain.errors import NotFound
from mileage.domain.figures import Snapshot
from mileage.reports.published import Published

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAGIC = b"MILEAGE-SNAPSHOT"
VERSION = 1
SETTLED = 2_000_000_000
# Nanoseconds: a file system may stamp two changes of one moment alike.
HEAD = MAGIC + struct.pack("<I", VERSION)

_files = Published(
    HEAD,
    Snapshot,
    foreign="is no snapshot; remove it and publish again",
    damaged="is damaged; remove it and publish again",
)


class Snapshots:
    """The snapshot files of one data directory. Thread-safe for readers."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._kept: tuple[Path, Snapshot] | None = None
        self._listed: tuple[int, list[Path]] = (0, [])

    def publish(self, snapshot: Snapshot) -> Path:
        """Write a snapshot; readers see all of it or the one before."""
        path = self._directory / f"{snapshot.as_of:020d}.snap"
        _files.write(path, snapshot)
        return path

    def rewrite(self, change: Callable[[Snapshot], Snapshot]) -> int:
        """Write those files anew of which ``change`` returns another snapshot.

        The one reason is erasure: what is published stays otherwise. Returns how many
        were written; raises Unavailable when one cannot be read.
        """
        written = 0
        for path in self._newest_first():
            before = read_snapshot(path)
            after = change(before)
            if after is not before:
                self.publish(after)
                written += 1
        self._kept, self._listed = None, (0, [])
        return written

    def latest(self, as_of: int | None = None) -> Snapshot:
        """Return the last snapshot published, or published at or before ``as_of``.

        Raises NotFound when there is none.
        """
        for path in self._newest_first():
            if as_of is None or int(path.stem) <= as_of:
                return self._load(path)
        if as_of is None:
            message = "no board has been published yet"
        else:
            message = "no board had been published at that time"
        raise NotFound(message)

    def published_at(self) -> int | None:
        """Return the instant of the last snapshot without reading it, or None."""
        newest = next(iter(self._newest_first()), None)
        return None if newest is None else int(newest.stem)

    def count(self) -> int:
        """Count the snapshots that are kept."""
        return len(self._newest_first())

    def _newest_first(self) -> list[Path]:
        """List the files; again only when the folder says that it has changed."""
        try:
            changed = self._directory.stat().st_mtime_ns
        except FileNotFoundError:
            return []
        if self._listed[0] != changed or time.time_ns() - changed < SETTLED:
            # Files of other names are somebody's own.
            found = self._directory.glob("*.snap")
            files = [path for path in found if path.stem.isdecimal()]
            self._listed = (changed, sorted(files, reverse=True))
        return self._listed[1]

    def _load(self, path: Path) -> Snapshot:
        kept = self._kept
        if kept is not None and kept[0] == path:
            return kept[1]
        snapshot = read_snapshot(path)
        self._kept = (path, snapshot)
        return snapshot


def read_snapshot(path: Path) -> Snapshot:
    """Read a published file; raises Unavailable when it is none, or damaged."""
    return _files.read(path)
