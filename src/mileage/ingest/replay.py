"""Taking in from disk what the ledger was not handed in memory.

After a crash the segments hold what was acknowledged. The server answers at once and
writes on in a new segment, while the ledger's thread reads what lies behind: in
passes, each up to what was written when it began, until one is so small that the rest
can be handed over. What arrives meanwhile is not kept in memory, it is read back too.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.booking import Position
from mileage.domain.errors import Invalid
from mileage.ingest.frames import FRAME, UNREADABLE, Damage
from mileage.ingest.record import decode
from mileage.ingest.segment import END

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mileage.ingest.frames import Entry
    from mileage.ingest.quarantine import Quarantine
    from mileage.ingest.record import Record
    from mileage.ingest.segment import Segments

log = logging.getLogger(__name__)

APPEND_WITNESSES = 122_880
"""As many as a row group of the database has: it writes whole groups straight into its
file, and everything less through its log and then once more."""
LAST_PASS_WITNESSES = 20_000
"""So much is taken in sooner than the queues behind it are full."""
SAY_SECONDS = 5.0


class Replaying(NamedTuple):
    """How far the reading of what lies behind has come."""

    done_bytes: int
    total_bytes: int
    records: int
    since: float
    """Monotonic time at which it began."""


class Taken(NamedTuple):
    """A record read back, and where it ends."""

    position: Position
    record: Record
    ours: bool
    """Whether this process wrote it, so that it counts as accepted already."""


class Replay:
    """What is behind; one thread reads, another writes on."""

    def __init__(
        self, segments: Segments, quarantine: Quarantine, taken: Position
    ) -> None:
        self._segments, self._quarantine = segments, quarantine
        self._lock = threading.Lock()
        self._taken = taken
        self._last_number = max([0, *segments.numbers()])
        self._written = Position(self._last_number, END)
        self.active = segments.bytes_after(taken) > 0
        """Whether records have to be read back just now."""
        self._first_pass = True
        self._kept = 0
        self._progress = Replaying(0, 0, 0, time.monotonic())
        self._said_at = time.monotonic()

    @property
    def progress(self) -> Replaying | None:
        """How far it has come; None when nothing lies behind."""
        return self._progress if self.active else None

    def keeps(self, position: Position, witnesses: int) -> bool:
        """Say whether what was just written will be read back from disk.

        Called in order by the one thread that writes.
        """
        with self._lock:
            if not self.active:
                return False
            self._written = position
            self._kept += witnesses
            return True

    def groups(self) -> Iterator[list[Taken]]:
        """Yield everything behind, in order, in good sizes for one transaction.

        Raises Unavailable when the disk refuses; begin again then.
        """
        self._tidy()
        while self.active:
            until = self._begin_pass()
            yield from self._pass(until)
            self._first_pass = False
            log.debug("taken in up to segment %d, record %d", *self._taken)

    def _begin_pass(self) -> Position:
        with self._lock:
            small = self._kept <= LAST_PASS_WITNESSES
            self.active = self._first_pass or not small
            self._kept = 0
            until = self._written
        total = self._segments.bytes_after(self._taken)
        self._progress = self._progress._replace(
            done_bytes=0, total_bytes=total, since=time.monotonic()
        )
        return until

    def _pass(self, until: Position) -> Iterator[list[Taken]]:
        group: list[Taken] = []
        size = 0
        if until <= self._taken:
            return
        for found in self._segments.read_after(self._taken, until):
            if isinstance(found, Damage):
                self._keep_aside(found)
                continue
            taken = self._decoded(found)
            if taken is None:
                continue
            group.append(taken)
            size += len(taken.record.reading.witnesses)
            if size >= APPEND_WITNESSES:
                yield self._counted(group)
                group, size = [], 0
        if group:
            yield self._counted(group)

    def _decoded(self, found: Entry) -> Taken | None:
        self._advance(len(found.payload))
        try:
            record = decode(found.payload)
        except Invalid:
            length = FRAME.size + len(found.payload)
            segment = found.position.segment
            start = found.end - length
            self._keep_aside(Damage(segment, start, length, UNREADABLE))
            return None
        return Taken(found.position, record, found.position.segment > self._last_number)

    def _counted(self, group: list[Taken]) -> list[Taken]:
        """Go on behind a group; whoever took it has it in the ledger by then."""
        self._taken = group[-1].position
        count = self._progress.records + len(group)
        self._progress = self._progress._replace(records=count)
        return group

    def _advance(self, length: int) -> None:
        done = self._progress.done_bytes + FRAME.size + length
        self._progress = self._progress._replace(done_bytes=done)
        if time.monotonic() - self._said_at >= SAY_SECONDS:
            self._said_at = time.monotonic()
            log.warning(
                "taking in what lies behind: %d of %d MB, %d records so far",
                done // 10**6,
                self._progress.total_bytes // 10**6,
                self._progress.records,
            )

    def _tidy(self) -> None:
        """Look through segments that were taken in and could not be removed."""
        for number in self._segments.numbers():
            if number < self._taken.segment:
                for found in self._segments.read(number):
                    if isinstance(found, Damage):
                        self._keep_aside(found)
        self._segments.remove_before(self._taken)

    def _keep_aside(self, damage: Damage) -> None:
        path = self._segments.path(damage.segment)
        if not self._quarantine.keep(damage, path):
            self._segments.hold(damage.segment)
