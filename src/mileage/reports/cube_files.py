"""The published cube: a file of its own that any process may read.

``<as_of>.cube``: a 20-byte head (magic, format version), then compressed MessagePack of
``domain.cube.Cube``. A new one takes the place of the one before.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from mileage.domain.cube import Cube
from mileage.reports.cube import is_due, make_cube
from mileage.reports.published import Newest, Published

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mileage.domain.figures import Snapshot
    from mileage.reports.cube import Terms
    from mileage.reports.stays import Chart

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
        missing = "no figures of departments have been published yet"
        self._newest = Newest(directory, ".cube", _files, missing=missing)

    def renew(
        self,
        snapshot: Snapshot,
        chart: Callable[[], Chart],
        terms: Terms,
        *,
        alike: bool = False,
    ) -> bool:
        """Publish a cube of a snapshot when one is due; tell whether it was."""
        before = self._newest.before()
        if not is_due(before, snapshot.days[-1], terms.every_days, alike=alike):
            return False
        made = make_cube(snapshot, chart(), terms, before)
        self._newest.replace(made.as_of, made)
        return True

    def latest(self) -> Cube:
        """Return the published cube; raises NotFound when there is none."""
        return self._newest.latest()


def read_cube(path: Path) -> Cube:
    """Read a published file; raises Unavailable when it is none, or damaged."""
    return _files.read(path)
