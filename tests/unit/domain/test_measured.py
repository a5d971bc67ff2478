"""Metrics by name, and over how many parts a sum is spread."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.measured import (
    METRICS,
    Day,
    Measured,
    evenness,
    metrics,
    saved_by_caches,
)
from mileage.domain.sums import Figures
from mileage.domain.tokens import Tokens

MUCH = Measured(
    Figures(9, Tokens(100, 700, 150, 50, 20, 4, 0), 5000, 2, 1),
    (Day(Tokens(input=300), 30), Day(Tokens(input=900)), Day(Tokens(), 10)),
    sessions=3,
    models=2,
    clients=1,
    active_days=2,
    streak=1,
    even_tools=150,
    attended_calls=4,
    unattended_calls=3,
    saved=-7,
)


def test_every_metric_has_a_value():
    assert metrics(Measured()).keys() == METRICS.keys()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("calls", 9),
        ("unpriced_calls", 2),
        ("unmeasured_calls", 1),
        ("attended_calls", 4),
        ("unattended_calls", 3),
        ("cache_write_1h", 50),
        ("reasoning", 4),
        ("tokens", 1024),
        ("cost", 5000),
        ("saved", -7),
        ("sessions", 3),
        ("models", 2),
        ("clients", 1),
        ("active_days", 2),
        ("streak", 1),
        ("even_days", 160),
        ("even_tools", 150),
        ("cache_share", 7000),
    ],
)
def test_metrics_by_name(name, expected):
    assert metrics(MUCH)[name] == expected


def test_a_cost_that_nobody_knows_stays_unknown():
    assert metrics(Measured())["cost"] is None
    assert metrics(Measured())["saved"] is None
    assert metrics(Measured())["even_days"] is None
    assert metrics(Measured())["even_tools"] is None
    assert metrics(Measured())["cache_share"] == 0


def test_days_are_as_even_as_their_costs():
    def even_days(*costs):
        return metrics(Measured(days=[Day(Tokens(9), cost) for cost in costs]))

    assert even_days(5, 5, None, 5)["even_days"] == 300
    assert even_days(5, 0)["even_days"] == 100
    assert even_days(0, 0)["even_days"] == 0
    assert even_days(None, None)["even_days"] is None


@pytest.mark.parametrize(
    ("tokens", "cost", "expected"),
    [
        (Tokens(), 5, None),
        (Tokens(input=10), None, None),
        (Tokens(input=10), 7, 0),
        # Ten dollars a million: nine tenths of them saved on each read.
        (Tokens(cache_read=1_000_000), 1_000_000, 9_000_000),
        (Tokens(cache_write=1_000_000), 12_500_000, -2_500_000),
        (Tokens(cache_write_1h=1_000_000), 20_000_000, -10_000_000),
        (Tokens(input=1000, cache_read=3, output=2), 7, 0),
        (Tokens(10, 90, 4, 0, 3, 1, 0), 54, 98),
    ],
)
def test_what_caches_saved(tokens, cost, expected):
    assert saved_by_caches([Figures(1, tokens, cost)]) == expected


def test_what_has_no_price_saves_nothing_that_is_known():
    paid = Figures(1, Tokens(input=1_000_000), 5_000_000)
    unpriced = Figures(1, Tokens(cache_read=100_000_000), None, 1)
    assert saved_by_caches([paid, unpriced]) == 0
    assert saved_by_caches([unpriced]) is saved_by_caches([]) is None
    cached = Figures(1, Tokens(cache_read=1_000_000), 1_000_000)
    assert saved_by_caches([paid, unpriced, cached]) == 9_000_000


@pytest.mark.parametrize(
    ("parts", "expected"),
    [([], 0), ([0, 0], 0), ([5], 100), ([5, 5, 5], 300), ([0, 7, 7], 200)],
)
def test_equal_parts_count_each(parts, expected):
    assert evenness(parts) == expected


def test_one_large_day_beside_small_ones_is_hardly_more_than_one():
    assert evenness([10_000, *[10] * 29]) == 105


@given(st.lists(st.integers(0, 10**12), max_size=30))
def test_never_more_than_there_are(parts):
    used = sum(part > 0 for part in parts)
    assert (100 if used else 0) <= evenness(parts) <= 100 * used
