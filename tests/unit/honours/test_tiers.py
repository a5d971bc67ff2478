"""Tiers: quantiles of a reference period, hysteresis, and rules read strictly."""

from __future__ import annotations

import pkgutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.policy import PolicyErrors
from mileage.honours.lenses import parse_lenses
from mileage.honours.tiers import NAMES, parse_tiers, scaled

LENSES = parse_lenses(
    pkgutil.get_data("mileage", "policy/lenses.toml").decode(), "lenses.toml"
)
TEXT_SHIPPED = pkgutil.get_data("mileage", "policy/tiers.toml").decode()
TEXT = 'lens = "cost-weighted"\n' + TEXT_SHIPPED
TIERS = parse_tiers(TEXT, "tiers.toml", LENSES)
BOUNDS = (10, 100, 1000, 10_000, 100_000)


def findings(text):
    with pytest.raises(PolicyErrors) as caught:
        parse_tiers(text, "tiers.toml", LENSES)
    return [(one.key, one.problem) for one in caught.value.findings]


def test_the_shipped_ladder():
    assert tuple(one.name for one in TIERS.ladder) == NAMES
    assert TIERS.reference == "month"


def test_bounds_are_what_that_share_of_people_stays_below():
    assert TIERS.bounds(range(1, 101)) == (1, 51, 76, 91, 99)
    assert TIERS.bounds([5] * 30) == (5,) * 5


def test_who_used_nothing_is_not_among_the_people():
    assert TIERS.bounds([0] * 1000 + list(range(1, 101))) == (1, 51, 76, 91, 99)


def test_too_few_people_are_no_reference():
    assert TIERS.bounds(range(1, 20)) == ()
    assert TIERS.bounds(range(1, 21)) != ()
    assert TIERS.of(10**9, ()) == ""
    assert TIERS.of(10**9, (), "gold") == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (0, ""),
        (9, ""),
        (10, "bronze"),
        (99, "bronze"),
        (100, "silver"),
        (1000, "gold"),
        (99_999, "platinum"),
        (10**9, "emerald"),
    ],
)
def test_the_tier_of_a_value(value, expected):
    assert TIERS.of(value, BOUNDS) == expected


@pytest.mark.parametrize(
    ("value", "held", "expected"),
    [
        (850, "gold", "gold"),
        (849, "gold", "silver"),
        (84, "gold", "bronze"),
        (85, "gold", "silver"),
        (850, "silver", "silver"),
        (850, "", "silver"),
        (8, "bronze", ""),
        (9, "bronze", "bronze"),
        (0, "emerald", ""),
        (10_000, "gold", "platinum"),
        (500, "a tier of before", "silver"),
    ],
)
def test_whoever_has_a_tier_keeps_it_a_little_below_its_bound(value, held, expected):
    assert TIERS.of(value, BOUNDS, held) == expected


@given(
    st.lists(st.integers(1, 10**6), min_size=20, max_size=60),
    st.integers(1, 10**6),
    st.lists(st.integers(-7, 7), max_size=20),
)
def test_nobody_flickers_while_a_value_moves_by_a_few_per_cent(people, value, moves):
    bounds = TIERS.bounds(people)
    held, changes = TIERS.of(value, bounds), 0
    for percent in moves:
        tier = TIERS.of(value * (100 + percent) // 100, bounds, held)
        changes += tier != held
        held = tier
    # Up at most once for each bound within reach, and never down again.
    assert changes <= len(bounds)
    ladder = ["", *NAMES]
    assert ladder.index(held) >= ladder.index(TIERS.of(value * 93 // 100, bounds))


@given(
    st.lists(st.integers(1, 10**6), min_size=100, max_size=300, unique=True),
    st.integers(2, 10),
)
def test_when_everybody_uses_more_no_more_are_emerald(people, factor):
    now = [value * factor for value in people]
    bounds = TIERS.bounds(now)
    emerald = sum(TIERS.of(value, bounds) == "emerald" for value in now)
    assert emerald <= len(people) * 2 // 100 + 1


def test_bounds_of_a_month_for_thirty_days():
    assert scaled((0, 31, 310), 30, 31) == (1, 30, 300)


@pytest.mark.parametrize(
    ("old", "new", "key", "problem"),
    [
        ('"cost-weighted"', '"speed"', "lens", "allowed: credit, cost-weighted"),
        ('"month"', '"year"', "reference", "allowed: week, month, quarter"),
        ("= 85", "= 0", "keep_percent", "allowed: 1 to 100"),
        ("= 20", "= 0", "least_people", "allowed: 1 to"),
        ('"gold"', '"silver"', "tier[3].name", "may not stand above 'silver'"),
        ('"gold"', '"jade"', "tier[3].name", "allowed: bronze, silver, gold"),
        ("= 75", "= 50", "tier[3].above_percent", "give more than 50"),
        ("= 98", "= 100", "tier[5].above_percent", "is nobody; give less than 100"),
        ("lens =", "lense =", "lense", "unknown key; allowed: keep_percent"),
    ],
)
def test_a_mistake_has_a_key_and_what_to_write(old, new, key, problem):
    found = findings(TEXT.replace(old, new, 1))
    assert [name for name, text in found if problem in text] == [key]


def test_an_organisation_may_have_no_tiers():
    text = TEXT[: TEXT.index("[[tier]]")]
    tiers = parse_tiers(text, "tiers.toml", LENSES)
    assert tiers.bounds(range(100)) == ()
    assert tiers.of(5, ()) == ""
