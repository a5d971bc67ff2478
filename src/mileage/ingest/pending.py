"""What was accepted and is not in the ledger yet: how much, since when, and where."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from threading import Condition
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mileage.ingest.record import Record

QUEUED_ROWS = 300_000
"""So many are held in memory at most; one record is taken whatever its size."""
USUAL_ROWS = 512
"""What exporters put into one body by default (OpenTelemetry SDK: batch processors)."""


class Backlog(NamedTuple):
    """What is on its way."""

    pending: int
    """Witnesses accepted and not yet in the ledger."""
    durable: int
    """Those of them that are on disk."""
    oldest: float | None
    """Monotonic time at which the oldest of them was accepted."""
    taken: int = 0
    """Witnesses that went into the ledger since the start, what was left behind too."""


@dataclass(slots=True, eq=False)
class Waiting:
    """A record on its way."""

    record: Record
    payload: bytes
    durable: Future[None]
    accepted_at: float

    @property
    def size(self) -> int:
        """Count its witnesses."""
        return len(self.record.reading.witnesses)

    @property
    def rows(self) -> int:
        """Count everything that it keeps in memory."""
        reading = self.record.reading
        return self.size + len(reading.activities) + len(reading.rejected)


def durable() -> Future[None]:
    """Return a future that nobody who gives up waiting for it can cancel.

    The record is on its way to the disk all the same.
    """
    future: Future[None] = Future()
    future.set_running_or_notify_cancel()
    return future


class Pending:
    """Everything on its way. Thread-safe."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: set[Waiting] = set()
        self._held = self._on_disk = self._taken = self._waiters = 0

    @property
    def held(self) -> int:
        """Rows in memory."""
        return self._held

    @property
    def is_full(self) -> bool:
        """Tell whether there is hardly room for a record of usual size."""
        return self._held > QUEUED_ROWS - USUAL_ROWS

    @property
    def is_waited_for(self) -> bool:
        """Tell whether somebody waits until everything is in the ledger."""
        return self._waiters > 0

    def hold(self, one: Waiting) -> bool:
        """Note what is on its way; False when that would be too much."""
        with self._changed:
            if self._held and self._held + one.rows > QUEUED_ROWS:
                return False
            self._waiting.add(one)
            self._held += one.rows
            return True

    def forget(self, one: Waiting) -> None:
        """Note what goes nowhere."""
        with self._changed:
            self._let_go(one)
            self._changed.notify_all()

    def leave_on_disk(self, one: Waiting) -> None:
        """Note what will be read back."""
        with self._changed:
            self._let_go(one)
            self._on_disk += one.size

    def read_back(self, witnesses: int) -> None:
        """Note that what was left on disk is in the ledger."""
        with self._changed:
            self._on_disk -= witnesses

    def took(self, group: Iterable[Waiting]) -> None:
        """Note what is in the ledger."""
        with self._changed:
            for one in group:
                self._let_go(one)
                self._taken += one.size
            self._changed.notify_all()

    def _let_go(self, one: Waiting) -> None:
        if one in self._waiting:
            self._waiting.remove(one)
            self._held -= one.rows

    def told(self) -> None:
        """Have everybody who waits look again."""
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, done: Callable[[], bool], timeout: float | None) -> bool:
        """Wait until nothing is on its way and ``done`` says so; False when late."""
        with self._changed:
            self._waiters += 1
            try:
                return self._changed.wait_for(done, timeout)
            finally:
                self._waiters -= 1

    def is_empty(self) -> bool:
        """Tell whether nothing is on its way in memory."""
        return not self._waiting

    def backlog(self, behind: float | None) -> Backlog:
        """Return it in figures; ``behind`` is since when anything is read back."""
        with self._changed:
            waiting, taken, on_disk = list(self._waiting), self._taken, self._on_disk
        synced = sum(one.size for one in waiting if one.durable.done())
        since = [one.accepted_at for one in waiting]
        if behind is not None:
            since.append(behind)
        total = sum(one.size for one in waiting)
        oldest = min(since, default=None)
        return Backlog(total + on_disk, synced + on_disk, oldest, taken)
