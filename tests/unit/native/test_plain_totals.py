"""Running totals counted in C: where they end, and what they come to."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.native import scan
from mileage.sources.codex_counts import CodexUsage, RunningTotals

EARLIEST, LEAST = 1_000, 5
AROUND = ("whatever",)
counts = st.sampled_from([0, 0, 1, 60, 60, 61, 10**12])


def row(total, at=2_000, ordinal=None, model=None, has_total=True):  # noqa: FBT002
    last = (0, 0, 0, 0, 0)
    return (at, ordinal, True, model, has_total, False, *total, *last, 0, 9)


def counted(rows, before=(0, 0, 0, 0, 0), start=0, most=100):
    bounds = (EARLIEST, LEAST)
    return scan.plain_totals(rows, start, most, before, bounds, ("t:0:", AROUND))


@given(st.lists(st.tuples(*[counts] * 5), max_size=8))
def test_growth_is_counted_as_in_python(found):
    totals = RunningTotals()
    totals.baseline(CodexUsage())
    end, last, calls = counted([row(total) for total in found])
    expected = []
    for total in map(CodexUsage._make, found[:end]):
        used = totals.take(total, None)
        if used is not None:
            key = "t:0:" + "/".join(map(str, total))
            expected.append((total, (key, (2_000, *used.classes()), AROUND)))
    assert calls == expected
    assert last == (totals.total or CodexUsage())
    assert end == len(found) or any(
        one < other for one, other in zip(found[end], last, strict=True)
    )


@pytest.mark.parametrize(
    "other",
    [
        b"a line",
        row((9, 9, 9, 9, 9), at=None),
        row((9, 9, 9, 9, 9), at=EARLIEST - 1),
        row((9, 9, 9, 9, 9), ordinal=LEAST - 1),
        row((9, 9, 9, 9, 9), model="its own"),
        row((9, 9, 9, 9, 9), has_total=False),
        row((9, 9, 9, 9, 0)),
        (),
    ],
)
def test_it_ends_before_whatever_is_not_plain(other):
    first = row((1, 1, 1, 1, 1), at=EARLIEST, ordinal=LEAST, model="")
    end, last, calls = counted([other, first, other, first], start=1)
    assert (end, last, len(calls)) == (2, (1, 1, 1, 1, 1), 1)


def test_it_ends_after_so_many_calls():
    rows = [row((number // 2, 0, 0, 0, 0)) for number in range(20)]
    assert counted(rows, most=3)[:2] == (7, (3, 0, 0, 0, 0))


@pytest.mark.parametrize("odd", [(0,), (0, 0, 0, 0, -1), ("1",) * 5, (2**70,) * 5])
def test_what_is_no_total_is_refused(odd):
    with pytest.raises((TypeError, ValueError, OverflowError)):
        counted([], before=odd)


def test_nothing_is_held_back():
    rows = [row((number, 0, 0, 0, 10**9 + number)) for number in range(20)]
    before = sys.getrefcount(AROUND), sys.getrefcount(rows[0])
    for _ in range(50):
        counted(rows)
    assert (sys.getrefcount(AROUND), sys.getrefcount(rows[0])) == before
