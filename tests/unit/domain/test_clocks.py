"""How far two clocks are apart, told from pairs that may be wrong."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.clocks import FINEST, Difference, tell_offset
from tests.witnesses import MINUTE, SECOND


def apart(*offsets: int) -> list[Difference]:
    return [Difference(by, number, number) for number, by in enumerate(offsets)]


@pytest.mark.parametrize(
    ("offsets", "told"),
    [
        ((), None),
        ((7 * SECOND,), None),
        ((7 * SECOND, 9 * SECOND), None),
        ((7 * SECOND, 7 * SECOND + 9), 7 * SECOND + 9),
        ((0, 0, 0, 90 * SECOND, -70 * SECOND), 0),
        ((5, 5, 60 * SECOND, 80 * SECOND, -9 * SECOND), None),
        ((0, 0, 60 * SECOND, 60 * SECOND), None),
    ],
)
def test_enough_must_agree_and_on_one_offset(
    offsets: tuple[int, ...], told: int | None
) -> None:
    found = tell_offset(apart(*offsets), SECOND)
    assert (found.by if found else None) == told


def test_an_event_that_could_be_many_counts_once() -> None:
    """One event of one side against ten of the other agrees with itself only."""
    crowd = [Difference(number, 0, number) for number in range(10)]
    assert tell_offset(crowd, SECOND) is None
    other = [Difference(number, number, 0) for number in range(10)]
    assert tell_offset(other, SECOND) is None


def test_few_events_are_held_to_the_spread_and_many_to_their_scatter() -> None:
    few = tell_offset(apart(0, 1, 2), 2 * SECOND)
    many = tell_offset(apart(*range(30)), 2 * SECOND)
    wide = tell_offset(apart(*(n * SECOND // 10 for n in range(20))), 2 * SECOND)
    assert few is not None
    assert many is not None
    assert wide is not None
    assert (few.reach, many.reach, wide.reach) == (2 * SECOND, FINEST, 2 * SECOND)


@given(
    st.integers(-2 * MINUTE, 2 * MINUTE),
    st.integers(4, 30),
    st.randoms(use_true_random=False),
)
def test_the_crowd_is_found_among_strays(
    shift: int, events: int, rng: random.Random
) -> None:
    true = [shift + rng.randint(0, SECOND // 3) for _ in range(events)]
    strays = [
        shift + rng.choice([-1, 1]) * (3 + 3 * number) * SECOND
        for number in range(events // 2)
    ]
    told = apart(*true, *strays)
    found = tell_offset(rng.sample(told, len(told)), SECOND)
    assert found is not None
    assert abs(found.by - shift) <= SECOND // 3
    assert all(abs(by - found.by) <= found.reach for by in true)
