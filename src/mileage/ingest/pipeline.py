"""The road from an accepted reading to the ledger.

``submit`` → screen → write-ahead segment → durable (the caller may answer) →
booked to accounts → ledger, with the segment position in the same transaction.
One thread writes segments and shares each sync among all who wait; one thread
appends to the ledger, and tries again when that fails. Both queues are bounded.
What a crash left on disk is taken in behind, while new records come (``replay``).
"""

from __future__ import annotations

import logging
import threading
import time
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING, Protocol

from mileage.domain.errors import MileageError, Unavailable
from mileage.domain.people import Credential
from mileage.domain.witness import Reading, Rejected
from mileage.ingest.booked import book
from mileage.ingest.meters import Meters, Queues
from mileage.ingest.pending import Backlog, Pending, Waiting, durable
from mileage.ingest.quarantine import Quarantine
from mileage.ingest.record import Record, encode
from mileage.ingest.replay import APPEND_WITNESSES, Replay
from mileage.ingest.segment import Segments

if TYPE_CHECKING:
    from collections.abc import Iterable
    from concurrent.futures import Future
    from pathlib import Path

    from mileage.domain.booking import Appended, Booking, Position
    from mileage.ingest.booked import Directory
    from mileage.ingest.replay import Replaying, Taken
    from mileage.ingest.screen import Screen

log = logging.getLogger(__name__)

QUEUED_RECORDS = 4000
LOOK_SECONDS = 0.05
GATHER_SECONDS = 1.0
"""Appends begin so far apart, unless there is enough for one or somebody waits: what
one costs hardly depends on its size."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds between two attempts to append to a ledger that refuses."""
SHUT = None
FULL = "more is arriving than can be written; try again in a moment"


class LedgerPort(Protocol):
    """What the pipeline needs of the ledger."""

    def append(self, booking: Booking, position: Position | None = None) -> Appended:
        """Take a booking in, all of it or nothing."""
        ...

    def position(self) -> Position:
        """Return how far the segments have been taken in."""
        ...


class Pipeline:
    """Owns the write-ahead segments and the two threads behind them."""

    def __init__(
        self,
        ledger: LedgerPort,
        directory: Directory,
        screen: Screen,
        path: Path,
        meters: Meters | None = None,
    ) -> None:
        self._ledger = ledger
        self._directory = directory
        self._screen = screen
        taken = ledger.position()
        self.segments = Segments(path, taken=taken)
        self.quarantine = Quarantine(path.with_name("quarantine"))
        """What segments held and nobody can read."""
        self._replay = Replay(self.segments, self.quarantine, taken)
        self._caught_up = False
        self._to_write: Queue[Waiting | None] = Queue(QUEUED_RECORDS)
        self._to_append: Queue[tuple[Position, Waiting] | None] = Queue(QUEUED_RECORDS)
        self._pending = Pending()
        self._meters = meters or Meters()
        self._closed = False
        self.failure: BaseException | None = None
        """Why the ledger does not take records in just now; None while it does."""
        self._leaving = threading.Event()
        self._hurry = threading.Event()
        self._may_catch_up = threading.Event()
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (
                ("mileage-segments", self._write_segments),
                ("mileage-ledger", self._append_to_ledger),
            )
        ]

    def start(self, *, catch_up: bool = True) -> None:
        """Go; what a crash left in the segments is taken in behind, see ``drain``.

        Without ``catch_up`` that waits until the method of this name is called.
        """
        self.segments.check_versions()
        for thread in self._threads:
            thread.start()
        if catch_up:
            self.catch_up()

    def catch_up(self) -> None:
        """Begin to take in what lies behind."""
        self._may_catch_up.set()

    @property
    def replaying(self) -> Replaying | None:
        """How far the taking in of what lies behind has come; None when it is done."""
        return self._replay.progress

    def submit(self, record: Record) -> Future[None]:
        """Accept a record; the future is done when it is on disk.

        Raises Unavailable when the queues are full or the pipeline is closing.
        """
        return self.submit_prepared(self.prepared(record))

    def prepared(self, record: Record) -> Waiting:
        """Return what may be written of a record; the rest became rejections."""
        screened = record._replace(reading=self._screen(record.reading))
        return Waiting(screened, encode(screened), durable(), time.monotonic())

    @property
    def is_full(self) -> bool:
        """Tell whether a usual record would be refused; it need not be read then."""
        return self._pending.is_full or self._to_write.full()

    def submit_prepared(self, waiting: Waiting) -> Future[None]:
        """Accept what ``prepared`` returned, as ``submit`` does."""
        if self._closed or self.failure is not None:
            message = "this server is not taking records in just now; try again later"
            raise Unavailable(message)
        if not self._pending.hold(waiting):
            raise Unavailable(FULL)
        try:
            self._to_write.put_nowait(waiting)
        except Full:
            self._pending.forget(waiting)
            raise Unavailable(FULL) from None
        return waiting.durable

    def forget_segments(self) -> None:
        """Remove every segment that is taken in, the one being written too.

        An empty record is the first of a new one, and lets those before it go.
        """
        self.segments.begin_anew()
        self.submit(Record(Credential("", "", ""), "", Reading())).result()
        self.drain()

    def backlog(self) -> Backlog:
        """Return what is accepted and not yet visible."""
        behind = self.replaying
        return self._pending.backlog(behind.since if behind else None)

    def queues(self) -> Queues:
        """Return how many records wait, and where."""
        return Queues(self._to_write.qsize(), self._to_append.qsize(), QUEUED_RECORDS)

    def drain(self, timeout: float | None = None) -> None:
        """Wait until everything accepted is visible; raises what stopped it."""
        done = self._pending.wait_for(
            lambda: self._is_idle() or self.failure is not None, timeout
        )
        if self.failure is not None:
            message = f"the ledger stopped taking records in: {self.failure}"
            raise Unavailable(message)
        if not done:
            message = "the ledger is still taking records in"
            raise Unavailable(message)

    def _is_idle(self) -> bool:
        return self._caught_up and self._pending.is_empty()

    def close(self, patience: float | None = None) -> None:
        """Refuse new records, finish the ones on the way, stop the threads.

        What is not in the ledger after ``patience`` seconds stays in its segment for
        the next start, and so does what still lay behind.
        """
        self._closed = True
        self._leaving.set()
        self.catch_up()
        if self._threads[0].is_alive():
            alarm = threading.Timer(patience or 0, self._hurry.set)
            if patience is not None:
                alarm.start()
            self._to_write.put(SHUT)
            for thread in self._threads:
                thread.join()
            alarm.cancel()
        self.segments.close()

    def hurry(self) -> None:
        """Have ``close`` leave in the segments what is not in the ledger yet."""
        self._hurry.set()

    # The thread that writes segments.

    def _write_segments(self) -> None:
        while (first := self._to_write.get()) is not SHUT:
            batch, shut = [first], False
            while True:
                try:
                    more = self._to_write.get_nowait()
                except Empty:
                    break
                if more is SHUT:
                    shut = True
                    break
                batch.append(more)
            self._sync(batch)
            if shut:
                break
        self._hand_over(SHUT)

    def _sync(self, batch: list[Waiting]) -> None:
        try:
            with self._meters.syncs.timed():
                positions = self.segments.append([one.payload for one in batch])
        except Unavailable as refusal:
            for one in batch:
                self._pending.forget(one)
                one.durable.set_exception(refusal)
            return
        for one, position in zip(batch, positions, strict=True):
            one.payload = b""
            one.durable.set_result(None)
            if self._replay.keeps(position, one.size):
                self._pending.leave_on_disk(one)
            else:
                self._hand_over((position, one))

    def _hand_over(self, passed: tuple[Position, Waiting] | None) -> None:
        """Pass a record on, none left out: the position says that all before are in.

        Only when nobody takes any more it stays in its segment for the next start.
        """
        while self._threads[1].is_alive():
            try:
                self._to_append.put(passed, timeout=1)
            except Full:
                if passed is not SHUT and self._hurry.is_set():
                    return
                continue
            return

    # The thread that appends to the ledger.

    def _append_to_ledger(self) -> None:
        shut, began = not self._catch_up(), time.monotonic() - GATHER_SECONDS
        while not shut and (first := self._to_append.get()) is not SHUT:
            self._let_more_come(began)
            began = time.monotonic()
            group, shut = self._gather(first)
            if self._hurry.is_set() or not self._persist(group):
                return

    def _let_more_come(self, began: float) -> None:
        """Wait until it is time for an append, or somebody waits for it."""
        while time.monotonic() < began + GATHER_SECONDS:
            if self._pending.is_waited_for or self._has_enough():
                return
            if self._leaving.wait(LOOK_SECONDS):
                return

    def _has_enough(self) -> bool:
        waiting = self._to_append.qsize()
        return self._pending.held >= APPEND_WITNESSES or waiting >= QUEUED_RECORDS // 2

    def _catch_up(self) -> bool:
        """Take in what lies behind; False when told to leave meanwhile."""
        self._may_catch_up.wait()
        while True:
            try:
                for taken in self._replay.groups():
                    if self._leaving.is_set() or not self._take_back(taken):
                        return False
            except Unavailable as failure:
                self._note(failure)
                if self._leaving.wait(LONGEST_PAUSE):
                    return False
            else:
                break
        self._note(None)
        self._caught_up = True
        self._pending.told()
        return True

    def _take_back(self, taken: list[Taken]) -> bool:
        """Take in what was read back, as if it had been handed over."""
        now = time.monotonic()
        group = [
            (one.position, Waiting(one.record, b"", durable(), now)) for one in taken
        ]
        ours = sum(len(one.record.reading.witnesses) for one in taken if one.ours)
        if not self._persist(group):
            return False
        self._pending.read_back(ours)
        return True

    def _persist(self, group: list[tuple[Position, Waiting]]) -> bool:
        """Take a group in, again and again; False when told to leave meanwhile.

        What the ledger refuses (a full disk) is safe in its segment and must not be
        passed by: a later position would say that it had been taken in.
        """
        pause = FIRST_PAUSE
        while True:
            try:
                self._take_in(group)
            except Exception as failure:  # noqa: BLE001 - edge: the worker loop
                self._note(failure)
            else:
                self._note(None)
                return True
            if self._leaving.wait(pause):
                return False
            pause = min(2 * pause, LONGEST_PAUSE)

    def _note(self, failure: Exception | None) -> None:
        """Remember whether the ledger works, and log it when that changes."""
        before, self.failure = self.failure, failure
        if failure is not None and before is None:
            known = isinstance(failure, MileageError)
            # What a bug says may quote data; its kind may not.
            reason = str(failure) if known else type(failure).__name__
            log.critical("the ledger stopped, and is tried again: %s", reason)
        elif failure is None and before is not None:
            log.warning("the ledger takes records in again")
        if failure is not None:
            self._pending.told()

    def _gather(
        self, first: tuple[Position, Waiting]
    ) -> tuple[list[tuple[Position, Waiting]], bool]:
        """Take what is waiting, up to a good size for one transaction."""
        group, size = [first], first[1].size
        while size < APPEND_WITNESSES:
            try:
                more = self._to_append.get_nowait()
            except Empty:
                break
            if more is SHUT:
                return group, True
            group.append(more)
            size += more[1].size
        return group, False

    def _take_in(self, group: list[tuple[Position, Waiting]]) -> None:
        position = group[-1][0]
        # A ledger can fail after it has committed; then this is the second attempt.
        if self.failure is None or self._ledger.position() < position:
            booking = self._book([waiting.record for _, waiting in group])
            self._ledger.append(booking, position)
        self._pending.took(waiting for _, waiting in group)
        self.segments.remove_before(position)

    def _book(self, records: Iterable[Record]) -> Booking:
        return book(records, self._directory)


def refusal(source: str, place: str, reason: str) -> Reading:
    """Return a reading that only says what was refused."""
    return Reading(rejected=(Rejected(source, place, reason),))
