"""Pace and forecast in words, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from mileage.cli.me_table import compact, counted, made_of, spent
from mileage.domain.window import moment
from mileage.reports.pace import HISTORY_DAYS, LEAST_HISTORY

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from mileage.domain.quarter import Usage
    from mileage.reports.pace import BlockNow, MonthAhead

HOUR = 60
DAY = 24 * HOUR
"""In minutes."""


def nothing_found(usage: Usage) -> str:
    """Say why no call is behind us, as a part of a sentence."""
    if usage.rows:
        return "every call is dated ahead of this machine's clock"
    if any(source.files or source.gone for source in usage.sources):
        return "no call that counts (`mileage me` says why)"
    return "no calls found"


def span(minutes: int) -> str:
    """Write minutes as people do: 3 h 05 min."""
    hours, rest = divmod(minutes, HOUR)
    return f"{hours} h {rest:02} min" if hours else f"{rest} min"


def block_lines(
    block: BlockNow | None, ended: int | None, zone: ZoneInfo
) -> list[Text]:
    """Say in a few lines how the present block stands, or when the last one ended."""
    if block is None:
        return [Text(f"No block is running: {_since(ended, zone)}.")]
    start, end = moment(block.start, zone), moment(block.end, zone)
    used = block.figures
    head = Text("This block  ", style="bold")
    head.append(f"{start:%H:%M} to {end:%H:%M}, {span(block.minutes_left)} left", "dim")
    return [
        head,
        Text(
            f"  used       {compact(used.tokens.total)} tokens, {spent(used)}, "
            f"{counted(used.calls)}"
        ),
        Text(f"  pace       {compact(block.tokens_per_minute)} tokens a minute"),
        Text(
            f"  by its end {compact(block.expected_tokens)} tokens, "
            f"{made_of(used, block.expected_cost)} if it goes on like this"
        ),
    ]


def _since(ended: int | None, zone: ZoneInfo) -> str:
    if ended is None:
        return "there was no call so far"
    return f"the last one ended at {moment(ended, zone):%H:%M on %Y-%m-%d}"


def month_lines(month: MonthAhead | None, *, idle: bool) -> list[Text]:
    """Say in a few lines where the month is heading."""
    if idle:
        days = f"the {HISTORY_DAYS} days before today"
        return [Text(f"No forecast for the month: no calls in {days}.")]
    if month is None:
        return [
            Text(
                "No forecast for the month: it takes "
                f"{LEAST_HISTORY} days of history before today."
            )
        ]
    head = Text("This month  ", style="bold")
    head.append(f"{month.first} to {month.last}", "dim")
    tokens, cost = month.tokens, month.cost
    comes_to = between = ""
    if cost is not None:
        low, middle, high = (made_of(month.rests_on, micro) for micro in cost)
        comes_to, between = f", {middle}", f", {low} to {high}"
    used = month.so_far
    return [
        head,
        Text(
            f"  used       {compact(used.tokens.total)} tokens, {spent(used)}, "
            f"{counted(used.calls)}"
        ),
        Text(f"  expected   {compact(tokens.middle)} tokens{comes_to}"),
        Text(
            f"  range      {compact(tokens.low)} to {compact(tokens.high)} tokens"
            f"{between}"
        ),
        Text(
            f"  The average of the {month.history_days} days before today goes on; "
            "4 of 5 such months end in the range.",
            "dim",
        ),
    ]
