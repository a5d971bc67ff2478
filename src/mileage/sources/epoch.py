"""Times that clients write as numbers since 1970."""

from __future__ import annotations

LATEST_YEAR = 2999
"""No clock is that wrong, and days around the last that a date can hold have none."""
_LATEST_SECOND = 32_503_679_999


def of_milliseconds(value: object) -> int | None:
    """Return UTC microseconds of a number of milliseconds, else None."""
    return _micros(value, 1_000)


def of_seconds(value: object) -> int | None:
    """Return UTC microseconds of a number of seconds, else None."""
    return _micros(value, 1_000_000)


def _micros(value: object, factor: int) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Compared first: infinity and what is not a number cannot be rounded.
    if not 0 <= value <= _LATEST_SECOND * 1_000_000 // factor:
        return None
    return round(value * factor)
