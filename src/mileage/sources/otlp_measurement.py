"""Which points of a metric are one thing, and by which name and time it counts.

A client sends one point per token type and interval. Points that differ in nothing but
the type are one measurement. A delta is named by its interval. A running total is named
by its start, so that the largest value of each class is what remains of it, whatever
comes again or late; it counts at its start too, as its name and its hour must stay the
same for as long as it runs. Another start is another total (OTLP 1.x data model,
"Resets and gaps"). One that does not say when it began may have been reset at any time
and is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mileage.sources.otlp_record import EARLIEST, as_count

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.witness import Rejected
    from mileage.sources.otlp_record import OtlpRecord

NO_TOTAL = "a metric that is no sum of known temporality"
NO_START = "a running total that does not say when it began"


class Placed(NamedTuple):
    """How a point counts."""

    key: str
    instant: int
    """UTC microseconds since 1970."""


def placed(record: OtlpRecord, *, apart: bool = True) -> Placed | str:
    """Say how a point counts, or why it does not.

    With ``apart=False`` the points of all token types have one key.
    """
    point = record.point
    if point is None or not point.temporality:
        return NO_TOTAL
    problem = record.time_problem()
    if problem or record.occurred_at is None:
        return problem
    series = point.series if apart else point.siblings
    life = f"{series}:{point.started_at}"
    if point.temporality == "delta":
        return Placed(f"{life}:{point.ended_at}", record.occurred_at)
    began = point.started_at // 1000
    return Placed(life, began) if began >= EARLIEST else NO_START


class Measurement(NamedTuple):
    """What the points of one series and interval say."""

    key: str
    record: OtlpRecord
    """One of the points: they have everything in common but type and value."""
    occurred_at: int
    counts: dict[str, int]
    """By type, as sent: types may overlap."""


def measurements(
    records: Iterable[OtlpRecord], label: str, source: str
) -> tuple[list[Measurement], list[Rejected], int]:
    """Put siblings together; return also what cannot be read, and how many were 0."""
    found: dict[str, Measurement] = {}
    rejected: list[Rejected] = []
    empty = 0
    for record in records:
        found_at = placed(record, apart=False)
        amount = as_count(record.point.value) if record.point else None
        if isinstance(found_at, str):
            rejected.append(record.rejected(source, found_at))
            continue
        if amount is None:
            rejected.append(record.rejected(source, "missing or absurd amount"))
            continue
        key, instant = found_at
        empty += not amount
        one = found.setdefault(key, Measurement(key, record, instant, {}))
        kind = record.text(label)
        one.counts[kind] = max(one.counts.get(kind, 0), amount)
    told = [one for one in found.values() if any(one.counts.values())]
    return told, rejected, empty
