"""Instants as people and programs write them: ISO 8601."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from mileage.domain.days import micros, midnight, moment
from mileage.domain.errors import Invalid

# An unencoded plus sign of an offset arrives as a space.
_LOST_PLUS = re.compile(r" (\d\d:?\d\d)$")
# From 2001 to 2286; a rank or a count has fewer digits.
_MICROSECONDS = re.compile(r"\b\d{16}\b")


def read_instant(text: str, zone: str, name: str) -> int:
    """Read an instant as UTC microseconds; without an offset it is of ``zone``.

    A day alone is its last microsecond. Raises Invalid, which says what to write for
    ``name``.
    """
    place = ZoneInfo(zone)
    try:
        day = _day(text)
        if day:
            return midnight(day + timedelta(days=1), place) - 1
        read = _read(text)
        found = micros(read if read.tzinfo else read.replace(tzinfo=place))
        moment(found)  # An instant that no calendar of UTC has overflows here.
        return found  # noqa: TRY300 - all of it may be no instant
    except (ValueError, OverflowError):
        message = (
            f"{name} must be a day or an instant, such as 2026-11-22 or "
            f"2026-11-22T10:00 (then of {zone}) or 2026-11-22T09:00:00Z."
        )
        raise Invalid(message) from None


def read_exact_instant(text: str, name: str) -> int:
    """Read an instant whose offset is required; else as ``read_instant`` does."""
    try:
        read = _read(text)
        if read.tzinfo:
            return micros(read)
    except ValueError:
        pass
    message = (
        f"{name} must be an instant with its offset from UTC, "
        "such as 2026-11-01T00:00:00Z."
    )
    raise Invalid(message)


def with_times(text: str) -> str:
    """Write UTC microseconds inside a text, as records have them, as times of UTC."""
    return _MICROSECONDS.sub(
        lambda at: f"{moment(int(at[0])):%Y-%m-%dT%H:%M:%SZ}", text
    )


def _read(text: str) -> datetime:
    return datetime.fromisoformat(_LOST_PLUS.sub(r"+\1", text))


def _day(text: str) -> date | None:
    """Return the day that this is, which a datetime would take for its midnight."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
