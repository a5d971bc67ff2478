"""The personal report straight from local logs: no ledger, no server, no clock.

Counts exactly as ``domain.call.resolve`` does, but fast: locally each client has one
source, so nothing has to be joined, and a call is what its copies merge to.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.domain.call import Seen, merge_copies
from mileage.domain.sums import Figures, Share
from mileage.domain.tokens import Tokens
from mileage.domain.window import QUARTER, SECOND, Clock, Window
from mileage.reports.shape import figures_json, instant_json, window_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from zoneinfo import ZoneInfo

    from mileage.domain.witness import Batch, Rejected, Witness
    from mileage.pricing.catalog import Catalog
    from mileage.pricing.row import PriceRow

BY_TIME = ("day", "week", "month")
GROUPINGS = (*BY_TIME, "client", "model", "session", "project")

_DAY = 86_400 * SECOND
_QUARTER = QUARTER * SECOND
_EPOCH_DAY = date(1970, 1, 1).toordinal()


class Question(NamedTuple):
    """What is asked: local days, both included, None for as far as the logs go."""

    zone: ZoneInfo
    zone_name: str
    since: date | None = None
    until: date | None = None
    by: str = "day"


class Logs(NamedTuple):
    """What was found and read, whatever the window."""

    batches: Sequence[Batch[Witness]]
    rejected: Sequence[Rejected]
    files: dict[str, int]
    """Number of files, for each source that was looked for."""


class LocalSource(NamedTuple):
    """How complete one source is: all that its files hold, whatever the window."""

    source: str
    files: int
    witnesses: int
    calls: int
    rejected: int
    first: int | None
    last: int | None


class LocalReport(NamedTuple):
    """The answer; ``window`` is None when there are no calls and none was asked."""

    question: Question
    window: Window | None
    total: Figures
    rows: tuple[Share, ...]
    sources: tuple[LocalSource, ...]


def count_once(batches: Iterable[Batch[Witness]]) -> list[Witness]:
    """Merge the copies of each call, in whichever files they lie."""
    calls: dict[tuple[str, str], Witness] = {}
    copies: dict[tuple[str, str], list[Witness]] = {}
    for batch in batches:
        for witness in batch.rows():
            key = (witness.source, witness.key)
            if key in calls:
                copies.setdefault(key, [calls[key]]).append(witness)
            else:
                calls[key] = witness
    for key, repeated in copies.items():
        seen = [Seen(witness, "", asserted=False) for witness in repeated]
        calls[key] = merge_copies(seen).witness
    return list(calls.values())


def local_report(logs: Logs, question: Question, catalog: Catalog) -> LocalReport:
    """Answer a question from logs."""
    calls = count_once(logs.batches)
    window = _window(calls, question)
    inside = (
        [call for call in calls if window.start <= call.occurred_at < window.end]
        if window
        else []
    )
    sums = _sums(inside, _grouping(question), catalog)
    rows = [Share(name, one.figures()) for name, one in sums.items()]
    if question.by in BY_TIME:
        rows.sort(key=lambda row: row.name)
    else:
        rows.sort(key=lambda row: (-row.figures.tokens.total, row.name))
    total = Figures()
    for row in rows:
        total = total.plus(row.figures)
    sources = tuple(_sources(logs, calls))
    return LocalReport(question, window, total, tuple(rows), sources)


def local_json(report: LocalReport) -> dict[str, Any]:
    """Write a report; ``from`` and ``until`` of the window are half-open instants."""
    question = report.question
    nothing = {"from": None, "until": None, "tz": question.zone_name}
    window = report.window
    return {
        "window": window_json(window, question.zone_name) if window else nothing,
        "total": figures_json(report.total),
        "rows": [
            {question.by: row.name, **figures_json(row.figures)} for row in report.rows
        ],
        "sources": [
            {
                "source": one.source,
                "files": one.files,
                "witnesses": one.witnesses,
                "calls": one.calls,
                "rejected": one.rejected,
                "from": instant_json(one.first),
                "until": instant_json(one.last),
            }
            for one in report.sources
        ],
    }


def _window(calls: Sequence[Witness], question: Question) -> Window | None:
    """Return whole local days; an open side reaches to the first or last call."""
    since, until = question.since, question.until
    if (since is None or until is None) and not calls and not (since or until):
        return None
    clock = Clock(question.zone)
    days = [clock.day(edge) for edge in _edges(calls)]
    first = since or (min(days) if days else until)
    last = until or (max(days) if days else since)
    if first is None or last is None:
        return None
    # Asked from after the last call, or until before the first: an empty window.
    if first > last:
        first, last = (first, first) if since else (last, last)
    return Window.of_days(first, last, question.zone)


def _edges(calls: Sequence[Witness]) -> list[int]:
    times = [call.occurred_at for call in calls]
    return [min(times), max(times)] if times else []


def _grouping(question: Question) -> Callable[[Witness], str]:
    by = question.by
    if by not in BY_TIME:
        return attrgetter(by)
    clock = Clock(question.zone)
    names: dict[int, str] = {}

    def name(call: Witness) -> str:
        # No zone's day begins elsewhere than at a quarter of an hour.
        quarter = call.occurred_at // _QUARTER
        if quarter not in names:
            names[quarter] = _name_of(clock.day(call.occurred_at), by)
        return names[quarter]

    return name


def _name_of(day: date, by: str) -> str:
    """Name a day, its month, or its week by the Monday that begins it."""
    if by == "week":
        return (day - timedelta(days=day.weekday())).isoformat()
    return day.isoformat() if by == "day" else f"{day:%Y-%m}"


class _Sum:
    """Calls of one group; added up once, at the end, which is fast."""

    __slots__ = ("costs", "tokens")

    def __init__(self) -> None:
        self.costs: list[int | None] = []
        self.tokens: list[Tokens] = []

    def figures(self) -> Figures:
        """Return what the calls add up to."""
        known = [cost for cost in self.costs if cost is not None]
        return Figures(
            len(self.costs),
            Tokens(*map(sum, zip(*self.tokens, strict=True))),
            sum(known) if known else None,
            len(self.costs) - len(known),
        )


def _sums(
    calls: Iterable[Witness], group: Callable[[Witness], str], catalog: Catalog
) -> dict[str, _Sum]:
    """Price every call at its own time (UTC day) and add up by group."""
    sums: dict[str, _Sum] = defaultdict(_Sum)
    rows: dict[tuple[str, str, int, str], PriceRow | None] = {}
    for call in calls:
        day = call.occurred_at // _DAY
        kind = (call.provider, call.model, day, call.tier)
        if kind not in rows:
            date_of_day = date.fromordinal(_EPOCH_DAY + day)
            rows[kind] = catalog.price(kind[0], kind[1], date_of_day, kind[3])
        row = rows[kind]
        tokens = call.tokens
        one = sums[group(call)]
        one.tokens.append(tokens)
        one.costs.append(None if row is None else row.cost(tokens))
    return sums


def _sources(logs: Logs, calls: Sequence[Witness]) -> Iterable[LocalSource]:
    witnesses = Counter(
        source for batch in logs.batches for source in batch.column("source")
    )
    rejected = Counter(one.source for one in logs.rejected)
    times: dict[str, list[int]] = defaultdict(list)
    for call in calls:
        times[call.source].append(call.occurred_at)
    for source, files in logs.files.items():
        when = times[source]
        yield LocalSource(
            source,
            files,
            witnesses[source],
            len(when),
            rejected[source],
            min(when, default=None),
            max(when, default=None),
        )
