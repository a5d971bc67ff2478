"""Publications: immutable files that any process may read.

``<as_of>.<window>.parquet`` has the standings of a window; ``<as_of>.head`` all that is
told beside them: a 20-byte head (magic, format version), then compressed MessagePack of
``domain.figures.Publication``. It is written last, and makes the others visible.
"""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING

from mileage.domain.errors import NotFound
from mileage.domain.figures import Publication
from mileage.reports.published import Published
from mileage.reports.values import instant_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mileage.domain.figures import Snapshot

MAGIC = b"MILEAGE-SNAPSHOT"
VERSION = 2
SETTLED = 2_000_000_000
# Nanoseconds: a file system may stamp two changes of one moment alike.
HEAD = MAGIC + struct.pack("<I", VERSION)

_files = Published(
    HEAD,
    Publication,
    foreign="is no snapshot; remove it and publish again",
    damaged="is damaged; remove it and publish again",
)


class Snapshots:
    """The publications of one data directory. Thread-safe for readers."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._kept: tuple[Path, Publication] | None = None
        self._listed: tuple[int, list[Path]] = (0, [])

    def standings(self, as_of: int, window: str) -> Path:
        """Return where the standings of a window lie, or are to be written."""
        return self.directory / f"{as_of:020d}.{window}.parquet"

    def publish(self, publication: Publication) -> Path:
        """Make visible what was written; readers see all of it or the one before."""
        path = self._head(publication.as_of)
        _files.write(path, publication)
        return path

    def forget(self) -> None:
        """Read anew what was remembered."""
        self._kept, self._listed = None, (0, [])

    def publication(self, as_of: int | None = None) -> Publication:
        """Return the last one published, or published at or before ``as_of``.

        Raises NotFound when there is none.
        """
        for path in self._newest_first():
            if as_of is None or int(path.stem) <= as_of:
                return self._load(path)
        kept = self.instants()
        if as_of is None or not kept:
            message = "no board has been published yet"
        else:
            first = instant_json(kept[-1])
            message = (
                f"no board had been published at that time; the first is of {first}"
            )
        raise NotFound(message)

    def latest(self, as_of: int | None = None, window: str = "") -> Snapshot:
        """Return a window ('' for the default one) of that publication.

        Raises NotFound.
        """
        found = self.publication(as_of).snapshots
        for one in found:
            if window in {one.name, ""}:
                return one
        known = ", ".join(one.name for one in found)
        message = f"no board of {window!r} was published; there is {known}"
        raise NotFound(message)

    def instants(self) -> list[int]:
        """List when what is kept was published, the last one first."""
        return [int(path.stem) for path in self._newest_first()]

    def published_at(self) -> int | None:
        """Return the instant of the last publication without reading it, or None."""
        return next(iter(self.instants()), None)

    def count(self) -> int:
        """Count the publications that are kept."""
        return len(self._newest_first())

    def remove(self, instants: Iterable[int]) -> None:
        """Remove publications; nobody sees a part of one."""
        for as_of in instants:
            self._head(as_of).unlink(missing_ok=True)
            for path in self.directory.glob(f"{as_of:020d}.*.parquet"):
                path.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what a publication that was cut short has left."""
        visible = {path.stem for path in self._newest_first()}
        for path in (*self.directory.glob("*.parquet"), *self.directory.glob("*.part")):
            instant = path.name.partition(".")[0]
            told = path.suffix == ".parquet" and instant in visible
            if instant.isdecimal() and not told:
                path.unlink(missing_ok=True)

    def _head(self, as_of: int) -> Path:
        return self.directory / f"{as_of:020d}.head"

    def _newest_first(self) -> list[Path]:
        """List the heads; again only when the folder says that it has changed."""
        try:
            changed = self.directory.stat().st_mtime_ns
        except FileNotFoundError:
            return []
        if self._listed[0] != changed or time.time_ns() - changed < SETTLED:
            # Files of other names are somebody's own.
            found = self.directory.glob("*.head")
            files = [path for path in found if path.stem.isdecimal()]
            self._listed = (changed, sorted(files, reverse=True))
        return self._listed[1]

    def _load(self, path: Path) -> Publication:
        kept = self._kept
        if kept is not None and kept[0] == path:
            return kept[1]
        publication = read_head(path)
        self._kept = (path, publication)
        return publication


def read_head(path: Path) -> Publication:
    """Read a published file; raises Unavailable when it is none, or damaged."""
    return _files.read(path)
