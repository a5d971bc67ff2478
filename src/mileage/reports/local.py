"""The personal report from local logs: no ledger, no server, no clock.

Answers every question from rows by quarter of an hour (``domain.quarter``).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from datetime import date
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.domain.block import blocks
from mileage.domain.days import Clock, Days, midnight
from mileage.domain.sums import Figures, Share
from mileage.domain.tokens import Tokens
from mileage.reports.values import figures_json, instant_json, window_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from mileage.domain.quarter import LocalSource, QuarterRow, Spans, Usage

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


class SessionTold(NamedTuple):
    """What is told of a session beside its figures, of the days in question."""

    first: int
    last: int
    """UTC microseconds of its first and its last call."""
    clients: list[str]
    projects: list[str]
    models: list[str]


class LocalReport(NamedTuple):
    """The answer; ``window`` is None when there are no calls and none was asked."""

    question: Question
    window: Days | None
    total: Figures
    rows: tuple[Share, ...]
    sources: tuple[LocalSource, ...]
    sessions: Mapping[str, SessionTold] = {}
    """By name, where rows are by session."""


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
        window = _window(sources, question)
        if window is None:
            return []
        days = _days(window, question.zone)
        return [*(midnight(day, question.zone) for day in days), window.end]

    return starts


def local_report(usage: Usage, question: Question) -> LocalReport:
    """Answer a question from all that was found."""
    window = _window(usage.sources, question)
    groups: dict[str, list[QuarterRow]] = defaultdict(list)
    if window:
        group = _grouping(question, usage.rows, window)
        for row in usage.rows:
            if window.start <= row.quarter < window.end:
                groups[group(row)].append(row)
    sessions = {}
    if question.by == "session":
        sessions = {name: _session(own) for name, own in groups.items()}
    shares = [
        Share(name, figures(own), _began(sessions.get(name)))
        for name, own in groups.items()
    ]
    if question.by in BY_TIME:
        shares.sort(key=lambda row: row.name)
    else:
        shares.sort(key=lambda row: (-row.figures.tokens.total, row.name))
    total = Figures()
    for share in shares:
        total = total.plus(share.figures)
    seen = tuple(usage.sources)
    return LocalReport(question, window, total, tuple(shares), seen, sessions)


def _session(rows: Sequence[QuarterRow]) -> SessionTold:
    return SessionTold(
        min(row.first for row in rows),
        max(row.last for row in rows),
        *(
            sorted({name for row in rows if (name := getattr(row, column))})
            for column in ("client", "project", "model")
        ),
    )


def _began(session: SessionTold | None) -> str:
    """Note when a session began, by which people know it."""
    return instant_json(session.first) or "" if session else ""


def figures(rows: Iterable[QuarterRow]) -> Figures:
    """Add rows up."""
    columns = list(zip(*rows, strict=True))
    if not columns:
        return Figures()
    known = [cost for cost in columns[17] if cost is not None]
    return Figures(
        sum(columns[9]),
        Tokens(*map(sum, columns[10:17])),
        sum(known) if known else None,
        sum(columns[18]),
        sum(columns[19]),
    )


def local_json(report: LocalReport) -> dict[str, Any]:
    """Write a report; ``from`` and ``until`` of the window are half-open instants."""
    question = report.question
    nothing = {"from": None, "until": None, "tz": question.zone_name}
    window = report.window
    return {
        "window": window_json(window, question.zone_name) if window else nothing,
        "total": figures_json(report.total),
        "rows": [
            {
                question.by: row.name,
                **_session_json(report.sessions.get(row.name)),
                **figures_json(row.figures),
            }
            for row in report.rows
        ],
        "sources": [
            {
                "source": one.source,
                "files": one.files,
                "witnesses": one.witnesses,
                "calls": one.calls,
                "rejected": one.rejected,
                "ahead": one.ahead,
                "from": instant_json(one.first),
                "until": instant_json(one.last),
            }
            for one in report.sources
        ],
    }


def _session_json(session: SessionTold | None) -> dict[str, Any]:
    if session is None:
        return {}
    return {
        "from": instant_json(session.first),
        "until": instant_json(session.last),
        "clients": session.clients,
        "projects": session.projects,
        "models": session.models,
    }


def _window(sources: Sequence[LocalSource], question: Question) -> Days | None:
    """Return whole local days; an open side reaches to the first or last call."""
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


def _possible(day: date | None) -> date | None:
    return day and min(max(day, EARLIEST), LATEST)


def _grouping(
    question: Question, rows: Sequence[QuarterRow], window: Days
) -> Callable[[QuarterRow], str]:
    by = question.by
    if by == "block":
        return _block_names(rows).__getitem__
    if by not in BY_TIME:
        return attrgetter(by)
    # A few dozen midnights instead of the local day of thousands of quarters.
    days = _days(window, question.zone)
    starts = [midnight(day, question.zone) for day in days]
    names = [_name_of(day, by) for day in days]

    def name(row: QuarterRow) -> str:
        return names[bisect_right(starts, row.quarter) - 1]

    return name


def _days(window: Days, zone: ZoneInfo) -> list[date]:
    """Return the local days of a window."""
    clock = Clock(zone)
    first, last = clock.day(window.start), clock.day(window.end - 1)
    return [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]


def _block_names(rows: Sequence[QuarterRow]) -> dict[QuarterRow, str]:
    """Name every row's block by its start in UTC; a block may begin before a day."""
    return {
        row: instant_json(block.start) or ""
        for block in blocks(rows)
        for row in block.rows
    }


def _name_of(day: date, by: str) -> str:
    """Name a day, its month, or its week by the Monday that begins it."""
    if by == "week":
        return day.fromordinal(day.toordinal() - day.weekday()).isoformat()
    return day.isoformat() if by == "day" else f"{day:%Y-%m}"
