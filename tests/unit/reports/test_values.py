"""Figures, money and instants as JSON: exact, whatever their size."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.days import SECOND, Days
from mileage.domain.sums import Figures
from mileage.domain.tokens import TOKEN_CLASSES, Tokens
from mileage.reports.values import dollars, figures_json, instant_json, window_json

COUNTS = st.integers(0, 10**18)


@given(st.integers(-(10**30), 10**30))
def test_dollars_have_six_digits_and_lose_none(micro):
    text = dollars(micro)
    assert len(text.partition(".")[2]) == 6
    assert Fraction(text) == Fraction(micro, 10**6)
    assert text.startswith("-") == (micro < 0)


@given(st.lists(st.integers(-(10**12), 10**12), max_size=20))
def test_what_was_written_adds_up(parts):
    assert sum(map(Decimal, map(dollars, parts))) == Decimal(dollars(sum(parts)))


@pytest.mark.parametrize("micro", [-1_000_000, -999_999, -1, 0, 1, 999_999, 1_000_000])
def test_around_a_dollar(micro):
    assert Decimal(dollars(micro)) == Decimal(micro) / 1_000_000
    assert "e" not in dollars(micro).lower()


@given(calls=COUNTS, tokens=st.builds(Tokens, *[COUNTS] * len(TOKEN_CLASSES)))
def test_every_figure_has_a_name_and_is_whole(calls, tokens):
    told = figures_json(Figures(calls, tokens, None, 3, 2))
    assert {name: told[name] for name in TOKEN_CLASSES} == tokens._asdict()
    assert told["tokens"] == tokens.total
    assert (told["calls"], told["cost_usd"]) == (calls, None)
    assert (told["unpriced_calls"], told["unmeasured_calls"]) == (3, 2)


def test_nothing_is_zero_calls_and_no_known_cost():
    told = figures_json(Figures())
    assert told.pop("cost_usd") is None
    assert set(told.values()) == {0}


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (-1, "1969-12-31T23:59:59.999999Z"),
        (-SECOND, "1969-12-31T23:59:59Z"),
        (1, "1970-01-01T00:00:00.000001Z"),
        (SECOND // 2, "1970-01-01T00:00:00.500000Z"),
        (951_782_400 * SECOND, "2000-02-29T00:00:00Z"),
        (253_402_300_799 * SECOND, "9999-12-31T23:59:59Z"),
    ],
)
def test_instants_at_their_ends(instant, text):
    assert instant_json(instant) == text


@given(st.lists(st.integers(0, 10**16), min_size=2, max_size=2, unique=True))
def test_whole_seconds_sort_as_they_are_written(pair):
    one, other = (instant // SECOND * SECOND for instant in sorted(pair))
    assert instant_json(one) <= instant_json(other)


def test_a_window_says_where_it_ends_and_by_whose_days():
    assert window_json(Days(0, SECOND), "Asia/Kolkata") == {
        "from": "1970-01-01T00:00:00Z",
        "until": "1970-01-01T00:00:01Z",
        "tz": "Asia/Kolkata",
    }
