"""The personal report from local logs: no ledger, no server, no clock.

Answers every question from rows by quarter of an hour (``domain.quarter``).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.domain.block import blocks
from mileage.domain.days import midnight
from mileage.domain.sums import Figures, Share
from mileage.domain.tokens import Tokens
from mileage.reports.local_question import BY_TIME, days_in, window_of
from mileage.reports.values import figures_json, instant_json, window_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from mileage.domain.days import Days
    from mileage.domain.quarter import LocalSource, QuarterRow, Usage
    from mileage.reports.local_question import Question


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


def local_report(usage: Usage, question: Question) -> LocalReport:
    """Answer a question from all that was found."""
    window = window_of(usage.sources, question)
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


def _grouping(
    question: Question, rows: Sequence[QuarterRow], window: Days
) -> Callable[[QuarterRow], str]:
    by = question.by
    if by == "block":
        return _block_names(rows).__getitem__
    if by not in BY_TIME:
        return attrgetter(by)
    # A few dozen midnights instead of the local day of thousands of quarters.
    days = days_in(window, question.zone)
    starts = [midnight(day, question.zone) for day in days]
    names = [_name_of(day, by) for day in days]

    def name(row: QuarterRow) -> str:
        return names[bisect_right(starts, row.quarter) - 1]

    return name


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
