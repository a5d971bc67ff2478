"""Groups of peers: nothing below the floor, no bin of a few, bounds that hold."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.access.peers import Peer, bins, rounded_down, told
from mileage.domain.peers import place

AMOUNTS = st.lists(st.integers(1, 10**13), min_size=5, max_size=60)
FLOOR = 5


def group(amounts, named=()):
    return [Peer(amount, at in named) for at, amount in enumerate(amounts)]


def of(amounts, named=()):
    return told("role", "engineer", group(amounts, named), FLOOR)


@pytest.mark.parametrize("users", range(9))
def test_whoever_looks_sees_nothing_of_fewer_than_the_floor_of_others(users):
    assert (of([1000] * users) is None) == (users <= FLOOR)


def test_who_used_nothing_does_not_count():
    assert of([1000] * 5 + [0] * 50) is None
    assert of([1000] * 6 + [0] * 50).people == 5


@pytest.mark.parametrize("unnamed", range(8))
def test_people_on_the_board_protect_nobody(unnamed):
    amounts = [1000] * 20
    found = of(amounts, named=range(20 - unnamed))
    assert (found is None) == (0 < unnamed <= FLOOR)


@given(AMOUNTS)
def test_every_bin_holds_enough_people_and_everybody_is_in_one(amounts):
    made = bins(amounts, FLOOR)
    counts = [sum(one.low <= a < one.high for a in amounts) for one in made]
    assert sum(counts) == len(amounts)
    assert min(counts) >= FLOOR
    assert made[-1].up_to == 100
    for before, after in pairwise(made):
        assert before.high <= after.low


@given(AMOUNTS)
def test_per_cents_are_those_of_the_people(amounts):
    for one in bins(amounts, FLOOR):
        below = sum(a < one.high for a in amounts)
        assert one.up_to == 100 * below // len(amounts)


@given(AMOUNTS, st.integers(0, 10**13))
def test_a_place_holds_what_is_true_of_it(amounts, own):
    found = of([*amounts, own or 1])
    above, below, band = place(found, own)
    less = sum(a < own for a in [*amounts, own or 1])
    total = len(amounts) + 1
    assert 0 <= above <= below <= 100
    if band.low <= own < band.high:
        # Whole per cents, rounded down.
        assert above * total <= 100 * less + total
        assert 100 * less < (below + 1) * total


def test_the_order_of_people_decides_nothing():
    amounts = [10**number for number in range(3, 11)] * 3
    mixed = list(amounts)
    Random(3).shuffle(mixed)  # noqa: S311 - an order, nothing secret
    assert of(amounts) == of(mixed)


def test_no_figure_of_anybody_stands_in_it():
    amounts = [123_457 + 7 * number for number in range(30)]
    text = str(of(amounts))
    assert not [amount for amount in amounts if str(amount) in text]


@pytest.mark.parametrize(
    ("people", "least"),
    [(1, 1), (4, 2), (5, 5), (6, 5), (19, 10), (20, 20), (85_000, 50_000)],
)
def test_people_are_counted_roughly(people, least):
    assert rounded_down(people) == least


def test_beyond_the_last_bin_one_is_above_everybody():
    found = of([1000] * 10)
    assert place(found, 10**9)[:2] == (100, 100)
    assert place(found, 0)[0] == 0
