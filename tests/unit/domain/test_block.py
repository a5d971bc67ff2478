"""Blocks of five hours."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.block import BLOCK, blocks
from mileage.domain.quarter import Costs, roll_up
from tests.witnesses import HOUR, MINUTE, NOON, witness


class NoPrices:
    def price(self, provider, model, day, tier=""):
        return None


def rows(*times):
    calls = [witness(key=str(n), occurred_at=at) for n, at in enumerate(times)]
    return roll_up(calls, Costs(NoPrices()))


def starts(*times):
    return [(one.start - NOON) / HOUR for one in blocks(rows(*times))]


def test_a_block_starts_at_the_full_hour_before_its_first_call():
    assert starts(NOON + 59 * MINUTE) == [0]
    assert starts(NOON) == [0]


def test_it_ends_five_hours_after_its_start():
    late = NOON + 59 * MINUTE
    assert starts(late, NOON + 5 * HOUR - 1) == [0]
    assert starts(late, NOON + 5 * HOUR) == [0, 5]
    (only,) = blocks(rows(late))
    assert (only.start, only.end) == (NOON, NOON + BLOCK)
    assert (only.first, only.last) == (late, late)


def test_after_a_pause_the_next_call_begins_another():
    assert starts(NOON, NOON + 30 * HOUR + 90 * MINUTE) == [0, 31]


def test_none_at_all():
    assert blocks([]) == []


@given(st.lists(st.integers(0, 60 * HOUR), max_size=20))
def test_every_call_is_in_one_block(offsets):
    found = blocks(rows(*(NOON + one for one in offsets)))
    assert sum(row.calls for one in found for row in one.rows) == len(offsets)
    for one in found:
        assert one.start % HOUR == 0
        assert one.start <= one.first <= one.last < one.end == one.start + BLOCK
        assert one.first - one.start < HOUR
    for earlier, later in pairwise(found):
        assert earlier.end <= later.start
