"""The ledger: append-only witnesses, and the calls derived from them.

Invariants
- One process owns the file; each thread uses its own cursor; one append at a time.
- An append is one transaction: witnesses, calls, roll-ups, tallies and the position
  in the write-ahead segments become visible together or not at all.
- Calls are a pure function of the witnesses (``domain.call``). An append re-derives
  only what its witnesses can touch, so its cost does not grow with the ledger.
- A disk that refuses raises Unavailable; the same append may be tried again.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import duckdb

from mileage.domain.booking import Appended, Position
from mileage.domain.errors import Conflict, Unavailable
from mileage.store import ledger_schema, rederiving
from mileage.store.appending import Append
from mileage.store.claims import Claiming
from mileage.store.standing_files import shut_in
from mileage.store.statements import Invalidated, reason, run, said_plainly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mileage.domain.booking import Booking
    from mileage.store.rules import Rules

Result = TypeVar("Result")

OPTIONS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "preserve_insertion_order": False,
    # More is written at a time, and less often; it is read back in under a second.
    "checkpoint_threshold": "64MB",
}


PATIENCE_SECONDS = 10.0
"""For questions that are broken off when the ledger is closed."""


BUSY_SECONDS, PAUSE_SECONDS = 120.0, 0.1
"""For who writes beside appends: copies of hundreds of millions of calls take 44."""


_OF_MOMENTS = 0
"""In place of a thread, whose cursor is its own."""


class Room(NamedTuple):
    """What the database may use."""

    megabytes: int = 256
    threads: int = 2


ROOM = Room()


class Ledger:
    """Owns one DuckDB file. Thread-safe."""

    def __init__(
        self, path: Path, rules: Rules, now: Callable[[], int], room: Room = ROOM
    ) -> None:
        """Open or create the ledger; ``now`` gives UTC microseconds.

        Raises Conflict when another process owns it, NewerData when a newer
        version wrote it, Invalid when it was built for another time zone.
        """
        self._path = path
        self._room = room
        self._connection = self._connected()
        path.chmod(0o600)
        self.rules = rules
        self._now = now
        self._append_lock = threading.Lock()
        self._commit_lock = threading.Lock()
        self._moment_lock = threading.Lock()
        self.simulated: tuple[int, int] | None = None
        """Accounts and calls of simulated roll-ups; None when not counted yet."""
        self._cursors: dict[int, duckdb.DuckDBPyConnection] = {}
        ledger_schema.migrate(self._connection, rules.clock)
        with self.transaction() as cursor:
            rederiving.bring_up_to_date(cursor, rules, now())

    def now(self) -> int:
        """Return UTC microseconds, by the clock that stamps appends."""
        return self._now()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return this thread's own cursor; sharing one mixes up results."""
        thread = threading.get_ident()
        cursor = self._cursors.get(thread)
        if cursor is None:
            # An id is given again only after its thread has ended.
            cursor = self._cursors[thread] = self._connection.cursor()
        return cursor

    def append(self, booking: Booking, position: Position | None = None) -> Appended:
        """Take a booking in and return what it did; all of it or nothing."""
        with self._one_at_a_time():
            return self._append(booking, position)

    def claim(self, account: str, person: str) -> int:
        """Put a person behind an account; '' puts nobody there again.

        Returns how many calls that changes. Raises Conflict when somebody else is
        behind either account.
        """
        with self._one_at_a_time(), self.transaction() as cursor:
            claiming = Claiming(cursor, self.rules, self._stamp(cursor))
            if person:
                return claiming.claim(account, person)
            return claiming.unclaim(account)

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open a transaction that writes, after all others."""
        with self._one_at_a_time(), self.transaction() as cursor:
            yield cursor

    @contextmanager
    def one_moment(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Read the ledger as it is now, whatever is appended meanwhile.

        One thread at a time, on one cursor: temporary tables stay for the next, unless
        this one fails.
        """
        with self._moment_lock:
            cursor = self._cursors.get(_OF_MOMENTS)
            if cursor is None:
                cursor = self._cursors[_OF_MOMENTS] = self._connection.cursor()
            with said_plainly():
                cursor.begin()
            try:
                yield cursor
            except BaseException:
                del self._cursors[_OF_MOMENTS]
                with suppress(duckdb.Error):
                    cursor.rollback()
                    cursor.close()
                raise
            with said_plainly():
                cursor.commit()

    @contextmanager
    def at_rest(self) -> Iterator[Path]:
        """Hold back whoever writes: the file and the log beside it stand still.

        Another process may copy them meanwhile. This one may not even open them:
        closing a file lets go of every lock that the process has on it.
        """
        with self._one_at_a_time(), self._commit_lock:
            yield self._path

    def when_at_rest(self, work: Callable[[], Result]) -> Result:
        """Do work at rest that needs all writing to be over, also what goes on beside.

        Who copies or rolls up beside appends has to commit, so this lets go of all
        locks while it waits. Raises Unavailable after ``BUSY_SECONDS``.
        """
        until = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                with self.at_rest():
                    return work()
            except Unavailable as refusal:
                busy = isinstance(refusal.__cause__, duckdb.TransactionException)
                if not busy or time.monotonic() > until:
                    raise
            time.sleep(PAUSE_SECONDS)

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        with self._append_lock:
            try:
                yield
            except Invalidated:
                self._open_again()
                raise

    def _stamp(self, cursor: duckdb.DuckDBPyConnection) -> tuple[int, int]:
        """Return the number of the next append and when it is recorded."""
        last_seq, last_time = run(cursor, "last_append")[0]
        return last_seq + 1, max(self._now(), last_time + 1)

    def _append(self, booking: Booking, position: Position | None) -> Appended:
        with self.transaction() as cursor:
            append = Append(cursor, self.rules, self._stamp(cursor))
            result = append.take(booking)
            if position is not None:
                run(
                    cursor,
                    "position.insert",
                    seq=append.seq,
                    segment=position.segment,
                    record=position.record,
                )
            return result

    def position(self) -> Position:
        """Return how far the segments have been taken in."""
        rows = run(self.cursor(), "position")
        return Position(*rows[0]) if rows else Position(0, 0)

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Commit what the block does, or roll it back if it raises."""
        cursor = self.cursor()
        with said_plainly():
            cursor.begin()
        try:
            yield cursor
        except BaseException:
            # What made the block fail is worth more than a failing rollback.
            with suppress(duckdb.Error):
                cursor.rollback()
            raise
        with self._commit_lock, said_plainly():
            cursor.commit()

    def _open_again(self) -> None:
        """Open the file anew: the log beside it holds every committed append."""
        self.close()
        self._connection = self._connected()

    def _connected(self) -> duckdb.DuckDBPyConnection:
        """Open the file; of all others only those of standings may be written."""
        connection = connected(self._path, self._room, enable_external_access=True)
        shut_in(connection, self._path.parent / "snapshots")
        return connection

    def close(self) -> None:
        """Write everything into the main file and let go of it."""
        for cursor in list(self._cursors.values()):
            _let_go(cursor)
        self._cursors.clear()
        self._connection.close()


def _let_go(cursor: duckdb.DuckDBPyConnection) -> None:
    """Close a cursor, and break off what a thread still asks: nobody waits for it."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            cursor.close()
        except duckdb.Error:
            if time.monotonic() > until:
                raise
            cursor.interrupt()
            time.sleep(0.01)
        else:
            return


def connected(
    path: Path, room: Room, *, enable_external_access: bool = False
) -> duckdb.DuckDBPyConnection:
    """Open a file as its only process; no other one unless it may be attached.

    Raises Conflict when another process has it, Unavailable when it cannot be opened.
    """
    options = {**OPTIONS, "enable_external_access": enable_external_access}
    options["memory_limit"], options["threads"] = f"{room.megabytes}MB", room.threads
    try:
        return duckdb.connect(str(path), config=options)
    except duckdb.Error as error:
        if "conflicting lock" in str(error).lower():
            message = (
                f"{path} is in use by another process. Stop it, or let it do the "
                "work: commands talk to a running `mileage serve` by themselves."
            )
            raise Conflict(message) from None
        message = f"{path} cannot be opened: {reason(error)}"
        raise Unavailable(message) from None
