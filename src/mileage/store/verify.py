"""Check that the ledger says what its witnesses say."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from mileage.domain.call import Seen
from mileage.domain.join import derive
from mileage.domain.witness import Witness
from mileage.store.appending import call_row
from mileage.store.identities import HOUR
from mileage.store.relatives import relatives
from mileage.store.statements import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import duckdb

    from mileage.domain.call import Call
    from mileage.domain.joining import Joining
    from mileage.store.ledger import Ledger

WITNESSES_AT_ONCE = 50_000


def verify(ledger: Ledger) -> list[str]:
    """Return a sentence for each contradiction; none when all is well.

    Re-derives every call from every witness, and every roll-up from the calls.
    """
    return [problem for check in CHECKS for problem in check(ledger)[1]]


def check_calls(ledger: Ledger) -> tuple[int, list[str]]:
    """Derive every call again; return how many, and what contradicts itself.

    Some hours at a time, and of one state of the ledger, however much is appended.
    """
    with ledger.transaction() as cursor:
        checking = _Calls(cursor, ledger.rules.joining())
        twice = run(cursor, "verify_duplicates")
        problems = [f"call {call_id} is current twice" for (call_id,) in twice]
        return checking.count(), [*problems, *checking.plain(), *checking.joined()]


class _Calls:
    """Compares calls with their witnesses, in one transaction that only reads."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, joining: Joining) -> None:
        self._cursor, self._joining = cursor, joining

    def count(self) -> int:
        """Count the current calls."""
        return sum(run(self._cursor, "verify_counts")[0])

    def plain(self) -> Iterator[str]:
        """Compare calls of one witness, to which nothing else belongs."""
        for first, last in self._spans("verify_plain_hours"):
            hours = {"first_hour": first, "last_hour": last}
            seen = _seen(run(self._cursor, "verify_plain_witnesses", **hours))
            derived = derive(seen, self._joining)
            rows = run(self._cursor, "verify_plain_calls", **hours)
            kept = {row[0]: row for row in rows}
            yield from _differing(derived, kept)
            missing = kept.keys() - {call.call_id for call in derived}
            yield from (f"call {one} has no witness" for one in sorted(missing))

    def joined(self) -> Iterator[str]:
        """Compare the others, each where the first of its witnesses is."""
        compared = 0
        for first, last in self._spans("verify_joined_hours"):
            calls = self._beginning(first, last)
            compared += len(calls)
            ids = [call.call_id for call in calls]
            rows = run(self._cursor, "current_calls", ids=ids)
            yield from _differing(calls, {row[0]: row for row in rows})
        if compared != run(self._cursor, "verify_counts")[0][1]:
            yield from self._orphans()

    def _beginning(self, first: int, last: int) -> list[Call]:
        """Return the calls whose first witness is of these hours."""
        hours = {"first_hour": first, "last_hour": last}
        seen = _seen(run(self._cursor, "joined_witnesses_of_hours", **hours))
        closed = relatives(self._cursor, self._joining, seen, promoting=False)
        begin: dict[tuple[str, str], int] = {}
        for one in map(attrgetter("witness"), closed.seen):
            hour, name = one.occurred_at // HOUR, (one.source, one.key)
            begin[name] = min(begin.get(name, hour), hour)
        return [
            call
            for call in derive(closed.seen, self._joining, closed.after)
            if first
            <= min(begin[name] for name in zip(call.sources, call.keys, strict=True))
            <= last
        ]

    def _spans(self, hours: str) -> Iterator[tuple[int, int]]:
        """Cut the hours that have witnesses into spans of a bounded size."""
        first, size = None, 0
        last = 0
        for last, count in run(self._cursor, hours):
            first = last if first is None else first
            size += count
            if size >= WITNESSES_AT_ONCE:
                yield first, last
                first, size = None, 0
        if first is not None:
            yield first, last

    def _orphans(self) -> Iterator[str]:
        """Look for calls that nothing was derived for; only when some are left over."""
        derived = {
            call.call_id
            for first, last in self._spans("verify_joined_hours")
            for call in self._beginning(first, last)
        }
        for (call_id,) in run(self._cursor, "verify_joined_ids"):
            if call_id not in derived:
                yield f"call {call_id} has no witness"


def _seen(rows: Iterable[tuple[Any, ...]]) -> list[Seen]:
    return [Seen(Witness(*row[:-2]), row[-2], row[-1]) for row in rows]


def _differing(
    derived: Iterable[Call], kept: Mapping[str, tuple[Any, ...]]
) -> Iterator[str]:
    for call in derived:
        row = kept.get(call.call_id)
        if row is None:
            yield f"call {call.call_id} is missing"
        elif row != call_row(call):
            yield f"call {call.call_id} differs from its witnesses"


def check_hours(ledger: Ledger) -> tuple[int, list[str]]:
    """Add up every hour again; return how many rows there are, and what differs."""
    return _rollups(ledger, "rollup_hour", "verify_hours")


def check_days(ledger: Ledger) -> tuple[int, list[str]]:
    """Add up every day again, likewise."""
    return _rollups(ledger, "rollup_day", "verify_days")


def check_sessions(ledger: Ledger) -> tuple[int, list[str]]:
    """Add up again what each session used in each hour, likewise."""
    return _rollups(ledger, "rollup_session", "verify_sessions")


def check_activities(ledger: Ledger) -> tuple[int, list[str]]:
    """Add up activities by hour again, likewise."""
    return _rollups(ledger, "rollup_activity", "verify_activities")


def check_past(ledger: Ledger) -> tuple[int, list[str]]:
    """Compare the copies of past hours, by account and of all, with the sums."""
    cursor = ledger.cursor()
    ((count, _),) = run(cursor, "past_waiting", until=0)
    return count, [
        f"the copy of {unit} {hour}, account {account or '(all)'} differs from the sums"
        for hour, account, unit in run(cursor, "verify_past")
    ]


def _rollups(ledger: Ledger, table: str, differing: str) -> tuple[int, list[str]]:
    cursor = ledger.cursor()
    unit = table.removeprefix("rollup_")
    ((count,),) = run(cursor, f"{table}.count")
    return count, [
        f"roll-up of {unit} {row[0]}, account {row[1]} differs from what it sums up"
        for row in run(cursor, differing)
    ]


CHECKS = (
    *(check_calls, check_hours, check_days, check_sessions, check_activities),
    check_past,
)
