"""Windows are half-open intervals of UTC instants; days belong to a time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.days import QUARTER, SECOND, Clock, Days, micros, midnight, moment

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

__all__ = [
    "QUARTER",
    "SECOND",
    "WINDOWS",
    "Clock",
    "Period",
    "Window",
    "micros",
    "midnight",
    "moment",
    "period",
]


@dataclass(frozen=True, slots=True)
class Window:
    """``start`` is in, ``end`` is not; both are UTC microseconds since 1970."""

    start: int
    end: int

    def __contains__(self, instant: int) -> bool:
        """Tell whether an instant lies in the window."""
        return self.start <= instant < self.end

    @classmethod
    def rolling(cls, days: int, *, now: int, zone: ZoneInfo) -> Window:
        """Return the days x 24 hours that end with the current hour of ``zone``.

        Ending on the hour lets a window be summed from hourly roll-ups exactly.
        """
        end = Clock(zone).hour(now) + 3600
        return cls((end - days * 86400) * SECOND, end * SECOND)

    @classmethod
    def of_days(cls, first: date, last: date, zone: ZoneInfo) -> Window:
        """Return the local days from ``first`` to ``last``, both included."""
        return cls(*Days.of(first, last, zone))


WINDOWS = ("30d", "24h", "7d", "90d", "week", "month", "quarter")
"""Names of the windows that boards are published of; the first is the default one."""
_CALENDAR = ("week", "month", "quarter")


class Period(NamedTuple):
    """A window by its name, and the one before that it is compared with."""

    name: str
    window: Window
    previous: Window


def period(name: str, *, now: int, zone: ZoneInfo) -> Period:
    """Return a window of ``WINDOWS``, or of another number of days such as ``14d``.

    Each ends with the current hour of ``zone``. Rolling ones compare with the same
    length of time before; calendar ones, which begin on the local Monday, 1st or first
    day of a quarter, with the whole week, month or quarter before.
    """
    if name in _CALENDAR:
        return _calendar(name, now, zone)
    length = int(name[:-1]) * (3600 if name.endswith("h") else 86400) * SECOND
    end = (Clock(zone).hour(now) + 3600) * SECOND
    start = end - length
    return Period(name, Window(start, end), Window(start - length, start))


def _calendar(name: str, now: int, zone: ZoneInfo) -> Period:
    clock = Clock(zone)
    first = _first_day(name, clock.day(now))
    before = _first_day(name, first - timedelta(days=1))
    start, end = midnight(first, zone), (clock.hour(now) + 3600) * SECOND
    return Period(name, Window(start, end), Window(midnight(before, zone), start))


def _first_day(name: str, day: date) -> date:
    if name == "week":
        return day - timedelta(days=day.weekday())
    months = 3 if name == "quarter" else 1
    return day.replace(month=(day.month - 1) // months * months + 1, day=1)
