"""Titles and tiers of one publication after another: given, kept, lost, declined."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import pytest

from mileage.domain.awards import TIER, TITLE, Award, Changes, Earned
from mileage.domain.formula import holds
from mileage.domain.measured import METRICS
from mileage.domain.window import Window
from mileage.honours.awards import DAY
from mileage.honours.lenses import parse_lenses
from mileage.honours.tiers import parse_tiers
from mileage.honours.titles import parse_titles
from mileage.reports.honouring import Had, Honouring, Moved, Rules

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

    def __init__(self, people, month=(), period=MONTH, new=0):
        self.window = Window(NOW - 30 * DAY, NOW)
        self._people, self._month, self._period = people, month, period
        self._new = new
        self.asked = 0
        self.had, self.shown = {}, {}

    def values(self, place):
        assert place == 0
        return sorted(tokens for tokens, _ in self._people.values() if tokens)

    def tiers(self, place, steps, ladder, hidden):
        assert place == 0
        moved = []
        for one in sorted({*self._people, *self.had}):
            tokens, _ = self._people.get(one, (None, 0))
            had = self.had.get(one, 0)
            level = sum(step <= (tokens or 0) for step in steps[had])
            if level and one not in hidden:
                self.shown[one] = ladder[level - 1]
            if level != had:
                moved.append(Moved(one, tokens, level))
        return moved

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

    def begun(self, name):
        assert name == "month"
        return len(self._month), len(self._month) - self._new

    def values_in_period(self, name, place):
        self.asked += 1
        return self._month


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


def honours(kept, standings, now=NOW, version="r1", rules=(TITLES, TIERS)):
    """Return what each account is shown with that has anything."""
    honouring = Honouring(Rules(LENSES, *rules, version), kept)
    had = Had.of(kept.awards_held(), rules[1])
    standings.had, standings.shown = had.places, {}
    titles = honouring.honours(standings, had, now)
    return {
        one: Honour(standings.shown.get(one, ""), titles.get(one, ()))
        for one in sorted({*standings.shown, *titles})
    }


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
    more = Standings({**USED, "e": (10**6, 0), "f": (10**6, 0)}, PAST[:3])
    assert honours(kept, more)["d"].tier == "bronze"
    assert kept.references == {}


def test_a_month_in_which_most_had_only_begun_gives_no_bounds(kept):
    few_days = (1, 2, 3, 4)
    found = honours(kept, Standings(USED, few_days, new=3))
    assert [found[one].tier for one in "abcd"] == [*["bronze"] * 3, "emerald"]
    assert kept.references == {}
    honours(kept, Standings(USED, PAST, new=2))
    assert [one.bounds for one in kept.references.values()] == [(10, 400)]


def test_nobody_rises_because_their_days_fill_up(kept):
    for day in range(1, 31):
        young = Standings({one: (day * n, 0) for n, one in enumerate("abcdefgh", 1)})
        found = honours(kept, young, NOW + day * DAY)
        tiers = [one.tier for one in found.values()]
        assert tiers.count("emerald") == 2
    assert kept.references == {}


def test_with_too_few_people_there_are_no_tiers_and_nothing_is_frozen(kept):
    few = {one: USED[one] for one in "abc"}
    found = honours(kept, Standings(few, ()))
    assert {one.tier for one in found.values()} == {""}
    assert honours(kept, Standings(USED, ()))["a"].tier == "bronze"
    assert kept.references == {}


def test_what_is_declined_is_not_shown_and_not_lost(kept):
    honours(kept, Standings(USED, PAST))
    kept.refused = frozenset({("d", TIER, ""), ("d", TITLE, "First")})
    assert honours(kept, Standings(USED, PAST))["d"] == Honour("", ("Steady",))
    assert len([one for one in kept.awards_held() if one.account_id == "d"]) == 3


def test_without_rules_there_is_nothing(kept):
    rules = replace(TITLES, titles=()), replace(TIERS, ladder=())
    assert honours(kept, Standings(USED, PAST), rules=rules) == {}


def test_what_the_policy_no_longer_has_ends(kept):
    honours(kept, Standings(USED, PAST))
    lower = replace(TIERS, ladder=TIERS.ladder[:1])
    found = honours(kept, Standings(USED, PAST), version="r2", rules=(TITLES, lower))
    assert {one.tier for one in found.values()} == {"bronze"}
    assert {one.name for one in kept.awards_held() if one.kind == TIER} == {"bronze"}


def test_of_two_tiers_at_once_one_is_left(kept):
    honours(kept, Standings(USED, PAST))
    kept.change_awards(Changes((Earned("d", TIER, "bronze", ""),), (), (), ()), NOW)
    honours(kept, Standings(USED, PAST), NOW + DAY)
    found = [one.name for one in kept.awards_held() if one.account_id == "d"]
    assert sorted(found) == ["First", "Steady", "emerald"]


def test_whoever_is_nobody_any_more_loses_their_tier(kept):
    honours(kept, Standings(USED, PAST))
    honours(kept, Standings({one: USED[one] for one in "abc"}, PAST), NOW + DAY)
    tiers = [one.account_id for one in kept.awards_held() if one.kind == TIER]
    assert tiers == ["a", "b", "c"]


def test_nobody_is_nobody(kept):
    assert honours(kept, Standings({}, ())) == {}
