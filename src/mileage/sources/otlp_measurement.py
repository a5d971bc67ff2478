"""Points of a metric that together tell one thing: the tokens of each type.

A client sends one point per token type and interval. Points that differ in nothing but
the type are one measurement. A running total keeps the key of its start, so that the
largest value of each class is what remains of it; another start is another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mileage.sources.otlp_record import as_count

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.witness import Rejected
    from mileage.sources.otlp_record import OtlpRecord


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
        problem = _problem(record)
        amount = as_count(record.point.value) if record.point else None
        instant = record.occurred_at
        if problem or amount is None or instant is None:
            reason = problem or "missing or absurd amount"
            rejected.append(record.rejected(source, reason))
            continue
        empty += not amount
        key = _key(record)
        one = found.setdefault(key, Measurement(key, record, instant, {}))
        kind = record.text(label)
        one.counts[kind] = max(one.counts.get(kind, 0), amount)
    told = [one for one in found.values() if any(one.counts.values())]
    return told, rejected, empty


def _problem(record: OtlpRecord) -> str:
    if record.point is None or not record.point.temporality:
        return "a metric that is no sum of known temporality"
    return record.time_problem()


def _key(record: OtlpRecord) -> str:
    point = record.point
    if point is None:
        return ""
    life = f"{point.siblings}:{point.started_at}"
    if point.temporality == "cumulative":
        return life
    return f"{life}:{point.ended_at}"
