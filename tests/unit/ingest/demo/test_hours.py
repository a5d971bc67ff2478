from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from mileage.domain.window import SECOND, Clock, Window, micros, moment
from mileage.ingest.demo.hours import LATEST, Calendar, local_days
from mileage.ingest.demo.plan import sum_tokens
from mileage.ingest.demo.shape import DEFAULT_SHAPE, Shape

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",  # half an hour of daylight saving
    "Pacific/Auckland",
    "UTC",
)
MOMENTS = (
    datetime(2026, 4, 10, 9, 59, 59, tzinfo=UTC),  # clocks went forward, or back
    datetime(2026, 11, 5, 0, 0, 0, tzinfo=UTC),  # and the other way round
    datetime(2026, 3, 29, 1, 0, 0, tzinfo=UTC),  # the change itself, in Berlin
    datetime(2026, 10, 25, 1, 30, 0, tzinfo=UTC),  # the hour that comes twice
)


@cache
def calendar(now, zone):
    return Calendar.until(micros(now), ZoneInfo(zone), DEFAULT_SHAPE)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("now", MOMENTS)
def test_hours_are_those_of_the_clock(now, zone):
    found = calendar(now, zone)
    clock = Clock(ZoneInfo(zone))
    assert list(found.hours) == sorted(set(found.hours))
    if zone == "Australia/Lord_Howe":
        return  # an hour of 90 minutes begins twice there
    for hour, day in zip(found.hours, found.days, strict=True):
        assert clock.hour(hour * SECOND) == hour
        assert clock.day(hour * SECOND) == day


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("now", MOMENTS)
def test_hours_leave_no_gap_and_do_not_overlap(now, zone):
    steps = {b - a for a, b in pairwise(calendar(now, zone).hours)}
    assert 3600 in steps
    assert steps <= {1800, 3600, 5400}
    if zone != "Australia/Lord_Howe":
        assert steps == {3600}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("now", MOMENTS)
def test_hours_cover_the_rolling_window_and_end_with_now(now, zone):
    found = calendar(now, zone)
    window = Window.rolling(30, now=micros(now), zone=ZoneInfo(zone))
    assert found.hours[0] * SECOND <= window.start
    assert found.hours[-1] * SECOND <= micros(now) < window.end
    assert found.hours[-1] * SECOND >= window.end - 3600 * SECOND


@pytest.mark.parametrize("home", ZONES)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata"])
def test_local_days_hold_each_hour_once_at_most(home, zone):
    found = calendar(MOMENTS[1], home)
    places = [
        place
        for hours in local_days(found, ZoneInfo(zone)).values()
        for place in hours.values()
    ]
    assert len(places) == len(set(places))
    # Of the hour that comes twice, one is left out; of Lord Howe's, none or one.
    assert len(found.hours) - 2 <= len(places) <= len(found.hours)


def test_local_days_are_those_of_the_zone():
    found = calendar(MOMENTS[1], "Europe/Berlin")
    for zone in ("Asia/Kolkata", "America/New_York"):
        for day, hours in local_days(found, ZoneInfo(zone)).items():
            for hour, place in hours.items():
                middle = moment((found.hours[place] + 1800) * SECOND, ZoneInfo(zone))
                assert (middle.date(), middle.hour) == (day, hour)


def test_a_skipped_hour_is_not_there_and_a_double_one_is_there_once():
    spring = calendar(MOMENTS[0], "Europe/Berlin")
    days = local_days(spring, ZoneInfo("Europe/Berlin"))
    change = datetime(2026, 3, 29, tzinfo=UTC).date()
    assert sorted(days[change]) == [0, 1, *range(3, 24)]
    autumn = calendar(MOMENTS[1], "Europe/Berlin")
    days = local_days(autumn, ZoneInfo("Europe/Berlin"))
    change = datetime(2026, 10, 25, tzinfo=UTC).date()
    assert sorted(days[change]) == list(range(24))


def test_weekends_are_likelier_when_there_are_fewer_of_them():
    for day in range(1, 8):
        now = datetime(2026, 7, day, 12, tzinfo=UTC)
        found = calendar(now, "Europe/Berlin")
        days = sorted(set(found.days))
        free = sum(one.weekday() >= 5 for one in days)
        expected = found.weekend_ratio * free
        assert expected / (expected + len(days) - free) == pytest.approx(0.24)


def test_cells_add_up_to_the_plan(company):
    for plan in company.plans:
        cells = company.cells(plan)
        for use in plan.uses:
            own = [cell for cell in cells if cell.model == use.model]
            assert sum(cell.calls for cell in own) == use.calls
            assert sum_tokens(cell.tokens for cell in own) == use.tokens
            assert {(cell.client, cell.provider) for cell in own} == {
                (use.client, use.provider)
            }


def test_cells_are_in_order_and_have_calls(company):
    for plan in company.plans:
        cells = company.cells(plan)
        keys = [(cell.hour, cell.client, cell.model) for cell in cells]
        assert keys == sorted(keys)
        assert len(keys) == len(set(keys))
        assert min(cell.calls for cell in cells) >= 1
        assert min(min(cell.tokens) for cell in cells) >= 0


def test_cells_lie_on_the_calendar(company):
    known = dict(zip(company.calendar.hours, company.calendar.days, strict=True))
    for plan in company.plans:
        for cell in company.cells(plan):
            assert known[cell.hour] == cell.day


def test_nobody_works_before_joining_or_after_leaving(simulate):
    org = simulate(seed=9, people=400)
    joiners = [plan for plan in org.plans if plan.account.joined]
    leavers = [plan for plan in org.plans if plan.account.left]
    assert len(joiners) == 6
    assert len(leavers) == 4
    for plan in joiners:
        first = min(cell.day for cell in org.cells(plan))
        assert plan.account.joined <= first
        assert first - plan.account.joined < timedelta(days=21)
    for plan in leavers:
        last = max(cell.day for cell in org.cells(plan))
        assert last <= plan.account.left


def test_people_work_by_day_in_their_own_zone(company):
    for plan in company.plans:
        if plan.restless:
            continue
        for cell in company.cells(plan):
            middle = moment((cell.hour + 1800) * SECOND, plan.account.zone)
            assert 7 <= middle.hour <= LATEST


def test_services_and_loops_work_around_the_clock(company):
    restless = [plan for plan in company.plans if plan.restless]
    assert len(restless) == 2
    for plan in restless:
        hours = {cell.hour for cell in company.cells(plan)}
        assert len(hours) > 0.95 * len(company.calendar.hours)


def test_heavy_users_are_active_more_often(company):
    people = [plan for plan in company.plans if not plan.restless]
    people.sort(key=lambda plan: plan.intensity)
    days = [len({cell.day for cell in company.cells(plan)}) for plan in people]
    third = len(days) // 3
    assert sum(days[-third:]) > 1.3 * sum(days[:third])


def test_the_mean_call_stays_below_price_tiers(company):
    for plan in company.plans:
        for cell in company.cells(plan):
            prompt = sum(cell.tokens[:4]) / cell.calls
            limit = 330_000 if cell.model.startswith(("claude-o", "gpt")) else 200_000
            assert prompt < limit


def test_weekends_are_quieter(simulate):
    org = simulate(seed=2, people=150)
    volume = Counter()
    for plan in org.plans:
        if not plan.restless:
            for cell in org.cells(plan):
                volume[cell.day.weekday() >= 5] += cell.tokens.total
    assert volume[True] < 0.25 * volume[False]


def test_a_short_time_works_too(simulate):
    org = simulate(seed=1, people=12, days=2, lead_hours=2)
    for plan in org.plans:
        assert sum(cell.calls for cell in org.cells(plan)) == plan.calls
    assert Shape(days=2).mean_tokens == DEFAULT_SHAPE.mean_tokens
