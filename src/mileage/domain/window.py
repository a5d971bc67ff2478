"""Windows are half-open intervals of UTC instants; days belong to a time zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mileage.domain.days import QUARTER, SECOND, Clock, Days, micros, midnight, moment

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

__all__ = ["QUARTER", "SECOND", "Clock", "Window", "micros", "midnight", "moment"]


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
