"""Disclosure control exactly at its thresholds: one below, at, and one above."""

from __future__ import annotations

import pytest

from mileage.access.disclosure import (
    Band,
    Person,
    Plan,
    Thresholds,
    at_most,
    blocks,
    each_once,
    gives_away,
    joined,
    plan,
    rung,
    spread,
    tells_bands,
    tells_sums,
)

LIMITS = Thresholds()
LEAST = (5, 7, 20)


def people(users: int, idle: int = 0, name: str = "p", amount: int = 100, **marks):
    return tuple(
        Person(f"{name}{n}", (amount if n < users else 0,), **marks)
        for n in range(users + idle)
    )


def ids(count: int, prefix: str = "a") -> set[str]:
    return {f"{prefix}{number}" for number in range(count)}


@pytest.mark.parametrize("least", LEAST)
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_bands_begin_at_the_least_number_of_people(least: int, more: int) -> None:
    limits = LIMITS._replace(people=least)
    assert tells_bands(people(least + more), limits) is (more >= 0)


@pytest.mark.parametrize("least", LEAST)
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_sums_begin_at_their_own_number_of_people(least: int, more: int) -> None:
    limits = LIMITS._replace(people=5, sums=least)
    assert tells_sums(people(least + more), limits) is (more >= 0)


@pytest.mark.parametrize("named", [1, 4, 5, 30])
@pytest.mark.parametrize("hidden", [4, 5, 6])
def test_whoever_is_left_beside_the_named_counts_like_a_group(
    named: int, hidden: int
) -> None:
    crowd = people(named, named=True) + people(hidden, name="q")
    assert tells_bands(crowd, LIMITS) is (hidden >= 5)


@pytest.mark.parametrize(("hidden", "told"), [(0, True), (4, False), (5, True)])
def test_sums_beside_names_need_a_group_that_is_hidden_or_nobody(
    hidden: int,
    told: bool,  # noqa: FBT001
) -> None:
    crowd = people(15, named=True) + people(hidden, name="q")
    assert tells_sums(crowd, LIMITS) is told


@pytest.mark.parametrize("fresh", [0, 4, 5, 6])
def test_as_many_must_be_new_as_a_group_has_people(fresh: int) -> None:
    crowd = people(20 - fresh, fresh=False) + people(fresh, name="q")
    assert tells_sums(crowd, LIMITS) is (fresh >= 5)
    assert tells_bands(crowd, LIMITS)


def test_who_is_new_and_used_nothing_hides_nobody() -> None:
    idle = people(0, idle=9, name="q")
    assert not tells_sums(people(20, fresh=False) + idle, LIMITS)


@pytest.mark.parametrize("percent", [10, 25, 50, 100])
def test_the_percent_rule_holds_at_equality_and_not_beyond(percent: int) -> None:
    """The largest may be as large as the others' rest allows, to the last token."""
    limits = LIMITS._replace(percent=percent)
    rest = people(14, amount=1000)
    largest = 13 * 1000 * 100 // percent
    for amount, told in ((largest - 1, True), (largest, True), (largest + 1, False)):
        crowd = (*rest, Person("big", (amount,)))
        assert tells_sums(crowd, limits) is told, amount


def test_the_second_largest_is_whoever_might_look() -> None:
    """Two giants hide one another from everybody but each other."""
    two = (Person("x", (10**9,)), Person("y", (10**9,)))
    assert not tells_sums(people(30) + two, LIMITS)
    # A third one of a tenth is what the second cannot take away.
    third = (Person("z", (10**8,)),)
    assert tells_sums(people(30) + two + third, LIMITS)


def test_people_with_a_single_token_count_and_with_none_do_not() -> None:
    assert tells_sums(people(15, amount=1), LIMITS)
    assert not tells_sums(people(14, amount=1) + people(0, idle=1), LIMITS)


def test_one_measure_of_three_can_keep_all_from_being_told() -> None:
    even = tuple(Person(f"p{n}", (100, 100, 100)) for n in range(15))
    assert tells_sums(even, LIMITS)
    for measure in range(3):
        amounts = [100, 100, 100]
        amounts[measure] = 13 * 100 * 10 + 1
        assert not tells_sums((*even[1:], Person("big", tuple(amounts))), LIMITS)


def test_an_empty_organisation_has_nothing_to_tell() -> None:
    assert plan({}, LIMITS) == Plan({}, {})
    assert plan({"d": {}}, LIMITS) == Plan({"d": ()}, {"d": ()})
    assert plan({"d": {"t": ()}}, LIMITS) == Plan({"d": ()}, {"d": ()})
    assert joined([]) == ()


def test_one_person_is_told_nowhere() -> None:
    for tree in (
        {"d": {"t": people(1)}},
        {"d": {"": people(1)}},
        {"": {"": people(1)}},
        {"d": {"t": people(1)}, "e": {"t": people(1, name="q")}},
        {"d": {"t": people(1, named=True)}},
    ):
        told = plan(tree, LIMITS)
        assert not any(told.bands.values())
        assert not any(told.sums.values())


@pytest.mark.parametrize(("users", "bands", "sums"), [(4, 0, 0), (5, 1, 0), (15, 1, 1)])
def test_one_team_is_told_as_its_department(users: int, bands: int, sums: int) -> None:
    told = plan({"d": {"t": people(users)}}, LIMITS)
    assert len(told.bands["d"]) == bands
    assert len(told.sums["d"]) == sums


@pytest.mark.parametrize("users", [14, 15])
def test_fourteen_people_elsewhere_are_a_difference_that_is_not_told(
    users: int,
) -> None:
    tree = {"large": {"a": people(60)}, "other": {"b": people(users, name="q")}}
    told = plan(tree, LIMITS)
    assert bool(told.sums["large"]) is (users >= 15)
    assert bool(told.sums["other"]) is (users >= 15)
    assert told.bands["large"]
    assert told.bands["other"]


def test_a_department_of_idle_people_closes_the_smallest_that_hides_it() -> None:
    tree = {
        "large": {"a": people(60)},
        "middle": {"b": people(20, name="q")},
        "idle": {"c": people(0, idle=9, name="r")},
    }
    told = plan(tree, LIMITS)
    assert told.sums == {"large": (("a",),), "middle": (), "idle": ()}
    assert told.bands["middle"] == (("b",),)


def test_departments_too_small_alone_may_hide_one_another() -> None:
    tree = {
        "large": {"a": people(60)},
        "one": {"b": people(8, name="q")},
        "two": {"c": people(7, name="r")},
    }
    assert plan(tree, LIMITS).sums == {"large": (("a",),), "one": (), "two": ()}
    tree["two"] = {"c": people(6, name="r")}
    assert plan(tree, LIMITS).sums["large"] == ()


def test_the_whole_is_told_where_nothing_smaller_may_be() -> None:
    teams = {name: people(3, name=name) for name in "abcde"}
    told = plan({"d": teams}, LIMITS)
    assert told.bands["d"] == (tuple("abcde"),)
    assert told.sums["d"] == (tuple("abcde"),)


def test_a_team_that_dominates_the_rest_is_put_together_with_it() -> None:
    teams = {
        "even": people(20, name="e"),
        "giant": (*people(14, name="g"), Person("big", (10**6,))),
    }
    told = plan({"d": teams}, LIMITS)
    assert told.bands["d"] == (("even",), ("giant",))
    assert told.sums["d"] == ()


def test_two_equal_helpers_are_chosen_by_name_and_not_by_order() -> None:
    """Else a cube would depend on the order in which people were imported."""

    def found(names: str):
        sizes = {"a": 3, "x": 6, "y": 6}
        parts = {name: people(sizes[name], name=name) for name in names}
        return {frozenset(one) for one in blocks(parts, tells)}

    def tells(crowd):
        return tells_bands(crowd, LIMITS)

    expected = {frozenset("ax"), frozenset("y")}
    assert found("axy") == found("ayx") == found("yxa") == expected


@pytest.mark.parametrize(
    ("known", "least", "away"),
    [
        # Of twenty users, whoever is known by name leaves too few or enough.
        (0, 5, False),
        (15, 5, False),
        (16, 5, True),
        (19, 5, True),
        (20, 5, False),
        (10, 10, False),
        (11, 10, True),
    ],
)
def test_a_sum_gives_away_what_few_are_left(
    known: int,
    least: int,
    away: bool,  # noqa: FBT001
) -> None:
    assert gives_away(ids(20), (), ids(known), least) is away


def test_idle_people_who_are_left_are_worked_out_to_be_idle() -> None:
    assert gives_away(ids(20), ids(1, "i"), ids(20), 5)
    assert not gives_away(ids(20), ids(1, "i"), ids(20) | ids(1, "i"), 5)
    # Known people of other departments are no help.
    assert not gives_away(ids(20), ids(1, "i"), ids(50, "other"), 5)


@pytest.mark.parametrize(
    ("known", "perhaps", "away"),
    [
        (0, 0, False),
        # Each of them may be known or not: five are left at the least.
        (0, 15, False),
        (0, 16, True),
        (10, 5, False),
        (10, 6, True),
        # All of them may be known but one; only of all for certain nothing is left.
        (0, 20, True),
        (19, 1, True),
        (20, 0, False),
        (20, 20, False),
    ],
)
def test_who_is_perhaps_known_counts_as_it_hurts(
    known: int,
    perhaps: int,
    away: bool,  # noqa: FBT001
) -> None:
    sure, maybe = ids(known), ids(known + perhaps)
    assert gives_away(ids(20), (), sure, 5, maybe) is away


def test_whoever_was_in_two_groups_is_one_of_both() -> None:
    once = tuple(Person(f"p{n}", (100, n)) for n in range(4))
    again = tuple(one._replace(amounts=(1, 0), fresh=False) for one in once)
    both = each_once((*once, *again))
    assert [one.amounts for one in both] == [(101, n) for n in range(4)]
    assert all(one.fresh for one in both)
    assert each_once(once) is once
    # Four people in two teams are no eight.
    assert not tells_bands((*once, *again), LIMITS)
    fifth = (Person("p4", (3, 3)),)
    assert tells_bands((*once, *again, *fifth), LIMITS)


def test_sums_of_groups_count_each_of_their_people_once() -> None:
    crowd = tuple(Person(f"p{n}", (100,)) for n in range(14))
    moved = tuple(one._replace(amounts=(7,)) for one in crowd)
    assert not tells_sums((*crowd, *moved), LIMITS)
    assert tells_sums((*crowd, *moved, Person("p14", (7,))), LIMITS)
    # One who has nine tenths of both is as visible as of one.
    first = tuple(Person(f"p{n}", (20,)) for n in range(20))
    large = Person("large", (2_000,))
    assert tells_sums((*first, large), LIMITS)
    assert not tells_sums((*first, large, large._replace(amounts=(2_001,))), LIMITS)


def test_nobody_hidden_is_nobody_given_away() -> None:
    assert not gives_away((), (), ids(9), 5)
    assert not gives_away((), (), (), 5)


@pytest.mark.parametrize("step", range(3, 13))
@pytest.mark.parametrize("digit", [1, 2, 5])
def test_a_rung_holds_its_lower_bound_and_not_its_upper(step: int, digit: int) -> None:
    low = digit * 10**step
    assert rung(low).low == low
    assert rung(low - 1).high == low
    assert rung(low).high == {1: 2, 2: 5, 5: 10}[digit] * 10**step


@pytest.mark.parametrize(
    ("amounts", "told"),
    [
        ([1], (Band(0, 1000), Band(0, 1000))),
        ([0, 0, 5000], (Band(5000, 10_000), Band(5000, 10_000))),
        ([1, 10**12], (Band(0, 1000), Band(0, 1000))),
        ([1, 2, 3, 4, 10**12], (Band(0, 1000), Band(0, 1000))),
        ([1] * 3 + [10**6] * 2, (Band(0, 1000), Band(0, 2 * 10**6))),
        ([10**6] * 4 + [1], (Band(10**6, 2 * 10**6), Band(10**6, 2 * 10**6))),
    ],
)
def test_neither_extreme_shows_in_a_spread(amounts, told) -> None:
    assert spread(amounts) == told


@pytest.mark.parametrize("idle", [0, 4, 5, 6])
def test_five_idle_people_are_enough_to_tell_how_many_were_not(idle: int) -> None:
    users, or_more = at_most(30, 30 + idle, LIMITS)
    assert or_more is (idle < 5)
    assert users == (30 if idle >= 5 else 30 + idle - 4)


def test_counts_below_the_least_are_never_said() -> None:
    for members in range(5, 12):
        for users in range(5, members + 1):
            said, _ = at_most(users, members, LIMITS)
            assert LIMITS.people <= said <= users
