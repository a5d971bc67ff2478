"""One pass: look for logs that changed, spool what is new, send what waits.

Reading never waits for the network: what cannot be sent stays in the spool, and a
later pass goes on. Nothing here sleeps.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from mileage.domain.errors import MileageError, TooLarge, Unavailable
from mileage.domain.witness import AHEAD
from mileage.ingest.push_format import (
    MALFORMED,
    UNKNOWN_SOURCE,
    Receipt,
    halves,
    source_of,
)
from mileage.ingest.push_marks import Marks
from mileage.ingest.push_postponed import Postponed
from mileage.ingest.push_reading import Reader
from mileage.ingest.spool import MIB, Spool
from mileage.sources.files import MAX_LINE_BYTES
from mileage.store.private import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mileage.ingest.push_reading import Found, Places
    from mileage.ingest.push_state import State

REST = 50
"""A log is left alone for this many times as long as its last reading took, so that
reading a large one that grows all day stays below two per cent of one core."""
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0
"""Seconds between two attempts to reach a server; doubled each time."""
SPOOL_BYTES = 256 * MIB
_EAGER_BYTES = MIB
"""What may wait before it is sent while logs are still being read."""


class Destination(Protocol):
    """What takes bodies; ``push_client.Server`` does."""

    def greet(self) -> Receipt:
        """Ask who answers; raises as ``push``."""
        ...

    def push(self, body: bytes) -> Receipt:
        """Return when a body is on disk there; raises a MileageError."""
        ...


class Progress(Protocol):
    """Who watches a long reading."""

    def begin(self, total: int) -> None:
        """Learn how many bytes there are."""
        ...

    def advance(self, size: int) -> None:
        """Learn that some were read."""
        ...


class Unwatched:
    """Nobody watches."""

    def begin(self, total: int) -> None:
        """Take no notice."""

    def advance(self, size: int) -> None:
        """Take no notice."""


@dataclass(slots=True)
class Outcome:
    """What came of a pass."""

    logs: int = 0
    """Read because they had changed."""
    witnesses: int = 0
    """Acknowledged by the server, whether it had them or not."""
    activities: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    """Rows that the server will not take, by reason."""
    unread: Counter[str] = field(default_factory=Counter)
    """Records of the logs that could not be read here, by reason; each is told once."""
    waiting: int = 0
    """Bytes in the spool."""
    full: bool = False
    """The spool is: logs wait where they are."""
    held: Counter[str] = field(default_factory=Counter)
    """Logs of sources that the server does not take."""
    again: bool = False
    """Everything is read and sent anew: another ledger, or a damaged spool."""
    trouble: MileageError | OSError | None = None
    """Why not everything was sent."""

    def after(self, earlier: Outcome) -> Outcome:
        """Add what an earlier pass achieved."""
        self.logs += earlier.logs
        self.witnesses += earlier.witnesses
        self.activities += earlier.activities
        self.rejected += earlier.rejected
        self.unread += earlier.unread
        return self


class Pauses:
    """When a server may be tried again after it could not be reached."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._clock = clock
        self._chance = chance
        self._failures = 0
        self._until = 0.0

    @property
    def left(self) -> float:
        """Seconds until the next attempt; 0 when it may be made."""
        return max(0.0, self._until - self._clock()) if self._failures else 0.0

    def failed(self, least: float = 0.0) -> None:
        """Wait longer than last time, and not all machines alike."""
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._failures, 20))
        self._failures += 1
        pause = max(least, longest * (0.5 + self._chance() / 2))
        self._until = self._clock() + pause

    def over(self) -> None:
        """Try at once: it worked, or the machine was asleep meanwhile."""
        self._failures = 0


class _Told(msgspec.Struct, frozen=True):
    """What a server said last, kept beside the spool."""

    recipient: str = ""
    sources: tuple[str, ...] = ()


class Limits(NamedTuple):
    """What one collector may use."""

    spool_bytes: int = SPOOL_BYTES
    line_bytes: int = MAX_LINE_BYTES


class Collector:
    """Brings the logs of one machine to one server; one process, one thread."""

    def __init__(
        self,
        state: State,
        folder: Path,
        destination: Destination,
        places: Places,
        identity: str = "",
        limits: Limits = Limits(),  # noqa: B008 - immutable
    ) -> None:
        self.pauses = Pauses()
        self._destination = destination
        self._places = places
        self._told_file = folder / "server.json"
        self._told = self._told_before()
        self._marks = Marks(folder / "marks")
        self._spool = Spool(folder / "spool")
        self._postponed = Postponed(folder / "postponed")
        self._most_bytes = limits.spool_bytes
        self._reader = Reader(
            state, self._marks, self._spool, identity, limits.line_bytes
        )
        self._rests: dict[bytes, float] = {}
        self._outcome = Outcome()
        self._trouble: MileageError | None = None
        self._greeted = False

    def run(
        self,
        progress: Progress | None = None,
        stopping: Callable[[], bool] = lambda: False,
        *,
        at_once: bool = False,
    ) -> Outcome:
        """Make one pass; trouble is part of the outcome, and waits for the next.

        Between two logs it ends early when ``stopping`` says so.
        """
        self._outcome = Outcome()
        if at_once:
            self.pauses.over()
            self._rests.clear()
        self.send()
        if self._never_welcome():
            return self._outcome
        try:
            self._postponed.give_back(self._spool)
            self._read_changed(progress or Unwatched(), stopping)
        except (Unavailable, OSError) as trouble:
            # The disk is full. Nothing that was gathered is marked: it is read again.
            self._reader.drop()
            self.send()
            self._outcome.trouble = trouble
            return self._outcome
        return self.send()

    def send(self) -> Outcome:
        """Send what waits, unless the server asked for patience."""
        if not self.pauses.left:
            self._trouble = None
            try:
                self._send_waiting()
                self.pauses.over()
            except MileageError as trouble:
                self._trouble = trouble
                self.pauses.failed(getattr(trouble, "seconds", 0.0))
        self._outcome.trouble = self._trouble
        self._outcome.waiting = self._spool.size
        return self._outcome

    def start_over(self) -> None:
        """Have everything read and sent again, as for a server that lost it."""
        self._marks.clear()

    def close(self) -> None:
        """Let go of the files."""
        self._spool.close()
        self._postponed.close()
        self._marks.close()

    # Sending.

    def _send_waiting(self) -> None:
        if not self._greeted:
            self._heed(self._destination.greet())
            self._greeted = True
        for entry in self._spool.waiting():
            self._push(entry.payload)
            self._spool.acknowledged(entry)
        if self._spool.damaged:
            self._spool.damaged = False
            self._begin_again()

    def _push(self, body: bytes) -> None:
        try:
            receipt = self._destination.push(body)
        except TooLarge:
            parts = halves(body)
            if len(parts) == 1:
                raise
            for part in parts:
                self._push(part)
            return
        self._outcome.witnesses += receipt.witnesses
        self._outcome.activities += receipt.activities
        counted = {one.reason: one.count for one in receipt.reasons}
        self._outcome.rejected.update(counted)
        self._heed(receipt)
        if AHEAD in counted:
            self._postponed.keep(body, receipt.rejected)
        if UNKNOWN_SOURCE in counted:
            self._marks.forget_source(source_of(body))
            self._reader.drop()

    def _heed(self, receipt: Receipt) -> None:
        """Remember who answered; somebody else has nothing of what was sent."""
        told = _Told(receipt.recipient, receipt.sources)
        if told == self._told:
            return
        if self._told.recipient not in ("", told.recipient):
            self._begin_again()
        self._told = told
        write_whole(self._told_file, msgspec.json.encode(told))

    def _begin_again(self) -> None:
        self._marks.clear()
        # What is gathered was compared with marks that are no more.
        self._reader.drop()
        self._outcome.again = True

    def _never_welcome(self) -> bool:
        """Tell whether nobody there ever knew us: better say so than read for long."""
        trouble = self._outcome.trouble
        refused = trouble is not None and not isinstance(trouble, Unavailable)
        return refused and not self._told.recipient

    def _told_before(self) -> _Told:
        try:
            return msgspec.json.decode(self._told_file.read_bytes(), type=_Told)
        except (OSError, *MALFORMED):
            return _Told()

    # Reading.

    def _read_changed(self, progress: Progress, stopping: Callable[[], bool]) -> None:
        changed = self._changed()
        self._reader.unread = self._outcome.unread
        progress.begin(sum(found.file.size for found in changed))
        for found in changed:
            size = self._spool.size
            if size >= _EAGER_BYTES and not self.pauses.left:
                self.send()
                size = self._spool.size
            self._outcome.full = size >= self._most_bytes
            if self._outcome.full or stopping():
                break
            self._read(found)
            progress.advance(found.file.size)
        self._reader.flush()
        if self._marks.wasteful:
            self._marks.rewrite({found.name for found in self._places.logs()})

    def _changed(self) -> list[Found]:
        """List logs to read now; leave those that were long to read for a while."""
        now = time.monotonic()
        changed = []
        for found in self._places.logs():
            source = found.source.traits.name
            if self._told.sources and source not in self._told.sources:
                self._outcome.held[source] += 1
            elif (
                not self._marks.is_read(found.name, found.signature)
                and self._rests.get(found.name, 0.0) <= now
            ):
                changed.append(found)
        return changed

    def _read(self, found: Found) -> None:
        begun = time.monotonic()
        self._outcome.logs += self._reader.read(found)
        rest = (time.monotonic() - begun) * REST
        if rest >= 1:
            self._rests[found.name] = begun + rest
