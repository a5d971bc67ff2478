"""Windows are half-open intervals of UTC instants; days belong to a time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

SECOND = 1_000_000
QUARTER = 900
# Every offset from UTC in use is a multiple of a quarter of an hour.


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
        return cls(midnight(first, zone), midnight(last + timedelta(days=1), zone))


def midnight(day: date, zone: ZoneInfo) -> int:
    """Return the first instant of a local day, in UTC microseconds."""
    return micros(datetime.combine(day, time(), zone))


def micros(moment: datetime) -> int:
    """Return UTC microseconds since 1970, exactly."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def moment(instant: int, zone: ZoneInfo | None = None) -> datetime:
    """Return the moment of UTC microseconds, in ``zone`` or UTC."""
    utc = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant)
    return utc.astimezone(zone) if zone else utc


class Clock:
    """Local hours and days of instants, remembered per quarter of an hour."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._known: dict[int, tuple[int, date]] = {}

    def _quarter(self, instant: int) -> tuple[int, date]:
        quarter = instant // (QUARTER * SECOND)
        known = self._known.get(quarter)
        if known is None:
            local = moment(quarter * QUARTER * SECOND, self.zone)
            known = (quarter * QUARTER - local.minute * 60, local.date())
            self._known[quarter] = known
        return known

    def hour(self, instant: int) -> int:
        """Return the UTC second at which the local hour of ``instant`` began."""
        return self._quarter(instant)[0]

    def day(self, instant: int) -> date:
        """Return the local day of ``instant``."""
        return self._quarter(instant)[1]
