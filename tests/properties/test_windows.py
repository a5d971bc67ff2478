"""Windows are half-open and additive; days and hours are right in every zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.window import SECOND, Clock, Window, micros, midnight, moment

ZONES = [
    "UTC",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Pacific/Auckland",
    "Australia/Adelaide",
]
INSTANTS = st.datetimes(
    datetime(2024, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    datetime(2027, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(micros)


@given(INSTANTS, st.sampled_from(ZONES))
def test_the_local_hour_holds_its_instant(instant: int, name: str) -> None:
    clock = Clock(ZoneInfo(name))
    start = clock.hour(instant) * SECOND
    assert start <= instant < start + 3600 * SECOND
    assert moment(start, clock.zone).minute == 0
    assert clock.day(instant) == moment(instant, clock.zone).date()


@given(INSTANTS, st.sampled_from(ZONES), st.integers(1, 90))
def test_a_rolling_window_ends_with_the_current_hour(
    now: int, name: str, days: int
) -> None:
    zone = ZoneInfo(name)
    window = Window.rolling(days, now=now, zone=zone)
    assert now in window
    assert window.end - now <= 3600 * SECOND
    assert window.end - window.start == days * 86_400 * SECOND


@given(INSTANTS, st.integers(1, 10**14), st.integers(1, 10**14), INSTANTS)
def test_windows_are_additive(start: int, a: int, b: int, instant: int) -> None:
    first, second = Window(start, start + a), Window(start + a, start + a + b)
    whole = Window(start, start + a + b)
    assert (instant in whole) == ((instant in first) + (instant in second) == 1)


@given(
    st.dates(date(2024, 1, 1), date(2027, 1, 1)),
    st.integers(0, 40),
    st.sampled_from(ZONES),
)
def test_local_days_join_without_gap_or_overlap(
    first: date, more: int, name: str
) -> None:
    zone = ZoneInfo(name)
    days = [first + timedelta(days=n) for n in range(more + 1)]
    whole = Window.of_days(first, days[-1], zone)
    parts = [Window.of_days(day, day, zone) for day in days]
    assert parts[0].start == whole.start
    assert parts[-1].end == whole.end
    assert all(a.end == b.start for a, b in pairwise(parts))


@pytest.mark.parametrize(
    ("name", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2026, 11, 20), 24),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Asia/Kolkata", date(2026, 10, 25), 24),
    ],
)
def test_days_have_the_length_of_their_clock_change(
    name: str, day: date, hours: int
) -> None:
    zone = ZoneInfo(name)
    window = Window.of_days(day, day, zone)
    assert window.end - window.start == hours * 3600 * SECOND
    clock = Clock(zone)
    starts = {clock.hour(at) for at in range(window.start, window.end, 900 * SECOND)}
    assert len(starts) == hours


def test_half_past_belongs_to_the_day_that_the_wall_says() -> None:
    kolkata = ZoneInfo("Asia/Kolkata")
    before = micros(datetime(2026, 11, 20, 18, 29, 59, tzinfo=UTC))
    after = micros(datetime(2026, 11, 20, 18, 30, tzinfo=UTC))
    clock = Clock(kolkata)
    assert clock.day(before) == date(2026, 11, 20)
    assert clock.day(after) == date(2026, 11, 21)
    assert clock.hour(after) * SECOND == after == midnight(date(2026, 11, 21), kolkata)
