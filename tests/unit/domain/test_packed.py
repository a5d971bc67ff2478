"""Calls of one file, packed."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.packed import HASH_BYTES, FileCalls, hashed, kind_of
from tests.witnesses import LOG, NOON, ROLLOUT, witness

LEFT_OUT = {"key", "link", "client_version", "reported_cost", "attended", "identity"}


def test_everything_that_a_report_needs_comes_back():
    row = witness(
        session="s",
        project="/p",
        agent="a",
        tier="fast",
        copied=True,
        cache_write_1h=9,
        reasoning=8,
        tool_input=7,
    )._replace(measure="unmeasured")
    back = FileCalls.of([row]).witness(0, LOG)
    for name in row._fields:
        if name not in LEFT_OUT:
            assert getattr(back, name) == getattr(row, name), name


def test_what_calls_have_in_common_is_kept_once():
    calls = FileCalls.of(witness(key=str(n), occurred_at=NOON + n) for n in range(9))
    assert len(calls.kinds) == 1
    assert len(set(calls.keys)) == len(calls.rows) == 9
    assert calls.kinds == [kind_of(witness())]


def test_keys_are_those_of_a_source():
    assert hashed(LOG, "x") == hashed(LOG, "x") != hashed(ROLLOUT, "x")
    assert len(hashed(LOG, "x")) == HASH_BYTES
    assert hashed(LOG, "half \ud83d")


def test_what_was_stored_comes_back():
    calls = FileCalls.of([witness(key="a"), witness(key="b", model="other")])
    again = FileCalls.unpacked(calls.keys.tobytes(), calls.kinds, calls.rows)
    assert again == calls
    with pytest.raises(ValueError, match="as many keys"):
        FileCalls.unpacked(calls.keys.tobytes()[:8], calls.kinds, calls.rows)
    with pytest.raises(ValueError, match="multiple"):
        FileCalls.unpacked(b"odd", calls.kinds, calls.rows)


KINDS = [kind_of(witness(model=model)) for model in "abca"]
"""What a reader hands over may have one kind twice."""


def models_of(calls):
    return [calls.witness(n, LOG).model for n in range(len(calls.rows))]


@given(
    st.lists(st.integers(0, 3), max_size=5),
    st.lists(st.integers(0, 3), max_size=5),
    st.permutations(KINDS),
)
def test_calls_keep_what_they_are_beside_kinds_that_stand_there_twice(
    first, second, others
):
    def packed(numbers, kinds):
        rows = [(number, NOON, *[1] * 7) for number in numbers]
        return FileCalls(array("Q", range(len(rows))), kinds, rows)

    one, two = packed(first, KINDS), packed(second, others)
    joined = one.followed_by(two, at=len(one.rows))
    assert models_of(joined) == models_of(one) + models_of(two)


MODELS = st.lists(st.sampled_from("abc"), max_size=5)


@given(MODELS, MODELS, st.integers(0, 5), st.integers(0, 5))
def test_putting_in_and_taking_off(first, second, at, off):
    def rows(models, begin):
        return [
            witness(key=str(begin + n), model=model) for n, model in enumerate(models)
        ]

    one, two = rows(first, 0), rows(second, 100)
    at, off = min(at, len(one)), min(off, len(one))
    joined = FileCalls.of(one).followed_by(FileCalls.of(two), at=at)
    expected = [*one[:at], *two, *one[at:]]
    assert models_of(joined) == [row.model for row in expected]
    assert list(joined.keys) == list(FileCalls.of(expected).keys)
    fewer = FileCalls.of(one).without_last(off)
    assert list(fewer.keys) == list(FileCalls.of(one[: len(one) - off]).keys)
    assert len(fewer.rows) == len(one) - off
