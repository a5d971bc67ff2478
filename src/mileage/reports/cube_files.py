"""The published cube: a file of its own that any process may read.

``<as_of>.cube``: a 20-byte head (magic, format version), then compressed MessagePack of
``domain.cube.Cube``. A new one takes the place of the one before.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from mileage.domain.cube import Cube
from mileage.domain.errors import NotFound
from mileage.reports.cube import is_due, make_cube
from mileage.reports.published import Published

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mileage.domain.figures import Snapshot
    from mileage.reports.cube import Chart, Terms

MAGIC = b"MILEAGE-GROUPS\0\0"
VERSION = 1
HEAD = MAGIC + struct.pack("<I", VERSION)

_files = Published(
    HEAD,
    Cube,
    foreign="is no file of departments; remove it, and wait for another",
    damaged="is damaged; remove it, and wait for another",
)


class Cubes:
    """The cube of one data directory. Thread-safe for readers."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._kept: tuple[str, Cube] | None = None

    def renew(
        self, snapshot: Snapshot, chart: Callable[[], Chart], terms: Terms
    ) -> bool:
        """Publish a cube of a snapshot when one is due; tell whether it was."""
        previous = self._newest()
        before = None if previous is None else self._load(previous)
        if not is_due(before, snapshot.days[-1], terms.every_days):
            return False
        self._publish(make_cube(snapshot, chart(), terms, before))
        if previous is not None and previous != f"{snapshot.as_of:020d}.cube":
            (self._directory / previous).unlink(missing_ok=True)
        return True

    def latest(self) -> Cube:
        """Return the published cube; raises NotFound when there is none."""
        # A cube that is replaced while it is looked for is looked for once more.
        for _ in range(2):
            name = self._newest()
            if name is None:
                break
            try:
                return self._load(name)
            except FileNotFoundError:
                continue
        message = "no figures of departments have been published yet"
        raise NotFound(message)

    def _newest(self) -> str | None:
        try:
            found = [path for path in self._directory.iterdir() if _is_cube(path)]
        except FileNotFoundError:
            return None
        return max((path.name for path in found), default=None)

    def _load(self, name: str) -> Cube:
        kept = self._kept
        if kept is not None and kept[0] == name:
            return kept[1]
        cube = read_cube(self._directory / name)
        self._kept = (name, cube)
        return cube

    def _publish(self, cube: Cube) -> None:
        _files.write(self._directory / f"{cube.as_of:020d}.cube", cube)


def _is_cube(path: Path) -> bool:
    # Files of other names are somebody's own.
    return path.suffix == ".cube" and path.stem.isdecimal()


def read_cube(path: Path) -> Cube:
    """Read a published file; raises Unavailable when it is none, or damaged."""
    return _files.read(path)
