"""What a habit gains by rules, worked out on paper."""

from __future__ import annotations

import pytest

from mileage.domain.measured import Day, Measured
from mileage.domain.sums import Figures
from mileage.domain.tokens import Tokens
from mileage.honours.lenses import parse_lenses
from mileage.honours.tiers import parse_tiers
from mileage.honours.titles import parse_titles
from mileage.honours.trial import Gain, Rules, Trial

LENSES = parse_lenses(
    """
[[lens]]
name = "work"
title = "Work"
unit = "tokens"
weights = { output = 1 }
encourages = "-"
gamed_by = "-"

[[lens]]
name = "raw"
title = "Raw"
unit = "tokens"
weights = { output = 1, cache_read = 1 }
encourages = "-"
gamed_by = "-"

[[lens]]
name = "cost"
title = "Cost"
unit = "micro_usd"
encourages = "-"
gamed_by = "-"
""",
    "lenses.toml",
)
TITLES = parse_titles(
    """
[[title]]
name = "many"
title = "Many"
rewards = "-"
earned_by = ["sessions >= 10"]
reason = "{sessions}"

[[title]]
name = "first"
title = "First"
rewards = "-"
top_percent = 20
lens = "raw"
earned_by = []
reason = "-"

[[title]]
name = "more"
title = "More"
rewards = "-"
earned_by = ["lens_work >= before_work + 45"]
reason = "-"
""",
    "titles.toml",
    LENSES,
)
TIERS = parse_tiers(
    """
lens = "work"
reference = "month"
least_people = 5

[[tier]]
name = "bronze"
above_percent = 0

[[tier]]
name = "gold"
above_percent = 50
""",
    "tiers.toml",
    LENSES,
)


def did(output, read=0, sessions=1, cost=None):
    tokens = Tokens(output=output, cache_read=read)
    return Measured(
        figures=Figures(1, tokens, cost), days=[Day(tokens, cost)], sessions=sessions
    )


PEOPLE = [did(10 * n, cost=n) for n in range(1, 11)]
RULES = Rules(LENSES, TITLES, TIERS, PEOPLE)


def trial(strategy, after, honest, dollars):
    return Trial(
        strategy,
        gaming=True,
        before=did(5),
        after=after,
        honest=honest,
        dollars=dollars,
    )


def outcome(after, honest, before=None):
    one = trial("x", after, honest, 5)
    (found,) = RULES.outcomes([one._replace(before=before or did(5))])
    return found


def test_places_are_counted_among_everybody_else():
    found = outcome(did(25), did(55))
    # Behind all ten, then behind eight of them, then behind five.
    assert found.lenses["work"] == Gain(2, 5)
    assert not found.lenses["work"].pays


def test_what_one_lens_forgives_another_pays():
    found = outcome(did(5, read=90), did(55))
    assert found.lenses["work"] == Gain(0, 5)
    assert found.lenses["raw"] == Gain(9, 5)
    assert found.lenses["raw"].pays


def test_an_equal_gain_does_not_pay():
    assert not outcome(did(55), did(55)).lenses["raw"].pays


def test_equal_values_share_a_rank():
    assert outcome(did(29), did(30)).lenses["work"] == Gain(2, 3)


def test_without_a_value_one_stands_behind_everybody():
    found = outcome(did(5, cost=4), did(5), before=did(5))
    assert found.lenses["cost"] == Gain(4, 0)


@pytest.mark.parametrize(
    ("after", "honest", "titles"),
    [
        (did(5, sessions=10), did(5), {"many": Gain(1, 0)}),
        (did(5, sessions=9), did(5, sessions=10), {"many": Gain(0, 1)}),
        (did(5), did(5), {}),
        (did(5, read=90), did(5, read=80), {"first": Gain(1, 0)}),
        (did(50), did(49), {"more": Gain(1, 0)}),
    ],
)
def test_titles(after, honest, titles):
    assert outcome(after, honest).titles == titles


def test_a_title_that_was_there_before_is_not_gained():
    found = outcome(did(5, sessions=20), did(5), before=did(5, sessions=10))
    assert found.titles == {}


def test_tiers_are_steps_of_the_ladder():
    # Bounds are 10 and 60: nobody's tier, bronze, gold.
    assert outcome(did(10), did(59)).tiers == Gain(1, 1)
    assert outcome(did(60), did(59)).tiers == Gain(2, 1)
    assert outcome(did(60), did(59), before=did(12)).tiers == Gain(1, 0)


def test_trials_of_a_strategy_are_added_up_in_the_order_of_the_first():
    one = trial("b", did(25), did(15), 7)
    other = trial("a", did(5), did(5), 1)._replace(gaming=False)
    found = RULES.outcomes([one, other, one._replace(after=did(5), dollars=4)])
    assert [each.strategy for each in found] == ["b", "a"]
    assert found[0].dollars == 11
    assert found[0].lenses["work"] == Gain(2, 2)
    assert [each.gaming for each in found] == [True, False]


def test_with_few_people_there_are_no_tiers_and_nobody_is_first():
    rules = Rules(LENSES, TITLES, TIERS, PEOPLE[:4])
    (found,) = rules.outcomes([trial("x", did(99, read=99), did(5), 1)])
    assert found.tiers == Gain(0, 0)
    assert found.lenses["work"] == Gain(4, 0)
