"""Figures, money and instants as JSON has them, here and wherever shapes contain them.

Apart from ``shape``, because the command that reads local logs needs only this and
must start quickly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mileage.domain.days import moment

if TYPE_CHECKING:
    from mileage.domain.days import Days
    from mileage.domain.sums import Figures
    from mileage.domain.window import Window

MICRO = 1_000_000


def dollars(micro: int | None) -> str | None:
    """Write micro-dollars as ``d.dddddd``, exactly."""
    if micro is None:
        return None
    sign = "-" if micro < 0 else ""
    whole, part = divmod(abs(micro), MICRO)
    return f"{sign}{whole}.{part:06}"


def figures_json(figures: Figures) -> dict[str, Any]:
    """Name every figure of a set of calls."""
    return {
        "calls": figures.calls,
        **figures.tokens._asdict(),
        "tokens": figures.tokens.total,
        "cost_usd": dollars(figures.cost),
        "unpriced_calls": figures.unpriced_calls,
        "unmeasured_calls": figures.unmeasured_calls,
    }


def instant_json(instant: int | None) -> str | None:
    """Write UTC microseconds as ``2026-11-22T00:00:00Z``."""
    if instant is None:
        return None
    return moment(instant).isoformat().replace("+00:00", "Z")


def window_json(window: Window | Days, zone: str) -> dict[str, Any]:
    """Write a half-open window and the zone that cuts its days."""
    return {
        "from": instant_json(window.start),
        "until": instant_json(window.end),
        "tz": zone,
    }
