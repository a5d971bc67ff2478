from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.ingest.demo.shape import (
    DEFAULT_SHAPE,
    Shape,
    happens,
    spend_weights,
    split,
    stream,
)

WEIGHTS = st.lists(st.floats(0.001, 1000), min_size=1, max_size=80)


@given(total=st.integers(0, 10**12), weights=WEIGHTS)
def test_split_gives_out_everything_and_never_a_negative_part(total, weights):
    parts = split(total, weights)
    assert sum(parts) == total
    assert len(parts) == len(weights)
    assert min(parts) >= 0


@given(total=st.integers(0, 10**9), weights=WEIGHTS)
def test_split_is_as_even_as_whole_numbers_allow(total, weights):
    exact = [total * weight / sum(weights) for weight in weights]
    for part, wanted in zip(split(total, weights), exact, strict=True):
        assert abs(part - wanted) <= 1.001


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (10, [1, 1], [5, 5]),
        (3, [1, 1, 1, 1], [1, 1, 0, 1]),
        (0, [1, 2], [0, 0]),
        (7, [0.0, 1.0], [0, 7]),
        (1, [1], [1]),
    ],
)
def test_split_by_example(total, weights, parts):
    assert split(total, weights) == parts


def test_a_stream_depends_on_seed_and_purpose_only():
    assert stream(1, "a", 2).random() == stream(1, "a", 2).random()
    draws = {
        stream(seed, purpose, number).random()
        for seed in (1, 2)
        for purpose in ("a", "b")
        for number in (1, 2, 11)
    }
    assert len(draws) == 12


def test_happens_as_often_as_told():
    rng = stream(1, "happens")
    assert sum(happens(rng, 0.3) for _ in range(10_000)) == pytest.approx(3000, abs=150)
    assert not any(happens(rng, 0.0) for _ in range(100))


def test_spend_weights_ascend_and_differ_by_seed():
    first = spend_weights(500, DEFAULT_SHAPE, stream(1, "w"))
    second = spend_weights(500, DEFAULT_SHAPE, stream(2, "w"))
    assert first == sorted(first)
    assert first != second
    assert min(first) > 0


def test_spend_weights_take_one_from_each_quantile():
    shares = []
    for seed in range(5):
        weights = spend_weights(1000, DEFAULT_SHAPE, stream(seed, "w"))
        shares.append(sum(weights[-100:]) / sum(weights))
    assert max(shares) - min(shares) < 0.01
    assert min(shares) > 0.48


def test_heaviest_accounts_shrink_with_the_organisation():
    assert DEFAULT_SHAPE.loop_multiples(2000) == [398.0, 90.0, 45.0, 25.0]
    assert DEFAULT_SHAPE.loop_multiples(10_000) == [398.0, 90.0, 45.0, 25.0]
    assert DEFAULT_SHAPE.loop_multiples(50) == [pytest.approx(9.95)]
    assert DEFAULT_SHAPE.loop_multiples(5) == []
    for people in range(10, 3000, 37):
        assert sum(DEFAULT_SHAPE.loop_multiples(people)) < 0.3 * people


@pytest.mark.parametrize("people", [10, 50, 600, 2000, 5000])
def test_the_others_make_up_for_the_loops(people):
    shape = DEFAULT_SHAPE
    part = sum(shape.loop_multiples(people)) / people
    rest = shape.others(shape.cache_share, shape.loop_cache_share, people)
    together = part * shape.loop_cache_share + (1 - part) * rest
    assert together == pytest.approx(shape.cache_share)


@pytest.mark.parametrize(
    ("people", "budget"),
    [(1, 10_000), (25, 10_000), (50, 20_000), (150, 60_000), (2000, 60_000)],
)
def test_door_budget_grows_with_the_organisation(people, budget):
    assert DEFAULT_SHAPE.door_budget(people) == budget


def test_door_budget_never_exceeds_what_is_asked():
    assert Shape(door_calls=300).door_budget(2000) == 300
    assert Shape(door_calls=300_000).door_budget(2000) == 300_000


def test_60_trillion_of_85000_people_and_281_billion_of_one():
    shape = DEFAULT_SHAPE
    assert 85_000 * shape.mean_tokens == pytest.approx(60e12, rel=0.001)
    assert shape.loop_multiples(85_000)[0] * shape.mean_tokens == pytest.approx(
        281e9, rel=0.001
    )


def test_the_highest_of_many_are_higher():
    ends = [DEFAULT_SHAPE.highest(people) for people in (1, 2000, 8000, 85_000)]
    assert ends[0] == ends[1] == DEFAULT_SHAPE.highest_quantile
    assert 1 - ends[2] == pytest.approx((1 - ends[0]) / 2)
    assert 0.9995 < ends[3] < 1


def test_the_curve_of_85000_people_is_the_reported_one():
    weights = spend_weights(85_000, DEFAULT_SHAPE, stream(1, "w"))
    spent = sum(weights)
    for part, share in ((0.01, 0.14), (0.10, 0.51), (0.25, 0.74)):
        highest = weights[-round(85_000 * part) :]
        assert sum(highest) / spent == pytest.approx(share, abs=0.01)
