"""Edges of tiers, titles and formulas: ties, thresholds, few people, no value."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.figures import Figures
from mileage.domain.formula import holds
from mileage.domain.measured import Measured
from mileage.domain.policy import PolicyErrors
from mileage.domain.tokens import Tokens
from mileage.honours.figures import vocabulary
from mileage.honours.lenses import parse_lenses, value
from mileage.honours.tiers import Tier, Tiers, scaled
from mileage.honours.titles import parse_titles

LENS = """
[[lens]]
name = "mine"
title = "Mine"
unit = "count"
formula = "FORMULA"
encourages = "this"
gamed_by = "that"
"""
MINE = parse_lenses(LENS.replace("FORMULA", "calls"), "lenses.toml")
NOTHING = dict.fromkeys(vocabulary(MINE), 0)
LADDER = (Tier("bronze", 0), Tier("silver", 5_000), Tier("emerald", 9_850))
NAMES = ("", *(tier.name for tier in LADDER))
few_values = st.lists(st.integers(0, 12), max_size=50)


def tiers(least_people=1, keep=85):
    return Tiers(LADDER, "mine", "month", keep, least_people)


def titles(top, earned_by=()):
    text = f"""
[[title]]
name = "first"
title = "First"
rewards = "Being first."
top_percent = {top}
earned_by = {list(earned_by)!r}
reason = "{{value}}"
[[title]]
name = "steady"
title = "Steady"
rewards = "Coming back."
earned_by = ["streak > 3", "calls * 2 <= tokens", "cost < before_mine"]
reason = "{{cost}}"
"""
    return parse_titles(text, "titles.toml", MINE)


@given(few_values, st.integers(1, 6))
def test_a_bound_is_the_least_value_that_enough_people_do_not_exceed(people, least):
    used = [one for one in people if one]
    bounds = tiers(least).bounds(people)
    assert bounds == (
        tuple(
            min(v for v in used if sum(w <= v for w in used) > len(used) * share)
            for share in (Fraction(tier.above, 10_000) for tier in LADDER)
        )
        if len(used) >= least
        else ()
    )


@given(
    st.lists(st.integers(1, 60), min_size=3, max_size=3).map(sorted),
    st.integers(0, 80) | st.none(),
    st.sampled_from([*NAMES, "gold"]),
    st.sampled_from([1, 85, 99, 100]),
)
def test_the_tier_is_the_highest_that_is_reached_or_kept(bounds, worth, held, keep):
    found = tiers(keep=keep).of(worth, bounds, held)
    had = NAMES.index(held) if held in NAMES else 0
    highest = ""
    for level, bound in enumerate(bounds, 1):
        needed = bound * Fraction(keep, 100) if level <= had else bound
        if (worth or 0) >= needed:
            highest = NAMES[level]
    assert found == highest


@pytest.mark.parametrize(
    ("bound", "least"),
    [(1, 1), (6, 6), (7, 6), (20, 17), (21, 18), (10**15, 85 * 10**13)],
)
def test_the_least_that_keeps_a_tier(bound, least):
    found = [tiers().of(n, (bound,), "bronze") for n in (least - 1, least)]
    assert found == ["", "bronze"]
    assert tiers(keep=100).of(bound - 1, (bound,), "bronze") == ""
    assert tiers().of(bound - 1, (bound,)) == ""


@pytest.mark.parametrize(
    ("bound", "length", "of", "expected"),
    [(1, 1, 3, 1), (3, 1, 2, 2), (5, 1, 2, 2), (7, 30, 31, 7), (7, 30, 90, 2)],
)
def test_scaled_bounds_round_to_even_and_never_to_nothing(bound, length, of, expected):
    assert scaled((bound, bound), length, of) == (expected, expected)


@given(few_values, st.sampled_from([0.01, 0.5, 3, 9.99, 10, 33.33, 50, 100]))
def test_ties_share_a_title_and_no_place_more_is_given(people, top):
    rules = titles(top)
    cutoffs = rules.cutoffs({0: (None, *people)}.__getitem__)
    used = [one for one in people if one]
    if not used:
        assert cutoffs == {}
        return
    places = max(1, int(len(used) * Fraction(str(top)) / 100))
    first = [
        one
        for one in used
        if rules.titles[0] in rules.earned({**NOTHING, "lens_mine": one}, cutoffs)
    ]
    assert first == [one for one in used if sum(o > one for o in used) < places]


@pytest.mark.parametrize(
    ("change", "earned"),
    [
        ({}, True),
        ({"streak": 3}, False),
        ({"tokens": 19}, False),
        ({"calls": 11}, False),
        ({"cost": 9}, False),
        ({"cost": None}, False),
        ({"before_mine": None}, False),
        ({"calls": 0, "tokens": 0}, True),
    ],
)
def test_each_condition_decides_at_its_threshold(change, earned):
    just = {"streak": 4, "calls": 10, "tokens": 20, "cost": 8, "before_mine": 9}
    rules, known = titles(1), {**NOTHING, **just, **change}
    found = rules.earned(known, {})
    assert [one.name for one in found] == (["steady"] if earned else [])
    assert all(rules.reason(one, known) == "$0.00" for one in found)


@settings(max_examples=30)
@given(
    st.lists(
        st.fixed_dictionaries(
            dict.fromkeys(
                ("streak", "calls", "tokens", "cost", "before_mine", "lens_mine"),
                st.none() | st.integers(0, 9),
            )
        ),
        max_size=8,
    )
)
def test_the_conditions_people_are_looked_for_by_find_all_who_earn(people):
    rules = titles(20, ["calls >= 2"])
    cutoffs = rules.cutoffs(lambda _: [one["lens_mine"] for one in people])
    asked = rules.conditions(cutoffs)
    for one in people:
        known = {**NOTHING, **one}
        met = [one for one, rule in asked if all(holds(part, known) for part in rule)]
        assert met == rules.earned(known, cutoffs)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("calls / sessions", None),
        ("sessions / calls", 0),
        ("0 * cost", None),
        ("max(calls, cost)", None),
        ("calls / (tokens - tokens)", None),
        ("calls / 2", 2),
        ("(calls + 2) / 2", 4),
        ("sessions - calls", -5),
        ("4_294_967_296 * 2_147_483_647", 2**63 - 2**32),
        ("4_294_967_296 * 2_147_483_648", None),
        ("1 - min(3, calls) * 2", -5),
    ],
)
def test_a_formula_that_cannot_be_told_is_no_rank(formula, expected):
    (lens,) = parse_lenses(LENS.replace("FORMULA", formula), "lenses.toml")
    of = Measured(Figures(5, Tokens(input=7), cost=None))
    assert value(lens, of) == expected


@pytest.mark.parametrize(
    ("formula", "problem"),
    [
        ("", "ends too early; expected a number"),
        ("calls +", "ends too early"),
        ("calls sessions", "goes on with 'sessions'; expected the end"),
        ("(calls", "ends too early; expected )"),
        ("max(calls)", "goes on with ')'; expected ,"),
        ("calls >= 2", "goes on with '>= 2'; expected the end"),
        ("-calls", "goes on with '-calls'; expected a number"),
        ("calls ** 2", "goes on with '* 2'; expected a number"),
        ("calls + .5", "goes on with '.5'; expected a number"),
        ("Calls", "goes on with 'Calls'; expected a number"),
        ("lens_mine", "there is no metric 'lens_mine'; there are: active_days"),
        ("+".join(["calls"] * 17), "has more than 16 names and numbers"),
        ("(" * 21 + "calls" + ")" * 21, "has more than 20 levels of parentheses"),
        ("calls * 1_000_000_000_000", "longer than 15 digits"),
    ],
)
def test_a_mistaken_formula_is_told_with_its_place_beside_others(formula, problem):
    text = LENS.replace("FORMULA", formula) + LENS.replace("FORMULA", "spead")
    with pytest.raises(PolicyErrors) as caught:
        parse_lenses(text, "lenses.toml")
    found = {(one.line, one.key): one.problem for one in caught.value.findings}
    assert problem in found[6, "lens[1].formula"]
    assert "no metric 'spead'" in found[14, "lens[2].formula"]
