"""Titles: who earns them, why, and rules read strictly."""

from __future__ import annotations

import pkgutil

import pytest

from mileage.domain.measured import METRICS
from mileage.domain.policy import PolicyErrors
from mileage.honours.figures import told, units, vocabulary, written
from mileage.honours.lenses import parse_lenses
from mileage.honours.titles import parse_titles


def shipped(name):
    return pkgutil.get_data("mileage", f"policy/{name}").decode()


LENSES = parse_lenses(shipped("lenses.toml"), "lenses.toml")
SHIPPED = parse_titles(shipped("titles.toml"), "titles.toml", LENSES)
NOBODY = dict.fromkeys(vocabulary(LENSES), 0)

ONE = """
[[title]]
name = "early-bird"
title = "Early Bird"
rewards = "Being there."
earned_by = ["streak >= 3", "cost < before_cost"]
reason = "{streak} days, {cost}"

[[title]]
name = "summit"
title = "Summit"
rewards = "Being above."
top_percent = 10
lens = "output"
reason = "{lens_output} tokens"
grace_days = 0
"""


def parsed(text=ONE):
    return parse_titles(text, "titles.toml", LENSES)


def findings(text):
    with pytest.raises(PolicyErrors) as caught:
        parsed(text)
    return [(one.line, one.key, one.problem) for one in caught.value.findings]


def test_the_shipped_titles():
    called = [one.title for one in SHIPPED.titles]
    assert called[:4] == [
        "Token Legend",
        "Session Immortal",
        "Model Connoisseur",
        "Cache Wizard",
    ]
    assert len(called) == 6
    assert all(len(one.rewards) > 20 for one in SHIPPED.titles)


def test_nobody_earns_a_title_by_doing_nothing():
    assert SHIPPED.earned(NOBODY, {}) == []
    assert SHIPPED.earned(dict.fromkeys(NOBODY), {}) == []


EARNERS = {
    "token-legend": {"lens_credit": 10**9, "active_days": 12},
    "session-immortal": {
        "active_days": 20,
        "even_days": 1500,
        "sessions": 41,
        "output": 205_000,
    },
    "model-connoisseur": {"models": 5, "even_tools": 300, "active_days": 9},
    "cache-wizard": {
        "cache_share": 9600,
        "saved": 40_000_000,
        "cache_read": 10**9,
        "output": 2_500_000,
        "active_days": 9,
    },
    "light-foot": {
        "before_cost": 20_000_000,
        "lens_cost": 15_000_000,
        "lens_output": 95,
        "before_output": 100,
        "active_days": 9,
    },
    "full-tank": {"cost": 50_000_000, "active_days": 16, "sessions": 30},
}


@pytest.mark.parametrize("name", EARNERS)
def test_whoever_meets_the_rule_earns_the_title(name):
    known = {**NOBODY, "calls": 100, **EARNERS[name]}
    (earned,) = SHIPPED.earned(known, {"token-legend": 10**9})
    assert earned.name == name
    assert "unknown" not in SHIPPED.reason(earned, known)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("token-legend", {"unattended_calls": 51}),
        ("token-legend", {"lens_credit": 10**9 - 1}),
        ("session-immortal", {"even_days": 100}),
        ("model-connoisseur", {"even_tools": 105}),
        ("session-immortal", {"output": 204_999}),
        ("session-immortal", {"unattended_calls": 51}),
        ("cache-wizard", {"output": 2_499_999}),
        ("cache-wizard", {"unattended_calls": 51}),
        ("light-foot", {"lens_output": 80}),
        ("full-tank", {"cost": None}),
        ("full-tank", {"cost": 100_000_001}),
    ],
)
def test_whoever_games_the_rule_does_not(name, change):
    known = {**NOBODY, "calls": 100, **EARNERS[name], **change}
    assert SHIPPED.earned(known, {"token-legend": 10**9}) == []


def test_a_reason_has_its_figures():
    known = {**NOBODY, "streak": 1200, "cost": 12_345_678, "before_cost": 10**9}
    (earned,) = parsed().earned(known, {})
    assert earned.name == "early-bird"
    assert parsed().reason(earned, known) == "1,200 days, $12.35"


def test_a_title_of_the_first_ones():
    place = [lens.name for lens in LENSES].index("output")
    values = [[n] * len(LENSES) for n in (5, None, 0, 10, 20, 30, 30)]
    cutoffs = parsed().cutoffs(lambda at: [row[at] for row in values])
    assert cutoffs == {"summit": 30}
    first = {**NOBODY, "lens_output": 30}
    (summit,) = parsed().earned(first, cutoffs)
    assert parsed().reason(summit, first) == "30 tokens"
    assert parsed().earned({**NOBODY, "lens_output": 29}, cutoffs) == []
    assert place >= 0


@pytest.mark.parametrize(("people", "least"), [(1, 0), (10, 9), (29, 27), (30, 27)])
def test_how_many_are_the_first_ones(people, least):
    values = [[n + 1] * len(LENSES) for n in range(people)]
    cutoffs = parsed().cutoffs(lambda at: [row[at] for row in values])
    assert cutoffs == {"summit": least + 1}


def test_where_nobody_has_a_value_nobody_is_first():
    assert parsed().cutoffs(lambda _: [None]) == {}
    assert parsed().earned({**NOBODY, "lens_output": 0}, {}) == []


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (1234567, "count", "1,234,567"),
        (1234567, "tokens", "1,234,567"),
        (-1_500_000, "micro_usd", "$-1.50"),
        (150, "hundredths", "1.50"),
        (None, "count", "unknown"),
    ],
)
def test_how_figures_are_written(value, unit, expected):
    assert written(value, unit) == expected


def test_units_follow_lenses():
    of = units(LENSES)
    assert (of["cost"], of["lens_cost"], of["before_cost"]) == ("micro_usd",) * 3
    assert told("{before_cost} {calls}", {"before_cost": 5, "calls": 5}, of) == (
        "$0.00 5"
    )


def test_everything_measured_may_be_named():
    assert METRICS.keys() <= vocabulary(LENSES).keys()


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "problem"),
    [
        ('"early-bird"', '"Early"', 3, "title[1].name", "lower-case letters"),
        ('"summit"', '"early-bird"', 10, "title[2].name", "of another title"),
        ('"Summit"', '"tiers"', 11, "title[2].title", "what all tiers are called"),
        ('"Summit"', '"Early Bird"', 11, "title[2].title", "another title is called"),
        (
            '["streak >= 3", "cost < before_cost"]',
            "[]",
            6,
            "title[1].earned_by",
            "at least one condition",
        ),
        (
            "streak >= 3",
            "streak >= 94",
            6,
            "title[1].earned_by",
            "'streak >= 94' can never be met: streak is 0 to 93",
        ),
        (
            "streak >= 3",
            "cache_share > 10000",
            6,
            "title[1].earned_by",
            "can never be met",
        ),
        (
            "streak >= 3",
            "cost / 0 > 3",
            6,
            "title[1].earned_by",
            "'cost / 0 > 3' divides by 0",
        ),
        (
            '"streak >= 3"',
            '"streak > 3", "3 >= streak"',
            6,
            "title[1].earned_by",
            "'streak > 3' can never be met together with the others",
        ),
        ("{streak} days", "{streak days", 7, "title[1].reason", "a brace around no"),
        ("{streak} days", "{Streak} days", 7, "title[1].reason", "a brace around no"),
        ("streak >= 3", "streak", 6, "title[1].earned_by", "expected >=, <=, > or <"),
        ("streak >=", "steak >=", 6, "title[1].earned_by", "no metric 'steak'; there"),
        ("cost < before_cost", "cost < before_speed", 6, "title[1].earned_by", "speed"),
        ("{streak}", "{streaks}", 7, "title[1].reason", "no metric 'streaks'; there"),
        ("= 10", "= 0", 13, "title[2].top_percent", "is 0; allowed: 0.01 to 100"),
        ("= 10", "= 101", 13, "title[2].top_percent", "allowed: 0.01 to 100"),
        ('"output"', '"speed"', 14, "title[2].lens", "allowed: credit, cost-weighted"),
        ("top_percent = 10", "", 14, "title[2].lens", "means nothing without top"),
        ("= 0\n", "= 93\n", 16, "title[2].grace_days", "allowed: 0 to 92"),
        ("grace_days", "grace", 16, "title[2].grace", "unknown key; allowed: "),
    ],
)
def test_a_mistake_has_a_line_a_key_and_what_to_write(old, new, line, key, problem):
    found = findings(ONE.replace(old, new, 1))
    assert (line, key) in [(at, name) for at, name, text in found if problem in text]


def test_shipped_titles_fit_other_lenses():
    cost = [lens for lens in LENSES if lens.name == "cost"]
    fitting = SHIPPED.fitting(cost)
    assert len(fitting.titles) == len(SHIPPED.titles) - 1
    known = {**NOBODY, "lens_cost": 5_000_000, "calls": 9, "active_days": 12}
    (legend,) = fitting.earned(known, {"token-legend": 9})
    assert legend.name == "token-legend"
    reason = "$5.00 by the default lens, on 12 days"
    assert fitting.reason(legend, known) == reason
    assert parsed().fitting(cost).titles == parsed().titles[:1]


def test_an_organisation_may_have_no_titles():
    assert parsed("").titles == ()


@pytest.mark.parametrize(
    "change",
    [
        ("top_percent = 10", 'top_percent = "many"'),
        ("top_percent = 10", "top_percent = 101"),
        ('["streak >= 3", "cost < before_cost"]', '"streak >= 3"'),
        ('["streak >= 3", "cost < before_cost"]', '["streak = 3"]'),
    ],
)
def test_one_mistake_is_told_once(change):
    assert len(findings(ONE.replace(*change))) == 1


@pytest.mark.parametrize(
    ("rule", "days", "possible"),
    [
        ("streak >= 31", 31, True),
        ("streak >= 32", 31, False),
        ("even_days > 3100", 31, False),
        ("active_days >= 100", 101, True),
    ],
)
def test_a_window_has_so_many_days(rule, days, possible):
    text = ONE.replace("streak >= 3", rule)
    if possible:
        assert parse_titles(text, "titles.toml", LENSES, days)
    else:
        with pytest.raises(PolicyErrors, match="can never be met"):
            parse_titles(text, "titles.toml", LENSES, days)


def test_what_can_be_met_together_is_left_alone():
    both = ONE.replace("streak >= 3", 'streak >= 3", "streak <= 3')
    assert len(parsed(both).titles[0].earned_by) == 3
