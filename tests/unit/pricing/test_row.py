"""Integer costs: exact, rounded once, and by the size of the whole request."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.tokens import TOKEN_CLASSES, Tokens
from mileage.pricing.row import Bracket, PriceRow, Rates

FLAT = PriceRow(
    "v",
    (
        Bracket(
            -1, Rates(5000000, 500000, 6250000, 10000000, 25000000, 25000000, 5000000)
        ),
    ),
)
SONNET = Rates(3000000, 300000, 3750000, 6000000, 15000000, 15000000, 3000000)
LONG_SONNET = Rates(6000000, 600000, 7500000, 12000000, 22500000, 22500000, 6000000)
TIERED = PriceRow("v", (Bracket(-1, SONNET), Bracket(200_000, LONG_SONNET)))

counts = st.integers(0, 10**12)
token_sets = st.builds(Tokens, *([counts] * 7))
rate_sets = st.builds(Rates, *([st.integers(0, 10**9)] * 7))


def test_rates_stand_in_the_order_of_the_token_classes():
    assert Rates._fields == TOKEN_CLASSES


@pytest.mark.parametrize(
    ("name", "micro"),
    [
        ("input", 5_000_000),
        ("cache_read", 500_000),
        ("cache_write", 6_250_000),
        ("cache_write_1h", 10_000_000),
        ("output", 25_000_000),
        ("reasoning", 25_000_000),
        ("tool_input", 5_000_000),
    ],
)
def test_a_million_tokens_of_a_class_cost_its_rate(name, micro):
    assert FLAT.cost(Tokens(**{name: 1_000_000})) == micro


def test_writes_for_an_hour_cost_more_than_writes_for_five_minutes():
    assert FLAT.cost(Tokens(cache_write=8)) == 50
    assert FLAT.cost(Tokens(cache_write_1h=8)) == 80


def test_the_whole_request_pays_the_higher_price_above_the_threshold():
    assert TIERED.cost(Tokens(input=200_000)) == 600_000
    assert TIERED.cost(Tokens(input=200_001)) == 1_200_006


@pytest.mark.parametrize(
    "name", ["input", "cache_read", "cache_write", "cache_write_1h", "tool_input"]
)
def test_every_class_of_the_prompt_counts_towards_the_threshold(name):
    at = Tokens(**{name: 200_000})
    above = Tokens(**{name: 200_001})
    assert TIERED.rates(at) == SONNET
    assert TIERED.rates(above) == LONG_SONNET


@pytest.mark.parametrize("name", ["output", "reasoning"])
def test_the_answer_does_not_count_towards_the_threshold(name):
    assert TIERED.rates(Tokens(**{name: 900_000})) == SONNET


def test_the_highest_threshold_passed_decides():
    third = Rates(*([7] * 7))
    row = PriceRow("v", (*TIERED.brackets, Bracket(400_000, third)))
    assert row.rates(Tokens(input=400_000)) == LONG_SONNET
    assert row.rates(Tokens(input=400_001)) == third


def test_requests_priced_one_by_one_are_not_an_aggregate_priced():
    one = Tokens(input=150_000)
    assert 2 * TIERED.cost(one) == 900_000
    assert TIERED.cost(one.plus(one)) == 1_800_000


@pytest.mark.parametrize(
    ("tokens", "micro"), [(1, 0), (3, 2), (5, 2), (7, 4), (2, 1), (9, 4)]
)
def test_halves_of_a_micro_dollar_go_to_the_even_one(tokens, micro):
    row = PriceRow("v", (Bracket(-1, Rates(*([500_000] * 7))),))
    assert row.cost(Tokens(input=tokens)) == micro


@given(token_sets, rate_sets)
def test_a_cost_is_the_nearest_integer_to_the_exact_one(tokens, rates):
    exact = sum(
        Fraction(n * rate, 10**6) for n, rate in zip(tokens, rates, strict=True)
    )
    assert PriceRow("v", (Bracket(-1, rates),)).cost(tokens) == round(exact)


@given(token_sets, token_sets, rate_sets)
def test_costs_add_up_to_within_their_roundings(one, other, rates):
    row = PriceRow("v", (Bracket(-1, rates),))
    assert abs(row.cost(one) + row.cost(other) - row.cost(one.plus(other))) <= 1


@given(token_sets)
def test_no_tokens_less_never_cost_more(tokens):
    assert TIERED.cost(tokens) >= 0
    assert TIERED.cost(tokens.plus(Tokens(output=1))) >= TIERED.cost(tokens)
