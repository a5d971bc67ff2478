"""Rows that a server refused only because they lie ahead of its clock.

Whose clock is wrong nobody can tell, and for how long. So they wait beside the spool,
and go back into it after an hour, then after twice as long each time, up to a week. The
server counts every refusal, and gets after all what its own clock made it refuse.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from mileage.ingest.push_format import MALFORMED, latest
from mileage.ingest.spool import MIB, Spool
from mileage.store.private import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FIRST, LONGEST = 3_600.0, 7 * 86_400.0
"""Seconds until they are sent again."""
MOST_BYTES = 16 * MIB
"""A machine whose clock is a year ahead has nothing but such rows."""


class _Due(msgspec.Struct, frozen=True):
    at: float = 0.0
    """By the clock on the wall, which goes on while the machine is off; 0 for now."""
    pause: float = FIRST


class Postponed:
    """What waits for a clock; one process, one thread."""

    def __init__(self, folder: Path, wall: Callable[[], float] = time.time) -> None:
        self._spool = Spool(folder)
        self._file = folder / "due.json"
        self._wall = wall
        self._due = self._due_before()

    def keep(self, body: bytes, refused: int) -> None:
        """Keep so many rows of a body, the latest ones. Raises Unavailable."""
        size = self._spool.size
        if size >= MOST_BYTES:
            return
        if not size:
            now = self._wall()
            again = 0 <= now - self._due.at < FIRST
            pause = min(LONGEST, self._due.pause * 2) if again else FIRST
            self._plan(_Due(now + pause, pause))
        self._spool.add(latest(body, refused))

    def give_back(self, spool: Spool) -> None:
        """Put what is due into the spool of what is sent now. Raises Unavailable."""
        now = self._wall()
        if not self._spool.size or 0 < self._due.at - now <= LONGEST:
            return
        for entry in self._spool.waiting():
            spool.add(entry.payload)
        self._plan(_Due(now, self._due.pause))

    def close(self) -> None:
        """Close the files."""
        self._spool.close()

    def _plan(self, due: _Due) -> None:
        self._due = due
        write_whole(self._file, msgspec.json.encode(due))

    def _due_before(self) -> _Due:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=_Due)
        except (OSError, *MALFORMED):
            return _Due()
