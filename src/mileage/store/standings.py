"""Everybody's standings, computed and written by the database alone.

Nothing of it passes through Python but who the accounts are, and the totals.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.domain.people import Placed
from mileage.domain.window import SECOND, Window
from mileage.store.arrived import INT, TEXT, TRUTH, handed_over
from mileage.store.lens_values import lens_values
from mileage.store.standing_files import appearing, figures_of
from mileage.store.statements import insert, run, temporary_view

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import duckdb

    from mileage.domain.days import Clock
    from mileage.domain.sums import Figures
    from mileage.domain.window import Period
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
    *("standings.hours", "standings.told", "standings.source"),
    *("standings.use.empty", "standings.use_tool.empty", "standings.mark.empty"),
    *("standings.touched.empty", "standings.written.empty", "standings.weighed.empty"),
)
_OLD = ("standings.use.old", "standings.use_tool.old", "standings.mark.old")
_OF_DAYS = (
    *("standings.use.clear", "standings.use_tool.clear", "standings.accounts"),
    *("standings.use", "standings.use_tool"),
)
_MARKS = (
    *("standings.mark.before", "standings.mark.clear", "standings.mark"),
    "standings.touched",
)
_OF_PIECES = (*("standings.days", "standings.pieces", "standings.written.others"),)
_OF_CUTS = ("standings.cut_tools", "standings.cuts")
_OF_WINDOWS = (
    *("standings.edge_days", "standings.edges", "standings.tool_edges"),
    *("standings.again", "standings.used", "standings.pairs", "standings.sessions"),
    "standings.found",
)
_MEASURED = ("standings.measured", "standings.kept.empty", "standings.kept")
CHART = (
    *((name, TEXT) for name in Placed._fields),
    *(("somebody", TRUTH), ("tier", INT)),
)
"""Columns that tell who the accounts are, and the place of the tier that they had."""
_CHARTED = ("standings.chart", "honours.measured", "standings.tier.empty")
FEW = 3_000
"""Accounts: to look at all of so many is cheaper than to tell whose use has changed."""
ACCOUNTS_AT_ONCE = 30_000
"""Whose rows are put together at once; lists take much memory."""
_SIDE = ("side", "first", "last", "start", "end", "cut")
ROWS_AT_ONCE = 2_000_000
"""Rows that are added up at once, by day or by window, which bounds the memory."""


def bring_up_to_date(cursor: duckdb.DuckDBPyConnection, since: date) -> None:
    """Add up by day what has changed since the last time, and number the accounts.

    The tables stay with the cursor. A day is what it was if all of its roll-ups are.
    """
    for name in _TABLES:
        run(cursor, name)
    for name in _OLD:
        run(cursor, name, since=since)
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
    for of, path in run(cursor, "standings.written.places"):
        if not Path(path).exists():
            run(cursor, "standings.written.lost", side=of)


def _add_up(cursor: duckdb.DuckDBPyConnection, days: list[date]) -> None:
    for name in _OF_DAYS:
        run(cursor, name, days=days)
    if _count(cursor) > FEW:
        for name in _MARKS:
            run(cursor, name, days=days)


def _count(cursor: duckdb.DuckDBPyConnection) -> int:
    ((accounts,),) = run(cursor, "standings.accounts.count")
    return int(accounts)


class Making:
    """Makes the standings of windows, several at once, all within one transaction.

    What an account did is looked at again only where something of it has changed since
    a window was written last; the rest is taken from what was measured and written
    then. Either way comes to the same rows, which a property test holds it to.
    """

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        clock: Clock,
        lenses: Sequence[Lens],
        periods: Sequence[Period],
    ) -> None:
        self.cursor = cursor
        self.clock = clock
        self._lenses = lenses
        self._periods = periods
        self._places = {one.name: place for place, one in enumerate(periods)}
        self._made: Sequence[Period] = ()
        insert(cursor, "standings.windows", self._sides())
        for name in _OF_PIECES:
            run(cursor, name)
        if not self._weighed():
            run(cursor, "standings.written.none")
        self._look_for_stale(periods, everybody=_count(cursor) <= FEW)

    def at_once(self) -> list[tuple[Period, ...]]:
        """Divide windows into as many at once as the memory has room for."""
        stale = dict(run(self.cursor, "standings.stale.count"))
        parts: list[tuple[Period, ...]] = []
        room = 0
        for one in self._periods:
            first, last = self._days(Window(one.previous.start, one.window.end))
            rows = stale.get(self._side(one, now=True), 0) * (last - first).days
            if rows > room or not parts:
                parts.append(())
                room = ROWS_AT_ONCE
            parts[-1] += (one,)
            room -= rows
        return parts

    def make(self, periods: Sequence[Period]) -> None:
        """Find what those whose standings are stale did in windows.

        And in the periods before them; for the first window also what everybody did.
        """
        cursor = self.cursor
        self._only(periods)
        for name in _OF_WINDOWS:
            run(cursor, name)
        if not self._weighed():
            self._weigh()
        for name in _MEASURED:
            run(cursor, name)
        self._made = periods

    def _only(self, periods: Sequence[Period]) -> None:
        """Have statements see some windows alone."""
        sides = [self._side(one, now=now) for one in periods for now in (True, False)]
        run(self.cursor, "standings.some_windows", sides=sides)

    def _look_for_stale(self, periods: Sequence[Period], *, everybody: bool) -> None:
        """Tell whose standings of windows have to be looked at again."""
        self._only(periods)
        run(self.cursor, "standings.stale.all" if everybody else "standings.stale")
        for name in _OF_CUTS:
            run(self.cursor, name)

    def _weighed(self) -> bool:
        """Tell whether the view of what lenses give is of these lenses."""
        return run(self.cursor, "standings.weighed") == [(repr(self._lenses),)]

    def _weigh(self) -> None:
        """Have a view of what lenses give; to make it takes longer than to read it."""
        cursor = self.cursor
        found, used = cursor.table("standing_found"), cursor.table("standing_used")
        values = lens_values(found, used, self._lenses, ("side", "number"))
        temporary_view(cursor, "standing_valued", values)
        run(cursor, "standings.weighed.now", lenses=repr(self._lenses))

    def values_before(self, of: Period, lens: int) -> list[int]:
        """Return what a lens gave for people in the period before a window.

        Only where that is more than nothing.
        """
        made = self._made
        self._look_for_stale([of], everybody=True)
        self.make([of])
        asked = {"place": lens + 1, "side": self._side(of, now=False)}
        found = run(self.cursor, "standings.values_before", **asked)
        self._look_for_stale(self._periods, everybody=_count(self.cursor) <= FEW)
        self.make(made)
        return [value for (value,) in found]

    def name(self, everybody: dict[str, list[Any]]) -> None:
        """Say who there is, by the columns of ``CHART``; nobody has an honour yet."""
        with handed_over(self.cursor, "charted", CHART, everybody):
            for name in _CHARTED:
                run(self.cursor, name)

    def entitle(self, titles: Mapping[str, tuple[str, ...]]) -> None:
        """Say who is shown with which titles."""
        # Many have the same ones.
        alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for account, some in titles.items():
            alike[some].append(account)
        columns: dict[str, list[Any]] = {
            "titles": list(alike),
            "accounts": list(alike.values()),
        }
        insert(self.cursor, "standings.titled", columns)
        run(self.cursor, "standings.named")

    def write(self, paths: Sequence[Path]) -> list[Totals]:
        """Write the windows made last into a file each, and add them up."""
        cursor = self.cursor
        run(cursor, "standings.rows.empty")
        for first, last in run(cursor, "standings.rows.parts", most=ACCOUNTS_AT_ONCE):
            run(cursor, "standings.rows", first=first, last=last)
        before = dict(run(cursor, "standings.written.places"))
        sides = [self._side(period, now=True) for period in self._made]
        for of, path in zip(sides, paths, strict=True):
            with appearing(path) as part:
                if of in before:
                    asked = {"path": str(part), "side": of, "before": before[of]}
                    run(cursor, "standings.write_again", **asked)
                else:
                    run(cursor, "standings.write", path=str(part), side=of)
        if _count(cursor) > FEW:
            run(cursor, "standings.written.clear")
            run(cursor, "standings.written", sides=sides, paths=[*map(str, paths)])
        return self._totals(sides, [*map(str, paths)])

    def _side(self, period: Period, *, now: bool) -> int:
        """Return what tables call a window, or the period before it."""
        return 2 * self._places[period.name] + (not now)

    def _sides(self) -> dict[str, list[object]]:
        """Return all windows as columns, each before the one it is compared with."""
        columns: dict[str, list[object]] = {name: [] for name in _SIDE}
        for period in self._periods:
            cut = self._cut(period)
            for now, window in ((True, period.window), (False, period.previous)):
                hours = window.start // SECOND, window.end // SECOND
                row = (self._side(period, now=now), *self._days(window), *hours, cut)
                for name, value in zip(_SIDE, row, strict=True):
                    columns[name].append(value)
        return columns

    def _cut(self, period: Period) -> list[date]:
        """Return the days of which a part lies in a window, or in the one before."""
        found = set()
        for edge in (period.previous.start, period.window.start, period.window.end):
            day = self.clock.day(edge - 1)
            if day == self.clock.day(edge):
                found.add(day)
        # Calls may carry times of the day's hours to come.
        return sorted(found)

    def _totals(self, sides: Sequence[int], paths: Sequence[str]) -> list[Totals]:
        daily: dict[int, dict[date, int]] = defaultdict(dict)
        for of, day, tokens in run(self.cursor, "standings.daily"):
            daily[of][day] = tokens
        active: dict[str, dict[str, int]] = defaultdict(dict)
        for path, kind, count in run(self.cursor, "standings.active", paths=paths):
            active[path][kind] = count
        found = run(self.cursor, "standings.totals", paths=paths)
        return [
            Totals(
                figures_of(sums), daily[of], accounts, active[path], simulated, digest
            )
            for of, path, (*sums, accounts, simulated, digest) in zip(
                sides, paths, found, strict=True
            )
        ]

    def _days(self, window: Window) -> tuple[date, date]:
        return self.clock.day(window.start), self.clock.day(window.end - 1)
