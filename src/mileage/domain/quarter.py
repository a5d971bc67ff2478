"""What one person used, added up by quarter of an hour.

No time zone's day and no 5-hour block begins elsewhere than at a quarter of an hour,
so every personal report can be answered from these rows, whatever was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from mileage.domain.days import QUARTER, SECOND
from mileage.native import scan

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from mileage.domain.tokens import Tokens
    from mileage.domain.witness import Witness

QUARTER_MICROS = QUARTER * SECOND
DAY_MICROS = 86_400 * SECOND
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_UNNAMED = ("",) * 8
"""Client to agent of a row that is of all of them."""


class QuarterRow(NamedTuple):
    """The calls of one quarter of an hour that are alike in everything named."""

    quarter: int
    """UTC microseconds of its start."""
    client: str
    source: str
    provider: str
    model: str
    tier: str
    session: str
    project: str
    agent: str
    calls: int
    input: int
    cache_read: int
    cache_write: int
    cache_write_1h: int
    output: int
    reasoning: int
    tool_input: int
    cost: int | None
    """Micro-dollars of the priced calls; None when none is priced."""
    unpriced_calls: int
    unmeasured_calls: int
    """Calls of which the source reports no usage; they are among ``calls``."""
    first: int
    last: int
    """UTC microseconds of the earliest and the latest call."""

    @classmethod
    def of_all(cls, quarter: int, *figures: Any) -> QuarterRow:  # noqa: ANN401
        """Return a row that is of every client, model, session and so on."""
        return cls._make((quarter, *_UNNAMED, *figures))


QUARTER_COLUMN, SOURCE_COLUMN = 0, 2
_NAMED = 9
"""So many columns name a row, the others are figures."""
_COST = -5
_FIRST = -2
_LAST = -1


class LocalSource(NamedTuple):
    """How complete one source is: all that its files hold, whatever the window."""

    source: str
    files: int
    witnesses: int
    calls: int
    rejected: int
    first: int | None
    last: int | None
    gone: int = 0
    """Files that are no longer there and whose calls still count."""
    ahead: int = 0
    """Calls that do not count: what dated them was more than a day ahead."""


class Usage(NamedTuple):
    """Everything that was found, whatever the window."""

    rows: Sequence[QuarterRow]
    sources: Sequence[LocalSource]


Spans = Callable[[Sequence[LocalSource]], Sequence[int]]
"""Times between which rows may be added up, as far as sources reach."""
Brackets = Sequence[tuple[int, tuple[int, ...]]]
"""By rising thresholds: prompts above pay these rates, micro-dollars a million."""


class Priced(Protocol):
    """The price of one model on one day."""

    @property
    def brackets(self) -> Brackets:
        """Return the rates of the seven classes; the first threshold is below 0."""
        ...

    def cost(self, tokens: Tokens) -> int:
        """Return the cost of one call in micro-dollars."""
        ...

    def costs(self, calls: Iterable[tuple[int, ...]]) -> int:
        """Return what calls cost together; of each its seven classes."""
        ...

    def of_sums(self) -> Priced:
        """Return the same for sums of requests, of which no size is known."""
        ...


class Prices(Protocol):
    """Prices by provider, model, UTC day and tier."""

    def price(
        self, provider: str, model: str, day: date, tier: str = ""
    ) -> Priced | None:
        """Return the price in force, or None."""
        ...


class Costs:
    """Prices every call at its own time (UTC day); remembers what it asked for."""

    def __init__(self, prices: Prices, sums: Collection[str] = ()) -> None:
        """Price by a list; ``sums``: the sources of which a call stands for several."""
        self._prices = prices
        self._sums = sums
        self._known: dict[tuple[str, str, int, str], Priced | None] = {}

    def price(
        self, provider: str, model: str, at: int, tier: str, source: str = ""
    ) -> Priced | None:
        """Return what a call costs that happens at an instant, or None."""
        kind = (provider, model, at // DAY_MICROS, tier)
        if kind not in self._known:
            day = date.fromordinal(_EPOCH_DAY + kind[2])
            self._known[kind] = self._prices.price(provider, model, day, tier)
        found = self._known[kind]
        return found.of_sums() if found and source in self._sums else found

    def of(self, call: Witness) -> int | None:
        """Return the cost of a call in micro-dollars, or None if it has no price."""
        kind = call.provider, call.model, call.occurred_at, call.tier
        price = self.price(*kind, call.source)
        return None if price is None else price.cost(call.tokens)


def sums_by(column: int, rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Add up the rows (``QuarterRow``) that are alike in one column.

    Returns what they are alike in and then the figures from ``calls`` on.
    """
    if scan is not None:
        try:
            found: list[tuple[Any, ...]] = scan.row_sums(list(rows), column)
        except OverflowError:
            # Absurd counts: whole numbers of Python's have no limit.
            pass
        else:
            return found
    groups: dict[Any, list[tuple[Any, ...]]] = {}
    for row in rows:
        groups.setdefault(row[column], []).append(row[_NAMED:])
    return [(name, *_figures(own)) for name, own in groups.items()]


class FileSums:
    """The rows (``QuarterRow``, as plain tuples) of files by the files' numbers.

    Remembers what they come to: an answer asks for it, and then the index.
    """

    def __init__(self, of: Mapping[int, Sequence[tuple[Any, ...]]]) -> None:
        self.of = of
        self.rows = [row for own in of.values() for row in own]
        self._by: dict[int, list[tuple[Any, ...]]] = {}

    def by(self, column: int) -> list[tuple[Any, ...]]:
        """Return ``sums_by`` of all rows."""
        if column not in self._by:
            self._by[column] = sums_by(column, self.rows)
        return self._by[column]


def replaced_by(
    before: Sequence[tuple[Any, ...]], now: Sequence[tuple[Any, ...]]
) -> tuple[list[tuple[Any, ...]], set[Any]]:
    """Say what sums over more than these rows have to gain; both are ``FileSums.by``.

    Returns what to add, and the names of those that only adding all up again can tell,
    as an earliest or latest call or a price is gone. Adding keeps the lesser ``first``,
    the larger ``last``, and of two costs the one that is known.
    """
    lost = {row[0]: row for row in before}
    more = []
    anew = set()
    for row in now:
        old = lost.pop(row[0], None)
        if old is None:
            more.append(row)
        elif old == row:
            continue
        elif _reaches(old, row):
            more.append(_gain(old, row))
        else:
            anew.add(row[0])
    return more, anew | set(lost)


def _reaches(old: tuple[Any, ...], row: tuple[Any, ...]) -> bool:
    """Tell whether no time and no price of ``old`` is missed in ``row``."""
    within = row[_FIRST] <= old[_FIRST] and row[_LAST] >= old[_LAST]
    return within and (old[_COST] is None or row[_COST] is not None)


def _gain(old: tuple[Any, ...], row: tuple[Any, ...]) -> tuple[Any, ...]:
    name, *figures = row
    gain = [
        None if new is None else new - (was or 0)
        for new, was in zip(figures, old[1:], strict=True)
    ]
    return (name, *gain[:_FIRST], *row[_FIRST:])


def _figures(rows: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    *counts, costs, unpriced, unmeasured, first, last = zip(*rows, strict=True)
    known = [cost for cost in costs if cost is not None]
    return (
        *map(sum, counts),
        sum(known) if known else None,
        *(sum(unpriced), sum(unmeasured), min(first), max(last)),
    )


def roll_up(calls: Iterable[Witness], costs: Costs) -> list[QuarterRow]:
    """Price calls (each given once) and add up those that are alike.

    Estimates are no usage: they are in no row.
    """
    groups: dict[tuple[int | str, ...], list[Witness]] = {}
    for call in calls:
        if call.measure != "estimate":
            at = call.occurred_at
            alike = (at - at % QUARTER_MICROS, call.client, call.source)
            key = (*alike, *call[7:10], call.session, call.project, call.agent)
            groups.setdefault(key, []).append(call)
    return [_row(key, members, costs) for key, members in groups.items()]


def _row(key: tuple[int | str, ...], calls: list[Witness], costs: Costs) -> QuarterRow:
    measured = [call for call in calls if not call.measure]
    known = [cost for call in measured if (cost := costs.of(call)) is not None]
    times = [call.occurred_at for call in calls]
    counts = map(sum, zip(*(call[10:17] for call in calls), strict=True))
    unmeasured = len(calls) - len(measured)
    return QuarterRow._make(
        (
            *(*key, len(calls), *counts, sum(known) if known else None),
            *(len(measured) - len(known), unmeasured, min(times), max(times)),
        )
    )
