"""Keeps collecting: passes at a rhythm, until a signal asks for the end.

Looking is a walk over folders and one ``stat`` for each log, often while somebody
works and once a minute otherwise. Waiting is waiting: no thread, no timer.
"""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mileage.ingest.push_collector import Outcome, Pauses

SHORTEST, LONGEST = 10.0, 60.0
"""Seconds between two passes: while logs change, and while nothing does."""
_SLOWER = 2.0
_SLEPT = 30.0
"""Seconds that only the wall clock counted: the machine slept, or was set right."""
LAST_SECONDS = 10.0
"""For a last look at the logs when told to end."""


class Passes(Protocol):
    """What is watched with; ``push_collector.Collector`` does."""

    pauses: Pauses

    def run(
        self,
        progress: None = None,
        stopping: Callable[[], bool] = ...,
        *,
        at_once: bool = False,
    ) -> Outcome:
        """Make one pass."""
        ...


class Bell:
    """Wakes whoever waits when a signal comes; a pipe, so nothing can be missed."""

    def __init__(self) -> None:
        self.rung = False
        self._hear, self._ring = os.pipe()
        os.set_blocking(self._ring, False)

    def ring(self, *_: object) -> None:
        """Ask for the end."""
        self.rung = True
        with suppress(BlockingIOError):
            # Full of earlier rings, which wake as well.
            os.write(self._ring, b"!")

    def wait(self, seconds: float) -> None:
        """Wait this long, or until the bell rings."""
        if not self.rung:
            select.select([self._hear], [], [], max(0.0, seconds))

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Ring for SIGTERM and SIGINT while the block runs."""
        stops = (signal.SIGTERM, signal.SIGINT)
        before = [signal.signal(number, self.ring) for number in stops]
        try:
            yield
        finally:
            for number, handler in zip(stops, before, strict=True):
                signal.signal(number, handler)
            os.close(self._hear)
            os.close(self._ring)


class Rhythm:
    """How long to wait after a pass."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall, self._clock = wall, clock
        self._interval = SHORTEST
        self._seen = self._now()

    def after(self, outcome: Outcome, pause: float) -> float:
        """Return the seconds to wait, no longer than a server asked for."""
        if outcome.again:
            return 0.0
        slower = min(LONGEST, self._interval * _SLOWER)
        self._interval = SHORTEST if outcome.logs else slower
        return min(self._interval, max(pause, 1.0)) if pause else self._interval

    def slept(self) -> bool:
        """Tell whether the machine slept since this was asked last."""
        before, self._seen = self._seen, self._now()
        wall, clock = (new - old for new, old in zip(self._seen, before, strict=True))
        return wall - clock > _SLEPT

    def _now(self) -> tuple[float, float]:
        return self._wall(), self._clock()


def watch(
    passes: Passes, bell: Bell, tell: Callable[[Outcome], None], rhythm: Rhythm
) -> None:
    """Make passes until the bell rings, then a last one that sends what it can."""
    while not bell.rung:
        outcome = passes.run(stopping=lambda: bell.rung)
        tell(outcome)
        bell.wait(rhythm.after(outcome, passes.pauses.left))
        if rhythm.slept():
            # Whatever was out of reach may be in reach where the machine woke up.
            passes.pauses.over()
    end = time.monotonic() + LAST_SECONDS
    tell(passes.run(stopping=lambda: time.monotonic() > end, at_once=True))
