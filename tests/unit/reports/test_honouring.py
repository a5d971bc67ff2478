"""Titles and tiers of one publication after another: given, kept, lost, declined."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import pytest

from mileage.domain.awards import TIER, TITLE, Award
from mileage.domain.formula import holds
from mileage.domain.measured import METRICS
from mileage.domain.people import PEOPLE
from mileage.domain.window import Window
from mileage.honours.awards import DAY
from mileage.honours.lenses import parse_lenses
from mileage.honours.tiers import parse_tiers
from mileage.honours.titles import parse_titles
from mileage.reports.honouring import Honouring, Rules

LENSES = parse_lenses(
    """
[[lens]]
name = "tokens"
title = "Tokens"
unit = "tokens"
weights = { input = 1 }
encourages = "a"
gamed_by = "b"
""",
    "lenses.toml",
)
TITLES = parse_titles(
    """
[[title]]
name = "steady"
title = "Steady"
rewards = "Coming back."
earned_by = ["streak >= 3"]
reason = "{streak} days in a row"
grace_days = 2

[[title]]
name = "first"
title = "First"
rewards = "Being first."
top_percent = 10
reason = "{value} tokens"
grace_days = 0
""",
    "titles.toml",
    LENSES,
)
TIERS = parse_tiers(
    """
reference = "month"
least_people = 4
[[tier]]
name = "bronze"
above_percent = 0
[[tier]]
name = "emerald"
above_percent = 75
""",
    "tiers.toml",
    LENSES,
)
MONTH = Window(0, 30 * DAY)
NOW = 1_000 * DAY


class Standings:
    """What a publication has found: tokens and streak of everybody."""

    def __init__(self, people, month=(), period=MONTH):
        self.window = Window(NOW - 30 * DAY, NOW)
        self._people, self._month, self._period = people, month, period
        self.asked = 0

    def values(self, place):
        assert place == 0
        return [(one, tokens) for one, (tokens, _) in sorted(self._people.items())]

    def meeting(self, rules, named, before):
        for one, known in self.known(sorted(self._people), named, before).items():
            met = [all(holds(part, known) for part in rule) for rule in rules]
            if any(met):
                yield one, met

    def known(self, accounts, named, before):
        assert (named, before) == (("lens_tokens",), ("before_tokens",))
        found = {}
        for one in accounts:
            tokens, streak = self._people[one]
            known = dict.fromkeys(METRICS, 0) | {"streak": streak}
            found[one] = {**known, "lens_tokens": tokens, "before_tokens": None}
        return found

    def period(self, name):
        assert name == "month"
        return self._period

    def values_in_period(self, name, place):
        self.asked += 1
        return [(f"then_{n}", tokens) for n, tokens in enumerate(self._month)]


class Kept:
    """Awards in memory, as the control plane keeps them."""

    def __init__(self):
        self.awards, self.refused, self.references = {}, frozenset(), {}

    def awards_held(self):
        return tuple(one for one in self.awards.values() if one.ended_at is None)

    def change_awards(self, changes, at):
        for one in changes.begun:
            number = len(self.awards) + 1
            self.awards[number] = Award(number, *one, at)
        stamps = ((changes.ended, "ended_at", at), (changes.lapsed, "lapsed_at", at))
        for numbers, field, value in (
            *stamps,
            (changes.earned_again, "lapsed_at", None),
        ):
            for number in numbers:
                self.awards[number] = self.awards[number]._replace(**{field: value})

    def declined(self):
        return self.refused

    def tier_reference(self, start, rules):
        return self.references.get((start, rules))

    def freeze_reference(self, reference):
        self.references.setdefault((reference.start, reference.rules), reference)


@pytest.fixture
def kept():
    return Kept()


class Honour(NamedTuple):
    """What somebody is shown with."""

    tier: str = ""
    titles: tuple[str, ...] = ()


def told(found):
    """Return what each account is shown with that has anything."""
    return {
        one: Honour(found.tiers.get(one, ""), found.titles.get(one, ()))
        for one in sorted({*found.tiers, *found.titles})
    }


def honours(kept, standings, now=NOW, kinds=None, version="r1"):
    names = [one for one, _ in standings.values(0)]
    names += [one for one, _ in standings.values_in_period("month", 0)]
    standings.asked = 0
    people = {one for one in names if (kinds or {}).get(one, "person") in PEOPLE}
    rules = Rules(LENSES, TITLES, TIERS, version)
    honouring = Honouring(rules, kept, people)
    return told(honouring.honours(standings, kept.awards_held(), now))


USED = {"a": (100, 0), "b": (200, 5), "c": (300, 0), "d": (400, 3)}
PAST = (10, 20, 30, 400)


def test_titles_and_tiers_of_a_first_publication(kept):
    found = honours(kept, Standings(USED, PAST))
    assert found == {
        "a": Honour("bronze"),
        "b": Honour("bronze", ("Steady",)),
        "c": Honour("bronze"),
        "d": Honour("emerald", ("Steady", "First")),
    }
    reasons = {(one.account_id, one.name): one.reason for one in kept.awards_held()}
    assert reasons["b", "Steady"] == "5 days in a row"
    assert reasons["d", "First"] == "400 tokens"
    assert reasons["d", "emerald"] == "400 by the lens Tokens; it begins at 400"


def test_the_same_again_changes_nothing(kept):
    first = honours(kept, Standings(USED, PAST))
    before = dict(kept.awards)
    assert honours(kept, Standings(USED, PAST), NOW + DAY) == first
    assert kept.awards == before


def test_services_and_the_unclaimed_earn_nothing(kept):
    kinds = {"a": "contractor", "c": "unclaimed", "d": "service"}
    found = honours(kept, Standings(USED, PAST), kinds=kinds)
    assert set(found) == {"a", "b"}
    assert found["b"].titles == ("Steady", "First")


def test_a_title_outlives_its_reason_by_its_grace(kept):
    honours(kept, Standings(USED, PAST))
    less = Standings({**USED, "b": (200, 1)}, PAST)
    assert honours(kept, less, NOW + DAY)["b"].titles == ("Steady",)
    assert honours(kept, less, NOW + 3 * DAY - 1)["b"].titles == ("Steady",)
    assert honours(kept, less, NOW + 3 * DAY)["b"].titles == ()
    again = honours(kept, Standings(USED, PAST), NOW + 4 * DAY)
    assert again["b"].titles == ("Steady",)
    history = [
        (one.began_at, one.ended_at)
        for one in kept.awards.values()
        if (one.account_id, one.name) == ("b", "Steady")
    ]
    assert history == [(NOW, NOW + 3 * DAY), (NOW + 4 * DAY, None)]


def test_a_tier_is_kept_a_little_below_its_bound(kept):
    honours(kept, Standings(USED, PAST))
    for tokens, tier in ((340, "emerald"), (339, "bronze"), (399, "bronze")):
        found = honours(kept, Standings({**USED, "d": (tokens, 3)}, PAST))
        assert found["d"].tier == tier


def test_services_of_the_period_move_no_bound(kept):
    busy = (*PAST, 10**6, 10**6, 10**6)
    kinds = {f"then_{n}": "service" for n in (4, 5)} | {"then_6": "unclaimed"}
    assert honours(kept, Standings(USED, busy), kinds=kinds) == honours(
        Kept(), Standings(USED, PAST)
    )
    assert [one.bounds for one in kept.references.values()] == [(10, 400)]


def test_bounds_stay_until_the_period_is_over(kept):
    honours(kept, Standings(USED, PAST))
    late = Standings(USED, (10**6,) * 9)
    assert honours(kept, late)["d"].tier == "emerald"
    assert late.asked == 0
    next_month = Standings(USED, (10**6,) * 9, Window(30 * DAY, 60 * DAY))
    assert honours(kept, next_month) == {
        "b": Honour("", ("Steady",)),
        "d": Honour("", ("Steady", "First")),
    }


def test_with_other_rules_bounds_are_found_anew(kept):
    honours(kept, Standings(USED, PAST))
    found = honours(kept, Standings(USED, (10**6,) * 9), version="r2")
    assert found["d"].tier == ""


def test_bounds_are_scaled_from_the_length_of_their_period(kept):
    found = honours(kept, Standings(USED, PAST, Window(0, 31 * DAY)))
    # 400 in 31 days are 387 in 30.
    assert found["d"].tier == "emerald"
    reasons = [one.reason for one in kept.awards_held() if one.name == "emerald"]
    assert reasons == ["400 by the lens Tokens; it begins at 387"]


def test_a_young_organisation_begins_with_what_it_has(kept):
    found = honours(kept, Standings(USED, PAST[:3]))
    assert [found[one].tier for one in "abcd"] == [*["bronze"] * 3, "emerald"]
    more = Standings({**USED, "e": (10**6, 0)}, PAST[:3])
    assert honours(kept, more)["d"].tier == "emerald"


def test_with_too_few_people_there_are_no_tiers_and_nothing_is_frozen(kept):
    few = {one: USED[one] for one in "abc"}
    found = honours(kept, Standings(few, ()))
    assert {one.tier for one in found.values()} == {""}
    assert kept.references == {}
    assert honours(kept, Standings(USED, ()))["a"].tier == "bronze"


def test_what_is_declined_is_not_shown_and_not_lost(kept):
    honours(kept, Standings(USED, PAST))
    kept.refused = frozenset({("d", TIER, ""), ("d", TITLE, "First")})
    assert honours(kept, Standings(USED, PAST))["d"] == Honour("", ("Steady",))
    assert len([one for one in kept.awards_held() if one.account_id == "d"]) == 3


def test_without_rules_there_is_nothing(kept):
    rules = Rules(LENSES, replace(TITLES, titles=()), replace(TIERS, ladder=()), "r")
    honouring = Honouring(rules, kept, USED.keys())
    assert told(honouring.honours(Standings(USED, PAST), (), NOW)) == {}


def test_nobody_is_nobody(kept):
    assert honours(kept, Standings({}, ())) == {}
