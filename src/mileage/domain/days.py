"""Instants, and the local hours and days in which they lie.

Apart from ``window``, because the command that reads local logs needs only this and
must start quickly: what makes data classes takes longer to load than the answer.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

SECOND = 1_000_000
QUARTER = 900
# Every offset from UTC in use is a multiple of a quarter of an hour.


class Days(NamedTuple):
    """Whole local days: ``start`` is in, ``end`` not, in UTC microseconds."""

    start: int
    end: int

    @classmethod
    def of(cls, first: date, last: date, zone: ZoneInfo) -> Days:
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

    def whole_hours(self, start: int, end: int) -> tuple[int, int]:
        """Return the first and the last UTC second in an interval that begin hours.

        Every local hour between the two lies in it as a whole. The first is after the
        last when no hour begins there.
        """
        first = -(-start // (QUARTER * SECOND)) * QUARTER
        while self.hour(first * SECOND) != first:
            first += QUARTER
        last = end // (QUARTER * SECOND) * QUARTER
        while self.hour(last * SECOND) != last:
            last -= QUARTER
        return first, last
