"""Lenses: exact values, no rank without a price, and rules read strictly."""

from __future__ import annotations

import pkgutil
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.errors import NotFound
from mileage.domain.figures import Figures
from mileage.domain.policy import PolicyErrors
from mileage.domain.tokens import Tokens
from mileage.honours.lenses import Lens, named, parse_lenses, value

SHIPPED = parse_lenses(
    pkgutil.get_data("mileage", "policy/lenses.toml").decode(), "lenses.toml"
)
FIGURES = Figures(3, Tokens(100, 9000, 40, 8, 20, 4, 1), 1234, 0)
token_sets = st.builds(Tokens, *([st.integers(0, 10**13)] * 7))

ONE = """
[[lens]]
name = "mine"
title = "Mine"
unit = "tokens"
weights = { input = 1, output = 0.25 }
encourages = "this"
gamed_by = "that"
"""


def findings(text):
    with pytest.raises(PolicyErrors) as caught:
        parse_lenses(text, "lenses.toml")
    return [(one.line, one.key, one.problem) for one in caught.value.findings]


def test_the_shipped_lenses():
    assert [lens.name for lens in SHIPPED] == [
        "cost-weighted",
        "output",
        "cost",
        "tokens",
    ]
    assert [lens.unit for lens in SHIPPED] == [
        "tokens",
        "tokens",
        "micro_usd",
        "tokens",
    ]


def test_the_weights_of_the_default_lens():
    assert named(SHIPPED, "").weights == Tokens(100, 10, 125, 200, 500, 500, 100)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tokens", 9173),
        ("output", 24),
        ("cost", 1234),
        # 100 + 900 + 50 + 16 + 100 + 20 + 1
        ("cost-weighted", 1187),
    ],
)
def test_values_of_the_shipped_lenses(name, expected):
    assert value(named(SHIPPED, name), FIGURES) == expected


def test_every_shipped_lens_says_what_it_does_to_people():
    for lens in SHIPPED:
        assert len(lens.encourages) > 20
        assert len(lens.gamed_by) > 20


def test_a_cost_that_nobody_knows_is_no_rank_and_not_nothing():
    cost = named(SHIPPED, "cost")
    assert value(cost, FIGURES._replace(cost=None)) is None
    assert value(cost, FIGURES._replace(cost=0)) == 0


def test_tokens_are_ranked_even_where_no_price_is_known():
    assert value(named(SHIPPED, "cost-weighted"), FIGURES._replace(cost=None)) == 1187


def test_no_figures_are_nothing():
    assert value(named(SHIPPED, "tokens"), Figures()) == 0
    assert value(named(SHIPPED, "cost"), Figures()) is None


@given(token_sets)
def test_values_are_exact_however_large(tokens):
    lens = named(SHIPPED, "cost-weighted")
    exact = sum(
        Fraction(n * weight, 100)
        for n, weight in zip(tokens, lens.weights, strict=True)
    )
    assert value(lens, Figures(tokens=tokens)) == round(exact)


@given(token_sets, token_sets)
def test_more_tokens_never_rank_lower(tokens, more):
    for lens in SHIPPED:
        if lens.unit == "tokens":
            before = value(lens, Figures(tokens=tokens))
            assert value(lens, Figures(tokens=tokens.plus(more))) >= before


@given(token_sets)
def test_the_token_lens_is_the_total(tokens):
    assert value(named(SHIPPED, "tokens"), Figures(tokens=tokens)) == tokens.total


def test_a_lens_by_name_or_the_first():
    assert named(SHIPPED, "output").title == "Output"
    assert named(SHIPPED, "") is SHIPPED[0]


def test_a_lens_that_is_not_there():
    with pytest.raises(
        NotFound, match="no lens 'speed'; there are: cost-weighted, out"
    ):
        named(SHIPPED, "speed")


def test_what_is_written_is_what_is_read():
    assert parse_lenses(ONE, "lenses.toml") == (
        Lens("mine", "Mine", "tokens", Tokens(100, 0, 0, 0, 25), "this", "that"),
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "problem"),
    [
        ('"mine"', '"My lens"', 3, "lens[1].name", "lower-case letters"),
        ('"Mine"', '""', 4, "lens[1].title", "some text"),
        ('"tokens"', '"dollars"', 5, "lens[1].unit", "allowed: tokens, micro_usd"),
        ("0.25", "0.255", 6, "lens[1].weights.output", "at most 2 decimals"),
        ("0.25", "-1", 6, "lens[1].weights.output", "allowed: 0 to 1000"),
        ("0.25", "1001", 6, "lens[1].weights.output", "allowed: 0 to 1000"),
        ("input", "inputs", 6, "lens[1].weights.inputs", "allowed: cache_read"),
        ("input = 1, output = 0.25", "", 6, "lens[1].weights", "weighs nothing"),
        ('encourages = "this"', "", 2, "lens[1].encourages", "is missing"),
        ('gamed_by = "that"', "gamed_by = 1", 8, "lens[1].gamed_by", "expected text"),
        ('"tokens"', '"micro_usd"', 6, "lens[1].weights", "the value is the cost"),
        ('gamed_by = "that"', 'gamed_by = "x"\nrank = 1', 9, "lens[1].rank", "unknown"),
    ],
)
def test_a_mistake_has_a_line_a_key_and_what_is_allowed(old, new, line, key, problem):
    found = findings(ONE.replace(old, new, 1))
    assert [(at, name) for at, name, text in found if problem in text] == [(line, key)]


def test_two_lenses_of_one_name():
    ((line, key, problem),) = findings(ONE + ONE)
    assert (line, key) == (11, "lens[2].name")
    assert "another lens" in problem


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_a_board_needs_a_lens(text):
    ((line, key, problem),) = findings(text)
    assert (line, key) == (1, "lens")
    assert "at least one" in problem


def test_a_list_without_lenses_is_none_either():
    assert [key for _, key, _ in findings("lens = []")] == ["lens"]
