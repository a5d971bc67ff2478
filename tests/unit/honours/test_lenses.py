"""Lenses: exact values, no rank without a price, and rules read strictly."""

from __future__ import annotations

import pkgutil
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.errors import NotFound
from mileage.domain.figures import Figures
from mileage.domain.measured import Day, Measured
from mileage.domain.policy import PolicyErrors
from mileage.domain.tokens import Tokens
from mileage.honours.lenses import Lens, capped, named, parse_lenses
from mileage.honours.lenses import value as lens_value

SHIPPED = parse_lenses(
    pkgutil.get_data("mileage", "policy/lenses.toml").decode(), "lenses.toml"
)
FIGURES = Figures(3, Tokens(100, 9000, 40, 8, 20, 4, 1), 1234, 0)


def value(lens, figures):
    return lens_value(lens, Measured(figures))


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
    assert [(lens.name, lens.unit) for lens in SHIPPED] == [
        ("credit", "tokens"),
        ("cost-weighted", "tokens"),
        ("output", "tokens"),
        ("cost", "micro_usd"),
        ("savings", "micro_usd"),
        ("breadth", "hundredths"),
        ("steadiness", "hundredths"),
        ("tokens", "tokens"),
    ]


def test_volume_and_money_carry_a_warning():
    warned = {lens.name for lens in SHIPPED if lens.warning}
    assert warned == {"tokens", "cost", "savings"}


def test_the_default_lens_is_capped():
    default = named(SHIPPED, "")
    month = [Day(Tokens(output=200_000)) for _ in range(20)]
    night = [Day(Tokens(output=20 * 200_000))]
    worked, burnt = (
        lens_value(default, Measured(Figures(), days)) for days in (month, night)
    )
    assert (worked, burnt) == (20_000_000, 10_000_000)


@pytest.mark.parametrize(
    ("name", "of", "expected"),
    [
        ("savings", {"saved": 7}, 7),
        ("savings", {"saved": None}, None),
        ("breadth", {"even_tools": 250}, 250),
        ("steadiness", {"days": [Day(Tokens(), 1), Day(Tokens(), 1)]}, 200),
    ],
)
def test_lenses_of_one_metric(name, of, expected):
    measured = Measured(Figures(calls=20), **of)
    assert lens_value(named(SHIPPED, name), measured) == expected
    if name != "savings":
        few = measured._replace(figures=Figures(calls=19))
        assert lens_value(named(SHIPPED, name), few) is None


def test_the_weights_of_the_default_lens():
    assert named(SHIPPED, "").weights == Tokens(100, 10, 125, 200, 500, 500, 100)
    assert named(SHIPPED, "cost-weighted").weights == named(SHIPPED, "").weights


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
        if lens.unit == "tokens" and lens.daily_cap is None:
            before = value(lens, Figures(tokens=tokens))
            assert value(lens, Figures(tokens=tokens.plus(more))) >= before


@given(token_sets)
def test_the_token_lens_is_the_total(tokens):
    assert value(named(SHIPPED, "tokens"), Figures(tokens=tokens)) == tokens.total


def test_a_lens_by_name_or_the_first():
    assert named(SHIPPED, "output").title == "Output"
    assert named(SHIPPED, "") is SHIPPED[0]


def test_a_lens_that_is_not_there():
    with pytest.raises(NotFound, match="no lens 'speed'; there are: credit, cost-w"):
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
        (
            '"tokens"',
            '"dollars"',
            5,
            "lens[1].unit",
            "allowed: tokens, micro_usd, count",
        ),
        ("0.25", "0.255", 6, "lens[1].weights.output", "at most 2 decimals"),
        ("0.25", "-1", 6, "lens[1].weights.output", "allowed: 0 to 1000"),
        ("0.25", "1001", 6, "lens[1].weights.output", "allowed: 0 to 1000"),
        ("input", "inputs", 6, "lens[1].weights.inputs", "allowed: cache_read"),
        ("input = 1, output = 0.25", "", 6, "lens[1].weights", "weighs nothing"),
        ('encourages = "this"', "", 2, "lens[1].encourages", "is missing"),
        ('gamed_by = "that"', "gamed_by = 1", 8, "lens[1].gamed_by", "expected text"),
        ('"tokens"', '"micro_usd"', 6, "lens[1].weights", "the credit is the cost"),
        ('gamed_by = "that"', 'gamed_by = "x"\nrank = 1', 9, "lens[1].rank", "unknown"),
    ],
)
def test_a_mistake_has_a_line_a_key_and_what_is_allowed(old, new, line, key, problem):
    found = findings(ONE.replace(old, new, 1))
    assert [(at, name) for at, name, text in found if problem in text] == [(line, key)]


MORE = """
[metrics]
attended = "calls - unattended_calls"
share = "attended / calls"

[[lens]]
name = "mine"
title = "Mine"
unit = "tokens"
weights = { input = 1, output = 5 }
daily_cap = 1000
formula = "credit * share"
minimum = { calls = 10, active_days = 2 }
warning = "Careful."
encourages = "this"
gamed_by = "that"
"""
DAYS = (
    Day(Tokens(input=400, output=20)),
    Day(Tokens(input=3000, output=200)),
    Day(Tokens()),
)
USED = Measured(
    Figures(20, Tokens(input=3400, output=220)),
    DAYS,
    active_days=2,
    unattended_calls=5,
)


def test_a_day_counts_up_to_the_cap_and_then_by_its_logarithm():
    (lens,) = parse_lenses(MORE, "lenses.toml")
    # 500 of the first day; of the second 4000 are two doublings of the cap.
    assert lens_value(lens, USED) == (500 + 2000) * 15 // 20
    assert lens.warning == "Careful."


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (0, 0),
        (999, 999),
        (1000, 1000),
        (1001, 1000),
        (1002, 1001),
        (1500, 1250),
        (2000, 1500),
        (3000, 1750),
        (4000, 2000),
        (8000, 2500),
        (1000 * 2**30, 16000),
    ],
)
def test_each_doubling_beyond_the_cap_adds_half_of_it(amount, expected):
    assert capped(amount, 1000) == expected


@given(st.integers(0, 10**15), st.integers(0, 10**12), st.integers(1, 10**9))
def test_more_is_never_less_and_never_worth_more_than_itself(amount, more, cap):
    assert 0 <= capped(amount + more, cap) - capped(amount, cap) <= more


def test_a_cap_on_money():
    text = MORE.replace('"tokens"', '"micro_usd"').replace(
        "weights = { input = 1, output = 5 }", ""
    )
    (lens,) = parse_lenses(text, "lenses.toml")
    days = (Day(Tokens(), 2000), Day(Tokens(), None), Day(Tokens(), 300))
    assert lens_value(lens, USED._replace(days=days)) == (1500 + 300) * 15 // 20
    assert lens_value(lens, USED._replace(days=days[1:2])) is None


@pytest.mark.parametrize(
    "change",
    [
        {"active_days": 1},
        {"figures": USED.figures._replace(calls=9)},
    ],
)
def test_who_stays_below_the_minimum_has_no_rank(change):
    (lens,) = parse_lenses(MORE, "lenses.toml")
    assert lens_value(lens, USED) is not None
    assert lens_value(lens, USED._replace(**change)) is None


def test_a_minimum_without_a_formula():
    text = MORE.replace('formula = "credit * share"\n', "")
    (lens,) = parse_lenses(text, "lenses.toml")
    assert lens_value(lens, USED) == 2500
    assert lens_value(lens, USED._replace(active_days=1)) is None


def test_a_lens_of_a_metric_needs_no_weights():
    text = ONE.replace("weights = { input = 1, output = 0.25 }", 'formula = "streak"')
    (lens,) = parse_lenses(text.replace('"tokens"', '"count"'), "lenses.toml")
    assert lens_value(lens, Measured(streak=7)) == 7


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "problem"),
    [
        ("credit *", "credit +* ", 12, "lens[1].formula", "goes on with '*"),
        ("credit *", "speed *", 12, "lens[1].formula", "no metric 'speed'; there are"),
        ("1000", "0", 11, "lens[1].daily_cap", "allowed: 1 to"),
        ("credit * share", "7", 12, "lens[1].formula", "names no metric"),
        ("credit *", "credit / (2 - 2) *", 12, "lens[1].formula", "divides by 0"),
        ("calls = 10", "call = 10", 13, "lens[1].minimum.call", "no metric 'call'"),
        (
            "active_days = 2",
            "active_days = 94",
            13,
            "lens[1].minimum.active_days",
            "can never be 94: it is 0 to 93",
        ),
        ("attended =", "calls =", 3, "metrics.calls", "is a metric already"),
        (
            "calls - una",
            "share - una",
            3,
            "metrics.attended",
            "is defined by itself: attended -> share -> attended",
        ),
        (
            "credit *",
            "share * share * share * share * share * share * ",
            12,
            "lens[1].formula",
            "has more than 16 names and numbers, all put in",
        ),
        (
            "attended / calls",
            "share / calls",
            4,
            "metrics.share",
            "is defined by itself: share -> share",
        ),
    ],
)
def test_a_mistake_in_a_formula(old, new, line, key, problem):
    found = findings(MORE.replace(old, new, 1))
    assert [(at, name) for at, name, text in found if problem in text] == [(line, key)]


def test_what_a_formula_without_credit_leaves_without_a_meaning():
    found = findings(MORE.replace("credit * share", "calls"))
    assert [(line, key) for line, key, _ in found] == [
        (10, "lens[1].weights"),
        (11, "lens[1].daily_cap"),
    ]
    assert {text for *_, text in found} == {
        "means nothing here, as the formula names no credit; leave it out"
    }


def test_two_lenses_of_one_name_and_of_one_title():
    found = findings(ONE + ONE)
    assert [key for _, key, _ in found] == ["lens[2].name", "lens[2].title"]
    assert found[0][0] == 11
    assert all("another lens" in problem for *_, problem in found)


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_a_board_needs_a_lens(text):
    ((line, key, problem),) = findings(text)
    assert (line, key) == (1, "lens")
    assert "at least one" in problem


def test_a_list_without_lenses_is_none_either():
    assert [key for _, key, _ in findings("lens = []")] == ["lens"]
