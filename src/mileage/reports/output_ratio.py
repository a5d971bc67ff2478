"""Tokens for each commit: what went in beside what came out, week by week.

Only calls made inside a repository that is still there are set against its commits;
the others are told apart. Without a commit there is no ratio: it is neither 0 nor
infinite, and the tokens stand for themselves.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from mileage.domain.rounding import half_even
from mileage.domain.sums import Figures
from mileage.reports.local import figures
from mileage.reports.shape import dollars, figures_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from mileage.domain.quarter import QuarterRow
    from mileage.domain.window import Clock

_WEEK = timedelta(days=7)


class Made(Protocol):
    """A commit or merge."""

    @property
    def at(self) -> int:
        """UTC microseconds."""
        ...

    @property
    def merge(self) -> bool:
        """Whether it joins two lines of work."""
        ...

    @property
    def added(self) -> int:
        """Lines."""
        ...

    @property
    def removed(self) -> int:
        """Lines."""
        ...


class WeekOfWork(NamedTuple):
    """One week, or all: tokens spent in repositories, and what was committed."""

    monday: date
    spent: Figures
    commits: int
    """Commits that are no merges."""
    merges: int
    added: int
    removed: int

    @property
    def tokens_per_commit(self) -> int | None:
        """Tokens for each commit; None without a commit."""
        return self._each(self.spent.tokens.total)

    @property
    def cost_per_commit(self) -> int | None:
        """Micro-dollars for each commit; None without a commit or without a price."""
        return None if self.spent.cost is None else self._each(self.spent.cost)

    def _each(self, amount: int) -> int | None:
        return half_even(amount, self.commits) if self.commits else None


class OutputRatio(NamedTuple):
    """The weeks, oldest first, and what could not be set against anything."""

    weeks: tuple[WeekOfWork, ...]
    total: WeekOfWork
    elsewhere: Figures
    """Calls made outside every repository that was found."""
    trend: float | None
    """Change of tokens for each commit, the later half of the weeks against the
    earlier, as a share (-0.2: a fifth less); None where either half has no commit."""


def output_ratio(
    rows: Iterable[QuarterRow],
    commits: Iterable[Made],
    folders: Collection[str],
    weeks: Sequence[date],
    clock: Clock,
) -> OutputRatio:
    """Set the calls made in some folders against commits, by week.

    ``weeks`` are Mondays without a gap, oldest first; calls and commits of other
    weeks are left out.
    """
    spent: dict[date, list[QuarterRow]] = defaultdict(list)
    elsewhere: list[QuarterRow] = []
    for row in rows:
        monday = _monday(clock.day(row.quarter))
        if monday not in weeks:
            continue
        inside = row.project in folders
        (spent[monday] if inside else elsewhere).append(row)
    made: dict[date, list[Made]] = defaultdict(list)
    for commit in commits:
        made[_monday(clock.day(commit.at))].append(commit)
    found = tuple(_week(monday, spent, made) for monday in weeks)
    half = len(found) // 2
    return OutputRatio(
        found,
        _together(found),
        figures(elsewhere),
        _trend(_together(found[:half]), _together(found[-half:])) if half else None,
    )


def last_weeks(
    count: int, now: int, clock: Clock, first: date = date.min
) -> list[date]:
    """Return the Mondays of the last weeks, the present one included.

    None that ended before the ``first`` day.
    """
    monday = _monday(clock.day(now))
    weeks = [monday - back * _WEEK for back in range(count - 1, -1, -1)]
    return [one for one in weeks if one == monday or one + _WEEK > first]


def ratio_json(ratio: OutputRatio, problems: Sequence[str] = ()) -> dict[str, Any]:
    """Write the ratio; ``problems`` say what could not be read."""
    return {
        "weeks": [
            {"week": week.monday.isoformat(), **_week_json(week)}
            for week in ratio.weeks
        ],
        "total": _week_json(ratio.total),
        "elsewhere": figures_json(ratio.elsewhere),
        "trend": None if ratio.trend is None else round(ratio.trend, 4),
        "problems": list(problems),
    }


def _week_json(week: WeekOfWork) -> dict[str, Any]:
    return {
        **figures_json(week.spent),
        "commits": week.commits,
        "merges": week.merges,
        "lines_added": week.added,
        "lines_removed": week.removed,
        "tokens_per_commit": week.tokens_per_commit,
        "cost_per_commit_usd": dollars(week.cost_per_commit),
    }


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _week(
    monday: date,
    spent: Mapping[date, Sequence[QuarterRow]],
    made: Mapping[date, Sequence[Made]],
) -> WeekOfWork:
    commits = made.get(monday, ())
    merges = sum(one.merge for one in commits)
    return WeekOfWork(
        monday,
        figures(spent.get(monday, ())),
        len(commits) - merges,
        merges,
        sum(one.added for one in commits),
        sum(one.removed for one in commits),
    )


def _together(weeks: Sequence[WeekOfWork]) -> WeekOfWork:
    total = Figures()
    for week in weeks:
        total = total.plus(week.spent)
    return WeekOfWork(
        weeks[0].monday if weeks else date.min,
        total,
        sum(week.commits for week in weeks),
        sum(week.merges for week in weeks),
        sum(week.added for week in weeks),
        sum(week.removed for week in weeks),
    )


def _trend(earlier: WeekOfWork, later: WeekOfWork) -> float | None:
    before, after = earlier.tokens_per_commit, later.tokens_per_commit
    return after / before - 1 if before and after is not None else None
