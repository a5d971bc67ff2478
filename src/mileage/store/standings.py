"""Everybody's standings, computed and written by the database alone.

Nothing of it passes through Python but who the accounts are, and the totals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from duckdb import ColumnExpression

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


class Making:
    """Makes the standings of several windows, all within one transaction."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        clock: Clock,
        lenses: Sequence[Lens],
        chart: Mapping[str, Sequence[object]],
    ) -> None:
        """``chart`` has columns: see ``standings.chart``."""
        self._cursor = cursor
        self._clock = clock
        self._lenses = lenses
        insert(cursor, "standings.chart", chart)

    def write(self, period: Period, path: Path) -> Totals:
        """Write the standings of a window into a file, and add them up."""
        days = self._days(period.window)
        self._add_up(period)
        self._value(now=False)
        run(self._cursor, "standings.values_before")
        self._value(now=True)
        run(self._cursor, "standings.values")
        run(self._cursor, "standings.now")
        with appearing(path) as part:
            first, last = days
            count = (last - first).days + 1
            run(
                self._cursor,
                "standings.write",
                path=str(part),
                first_day=first,
                day_count=count,
            )
        return self._totals()

    def _add_up(self, period: Period) -> None:
        window, before = period.window, period.previous
        hours = {
            "start": window.start // SECOND,
            "end": window.end // SECOND,
            "before": before.start // SECOND,
        }
        first, last = self._days(window)
        first_before, last_before = self._days(before)
        run(self._cursor, "standings.cells", **hours)
        run(self._cursor, "standings.days")
        run(self._cursor, "standings.pairs")
        run(
            self._cursor,
            "standings.sessions",
            **hours,
            first_day=first,
            last_day=last,
            first_day_before=first_before,
            last_day_before=last_before,
        )

    def _value(self, *, now: bool) -> None:
        cursor = self._cursor
        run(cursor, "standings.measured", now=now)
        at = ColumnExpression("now")
        days = cursor.table("standing_day").filter(at if now else ~at)
        values = lens_values(cursor.table("standing_measured"), days, self._lenses)
        values.create_view("standing_valued", replace=True)

    def _totals(self) -> Totals:
        ((*sums, accounts, simulated, digest),) = run(self._cursor, "standings.totals")
        calls, *tokens, cost, unpriced, unmeasured = sums
        return Totals(
            Figures(
                calls or 0,
                Tokens(*(count or 0 for count in tokens)),
                cost,
                unpriced or 0,
                unmeasured or 0,
            ),
            dict(run(self._cursor, "standings.daily")),
            accounts,
            dict(run(self._cursor, "standings.active")),
            simulated,
            digest,
        )

    def _days(self, window: Window) -> tuple[date, date]:
        return self._clock.day(window.start), self._clock.day(window.end - 1)
