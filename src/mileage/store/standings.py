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
    ) -> None:
        self.cursor = cursor
        self._clock = clock
        self._lenses = lenses

    def make(self, period: Period) -> None:
        """Find what everybody did in a window, and in the period before it."""
        self._add_up(period)
        self._value(now=False)
        run(self.cursor, "standings.values_before")
        self._value(now=True)
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

    def _add_up(self, period: Period) -> None:
        window, before = period.window, period.previous
        hours = {
            "start": window.start // SECOND,
            "end": window.end // SECOND,
            "before": before.start // SECOND,
        }
        first, last = self._days(window)
        first_before, last_before = self._days(before)
        run(self.cursor, "standings.cells", **hours)
        run(self.cursor, "standings.days")
        run(self.cursor, "standings.pairs")
        run(
            self.cursor,
            "standings.sessions",
            **hours,
            first_day=first,
            last_day=last,
            first_day_before=first_before,
            last_day_before=last_before,
        )

    def _value(self, *, now: bool) -> None:
        cursor = self.cursor
        run(cursor, "standings.measured", now=now)
        at = ColumnExpression("now")
        days = cursor.table("standing_day").filter(at if now else ~at)
        values = lens_values(cursor.table("standing_measured"), days, self._lenses)
        values.create_view("standing_valued", replace=True)

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
