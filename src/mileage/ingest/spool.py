"""What waits to be sent, on disk: bodies of requests in the frames of segments.

A body is here before its log counts as read, and until a server has acknowledged it.
Whoever fills it looks at its size: when it is full, logs wait where they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.booking import Position
from mileage.ingest.frames import Damage, Entry
from mileage.ingest.segment import Segments
from mileage.store.private import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIB = 2**20
_ROLL_BYTES = MIB
"""A segment is read as a whole, so this bounds memory; a body weighs far less."""


class Spool:
    """The spool of one server; one process, one thread."""

    def __init__(self, folder: Path) -> None:
        self.damaged = False
        """Whether something that waited cannot be read any more: read its log again."""
        self._folder = folder
        self._taken = self._taken_before()
        self._segments = Segments(folder, taken=self._taken, roll_bytes=_ROLL_BYTES)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        numbers = self._segments.numbers()
        return sum(self._segments.path(number).stat().st_size for number in numbers)

    def add(self, body: bytes) -> None:
        """Keep a body; it is on disk when this returns. Raises Unavailable."""
        self._segments.append([body])

    def waiting(self) -> Iterator[Entry]:
        """Yield what waits, oldest first; read to its end it leaves no file."""
        for found in self._segments.read_after(self._taken):
            if isinstance(found, Damage):
                self.damaged = True
                continue
            yield found
        self._remove_all()

    def acknowledged(self, entry: Entry) -> None:
        """Forget a body that the server has."""
        self._taken = entry.position
        write_whole(self._folder / "taken", b"%d %d" % self._taken)
        self._segments.remove_before(self._taken)

    def close(self) -> None:
        """Close the segment being written."""
        self._segments.close()

    def _remove_all(self) -> None:
        self._segments.close()
        for number in self._segments.numbers():
            self._segments.path(number).unlink(missing_ok=True)

    def _taken_before(self) -> Position:
        """Return up to where bodies were acknowledged; not knowing, send all again."""
        try:
            segment, record = (self._folder / "taken").read_bytes().split()
            return Position(int(segment), int(record))
        except (OSError, ValueError):
            return Position(0, 0)
