"""Named windows: their length, their edges in a zone, and the period before."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.window import SECOND, WINDOWS, Clock, micros, moment, period

ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Asia/Beirut")
HOUR = 3600 * SECOND
DAY = 24 * HOUR
BERLIN = ZoneInfo("Europe/Berlin")
INSTANTS = st.integers(
    micros(datetime(2024, 1, 1, tzinfo=UTC)), micros(datetime(2027, 12, 31, tzinfo=UTC))
)


def local(instant: int, zone: str = "Europe/Berlin") -> str:
    return moment(instant, ZoneInfo(zone)).isoformat(timespec="minutes")


@given(now=INSTANTS, zone=st.sampled_from(ZONES), name=st.sampled_from(WINDOWS))
def test_every_window_ends_with_the_hour_and_meets_the_one_before(now, zone, name):
    found = period(name, now=now, zone=ZoneInfo(zone))
    window, previous = found.window, found.previous
    assert found.name == name
    assert window.end - HOUR <= now < window.end
    assert previous.start < previous.end == window.start < window.end
    for edge in (window.start, window.end, previous.start):
        assert Clock(ZoneInfo(zone)).hour(edge) * SECOND == edge


@pytest.mark.parametrize(
    ("name", "length"), [("24h", DAY), ("7d", 7 * DAY), ("14d", 14 * DAY)]
)
@given(now=INSTANTS, zone=st.sampled_from(ZONES))
def test_rolling_windows_have_one_length_whatever_the_clocks_do(
    now, zone, name, length
):
    found = period(name, now=now, zone=ZoneInfo(zone))
    for window in (found.window, found.previous):
        assert window.end - window.start == length


@given(now=INSTANTS, zone=st.sampled_from(ZONES))
def test_calendar_windows_begin_where_the_calendar_says(now, zone):
    clock = Clock(ZoneInfo(zone))
    today = clock.day(now)
    firsts = {
        "week": today - timedelta(days=today.weekday()),
        "month": today.replace(day=1),
        "quarter": date(today.year, (today.month - 1) // 3 * 3 + 1, 1),
    }
    for name, first in firsts.items():
        found = period(name, now=now, zone=ZoneInfo(zone))
        assert clock.day(found.window.start) == first
        assert clock.day(found.window.start - 1) == first - timedelta(days=1)
        before = clock.day(found.previous.start)
        assert clock.day(found.previous.start - 1) == before - timedelta(days=1)
        length = (first - before).days
        low, high = {"week": (7, 7), "month": (28, 31), "quarter": (90, 92)}[name]
        assert low <= length <= high


def test_the_change_of_clocks_moves_no_edge_off_midnight() -> None:
    # Clocks went back on 2026-10-25, a Sunday, and forward on 2026-03-29.
    found = period(
        "week", now=micros(datetime(2026, 10, 26, 9, tzinfo=UTC)), zone=BERLIN
    )
    assert local(found.window.start) == "2026-10-26T00:00+01:00"
    assert local(found.previous.start) == "2026-10-19T00:00+02:00"
    assert found.previous.end - found.previous.start == 7 * DAY + HOUR
    found = period(
        "month", now=micros(datetime(2026, 3, 31, 22, 30, tzinfo=UTC)), zone=BERLIN
    )
    assert local(found.window.start) == "2026-04-01T00:00+02:00"
    assert found.window.end - found.window.start == HOUR
    assert found.previous.end - found.previous.start == 31 * DAY - HOUR


def test_quarters_cross_the_year() -> None:
    found = period("quarter", now=micros(datetime(2026, 2, 3, tzinfo=UTC)), zone=BERLIN)
    assert local(found.window.start) == "2026-01-01T00:00+01:00"
    assert local(found.previous.start) == "2025-10-01T00:00+02:00"
