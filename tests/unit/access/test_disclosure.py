"""Which groups are told, in what detail, and what they are put together with."""

from __future__ import annotations

import pytest

from mileage.access.disclosure import (
    Band,
    Person,
    Thresholds,
    at_most,
    blocks,
    plan,
    rung,
    spread,
    tells_bands,
    tells_sums,
)

LIMITS = Thresholds()


def people(users: int, idle: int = 0, name: str = "p", amount: int = 100, **marks):
    return tuple(
        Person(f"{name}{n}", (amount if n < users else 0,), **marks)
        for n in range(users + idle)
    )


@pytest.mark.parametrize(
    ("crowd", "told"),
    [
        (people(4), False),
        (people(5), True),
        # Seats do not count, contributors do.
        (people(4, idle=20), False),
        (people(5, idle=20), True),
        ((), False),
        # Of six, two stand on the board: a difference would cover the other four.
        (people(2, named=True) + people(4, name="q"), False),
        (people(1, named=True) + people(5, name="q"), True),
        # Everybody stands on the board: nothing is left to find out.
        (people(5, named=True), True),
        # Nobody is left but one who used nothing: that would be found out.
        (people(5, named=True) + people(0, idle=1, name="q"), False),
        (people(3, named=True), False),
    ],
)
def test_bands_need_contributors_also_without_those_known_by_name(crowd, told) -> None:
    assert tells_bands(crowd, LIMITS) is told


@pytest.mark.parametrize(
    ("crowd", "told"),
    [
        (people(14), False),
        (people(15), True),
        (people(14, idle=30), False),
        # As many as must be covered have used something since the last time.
        (people(11, fresh=False) + people(4, name="q"), False),
        (people(10, fresh=False) + people(5, name="q"), True),
        # Those who are fresh and stand on the board do not hide the others.
        (
            people(10, named=True) + people(10, name="q", fresh=False),
            False,
        ),
    ],
)
def test_sums_need_more_and_someone_new(crowd, told) -> None:
    assert tells_sums(crowd, LIMITS) is told


def test_one_large_user_keeps_a_sum_from_being_told() -> None:
    others = people(14)
    # The second largest takes its own 100 away: 1300 others hide a tenth of 13000.
    assert tells_sums((*others, Person("big", (13_000,))), LIMITS)
    assert not tells_sums((*others, Person("big", (13_001,))), LIMITS)
    assert tells_sums((*others, Person("big", (13_001,), named=True)), LIMITS) is False


def test_the_rule_holds_for_every_measure() -> None:
    crowd = tuple(Person(f"p{n}", (100, 100 if n < 14 else 0)) for n in range(15))
    assert not tells_sums(crowd, LIMITS)
    assert tells_sums(tuple(one._replace(amounts=(1, 1)) for one in crowd), LIMITS)


def test_a_total_without_the_named_is_not_dominated_either() -> None:
    known = people(20, named=True)
    hidden = people(5, name="q", amount=1)
    assert tells_sums(known + hidden, LIMITS)
    assert not tells_sums((*known, *hidden[1:], Person("big", (40,))), LIMITS)


def test_small_parts_take_the_smallest_one_that_helps() -> None:
    parts = {
        "a": people(3, name="a"),
        "b": people(9, name="b"),
        "c": people(6, name="c"),
        "d": people(20, name="d"),
        "none": (),
    }
    assert blocks(parts, lambda crowd: tells_bands(crowd, LIMITS)) == (
        ("b",),
        ("d",),
        ("a", "c"),
    )


def test_small_parts_that_hide_one_another_need_nobody_else() -> None:
    parts = {
        "a": people(3, name="a"),
        "b": people(2, name="b"),
        "c": people(6, name="c"),
    }
    found = blocks(parts, lambda crowd: tells_bands(crowd, LIMITS))
    assert found == (("c",), ("a", "b"))


def test_nothing_is_told_where_the_whole_may_not_be() -> None:
    parts = {"a": people(3, name="a"), "b": people(1, name="b")}
    assert blocks(parts, lambda crowd: tells_bands(crowd, LIMITS)) == ()
    assert blocks({}, lambda crowd: tells_bands(crowd, LIMITS)) == ()


def test_a_team_that_uses_nothing_is_not_told_to_use_nothing() -> None:
    told = plan(
        {"d": {"a": people(20, name="a"), "idle": people(0, idle=6, name="idle")}},
        LIMITS,
    )
    assert told.bands["d"] == (("a", "idle"),)
    assert told.sums["d"] == (("a", "idle"),)


def test_departments_are_parts_of_a_whole_as_teams_are() -> None:
    tree = {
        "large": {"x": people(40, name="x")},
        "middle": {"y": people(16, name="y")},
        "small": {"z": people(8, name="z")},
        "": {"": people(1, name="")},
    }
    told = plan(tree, LIMITS)
    # The total over everybody less two sums would be that of nine people.
    assert told.sums == {
        "large": (("x",),),
        "middle": (),
        "small": (),
        "": (),
    }
    assert told.bands["middle"] == (("y",),)
    assert told.bands["small"] == (("z",),)
    assert told.bands[""] == ()


def test_sums_are_of_whole_blocks_of_bands() -> None:
    teams = {
        "a": people(20, name="a"),
        "b": people(8, name="b"),
        "c": people(7, name="c"),
        "d": people(2, name="d"),
    }
    told = plan({"d": teams}, LIMITS)
    assert told.bands["d"] == (("a",), ("b",), ("c", "d"))
    assert told.sums["d"] == (("a",), ("b", "c", "d"))


@pytest.mark.parametrize(
    ("amount", "band"),
    [
        (0, Band(0, 1000)),
        (999, Band(0, 1000)),
        (1000, Band(1000, 2000)),
        (1999, Band(1000, 2000)),
        (2000, Band(2000, 5000)),
        (5000, Band(5000, 10_000)),
        (281_000_000_000, Band(200_000_000_000, 500_000_000_000)),
    ],
)
def test_bands_have_steps_of_one_two_and_five(amount, band) -> None:
    assert rung(amount) == band


def test_a_median_is_of_those_who_used_something() -> None:
    amounts = [0, 0, 0, 1500, 3000, 3500, 8000, 10**9]
    assert spread(amounts) == (Band(2000, 5000), Band(2000, 10_000))


@pytest.mark.parametrize(
    ("users", "members", "told"),
    [
        (15, 40, (15, False)),
        (15, 20, (15, False)),
        (16, 20, (16, True)),
        (20, 20, (16, True)),
        (15, 15, (11, True)),
        (5, 5, (5, True)),
    ],
)
def test_nearly_everybody_is_told_alike(users, members, told) -> None:
    assert at_most(users, members, LIMITS) == told
