"""Windows on days that have 23, 23.5, 24.5, 25 or no hours, worked out on paper."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from mileage.domain.window import SECOND, Window, micros, moment, period

HOUR = 3600 * SECOND
DAY = 24 * HOUR
BERLIN = ZoneInfo("Europe/Berlin")


def utc(*when: int) -> int:
    return micros(datetime(*when, tzinfo=UTC))


def edges(window: Window, zone: str = "UTC") -> tuple[str, str]:
    start, end = (
        moment(edge, ZoneInfo(zone)).isoformat(timespec="minutes")
        for edge in (window.start, window.end)
    )
    return start, end


def test_a_window_has_its_first_instant_and_not_its_end():
    window = Window.of_days(date(2026, 10, 25), date(2026, 10, 25), BERLIN)
    assert window.start in window
    assert window.end - 1 in window
    assert window.start - 1 not in window
    assert window.end not in window


def test_the_hour_that_comes_twice_is_two_hours():
    # 02:30 in Berlin, both times: before and after the clocks went back.
    first, second = utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30)
    for now, end in ((first, "2026-10-25T01:00"), (second, "2026-10-25T02:00")):
        for name in ("24h", "week", "month"):
            found = period(name, now=now, zone=BERLIN)
            assert edges(found.window)[1] == f"{end}+00:00"
    assert edges(period("24h", now=second, zone=BERLIN).window, "Europe/Berlin") == (
        "2026-10-24T04:00+02:00",
        "2026-10-25T03:00+01:00",
    )


def test_hours_of_a_zone_off_the_hour_end_off_the_hour():
    found = period("24h", now=utc(2026, 11, 22, 10, 10), zone=ZoneInfo("Asia/Kolkata"))
    assert edges(found.window) == ("2026-11-21T10:30+00:00", "2026-11-22T10:30+00:00")
    found = period("week", now=utc(2026, 11, 22, 19), zone=ZoneInfo("Asia/Kolkata"))
    # It is Monday there already, half an hour old.
    assert edges(found.window, "Asia/Kolkata") == (
        "2026-11-23T00:00+05:30",
        "2026-11-23T01:00+05:30",
    )


def test_a_week_in_which_the_clocks_go_forward_is_an_hour_short():
    sunday = utc(2026, 3, 29, 21, 59)
    found = period("week", now=sunday, zone=BERLIN)
    assert edges(found.window, "Europe/Berlin")[0] == "2026-03-23T00:00+01:00"
    assert found.window.end - found.window.start == 7 * DAY - HOUR
    assert found.previous.end - found.previous.start == 7 * DAY
    following = period("week", now=sunday + HOUR, zone=BERLIN)
    assert following.previous == found.window


def test_where_midnight_is_skipped_a_month_begins_at_its_first_instant():
    # In Beirut clocks go from 00:00 to 01:00 on the last Sunday of March.
    beirut = ZoneInfo("Asia/Beirut")
    sunday = Window.of_days(date(2026, 3, 29), date(2026, 3, 29), beirut)
    assert sunday.end - sunday.start == 23 * HOUR
    assert edges(sunday) == ("2026-03-28T22:00+00:00", "2026-03-29T21:00+00:00")


@pytest.mark.parametrize(
    ("name", "before", "start"),
    [
        ("month", "2026-02-01", "2026-03-01"),
        ("quarter", "2025-10-01", "2026-01-01"),
        ("week", "2026-03-16", "2026-03-23"),
    ],
)
def test_the_last_instant_belongs_to_the_period_it_ends(name, before, start):
    # The first is local: 22:00 UTC on the 31st is the 1st in Berlin, the 31st here.
    last = utc(2026, 4, 1) - 1 if name != "week" else utc(2026, 3, 30) - 1
    found = period(name, now=last, zone=ZoneInfo("UTC"))
    assert edges(found.window)[0] == f"{start}T00:00+00:00"
    assert edges(found.previous)[0] == f"{before}T00:00+00:00"
    assert period(name, now=last + 1, zone=ZoneInfo("UTC")).previous == found.window


def test_a_leap_day_is_in_its_month_and_its_quarter():
    now = utc(2028, 3, 1)
    month = period("month", now=now, zone=ZoneInfo("UTC"))
    assert month.previous.end - month.previous.start == 29 * DAY
    quarter = period("quarter", now=now, zone=ZoneInfo("UTC"))
    assert quarter.window.end - quarter.window.start == 60 * DAY + HOUR
