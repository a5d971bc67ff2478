"""Typed questions to the ledger. Each runs one named statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.attendance import HourUse
from mileage.domain.figures import ActivityCount, RejectedCount
from mileage.domain.sums import Figures, Share
from mileage.domain.tokens import Tokens
from mileage.domain.window import SECOND, moment
from mileage.store import past
from mileage.store.heard import booked_accounts
from mileage.store.statements import run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import duckdb

    from mileage.domain.window import Window
    from mileage.store.ledger import Ledger

SIMULATED = "simulated-rollup"
BY_CALL = frozenset({"session", "project"})
"""What roll-ups by hour do not tell apart."""
GROUPS = ("account", "client", "provider", "model", "day", "session", "project")


class HourRow(NamedTuple):
    """One account, one hour, one client and model."""

    day: date
    hour: int
    client: str
    model: str
    simulated: bool
    marks: tuple[int, ...]
    """Attended calls, unattended ones, and those whose witnesses differ; of calls that
    were deleted none."""
    figures: Figures


class UsageRow(NamedTuple):
    """One group of calls; ``keys`` has a value for every asked dimension."""

    keys: dict[str, str]
    figures: Figures


class Span(NamedTuple):
    """From when to when the ledger has recorded, and how much is simulated."""

    since: int | None
    until: int | None
    seq: int
    simulated_accounts: int
    simulated_calls: int


class Tally(NamedTuple):
    """What all appends did for one source."""

    source: str
    visible: int
    duplicates: int
    rejected: int
    ignored: int


def _figures(row: Sequence[int | None]) -> Figures:
    """Read (calls, seven classes, cost, unpriced calls, unmeasured calls)."""
    calls, *classes, cost, unpriced, unmeasured = row
    tokens = Tokens(*(n or 0 for n in classes))
    return Figures(calls or 0, tokens, cost, unpriced or 0, unmeasured or 0)


def _hours(window: Window) -> dict[str, int]:
    """Return the window in the seconds in which roll-ups keep their hours."""
    return {"start": -(-window.start // SECOND), "end": -(-window.end // SECOND)}


def personal_hours(ledger: Ledger, account: str, window: Window) -> list[HourRow]:
    """Return one account's roll-ups, oldest first."""
    asked = {"account": account, **_hours(window)}
    with past.reading(ledger, (account,)) as (cursor, parts):
        rows = run(cursor, "personal_hours", **asked, **parts)
    return [
        HourRow(
            day, hour, client, model, simulated, tuple(told[:3]), _figures(told[3:])
        )
        for day, hour, client, model, simulated, *told in rows
    ]


def personal_sessions(
    ledger: Ledger, account: str, window: Window, most: int
) -> tuple[int, list[Share]]:
    """Return how many sessions an account had, and the largest of them.

    The note says when and where.
    """
    asked = {"account": account, "most": most, **_hours(window)}
    with past.reading(ledger, (account,)) as (cursor, parts):
        rows = run(cursor, "personal_sessions", **asked, **parts)
    zone = ledger.rules.clock.zone
    shares = [
        Share(
            session,
            _figures(figures),
            f"{client}, {moment(hour * SECOND, zone):%Y-%m-%d}",
        )
        for _, session, client, hour, *figures in rows
    ]
    return (rows[0][0] if rows else 0), shares


def simulated_sessions(ledger: Ledger, account: str, window: Window) -> int:
    """Return how many sessions the roll-ups of a simulated account stand for."""
    clock = ledger.rules.clock
    days = {
        "first_day": clock.day(window.start),
        "last_day": clock.day(window.end - 1),
    }
    rows = run(ledger.cursor(), "personal_simulated_sessions", account=account, **days)
    return int(rows[0][0])


def personal_attendance(ledger: Ledger, account: str, window: Window) -> list[HourUse]:
    """Return the hours in which an account called a model, in order."""
    asked = {"account": account, **_hours(window)}
    with past.reading(ledger, (account,)) as (cursor, parts):
        rows = run(cursor, "personal_attendance", **asked, **parts)
    return [HourUse(*row) for row in rows]


def personal_activity(
    ledger: Ledger, account: str, window: Window
) -> list[ActivityCount]:
    """Return what an account did beside calls."""
    accounts = booked_accounts(ledger, account)
    asked = {"accounts": accounts, **_hours(window)}
    with past.reading(ledger, accounts) as (cursor, parts):
        rows = run(cursor, "personal_activity", **asked, **parts)
    return [ActivityCount(*row) for row in rows]


def rejections(
    ledger: Ledger, account: str | None = None, since: int = 0
) -> list[RejectedCount]:
    """Count rejections by source and reason, of one account or of all.

    ``since`` is an instant: counted are the days on which some came in from then on.
    """
    accounts = None if account is None else booked_accounts(ledger, account)
    rows = run(ledger.cursor(), "rejections", accounts=accounts, since=since)
    return [RejectedCount(*row) for row in rows]


def source_calls(ledger: Ledger) -> dict[str, int]:
    """Return how many calls each source has seen."""
    return dict(run(ledger.cursor(), "source_calls"))


def tallies(ledger: Ledger) -> list[Tally]:
    """Return the counters of every source since the ledger began."""
    return [Tally(*row) for row in run(ledger.cursor(), "tallies")]


def span(ledger: Ledger) -> Span:
    """Return what the ledger covers."""
    since, until, seq = run(ledger.cursor(), "ledger_span")[0]
    return Span(since, until, seq or 0, *_simulated(ledger))


def _simulated(ledger: Ledger) -> tuple[int, int]:
    """Return (accounts, calls) of simulated roll-ups; appends never add to them."""
    if ledger.simulated is None:
        ((accounts, calls),) = run(ledger.cursor(), "simulated")
        ledger.simulated = (accounts, calls)
    return ledger.simulated


def last_seq(cursor: duckdb.DuckDBPyConnection) -> int:
    """Return the number of the last append that a transaction sees."""
    return int(run(cursor, "last_append")[0][0])


def simulated_accounts(ledger: Ledger) -> frozenset[str]:
    """Return the accounts that have nothing but simulated roll-ups, or them as well."""
    if not _simulated(ledger)[0]:
        return frozenset()
    rows = run(ledger.cursor(), "simulated_accounts")
    return frozenset(account for (account,) in rows)


def usage(
    ledger: Ledger, window: Window, account: str | None, by: Sequence[str]
) -> list[UsageRow]:
    """Sum any window by any of ``GROUPS``, of one account or of all."""
    asked = {f"by_{name}": name in by for name in GROUPS}
    every_call = not BY_CALL.isdisjoint(by)
    first, last = ledger.rules.clock.whole_hours(window.start, window.end)
    calls_until = window.end if every_call else min(window.end, first * SECOND)
    accounts = None if account is None else (account,)
    with past.reading(ledger, accounts) as (cursor, parts):
        rows = run(
            cursor,
            "usage",
            start=window.start,
            calls_until=calls_until,
            calls_from=max(calls_until, last * SECOND),
            end=window.end,
            first_hour=first,
            last_hour=last,
            every_call=every_call,
            account=account,
            **asked,
            **parts,
        )
    width = len(GROUPS)
    return [
        UsageRow(
            {k: v for k, v in zip(GROUPS, row[:width], strict=True) if k in by},
            _figures(row[width:]),
        )
        for row in rows
    ]


def insert_simulated(
    ledger: Ledger,
    hours: Mapping[str, Sequence[object]],
    days: Mapping[int, date],
) -> None:
    """Add hours of a simulated organisation; ``days``: the day of each such hour.

    Columns are those of the table that are not the same in all rows. They go as
    lists: of so many numbers that is half of what JSON costs.
    """
    dates = {"hours": list(days), "days": list(days.values())}
    with ledger.writing() as cursor:
        past.forget(cursor)
        run(cursor, "rollup_hour.simulate", **hours, **dates)
    ledger.simulated = None


def add_up_simulated(ledger: Ledger, hours: int, calls: int) -> None:
    """Add up the days of a simulated organisation, once all its hours are there.

    Sessions are a guess: one for so many ``hours`` of work and for so many ``calls``.
    """
    with ledger.writing() as cursor:
        sessions = {"hours_of_session": hours, "calls_of_session": calls}
        run(cursor, "rollup_day.simulate", **sessions)
