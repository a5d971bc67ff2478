"""Providers' buckets beside the calls: shown next to one another, never added."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from mileage.domain.errors import Invalid
from mileage.domain.window import Window, micros, moment
from mileage.store.buckets import beside_calls

if TYPE_CHECKING:
    from mileage.domain.bucket import Beside, Compared
    from mileage.store.ledger import Ledger

DAYS = 30


def utc_days(since: str, until: str, now: int) -> Window:
    """Return a window of whole UTC days, both included; '' takes the last 30.

    Raises Invalid for what is no day, or the wrong way round.
    """
    last = _day(until, "until") or moment(now).date()
    first = _day(since, "since") or last - timedelta(days=DAYS - 1)
    if first > last:
        message = f"since ({first}) comes after until ({last})"
        raise Invalid(message)
    return Window(_midnight(first), _midnight(last + timedelta(days=1)))


def buckets_json(ledger: Ledger, window: Window) -> dict[str, Any]:
    """Return both sides by UTC day, provider and model."""
    return {
        "window": {
            "from": moment(window.start).isoformat(),
            "until": moment(window.end).isoformat(),
            "tz": "UTC",
        },
        "rows": [_row(one) for one in beside_calls(ledger, window)],
    }


def _row(one: Beside) -> dict[str, Any]:
    return {
        "day": one.where.day.isoformat(),
        "provider": one.where.provider,
        "model": one.where.model,
        "bucket": _figures(one.bucket),
        "calls": _figures(one.calls),
    }


def _figures(side: Compared | None) -> dict[str, Any] | None:
    if side is None:
        return None
    cost = None if side.cost is None else f"{side.cost / 1_000_000:.6f}"
    return {
        "requests": side.requests,
        "prompt": side.prompt,
        "answer": side.answer,
        "cost_usd": cost,
    }


def _day(text: str, name: str) -> date | None:
    if not text:
        return None
    try:
        read = date.fromisoformat(text)
    except ValueError:
        read = date.max
    # Far-off years have no next day, and nobody's buckets.
    if not date(2020, 1, 1) <= read <= date(2100, 1, 1):
        message = f"{name} must be a day such as 2026-11-01"
        raise Invalid(message)
    return read


def _midnight(day: date) -> int:
    return micros(datetime.combine(day, time(), UTC))
