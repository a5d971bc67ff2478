"""Providers' buckets in the ledger: recorded, looked up, and put beside calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mileage.domain.bucket import (
    Beside,
    Bucket,
    Compared,
    DayModel,
    Recorded,
    beside,
)
from mileage.store.statements import insert, run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from mileage.domain.window import Window
    from mileage.store.ledger import Ledger

FOREVER = 2**62
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def record_buckets(ledger: Ledger, found: Iterable[Bucket]) -> Recorded:
    """Append what is new or changed; the rest changes nothing.

    Of one bucket told twice the last figures count: ``added_up`` is for parts. What
    else was known of a day that is told of is withdrawn: dimensions may have changed.
    """
    latest = {one.bucket_id: one for one in found}
    if not latest:
        return Recorded(0, 0)
    with ledger.writing() as cursor:
        start = min(one.start for one in latest.values())
        until = max(one.start for one in latest.values()) + 1
        rows = run(cursor, "current_buckets", start=start, until=until, as_of=FOREVER)
        known = {one.bucket_id: one for one in map(Bucket._make, rows)}
        covered = {one.covers for one in latest.values()}
        for name, one in known.items():
            if one.covers in covered:
                latest.setdefault(name, one.withdrawn())
        news = [one for name, one in latest.items() if known.get(name) != one]
        if news:
            last = run(cursor, "last_bucket")[0][0] or 0
            insert(cursor, "bucket.insert", _columns(news, max(ledger.now(), last + 1)))
    told = {name for name, one in known.items() if not one.is_withdrawn}
    replaced = sum(one.bucket_id in told for one in news)
    return Recorded(len(news) - replaced, replaced)


def buckets(ledger: Ledger, window: Window, as_of: int = FOREVER) -> list[Bucket]:
    """Return the buckets that begin in a window, as they were known at an instant."""
    rows = run(
        ledger.cursor(),
        "current_buckets",
        start=window.start,
        until=window.end,
        as_of=as_of,
    )
    found = map(Bucket._make, rows)
    return [one for one in found if not one.is_withdrawn]


def beside_calls(ledger: Ledger, window: Window) -> list[Beside]:
    """Put buckets beside calls, by UTC day and model, for providers that have any."""
    told = buckets(ledger, window)
    providers = sorted({one.provider for one in told})
    calls = [one for name in providers for one in _calls(ledger, window, name)]
    return beside([(_where(one), _figures(one)) for one in told], calls)


def _calls(
    ledger: Ledger, window: Window, provider: str
) -> list[tuple[DayModel, Compared]]:
    rows = run(
        ledger.cursor(),
        "calls_by_utc_day",
        provider=provider,
        start=window.start,
        until=window.end,
    )
    return [
        (DayModel(_day(number), provider, model), Compared(*figures))
        for number, model, *figures in rows
    ]


def _where(one: Bucket) -> DayModel:
    return DayModel(_day(one.start // 86_400_000_000), one.provider, one.model)


def _figures(one: Bucket) -> Compared:
    return Compared(one.requests or 0, one.prompt or 0, one.answer or 0, one.cost)


def _day(number: int) -> date:
    return (EPOCH + timedelta(days=number)).date()


def _columns(found: Sequence[Bucket], recorded_at: int) -> dict[str, list[object]]:
    columns: dict[str, list[object]] = {
        name: [one[at] for one in found] for at, name in enumerate(Bucket._fields)
    }
    columns["recorded_at"] = [recorded_at] * len(found)
    columns["bucket_id"] = [one.bucket_id for one in found]
    return columns
