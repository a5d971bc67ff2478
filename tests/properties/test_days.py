"""Local hours and days, against what the calendar of each zone says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.days import (
    QUARTER,
    SECOND,
    Clock,
    Days,
    micros,
    midnight,
    moment,
)
from mileage.domain.window import Window

# Offsets of quarters and halves of an hour, both hemispheres, days that were skipped,
# days that begin at 01:00, and a summer time of half an hour.
ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "America/St_Johns"),
    *("Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham"),
    *("Pacific/Apia", "Pacific/Kiritimati", "America/Sao_Paulo", "Africa/Cairo"),
    *("Asia/Gaza", "America/Havana", "Africa/Casablanca", "Asia/Tehran"),
)
DAY = 86_400 * SECOND
INSTANTS = st.integers(
    micros(datetime(2001, 1, 1, tzinfo=UTC)), micros(datetime(2037, 12, 31, tzinfo=UTC))
)
DAYS = st.dates(date(2001, 1, 1), date(2037, 12, 31))
IN_USE = st.sampled_from([*map(ZoneInfo, ZONES)])


@given(zone=IN_USE, instants=st.lists(INSTANTS, min_size=1, max_size=12))
def test_the_day_is_that_of_the_calendar(zone, instants):
    clock = Clock(zone)
    for instant in [*instants, *instants]:
        assert clock.day(instant) == moment(instant, zone).date()


@given(zone=IN_USE, instants=st.lists(INSTANTS, min_size=1, max_size=12))
def test_an_hour_begins_at_most_an_hour_before(zone, instants):
    clock = Clock(zone)
    for instant in instants:
        begun = clock.hour(instant)
        assert 0 <= instant - begun * SECOND < 3600 * SECOND
        assert begun % QUARTER == 0
        # Unless the clock was put forward within it, it begins at a full hour.
        local = moment(instant, zone)
        if moment(begun * SECOND, zone).utcoffset() == local.utcoffset():
            assert moment(begun * SECOND, zone).minute == 0


@given(zone=IN_USE, day=DAYS)
def test_midnight_is_the_first_instant_of_its_day(zone, day):
    start = midnight(day, zone)
    if moment(start, zone).date() != day:
        # There is no such day there (Apia, 2011-12-30), or no such midnight.
        return
    clock = Clock(zone)
    assert clock.day(start) == day
    local = moment(start, zone)
    if (local.hour, local.fold) == (0, 0):
        assert moment(start - 1, zone).date() == day - timedelta(days=1) or (
            zone.key == "Pacific/Apia"
        )


@given(zone=IN_USE, first=DAYS, more=st.integers(0, 400))
def test_days_side_by_side_leave_no_gap(zone, first, more):
    middle, last = first + timedelta(days=more // 2), first + timedelta(days=more)
    whole = Days.of(first, last, zone)
    left = Days.of(first, middle, zone)
    right = Days.of(middle + timedelta(days=1), last, zone)
    assert (left.start, right.end) == whole
    assert left.end == right.start
    assert whole.start < whole.end
    # An hour more or less for each change of the clock, a day for a skipped one.
    assert abs(whole.end - whole.start - (more + 1) * DAY) <= DAY


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Asia/Kolkata", date(2026, 3, 29), 24),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),
        ("Africa/Cairo", date(2026, 4, 24), 23),
        # Samoa went over the date line and left this day out.
        ("Pacific/Apia", date(2011, 12, 30), 0),
        ("UTC", date(2016, 12, 31), 24),
    ],
)
def test_days_on_which_the_clock_changes(zone, day, hours):
    start, end = Days.of(day, day, ZoneInfo(zone))
    assert end - start == hours * 3600 * SECOND
    window = Window.of_days(day, day, ZoneInfo(zone))
    assert (window.start, window.end) == (start, end)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe"])
def test_every_quarter_of_a_changing_day_has_its_day_and_hour(zone):
    own = ZoneInfo(zone)
    for day in (date(2026, 3, 29), date(2026, 10, 25), date(2026, 4, 5)):
        start, end = Days.of(day, day, own)
        clock, hours = Clock(own), []
        for instant in range(start, end, QUARTER * SECOND):
            assert clock.day(instant) == clock.day(instant + QUARTER * SECOND - 1)
            assert clock.day(instant) == day
            hours.append(clock.hour(instant))
        assert hours == sorted(hours)


@given(instant=st.integers(-(10**15), 10**17))
def test_instants_are_exact(instant):
    assert micros(moment(instant)) == instant
    assert moment(instant).tzinfo is UTC


@given(instant=st.integers(0, 10**16), offset=st.integers(-14 * 60, 14 * 60))
def test_the_same_instant_in_any_offset(instant, offset):
    there = moment(instant).astimezone(timezone(timedelta(minutes=offset)))
    assert micros(there) == instant
