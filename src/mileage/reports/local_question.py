"""What is asked of a person's own logs, and which days that is about."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.days import Clock, Days, midnight

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from mileage.domain.quarter import LocalSource, Spans

BY_TIME = ("day", "week", "month", "block")
GROUPINGS = (*BY_TIME, "client", "model", "session", "project")
EARLIEST, LATEST = date(1970, 1, 1), date(2999, 12, 31)
"""No call lies outside; days that are asked for may, and some have no instant."""


class Question(NamedTuple):
    """What is asked: local days, both included, None for as far as the logs go."""

    zone: ZoneInfo
    zone_name: str
    since: date | None = None
    until: date | None = None
    by: str = "day"


def dimension(by: str, *, windowed: bool) -> str:
    """Name what rows have to tell apart for a question; '' everything."""
    if by in BY_TIME:
        return "quarter"
    return "" if windowed else by


def midnights(question: Question) -> Spans | None:
    """Return what names the starts of all days in question, and then their end.

    Rows may be added up in between; None where quarters of an hour are needed.
    """
    if question.by not in BY_TIME or question.by == "block":
        return None

    def starts(sources: Sequence[LocalSource]) -> list[int]:
        window = window_of(sources, question)
        if window is None:
            return []
        days = days_in(window, question.zone)
        return [*(midnight(day, question.zone) for day in days), window.end]

    return starts


def window_of(sources: Sequence[LocalSource], question: Question) -> Days | None:
    """Return whole local days; an open side reaches to the first or last call.

    None where there are no calls and no day is asked for.
    """
    since, until = _possible(question.since), _possible(question.until)
    edges = [edge for one in sources for edge in one[5:7] if edge is not None]
    if not (edges or since or until):
        return None
    clock = Clock(question.zone)
    days = [clock.day(edge) for edge in edges]
    first = since or (min(days) if days else until)
    last = until or (max(days) if days else since)
    if first is None or last is None:
        return None
    # Asked from after the last call, or until before the first: an empty window.
    if first > last:
        first, last = (first, first) if since else (last, last)
    return Days.of(first, last, question.zone)


def days_in(window: Days, zone: ZoneInfo) -> list[date]:
    """Return the local days of a window."""
    clock = Clock(zone)
    first, last = clock.day(window.start), clock.day(window.end - 1)
    return [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]


def _possible(day: date | None) -> date | None:
    return day and min(max(day, EARLIEST), LATEST)
