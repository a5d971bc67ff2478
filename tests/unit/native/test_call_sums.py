"""Calls added up in C are those added up in Python, prices and roundings included."""

from __future__ import annotations

import gc
import sys
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.packed import FileCalls
from mileage.domain.quarter import QUARTER_MICROS, Costs, QuarterRow
from mileage.ingest import local_rows
from mileage.ingest.local_rows import Held, rows_of
from mileage.native import scan
from mileage.pricing.row import Bracket, PriceRow, Rates

DAY = 86_400_000_000
START = 20_000 * DAY
CHEAP = Rates(3_000_000, 300_000, 3_750_000, 6_000_000, 15_000_000, 15_000_000, 1)
DEAR = Rates(*(2 * rate + 1 for rate in CHEAP))
ROWS = {
    "flat": PriceRow("v", (Bracket(-1, CHEAP),)),
    "stepped": PriceRow("v", (Bracket(-1, CHEAP), Bracket(200_000, DEAR))),
    "many": PriceRow("v", tuple(Bracket(n * 100 - 1, CHEAP) for n in range(9))),
}


class Prices:
    def price(self, provider, model, day, tier=""):
        return ROWS.get(model)


def kind(model, measure=""):
    return ("client", "vendor", model, "", "session", "project", "", measure, False)


KINDS = [
    kind("flat"),
    kind("stepped"),
    kind("many"),
    kind("unknown"),
    kind("flat", "unmeasured"),
    kind("flat", "estimate"),
]
counts = st.integers(0, 300_000) | st.sampled_from([0, 1, 199_999, 200_001, 10**12])
rows = st.lists(
    st.tuples(
        st.integers(0, len(KINDS) - 1),
        st.integers(0, 3 * QUARTER_MICROS).map(START.__add__),
        *[counts] * 7,
    ),
    max_size=30,
)


def held(rows):
    keys = array("Q", range(len(rows)))
    return Held(1, "some_source", FileCalls(keys, KINDS, rows))


def in_python(rows, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(local_rows, "scan", None)
        return rows_of(held(rows), Costs(Prices()), {})


@given(rows=rows)
def test_both_ways_agree(rows):
    with pytest.MonkeyPatch.context() as patched:
        expected = in_python(rows, patched)
    assert rows_of(held(rows), Costs(Prices()), {}) == expected


def test_what_is_above_64_bits_is_added_up_in_python(monkeypatch):
    rows = [(0, START, 2**62, *[0] * 6)] * 3
    with pytest.raises(OverflowError):
        scan.call_sums(rows, QUARTER_MICROS, lambda *_: None)
    (row,) = rows_of(held(rows), Costs(Prices()), {})
    assert QuarterRow._make(row).input == 3 * 2**62
    assert [row] == in_python(rows, monkeypatch)


def test_a_price_is_asked_once_for_each_sum():
    asked = []
    rows = [(number % 2, START + number, *[1] * 7) for number in range(100)]
    found = scan.call_sums(rows, QUARTER_MICROS, lambda *one: asked.append(one))
    assert asked == [(0, START), (1, START)]
    assert [one[:3] for one in found] == [(0, START, 50), (1, START, 50)]
    assert [one[10] for one in found] == [None, None]


def test_a_price_is_asked_once_a_day():
    asked = []
    hours = [0, 1, 2, 30, 31, 3]
    rows = [(0, START + hour * DAY // 24, *[1] * 7) for hour in hours]
    kept = [(1, START, *[1] * 7), (0, START + 4 * DAY // 24, *[1] * 7)]

    def price(kind, start):
        asked.append((kind, start // DAY - START // DAY))
        return ROWS["flat" if start < START + DAY else "many"].brackets[: kind + 1]

    found = scan.call_sums([*rows, *kept], QUARTER_MICROS, price, DAY)
    assert asked == [(0, 0), (0, 1), (0, 0), (1, 0), (0, 0)]
    assert found == scan.call_sums([*rows, *kept], QUARTER_MICROS, price)


def test_many_sums_are_found_again():
    rows = [
        (number % 7, START + number // 7 * QUARTER_MICROS, number, *[0] * 6)
        for number in range(3_000)
    ]
    found = scan.call_sums(rows + rows, QUARTER_MICROS, lambda *_: None)
    assert [(kind, at, calls, total) for kind, at, calls, total, *_ in found] == [
        (row[0], row[1], 2, 2 * row[2]) for row in rows
    ]


def test_halves_are_rounded_to_the_even_one():
    def half(kind, start):
        return [(-1, (500_000, 0, 0, 0, 0, 0, 0))]

    rows = [(0, START, tokens, *[0] * 6) for tokens in (1, 3, 5)]
    assert scan.call_sums(rows, QUARTER_MICROS, half)[0][10] == 0 + 2 + 2


def broken(kind, start):
    raise KeyError(kind)


@pytest.mark.parametrize(
    ("rows", "quarter", "price", "error"),
    [
        ([(0, 1)], 5, lambda *_: None, TypeError),
        ([[0] * 9], 5, lambda *_: None, TypeError),
        ([("0", *[0] * 8)], 5, lambda *_: None, TypeError),
        ([(0, -1, *[0] * 7)], 5, lambda *_: None, OverflowError),
        ([(0, 2**70, *[0] * 7)], 5, lambda *_: None, OverflowError),
        ([(0,) * 9], 0, lambda *_: None, ValueError),
        ([(0,) * 9], 5, broken, KeyError),
        ([(0,) * 9], 5, lambda *_: 3, TypeError),
        ([(0,) * 9], 5, lambda *_: [(1, (2,))], TypeError),
        ([(0,) * 9], 5, lambda *_: [3], TypeError),
        ((), 5, lambda *_: None, TypeError),
    ],
)
def test_nonsense_is_refused(rows, quarter, price, error):
    with pytest.raises(error):
        scan.call_sums(rows, quarter, price)


@pytest.mark.parametrize("day", [7, -10])
def test_a_day_is_of_quarters(day):
    with pytest.raises(ValueError, match="a day is of quarters"):
        scan.call_sums([(0,) * 9], 5, lambda *_: None, day)


SUM = (0, *range(12))


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (((SUM,), KINDS, "s"), TypeError),
        (([SUM], tuple(KINDS), "s"), TypeError),
        (([SUM], KINDS, b"s"), TypeError),
        (([SUM[1:]], KINDS, "s"), TypeError),
        (([list(SUM)], KINDS, "s"), TypeError),
        (([("0", *SUM[1:])], KINDS, "s"), TypeError),
        (([(len(KINDS), *SUM[1:])], KINDS, "s"), IndexError),
        (([(-1, *SUM[1:])], KINDS, "s"), IndexError),
        (([(2**70, *SUM[1:])], KINDS, "s"), OverflowError),
        (([SUM], [KINDS[0][1:]], "s"), TypeError),
        (([SUM], [list(KINDS[0])], "s"), TypeError),
        (([SUM], [(*KINDS[0][:7], None, False)], "s"), TypeError),
    ],
)
def test_nonsense_is_not_named(arguments, error):
    with pytest.raises(error):
        scan.named_sums(*arguments)


def test_nothing_is_kept_when_it_is_done():
    rows = [(number, START + number, *[1] * 7) for number in range(200)]

    def work():
        for _ in range(100):
            sums = scan.call_sums(rows, 7, lambda *_: ROWS["stepped"].brackets)
            scan.named_sums(sums, [kind("stepped")] * 200, "some_source")

    work()
    gc.collect()
    before = sys.getallocatedblocks()
    work()
    gc.collect()
    assert sys.getallocatedblocks() - before < 200
