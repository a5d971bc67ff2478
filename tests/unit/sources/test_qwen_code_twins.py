"""Two lines of one response find each other: one to one, in any order."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from mileage.sources.qwen_code_twins import (
    REMEMBERED,
    SAME_RESPONSE_MICROSECONDS,
    Twins,
)
from tests.witnesses import NOON, SECOND, witness


def row(key, size=1, seconds=0.0):
    when = NOON + round(seconds * SECOND)
    return witness(key=key, input=size, occurred_at=when)


def alone(steps):
    """Return the keys of answers that are calls of their own."""
    twins = Twins()
    found = []
    for kind, one in steps:
        if kind == "told":
            twins.told(one)
        else:
            found += twins.answered(one)
    return sorted(one.key for one in [*found, *twins.rest()])


def test_a_told_answer_is_no_call_in_either_order():
    assert alone([("told", row("t")), ("answered", row("a"))]) == []
    assert alone([("answered", row("a")), ("told", row("t"))]) == []


def test_an_untold_answer_is_one():
    assert alone([("answered", row("a"))]) == ["a"]
    assert alone([("told", row("t", 2)), ("answered", row("a"))]) == ["a"]


def test_one_telling_is_for_one_answer():
    steps = [("told", row("t")), ("answered", row("a")), ("answered", row("b"))]
    assert alone(steps) == ["b"]


def test_the_nearest_in_time_is_the_twin():
    steps = [
        *(("told", row("t1", seconds=0)), ("told", row("t2", seconds=50))),
        ("answered", row("a", seconds=51)),
        ("answered", row("b", seconds=119)),
    ]
    assert alone(steps) == []


def test_what_is_far_apart_is_no_twin():
    reach = SAME_RESPONSE_MICROSECONDS / SECOND
    near, far = row("a", seconds=reach), row("a", seconds=reach + 0.001)
    assert alone([("told", row("t")), ("answered", near)]) == []
    assert alone([("told", row("t")), ("answered", far)]) == ["a"]


def test_repetitions_change_nothing():
    told, answered = ("told", row("t")), ("answered", row("a"))
    assert alone([told, told, answered, answered, told]) == []
    assert alone([answered, answered]) == ["a"]


def test_old_lines_are_let_go_of():
    many = [("answered", row(f"a{n}", n)) for n in range(REMEMBERED + 3)]
    twins = Twins()
    early = [one.key for _, each in many for one in twins.answered(each)]
    assert early == ["a0", "a1", "a2"]
    assert len(list(twins.rest())) == REMEMBERED
    for number in range(3 * REMEMBERED):
        twins.told(row(f"t{number}", 10**6 + number))
    assert twins.answered(row("late", 10**6)) != []


@given(
    st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.booleans()), max_size=12),
    st.randoms(use_true_random=False),
)
def test_twins_are_found_however_they_are_shuffled(drawn, chance: random.Random):
    """Responses ten minutes apart, of which some are told, some answered."""
    steps = []
    for number, (size, told, answered) in enumerate(drawn):
        at = number * 600
        if told:
            steps.append(("told", row(f"t{number}", size, at)))
        if answered:
            steps.append(("answered", row(f"a{number}", size, at + 0.02)))
    chance.shuffle(steps)
    expected = [f"a{n}" for n, (_, told, seen) in enumerate(drawn) if seen and not told]
    assert alone(steps) == sorted(expected)
