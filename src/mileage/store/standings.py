"""Everybody's standings, computed and written by the database alone.

Nothing of it passes through Python but who the accounts are, and the totals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.sums import Figures
from mileage.domain.tokens import Tokens
from mileage.domain.window import SECOND
from mileage.store.lens_values import lens_values
from mileage.store.standing_files import appearing
from mileage.store.statements import insert, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    import duckdb

    from mileage.domain.days import Clock
    from mileage.domain.window import Period, Window
    from mileage.store.lens_values import Lens


class Totals(NamedTuple):
    """What the standings of a window add up to."""

    figures: Figures
    daily: Mapping[date, int]
    """Tokens by local day; days without any may be missing."""
    accounts: int
    active: Mapping[str, int]
    """Accounts with a call, by kind."""
    simulated: bool
    input_hash: str


_TABLES = (
    *("standings.accounts.empty", "standings.signed.empty"),
    *("standings.use.empty", "standings.use_tool.empty"),
)
_OF_DAYS = (
    *("standings.use.clear", "standings.use_tool.clear", "standings.accounts"),
    *("standings.use", "standings.use_tool"),
)
ROWS_AT_ONCE = 2_000_000
"""Rows of roll-ups that are added up by day at once, which bounds the memory."""


def bring_up_to_date(cursor: duckdb.DuckDBPyConnection, since: date) -> None:
    """Add up by day what has changed since the last time, and number the accounts.

    The tables stay with the cursor. A day is what it was if all of its roll-ups are.
    """
    for name in _TABLES:
        run(cursor, name)
    run(cursor, "standings.signing", since=since)
    days: list[date] = []
    rows = 0
    for day, held in run(cursor, "standings.changed", since=since):
        if rows + held > ROWS_AT_ONCE and days:
            _add_up(cursor, days)
            days, rows = [], 0
        days.append(day)
        rows += held
    if days:
        _add_up(cursor, days)
    run(cursor, "standings.signed")


def _add_up(cursor: duckdb.DuckDBPyConnection, days: list[date]) -> None:
    for name in _OF_DAYS:
        run(cursor, name, days=days)


class Making:
    """Makes the standings of several windows, all within one transaction."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        clock: Clock,
        lenses: Sequence[Lens],
    ) -> None:
        self.cursor = cursor
        self._clock = clock
        self._lenses = lenses

    def make(self, period: Period) -> None:
        """Find what everybody did in a window, and in the period before it."""
        self._begin(period)
        self._value(period, now=False)
        run(self.cursor, "standings.values_before")
        self._value(period, now=True)
        run(self.cursor, "standings.values")
        run(self.cursor, "standings.now")

    def name(self, chart: Mapping[str, Sequence[object]]) -> None:
        """Say who everybody is; ``chart`` has columns: see ``standings.chart``."""
        insert(self.cursor, "standings.chart", chart)

    def write(self, period: Period, path: Path) -> Totals:
        """Write what was made last into a file, and add it up."""
        first, last = self._days(period.window)
        with appearing(path) as part:
            count = (last - first).days + 1
            run(
                self.cursor,
                "standings.write",
                path=str(part),
                first_day=first,
                day_count=count,
            )
        return self._totals()

    def _begin(self, period: Period) -> None:
        """Add up what the windows cut of their days, and count sessions."""
        hours = {
            "start": period.window.start // SECOND,
            "end": period.window.end // SECOND,
            "before": period.previous.start // SECOND,
        }
        first, last = self._days(period.window)
        first_before, last_before = self._days(period.previous)
        cut = self._cut(period)
        run(self.cursor, "standings.edges", **hours, cut=cut)
        run(self.cursor, "standings.tool_edges", **hours, cut=cut)
        run(
            self.cursor,
            "standings.sessions",
            **hours,
            first_day=first,
            last_day=last,
            first_day_before=first_before,
            last_day_before=last_before,
        )

    def _value(self, period: Period, *, now: bool) -> None:
        cursor = self.cursor
        first, last = self._days(period.window if now else period.previous)
        asked = {"first": first, "last": last, "cut": self._cut(period), "now": now}
        run(cursor, "standings.side", **asked)
        run(cursor, "standings.pairs", **asked)
        run(cursor, "standings.measured", now=now)
        measured, days = (
            cursor.table("standing_measured"),
            cursor.table("standing_side"),
        )
        values = lens_values(measured, days, self._lenses)
        values.create_view("standing_valued", replace=True)

    def _cut(self, period: Period) -> list[date]:
        """Return the days of which a part lies in a window, or in the one before."""
        found = set()
        for edge in (period.previous.start, period.window.start, period.window.end):
            day = self._clock.day(edge - 1)
            if day == self._clock.day(edge):
                found.add(day)
        # Calls may carry times of the day's hours to come.
        return sorted(found)

    def _totals(self) -> Totals:
        ((*sums, accounts, simulated, digest),) = run(self.cursor, "standings.totals")
        calls, *tokens, cost, unpriced, unmeasured = sums
        return Totals(
            Figures(
                calls or 0,
                Tokens(*(count or 0 for count in tokens)),
                cost,
                unpriced or 0,
                unmeasured or 0,
            ),
            dict(run(self.cursor, "standings.daily")),
            accounts,
            dict(run(self.cursor, "standings.active")),
            simulated,
            digest,
        )

    def _days(self, window: Window) -> tuple[date, date]:
        return self._clock.day(window.start), self._clock.day(window.end - 1)
