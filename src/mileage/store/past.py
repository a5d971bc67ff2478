"""Sums of past hours laid by account, and added up: what pages of one person read.

Sums lie in the order of time, as boards read them. Their copies lie by account, and
once more are there those of everybody together. They are made anew when enough has come
since; reading is as exact as the sums themselves, because newer hours, and past ones
that have changed, are read from those.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mileage.domain.window import SECOND
from mileage.store.statements import insert, run, said_plainly

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import duckdb

    from mileage.store.heard import Readable

LATE_SECONDS = 24 * 3600
"""What is older when it comes is noted; so copies can be made while more comes."""
TABLES = ("past_hour", "past_session", "past_activity", "past_total")
LEAST_ROWS = 100_000
PART = 0.02
"""So many rows, or this part of the copies, may wait before they are made anew: pages
read those of everybody."""


def late_before(recorded_at: int) -> int:
    """Return before which UTC second an append's hours are past.

    Appends are recorded at rising times, so that copies of all hours before this are
    known to be changed by no later append that does not say so.
    """
    return recorded_at // SECOND - LATE_SECONDS


def note(
    cursor: duckdb.DuckDBPyConnection,
    recorded_at: int,
    touched: Iterable[tuple[int, str]],
) -> None:
    """Note in which of these (hour, account) the past has changed."""
    before = late_before(recorded_at)
    late = [one for one in touched if one[0] < before]
    if late:
        hours, accounts = zip(*late, strict=True)
        columns = {"hour": list(hours), "account": list(accounts)}
        insert(cursor, "past_changed.insert", columns)


@contextmanager
def reading(
    ledger: Readable, accounts: Sequence[str] | None
) -> Iterator[tuple[duckdb.DuckDBPyConnection, dict[str, object]]]:
    """Read sums of some accounts, or of all, at one moment.

    Gives a cursor, and what statements over ``hours_of`` and its like ask for.
    """
    # A cursor of its own: the thread's may be in a transaction already.
    cursor = ledger.cursor().cursor()
    try:
        with said_plainly():
            cursor.begin()
        ((until, hours),) = run(cursor, "past_of", accounts=accounts)
        changed = [hour for hour in hours or () if hour < until]
        yield cursor, {"until": until, "changed": changed}
    finally:
        cursor.close()


def lay(ledger: Readable, least: int = LEAST_ROWS) -> bool:
    """Make the copies anew if enough has come since; tells whether it did.

    Appends go on meanwhile, and readers see the copies before until it is done.
    """
    with ledger.transaction() as cursor:
        ((_, recorded_at),) = run(cursor, "last_append")
        until = late_before(recorded_at)
        ((copied, waiting),) = run(cursor, "past_waiting", until=until)
        if waiting < max(least, PART * copied) or not waiting:
            return False
        _copy(cursor, until)
    return True


def forget(cursor: duckdb.DuckDBPyConnection) -> None:
    """Throw the copies away, where sums are changed that are no append's."""
    if run(cursor, "past_until") != [(0,)]:
        _copy(cursor, 0)
    else:
        # What has changed is noted before there are any copies.
        run(cursor, "past_changed.empty")


def _copy(cursor: duckdb.DuckDBPyConnection, until: int) -> None:
    for table in TABLES:
        run(cursor, f"{table}.build", until=until)
    for statement in ("past_changed.empty", "past_until.empty"):
        run(cursor, statement)
    run(cursor, "past_until.insert", hour=until)
