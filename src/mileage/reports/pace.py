"""How fast, and how far: the present block, and the month if it goes on like this.

Both are said with what they rest on. A forecast is a range, and none is made from
less than a week of history.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from math import sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.domain.block import Block, blocks
from mileage.domain.rounding import half_even
from mileage.domain.window import SECOND, midnight
from mileage.reports.local import figures
from mileage.reports.shape import dollars, figures_json, instant_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mileage.domain.quarter import QuarterRow
    from mileage.domain.sums import Figures
    from mileage.domain.window import Clock

_MINUTE = 60 * SECOND
HISTORY_DAYS = 28
"""Whole days before today that a forecast looks back on, idle ones included."""
LEAST_HISTORY = 7
# The middle 80 % of a normal distribution lies within 1.2816 deviations.
_EIGHTY_PERCENT = 1.2816


class BlockNow(NamedTuple):
    """The 5-hour block that is running, and where it ends at its own pace."""

    start: int
    end: int
    figures: Figures
    minutes: int
    """From its first call to now, at least 1: what the pace is measured over."""
    minutes_left: int

    @property
    def tokens_per_minute(self) -> int:
        """Tokens of all classes a minute since the block's first call."""
        return half_even(self.figures.tokens.total, self.minutes)

    @property
    def expected_tokens(self) -> int:
        """Tokens at the block's end if the pace holds."""
        more = half_even(self.figures.tokens.total * self.minutes_left, self.minutes)
        return self.figures.tokens.total + more

    @property
    def expected_cost(self) -> int | None:
        """Micro-dollars at the block's end if the pace holds."""
        if self.figures.cost is None:
            return None
        more = half_even(self.figures.cost * self.minutes_left, self.minutes)
        return self.figures.cost + more


class Range(NamedTuple):
    """An expectation, and the bounds between which 4 of 5 such months end."""

    low: int
    middle: int
    high: int


class MonthAhead(NamedTuple):
    """This calendar month: what was used, and what it comes to."""

    first: date
    last: date
    so_far: Figures
    tokens: Range
    cost: Range | None
    """Micro-dollars; None when no call that it rests on has a price."""
    history_days: int
    """How many whole days before today it rests on."""
    rests_on: Figures
    """Of those days and of this month: tells whether all of it has a price."""


def present_block(rows: Iterable[QuarterRow], now: int) -> BlockNow | None:
    """Return the block that is running at ``now``; None when none is.

    Calls after ``now`` (a clock that was set back) belong to no running block.
    """
    block = _latest_block(rows, now)
    if block is None or block.end <= now:
        return None
    return BlockNow(
        block.start,
        block.end,
        figures(block.rows),
        max(1, half_even(now - block.first, _MINUTE)),
        max(0, (block.end - now) // _MINUTE),
    )


def last_end(rows: Iterable[QuarterRow], now: int) -> int | None:
    """Return when the latest block ended, or will end; None before the first call."""
    block = _latest_block(rows, now)
    return block and block.end


def _latest_block(rows: Iterable[QuarterRow], now: int) -> Block | None:
    # A block's start depends on all before it, but not across a pause of its length.
    found = blocks(row for row in rows if row.first <= now)
    return found[-1] if found else None


def month_ahead(
    rows: Sequence[QuarterRow], now: int, clock: Clock
) -> MonthAhead | None:
    """Forecast the calendar month; None with less than a week of history, or none."""
    today = clock.day(now)
    earliest = min((row.quarter for row in rows), default=now)
    known = min(HISTORY_DAYS, (today - clock.day(earliest)).days)
    if known < LEAST_HISTORY or is_idle(rows, now, clock):
        return None
    first = today.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    start = midnight(first, clock.zone)
    so_far = figures(row for row in rows if start <= row.quarter <= now)
    days_left = (midnight(last + timedelta(days=1), clock.zone) - now) / (
        86_400 * SECOND
    )
    history = [today - timedelta(days=back) for back in range(1, known + 1)]
    since = min(start, midnight(history[-1], clock.zone))
    rests_on = figures(row for row in rows if since <= row.quarter <= now)

    def ahead(amount: Callable[[QuarterRow], int], so_far: int) -> Range:
        by_day: dict[date, int] = defaultdict(int)
        for row in rows:
            by_day[clock.day(row.quarter)] += amount(row)
        return _range([by_day[day] for day in history], days_left, so_far)

    tokens = ahead(lambda row: sum(row[10:17]), so_far.tokens.total)
    cost = None
    if rests_on.cost is not None:
        cost = ahead(lambda row: row.cost or 0, so_far.cost or 0)
    return MonthAhead(first, last, so_far, tokens, cost, known, rests_on)


def is_idle(rows: Iterable[QuarterRow], now: int, clock: Clock) -> bool:
    """Tell whether there were calls, but none in the days that are looked back on."""
    today = clock.day(now)
    start = midnight(today - timedelta(days=HISTORY_DAYS), clock.zone)
    before = [row.quarter for row in rows if row.quarter < midnight(today, clock.zone)]
    return bool(before) and max(before) < start


def _range(daily: Sequence[int], days_left: float, so_far: int) -> Range:
    """Go on like the average day; days vary independently of each other."""
    mean = sum(daily) / len(daily)
    variance = sum((one - mean) ** 2 for one in daily) / (len(daily) - 1)
    more, doubt = mean * days_left, _EIGHTY_PERCENT * sqrt(variance * days_left)
    low = so_far + round(max(0.0, more - doubt))
    return Range(low, so_far + round(more), so_far + round(more + doubt))


def pace_json(block: BlockNow | None, month: MonthAhead | None) -> dict[str, Any]:
    """Write both; what cannot be said is null."""
    return {
        "block": _block_json(block) if block else None,
        "month": _month_json(month) if month else None,
    }


def _block_json(block: BlockNow) -> dict[str, Any]:
    expected = block.expected_cost
    return {
        "from": instant_json(block.start),
        "until": instant_json(block.end),
        "minutes_left": block.minutes_left,
        "used": figures_json(block.figures),
        "tokens_per_minute": block.tokens_per_minute,
        "expected_tokens": block.expected_tokens,
        "expected_cost_usd": None if expected is None else dollars(expected),
    }


def _month_json(month: MonthAhead) -> dict[str, Any]:
    cost = month.cost
    return {
        "from": month.first.isoformat(),
        "until": month.last.isoformat(),
        "used": figures_json(month.so_far),
        "expected_tokens": month.tokens._asdict(),
        "expected_cost_usd": (
            {name: dollars(value) for name, value in cost._asdict().items()}
            if cost
            else None
        ),
        "history_days": month.history_days,
        "unpriced_calls": month.rests_on.unpriced_calls,
    }
