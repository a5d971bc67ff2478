"""What the receiver measures of itself while it runs; ``/metrics`` and pages read it.

Counts are those of this process and begin at 0 with it. What has to survive a restart
is told by the ledger. Everything here is cheap enough for every request.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mileage.domain.booking import Appended, Booking, Position

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds at which durations are told apart."""
OTHER_STATUS = 599
"""What a status beyond this many is counted as: labels stay few."""
FIRST_STATUS = 100


class Distribution(NamedTuple):
    """How long something took, so far, and how often it failed."""

    counts: tuple[int, ...]
    """Of each bound of ``BOUNDS``, and of what took longer; not cumulative."""
    seconds: float
    failures: int
    failing_since: float | None
    """Monotonic time of the first failure since the last success, None after one."""
    last_failure: float | None
    last_success: float | None
    """Monotonic times, None before the first."""


class Attempts:
    """Counts how long something took and whether it worked. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0
        self._failures = 0
        self._failing_since: float | None = None
        self._last_failure: float | None = None
        self._last_success: float | None = None

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count the block; one that raises has failed."""
        began = time.monotonic()
        worked = False
        try:
            yield
            worked = True
        finally:
            self._note(began, time.monotonic(), worked=worked)

    def _note(self, began: float, ended: float, *, worked: bool) -> None:
        with self._lock:
            self._counts[bisect_left(BOUNDS, ended - began)] += 1
            self._seconds += ended - began
            if worked:
                self._last_success, self._failing_since = ended, None
                return
            self._failures += 1
            self._last_failure = ended
            if self._failing_since is None:
                self._failing_since = began

    def read(self) -> Distribution:
        """Return all of it at one moment."""
        with self._lock:
            return Distribution(
                tuple(self._counts),
                self._seconds,
                self._failures,
                self._failing_since,
                self._last_failure,
                self._last_success,
            )


class Queues(NamedTuple):
    """How full the way to the ledger is."""

    to_write: int
    """Records that wait for a segment."""
    to_append: int
    """Records that wait for the ledger."""
    most: int
    """Records that either of them holds at most."""


class Requests(NamedTuple):
    """What has come to the door, so far."""

    answered: dict[tuple[str, int], int]
    """How many requests, by transport and status of the answer."""
    in_flight: int
    body_bytes: int
    """Of bodies, as they were sent."""
    room_taken: int
    """Bytes of bodies that are in memory now."""
    room: int
    """Bytes of bodies that may be in memory at once."""


class DoorMeter:
    """Counts requests and their bytes, of all transports. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answered: dict[tuple[str, int], int] = {}
        self._in_flight = 0
        self._body_bytes = 0
        self._room_taken = 0
        self._room = 0

    def began(self) -> None:
        """Count a request that has come."""
        with self._lock:
            self._in_flight += 1

    def ended(self, transport: str, status: int) -> None:
        """Count how it was answered; gRPC is counted under the status of HTTP."""
        known = status if FIRST_STATUS <= status <= OTHER_STATUS else OTHER_STATUS
        with self._lock:
            self._in_flight -= 1
            key = (transport, known)
            self._answered[key] = self._answered.get(key, 0) + 1

    def opened(self, room: int) -> None:
        """Say how many bytes of bodies may be in memory at once."""
        with self._lock:
            self._room += room

    def took(self, size: int) -> None:
        """Count bytes of a body that are in memory now."""
        with self._lock:
            self._body_bytes += size
            self._room_taken += size

    def gave_back(self, size: int) -> None:
        """Count bytes of a body that are let go of."""
        with self._lock:
            self._room_taken -= size

    def read(self) -> Requests:
        """Return all of it at one moment."""
        with self._lock:
            return Requests(
                dict(self._answered),
                self._in_flight,
                self._body_bytes,
                self._room_taken,
                self._room,
            )


class Appending(Protocol):
    """A ledger that takes bookings in."""

    def append(self, booking: Booking, position: Position | None = None) -> Appended:
        """Take a booking in, all of it or nothing."""
        ...

    def position(self) -> Position:
        """Return how far the segments have been taken in."""
        ...


class Meters:
    """Everything that is measured of one receiver."""

    def __init__(self) -> None:
        self.door = DoorMeter()
        self.syncs = Attempts()
        """Writing to a segment until it is on disk, shared by all who wait."""
        self.appends = Attempts()
        """One transaction of the ledger; one that is refused is tried again."""


class MeteredLedger:
    """A ledger whose appends are measured."""

    def __init__(self, ledger: Appending, meters: Meters) -> None:
        self._ledger = ledger
        self._meters = meters

    def append(self, booking: Booking, position: Position | None = None) -> Appended:
        """Take a booking in, and remember how long that took and whether it worked."""
        with self._meters.appends.timed():
            return self._ledger.append(booking, position)

    def position(self) -> Position:
        """Return how far the segments have been taken in."""
        return self._ledger.position()
