"""When awards begin, lapse, come back and end."""

from __future__ import annotations

from mileage.domain.awards import TIER, TITLE, Award, Earned
from mileage.honours.awards import DAY, decide, titles_after
from mileage.honours.titles import Title

A = Title("key-a", "a", (), "", "", grace_days=7)
B = Title("key-b", "b", (), "", "", grace_days=0)
NOW = 100 * DAY


def award(number, name, kind=TITLE, lapsed_at=None, account="x"):
    return Award(number, account, kind, name, "", 1, None, lapsed_at)


def earned(name, kind=TITLE, account="x"):
    return Earned(account, kind, name, "why")


def decided(held, now_earned, at=NOW):
    return decide(held, now_earned, (A, B), at)


def test_what_is_earned_begins_once():
    assert decided([], [earned("a")]).begun == (earned("a"),)
    assert decided([award(1, "a")], [earned("a")]) == ((), (), (), ())
    other = earned("a", account="y")
    assert decided([award(1, "a")], [earned("a"), other]).begun == (other,)


def test_what_is_no_longer_earned_lapses_once():
    assert decided([award(1, "a")], []) == ((), (1,), (), ())
    assert decided([award(1, "a", lapsed_at=NOW - DAY)], []) == ((), (), (), ())


def test_it_ends_when_its_grace_is_over():
    held = [award(1, "a", lapsed_at=NOW - 7 * DAY)]
    assert decided(held, []).ended == (1,)
    assert decided(held, [], NOW - 1).ended == ()


def test_earned_again_it_goes_on():
    held = [award(1, "a", lapsed_at=NOW - 6 * DAY)]
    assert decided(held, [earned("a")]) == ((), (), (1,), ())


def test_without_grace_it_ends_at_once():
    assert decided([award(1, "b")], []) == ((), (), (), (1,))


def test_what_the_policy_no_longer_has_ends():
    assert decided([award(1, "old")], []).ended == (1,)


def test_a_tier_gives_way_to_another():
    held = [award(1, "gold", TIER)]
    changes = decided(held, [earned("silver", TIER)])
    assert (changes.begun, changes.ended) == ((earned("silver", TIER),), (1,))


def test_a_tier_named_like_a_title_has_no_grace():
    assert decided([award(1, "a", TIER)], []).ended == (1,)


def test_titles_are_told_in_the_order_of_the_policy():
    held = [award(1, "b"), award(2, "gold", TIER), award(3, "b", account="y")]
    changes = decided(
        [*held[:2], held[2]], [earned("a"), earned("b"), earned("s", TIER)]
    )
    assert titles_after(held, changes, ("a", "b")) == {"x": ("a", "b")}


def test_a_lapsed_title_is_still_worn():
    held = [award(1, "a", lapsed_at=NOW - DAY)]
    assert titles_after(held, decided(held, []), ("a", "b")) == {"x": ("a",)}
