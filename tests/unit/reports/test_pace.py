"""Burn rate and forecast."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.quarter import Costs, roll_up
from mileage.domain.window import Clock, micros
from mileage.reports.pace import (
    HISTORY_DAYS,
    Range,
    last_end,
    month_ahead,
    pace_json,
    present_block,
)
from tests.witnesses import DAY, HOUR, MINUTE, NOON, witness

UTC_CLOCK = Clock(ZoneInfo("UTC"))


class Flat:
    """Every call costs a dollar, or nothing is known."""

    def __init__(self, cost=1_000_000):
        self._cost = cost

    def price(self, provider, model, day, tier=""):
        return None if self._cost is None else self

    def cost(self, tokens):
        return self._cost


def rows(*calls, cost=1_000_000):
    made = [
        witness(key=str(n), occurred_at=at, **only(output))
        for n, (at, output) in enumerate(calls)
    ]
    return roll_up(made, Costs(Flat(cost)))


def only(output):
    rest = ("input", "cache_read", "cache_write", "cache_write_1h", "reasoning")
    return {"output": output, "tool_input": 0, **dict.fromkeys(rest, 0)}


# ------------------------------------------------------------------------- the block


def test_a_running_block_has_a_pace_and_an_end():
    block = present_block(rows((NOON, 600), (NOON + HOUR, 600)), NOON + 2 * HOUR)
    assert (block.start, block.end) == (NOON, NOON + 5 * HOUR)
    assert (block.minutes, block.minutes_left) == (120, 180)
    assert block.tokens_per_minute == 10
    assert block.expected_tokens == 1_200 + 180 * 10
    assert block.expected_cost == 2_000_000 + 3_000_000


def test_a_call_just_now_has_a_pace_over_a_whole_minute():
    block = present_block(rows((NOON, 50)), NOON)
    assert (block.minutes, block.tokens_per_minute) == (1, 50)


def test_what_has_no_price_has_no_expected_cost():
    block = present_block(rows((NOON, 50), cost=None), NOON + MINUTE)
    assert block.expected_cost is None
    assert pace_json(block, None)["block"]["expected_cost_usd"] is None


@pytest.mark.parametrize("later", [5 * HOUR, 7 * HOUR, 400 * DAY])
def test_after_its_end_no_block_is_running(later):
    assert present_block(rows((NOON + 9 * MINUTE, 50)), NOON + later) is None


@pytest.mark.parametrize("later", [0, 4 * HOUR, 5 * HOUR, 400 * DAY])
def test_the_last_block_is_known_however_long_ago(later):
    calls = rows((NOON - DAY, 5), (NOON + 9 * MINUTE, 50), (NOON + 500 * DAY, 1))
    assert last_end(calls, NOON + 9 * MINUTE + later) == NOON + 5 * HOUR


def test_without_calls_no_block_is_running():
    assert present_block([], NOON) is None
    assert last_end([], NOON) is None
    assert last_end(rows((NOON, 10)), NOON - 1) is None
    assert pace_json(None, None) == {"block": None, "month": None}


def test_calls_after_now_are_not_in_it():
    found = rows((NOON, 10), (NOON + 40 * MINUTE, 99))
    block = present_block(found, NOON + 20 * MINUTE)
    assert block.figures.tokens.total == 10
    assert present_block(rows((NOON, 10)), NOON - DAY) is None


@given(st.lists(st.tuples(st.integers(0, 30 * HOUR), st.integers(0, 10**6))))
def test_a_block_never_expects_less_than_it_has(calls):
    now = NOON + 30 * HOUR
    block = present_block(rows(*((NOON + at, n) for at, n in calls)), now)
    if block:
        assert block.start <= now < block.end
        assert block.expected_tokens >= block.figures.tokens.total
        assert block.minutes >= 1


# ------------------------------------------------------------------------- the month


def steady(days, output=100):
    """One call a day at noon, back from yesterday."""
    return [(NOON - back * DAY, output) for back in range(1, days + 1)]


def test_a_steady_month_goes_on_as_it_was():
    found = month_ahead(rows(*steady(28)), NOON, UTC_CLOCK)
    assert (found.first, found.last) == (date(2026, 11, 1), date(2026, 11, 30))
    assert found.history_days == HISTORY_DAYS
    assert found.so_far.tokens.total == 19 * 100
    # Half of the 20th and ten whole days are left; no day differs from another.
    assert found.tokens == Range(2_950, 2_950, 2_950)
    assert found.cost == Range(*[(19 + 10) * 1_000_000 + 500_000] * 3)


def test_idle_days_count_as_idle():
    every_other = [(at, n) for at, n in steady(28) if (NOON - at) // DAY % 2 == 0]
    found = month_ahead(rows(*every_other), NOON, UTC_CLOCK)
    used = found.so_far.tokens.total
    assert found.tokens.middle == used + round(10.5 * 50)
    assert used <= found.tokens.low < found.tokens.middle < found.tokens.high


@pytest.mark.parametrize("days", [0, 1, 6])
def test_less_than_a_week_is_no_history(days):
    assert month_ahead(rows(*steady(days)), NOON, UTC_CLOCK) is None


def test_a_week_is():
    assert month_ahead(rows(*steady(7)), NOON, UTC_CLOCK).history_days == 7


def test_without_prices_there_is_no_cost():
    found = month_ahead(rows(*steady(10), cost=None), NOON, UTC_CLOCK)
    assert found.cost is None
    assert pace_json(None, found)["month"]["expected_cost_usd"] is None


FIRST = NOON - 19 * DAY
"""The first of November, noon."""


def test_on_the_first_of_a_month_there_is_a_cost_before_the_first_call():
    calls = rows(*((FIRST - back * DAY, 100) for back in range(1, 29)))
    found = month_ahead(calls, FIRST, UTC_CLOCK)
    assert found.so_far.calls == 0
    assert found.cost == Range(*[29_500_000] * 3)
    written = pace_json(None, found)["month"]
    assert written["used"]["cost_usd"] is None
    assert written["expected_cost_usd"]["middle"] == "29.500000"
    unpriced = rows((FIRST - HOUR, 100), cost=None)
    assert month_ahead([*calls, *unpriced], FIRST, UTC_CLOCK).cost == found.cost


def test_the_cost_is_of_the_days_that_are_looked_back_on():
    """What has a price is older than all the forecast rests on: no cost, not 0."""
    old = rows((FIRST - 40 * DAY, 100))
    recent = rows(*((FIRST - back * DAY, 100) for back in range(1, 29)), cost=None)
    found = month_ahead([*old, *recent], FIRST, UTC_CLOCK)
    assert found.cost is None
    assert found.rests_on.unpriced_calls == found.rests_on.calls == 28


@pytest.mark.parametrize("now", [FIRST, FIRST + 4 * DAY, FIRST + 29 * DAY])
def test_it_rests_on_the_history_and_on_the_month(now):
    calls = rows(*((FIRST + day * DAY, 1) for day in range(-60, 60)))
    found = month_ahead(calls, now, UTC_CLOCK)
    assert found.rests_on.calls == max(HISTORY_DAYS + 1, found.so_far.calls)


def test_days_are_those_of_the_zone():
    # 20:00 UTC is the next day in Kolkata: the last evening of October is November.
    evening = micros_of_utc(2026, 10, 31, 20)
    calls = [(evening, 1_000), *steady(10)]
    utc = month_ahead(rows(*calls), NOON, UTC_CLOCK)
    kolkata = month_ahead(rows(*calls), NOON, Clock(ZoneInfo("Asia/Kolkata")))
    assert kolkata.so_far.tokens.total == utc.so_far.tokens.total + 1_000


def test_the_last_month_of_a_year_ends_with_it():
    now = micros_of_utc(2026, 12, 31, 12)
    calls = [(now - back * DAY, 10) for back in range(10)]
    found = month_ahead(rows(*calls), now, UTC_CLOCK)
    assert (found.first, found.last) == (date(2026, 12, 1), date(2026, 12, 31))
    assert found.tokens.middle == 105


def test_the_forecast_is_written_with_all_its_parts():
    found = pace_json(None, month_ahead(rows(*steady(28)), NOON, UTC_CLOCK))["month"]
    assert found["expected_tokens"] == {"low": 2_950, "middle": 2_950, "high": 2_950}
    assert found["expected_cost_usd"]["middle"] == "29.500000"
    assert found["used"]["tokens"] == 1_900
    assert (found["from"], found["until"]) == ("2026-11-01", "2026-11-30")


@given(
    st.lists(st.integers(0, 10**9), min_size=28, max_size=28), st.integers(0, DAY - 1)
)
def test_a_range_is_in_order_and_never_below_what_was_used(daily, late):
    calls = [(NOON - (back + 1) * DAY, output) for back, output in enumerate(daily)]
    found = month_ahead(rows(*calls), NOON + late // 2, UTC_CLOCK)
    used = found.so_far.tokens.total
    assert used <= found.tokens.low <= found.tokens.middle <= found.tokens.high


def micros_of_utc(*parts):
    return micros(datetime(*parts, tzinfo=UTC))
