"""Deleting what is older than the policy keeps, with a proof of it.

Sums by hour and day stay when calls go. A table of which something was deleted is
written anew, and the free room of the file is overwritten: a database that deletes
leaves the bytes where they were.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.booking import Booking
from mileage.domain.call import Seen
from mileage.domain.deletion import Deletion, Due, broken, following
from mileage.domain.join import derive
from mileage.domain.window import micros
from mileage.domain.witness import Witness
from mileage.store import activities, past
from mileage.store.appending import Append, difference
from mileage.store.claims import keep_apart
from mileage.store.identities import HOUR, own_id
from mileage.store.relatives import relatives
from mileage.store.statements import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    import duckdb

    from mileage.domain.call import Call
    from mileage.store.ledger import Ledger
    from mileage.store.rules import Rules

NEAR_HOURS = 3
"""Witnesses of one call may lie on both sides of a border, so near it without a name in
common."""
TABLES = {
    "calls": (
        *("plain_call", "joined_call", "superseded", "joined_witness", "witness_id"),
        "rollup_session",
    ),
    "activities": ("activity", "rollup_activity"),
    "rejections": ("rejection",),
}
KINDS = tuple(TABLES)
DUE = {
    "calls": "due.calls",
    "activities": "due.activities",
    "rejections": "due.rejections",
}
DUE_IDS = {
    "calls": "due_ids.calls",
    "activities": "due_ids.activities",
    "rejections": "due_ids.rejections",
}
UUIDS_BYTES = 32
ERASURE = "erasure"
"""Kind of the record of a person's: its rows stay, and are nobody's from then on."""


class _Border(NamedTuple):
    """Where what is kept begins."""

    day: date
    """In the organisation's zone; of rejections in UTC."""
    until: int


class _Near(NamedTuple):
    """What is told at a border; witnesses by number."""

    calls: list[Call]
    """Those that stay."""
    seen: list[Seen]
    """All that tells of these."""
    kept: set[int]
    gone: set[int]
    """Witnesses of calls that go."""


class _Settling(Append):
    """One append that brings no witness and derives again what stays at a border.

    What clocks tell apart, or an id names that two calls share, may be told otherwise
    when what went is not beside it any more.
    """

    def settle(self, near: _Near) -> None:
        """Write the calls that are other ones now, if there are any."""
        known = relatives(self._cursor, self._joining, near.seen)
        calls = derive(known.seen, self._joining, known.after)
        changed, ended = difference(near.calls, calls)
        if changed or ended:
            self._insert_calls(changed)
            self._end([one.call_id for one in ended])
            self._insert_tallies(Booking(), {}, {})
            self._refresh({(one.occurred_at, one.account) for one in changed + ended})


def _border(ledger: Ledger, kind: str, days: int) -> _Border:
    clock = ledger.rules.clock
    day = clock.day(ledger.now()) - timedelta(days=days)
    begin = datetime(day.year, day.month, day.day, tzinfo=clock.zone)
    # Rejections are kept by days in UTC: of the day that is cut nothing goes.
    return _Border(day - timedelta(days=kind == "rejections"), micros(begin))


def due(ledger: Ledger, kind: str, days: int) -> Due | None:
    """Return what goes when this many days are kept; None when that is nothing."""
    if not days:
        return None
    border = _border(ledger, kind, days)
    rows = _one(ledger.cursor(), DUE[kind], day=border.day)
    policy = f"retention.{kind}_days = {days}"
    return Due(kind, border.until, rows, policy) if rows else None


def delete(ledger: Ledger, found: Due, days: int) -> Deletion:
    """Delete what is due and record it, all of it or nothing."""
    border = _border(ledger, found.kind, days)
    with ledger.writing() as cursor:
        digests = run(cursor, DUE_IDS[found.kind], day=border.day)
        rows = _one(cursor, DUE[found.kind], day=border.day)
        _expire(cursor, ledger, found.kind, border)
        for table in TABLES[found.kind]:
            write_anew(cursor, table)
        ids = sha256("\n".join(one for (one,) in digests).encode()).hexdigest()
        exact = found._replace(rows=rows, until=border.until)
        return record_in(cursor, ledger.now(), exact, ids)


def record(ledger: Ledger, found: Due, ids: str) -> Deletion:
    """Record what was deleted outside the ledger."""
    with ledger.writing() as cursor:
        return record_in(cursor, ledger.now(), found, ids)


def record_in(
    cursor: duckdb.DuckDBPyConnection, at: int, found: Due, ids: str
) -> Deletion:
    """Record a deletion in the transaction that makes it."""
    rows = _deletions(cursor)
    made = following(rows[-1] if rows else None, at, found, ids)
    run(cursor, "deletion.insert", **made._asdict())
    return made


def _expire(
    cursor: duckdb.DuckDBPyConnection, ledger: Ledger, kind: str, border: _Border
) -> None:
    if kind == "rejections":
        run(cursor, "rejection.expire", day=border.day)
        return
    past.forget(cursor)
    if kind == "calls":
        near = _expire_calls(cursor, ledger.rules, border)
        ((seq, last),) = run(cursor, "last_append")
        stamp = (seq + 1, max(ledger.now(), last + 1))
        _Settling(cursor, ledger.rules, stamp).settle(near)
    else:
        activities.expire(cursor, border.day)


def _expire_calls(
    cursor: duckdb.DuckDBPyConnection, rules: Rules, border: _Border
) -> _Near:
    keep_apart(cursor, rules, border.until)
    near = _near(cursor, rules, border)
    run(cursor, "doomed_call.build", day=border.day)
    run(
        cursor, "doomed_witness.build", until=border.until,
        kept=list(near.kept), also=list(near.gone),
    )  # fmt: skip
    for table in ("plain_call", "rollup_session"):
        run(cursor, f"{table}.expire", day=border.day)
    for table in ("superseded", "joined_call", "joined_witness"):
        run(cursor, f"{table}.expire")
    run(cursor, "witness_id.expire", hour=border.until // HOUR)
    for table in ("doomed_call", "doomed_witness"):
        run(cursor, f"{table}.drop")
    for table in ("rollup_hour", "rollup_day"):
        run(cursor, f"{table}.retain", day=border.day)
    return near


def _near(cursor: duckdb.DuckDBPyConnection, rules: Rules, border: _Border) -> _Near:
    """Return what stays and what goes at the border.

    A copy, or what has an id in common, is of one call however far away it is.
    """
    hour = border.until // HOUR
    hours = {"first_hour": hour - NEAR_HOURS, "last_hour": hour + NEAR_HOURS}
    rows = run(cursor, "joined_witnesses_at_border", hour=hour, **hours)
    seen = [Seen(Witness(*row[:-2]), row[-2], row[-1]) for row in rows]
    closed = relatives(cursor, rules.joining(), seen)
    stay: list[Call] = []
    go: list[Call] = []
    for call in derive(closed.seen, rules.joining(), closed.after):
        (go if rules.clock.day(call.occurred_at) < border.day else stay).append(call)
    kept = _witnesses(stay)
    told = [one for one in closed.seen if own_id(*one.witness[:2]) in kept]
    return _Near(stay, told, kept, _witnesses(go) - kept)


def _witnesses(calls: Iterable[Call]) -> set[int]:
    """Return the numbers of what tells of these."""
    return {one for call in calls for one in map(own_id, call.sources, call.keys)}


def write_anew(cursor: duckdb.DuckDBPyConnection, table: str) -> None:
    """Leave the rows where they are in no block that held deleted ones."""
    cursor.table(table).create("kept")
    run(cursor, f"{table}.empty")
    cursor.table("kept").insert_into(table)
    run(cursor, "kept.drop")


def scrub(ledger: Ledger) -> bool:
    """Overwrite the free room of the file; True when that was due and is done."""
    last = max((one.number for one in deletions(ledger)), default=0)
    if last <= _one(ledger.cursor(), "scrubbed"):
        return False
    ledger.when_at_rest(lambda: _overwrite(ledger.cursor()))
    with ledger.writing() as cursor:
        run(cursor, "scrubbed.insert", number=last, at=ledger.now())
    return True


def _overwrite(cursor: duckdb.DuckDBPyConnection) -> None:
    run(cursor, "checkpoint")
    size, free = run(cursor, "free_blocks")[0]
    if free:
        run(cursor, "junk.build", rows=(free + 1) * size // UUIDS_BYTES)
        run(cursor, "checkpoint")
        run(cursor, "junk.drop")
        run(cursor, "checkpoint")


def deletions(ledger: Ledger) -> list[Deletion]:
    """Return every deletion, oldest first."""
    return _deletions(ledger.cursor())


def _deletions(cursor: duckdb.DuckDBPyConnection) -> list[Deletion]:
    return [Deletion(*row) for row in run(cursor, "deletions")]


def horizon(ledger: Ledger) -> int:
    """Return from when on calls are kept, UTC microseconds; 0 when all are."""
    return _one(ledger.cursor(), "horizon")


def check_deletions(ledger: Ledger) -> tuple[int, list[str]]:
    """Check the chain of records, and that what they name is gone."""
    rows = deletions(ledger)
    problems = [*broken(rows), *_left(ledger, rows)]
    if rows and rows[-1].number > _one(ledger.cursor(), "scrubbed"):
        problems.append(
            "the bytes of the last deletion may still be in the ledger's file; "
            "`mileage retention apply` overwrites them"
        )
    return len(rows), problems


def _left(ledger: Ledger, rows: Sequence[Deletion]) -> list[str]:
    """Return what is there although it was deleted."""
    until = {row.kind: row.until for row in rows}
    problems = []
    erased = [row.ids for row in rows if row.kind == ERASURE]
    named = _one(ledger.cursor(), "erased.left", erased=erased) if erased else 0
    if named:
        problems.append(f"{named} rows still name people who were erased")
    for kind in KINDS:
        if kind in until:
            day = ledger.rules.clock.day(until[kind]) - timedelta(
                days=kind == "rejections"
            )
            left = _one(ledger.cursor(), DUE[kind], day=day)
            if left:
                problems.append(f"{left} {kind} are there that were deleted")
    return problems


def _one(cursor: duckdb.DuckDBPyConnection, name: str, **parameters: object) -> int:
    ((value,),) = run(cursor, name, **parameters)
    return int(value)
