"""Awards of many publications, against what a second rule reads off all of them."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.awards import TIER, TITLE, Award, Earned
from mileage.domain.people import Viewer
from mileage.honours.awards import DAY, decide, titles_after
from mileage.honours.titles import Title
from mileage.store.control import open_control

GRACE = {"none": 0, "day": 1, "week": 7}
TITLES = [
    Title(f"key-{name}", name, (), "", "", grace_days=days)
    for name, days in GRACE.items()
]
LADDER = ("bronze", "silver", "gold")
HOUR = DAY // 24


class Stretch(NamedTuple):
    """What is told of an award: when it began, lapsed for good and ended."""

    account: str
    kind: str
    name: str
    began_at: int
    lapsed_at: int | None
    ended_at: int | None


class Ledger:
    """Awards as lists in memory, changed as the control plane is told to."""

    def __init__(self):
        self.awards = []

    def awards_held(self):
        return [one for one in self.awards if one.ended_at is None]

    def change_awards(self, changes, at):
        for number in changes.ended:
            self._stamp(number, ended_at=at)
        for number in changes.lapsed:
            self._stamp(number, lapsed_at=at)
        for number in changes.earned_again:
            self._stamp(number, lapsed_at=None)
        for one in changes.begun:
            self.awards.append(Award(len(self.awards), *one, at))

    def _stamp(self, number, **what):
        self.awards[number] = self.awards[number]._replace(**what)


def run(ledger, publications, titles=TITLES):
    """Make one publication after another; yields what is worn after each."""
    for at, earned in publications:
        held = ledger.awards_held()
        changes = decide(held, [Earned(*key, "why") for key in earned], titles, at)
        ledger.change_awards(changes, at)
        yield titles_after(held, changes, [one.title for one in titles])


def told(awards):
    return {
        Stretch(one.account_id, *one[2:4], one.began_at, one.lapsed_at, one.ended_at)
        for one in awards
    }


def missed_since(publications, key, place):
    """Return the first publication without it after it was last earned, by then.

    None where it is earned right then, and -1 where it never was.
    """
    earned = [n for n in range(place + 1) if key in publications[n][1]]
    if not earned:
        return -1
    return None if earned[-1] == place else publications[earned[-1] + 1][0]


def worn(publications, key, place):
    """Tell of one instant, from everything before, whether somebody has an award."""
    missed = missed_since(publications, key, place)
    days = GRACE[key[2]] if key[1] == TITLE else 0
    return missed is None or (
        missed >= 0 and publications[place][0] - missed < days * DAY
    )


def expected(publications):
    """Return every stretch, from whole columns of what was worn."""
    found = set()
    for key in {key for _, earned in publications for key in earned}:
        column = [worn(publications, key, n) for n in range(len(publications))]
        starts = [n for n, (a, b) in enumerate(pairwise([False, *column])) if b > a]
        for start in starts:
            rest = range(start, len(column))
            end = next((n for n in rest if not column[n]), None)
            last = len(column) - 1 if end is None else end - 1
            lapsed = missed_since(publications, key, last)
            ended = None if end is None else publications[end][0]
            found.add(Stretch(*key, publications[start][0], lapsed, ended))
    return found


@st.composite
def histories(draw):
    """Draw publications an hour to nine days apart, each with what is earned then."""
    gaps = st.sampled_from([HOUR, DAY - 1, DAY, 3 * DAY, 7 * DAY, 9 * DAY])
    titles = st.tuples(st.sampled_from("xy"), st.just(TITLE), st.sampled_from([*GRACE]))
    tiers = st.dictionaries(st.sampled_from("xy"), st.sampled_from(LADDER))
    at, found = 1_000 * DAY, []
    for gap in draw(st.lists(gaps, min_size=1, max_size=12)):
        at += gap
        earned = draw(st.frozensets(titles, max_size=5))
        tier = draw(tiers)
        found.append((at, earned | {(who, TIER, name) for who, name in tier.items()}))
    return found


@given(histories())
def test_awards_are_the_stretches_of_what_was_worn(publications):
    ledger = Ledger()
    shown = list(run(ledger, publications))
    assert told(ledger.awards) == expected(publications)
    for place, titles in enumerate(shown):
        keys = [(who, TITLE, name) for who in "xy" for name in GRACE]
        have = [key for key in keys if worn(publications, key, place)]
        assert [(who, TITLE, n) for who in sorted(titles) for n in titles[who]] == have


@settings(max_examples=15)
@given(histories())
def test_nobody_has_two_awards_of_one_name_or_two_tiers_at_once(publications):
    ledger = Ledger()
    for _ in run(ledger, publications):
        held = ledger.awards_held()
        assert len({one[1:4] for one in held}) == len(held)
        tiers = [one.account_id for one in held if one.kind == TIER]
        assert len(set(tiers)) == len(tiers)


@settings(max_examples=15)
@given(histories())
def test_a_publication_made_again_changes_nothing(publications):
    once, twice = Ledger(), Ledger()
    list(run(once, publications))
    list(run(twice, [one for one in publications for _ in range(2)]))
    assert twice.awards == once.awards


@settings(max_examples=15)
@given(histories(), st.integers(0, 12), st.sampled_from([*GRACE]))
def test_a_title_that_the_policy_drops_ends_whatever_its_grace(history, place, gone):
    before, after = history[:place], history[place:]
    ledger = Ledger()
    list(run(ledger, before))
    had = [n for n, one in enumerate(ledger.awards) if one.ended_at is None]
    left = [one for one in TITLES if one.title != gone]
    earned = [{key for key in now if key[2] != gone} for _, now in after]
    times = [at for at, _ in after]
    list(run(ledger, list(zip(times, earned, strict=True)), left))
    for number in had:
        one = ledger.awards[number]
        if one.name == gone and after:
            assert one.ended_at == after[0][0]


def week(*missing, days=30):
    """One publication a day that earns the title with a week's grace, but on some."""
    key = ("x", TITLE, "week")
    return [
        ((1_000 + day) * DAY, frozenset() if day in missing else {key})
        for day in range(days)
    ]


@pytest.mark.parametrize(
    ("missing", "stretches"),
    [
        ((), [(0, None, None)]),
        (range(10, 17), [(0, None, None)]),
        (range(10, 18), [(0, 10, 17), (18, None, None)]),
        ([*range(5, 12), *range(13, 20)], [(0, None, None)]),
        (range(29, 30), [(0, 29, None)]),
        (range(23, 30), [(0, 23, None)]),
        (range(22, 30), [(0, 22, 29)]),
        (range(1, 29), [(0, 1, 8), (29, None, None)]),
    ],
)
def test_a_week_of_grace_day_by_day(missing, stretches):
    ledger = Ledger()
    list(run(ledger, week(*missing)))
    in_days = [
        tuple(at and at // DAY - 1_000 for at in (a.began_at, a.lapsed_at, a.ended_at))
        for a in ledger.awards
    ]
    assert in_days == stretches


def test_the_control_plane_keeps_the_same_history_whatever_is_declined(tmp_path):
    with open_control(tmp_path / "control.sqlite", clock=lambda: 5) as control:
        ids = [control.ensure_account(f"{one}@x.example") for one in "xy"]
        ana = Viewer(ids[0], "Ana")
        tiers = ("gold", "gold", "silver", "gold", None, "bronze") * 2
        publications = [
            (
                at,
                {(ids[0], *key[1:]) for key in earned}
                | ({(ids[1], TIER, tier)} if tier else set()),
            )
            for (at, earned), tier in zip(
                week(1, 3, *range(4, 12)), tiers, strict=False
            )
        ]
        changing = run(control, publications)
        next(changing)
        control.decline(ana, (ids[0], TITLE, "week"), declined=True)
        list(changing)
        kept = [one for account in ids for one in control.awards_of(account)]
        assert told(kept) == expected(publications)
        assert len(kept) > len(tiers) // 2
        assert control.declined() == {(ids[0], TITLE, "week")}
        for account in ids:
            began = [one.began_at for one in control.awards_of(account)]
            assert began == sorted(began, reverse=True)
