"""Rows of a report added up in C are those added up in Python."""

from __future__ import annotations

import gc
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain import quarter
from mileage.domain.quarter import QUARTER_COLUMN, SOURCE_COLUMN, QuarterRow, sums_by
from mileage.native import scan

counts = st.integers(0, 9) | st.sampled_from([10**12, 2**61])
rows = st.lists(
    st.builds(
        lambda at, names, figures, cost, times: QuarterRow(
            at, *names, *figures[:8], cost, *figures[8:], *sorted(times)
        ),
        st.integers(0, 3),
        st.tuples(*[st.sampled_from(["", "a", "b"])] * 8),
        st.tuples(*[counts] * 10),
        st.none() | counts,
        st.tuples(st.integers(-5, 2**60), st.integers(-5, 2**60)),
    ),
    max_size=12,
)


def in_python(column, given_rows):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quarter, "scan", None)
        return sums_by(column, given_rows)


@given(rows=rows, column=st.integers(0, 8))
def test_both_ways_agree(rows, column):
    found = sums_by(column, rows)
    assert found == in_python(column, rows)
    assert [one[0] for one in found] == list(dict.fromkeys(row[column] for row in rows))
    assert sum(one[1] for one in found) == sum(row.calls for row in rows)


def row(at, **fields):
    plain = QuarterRow(
        *(at, "client", "source", "vendor", "model", "", "session", "/repo", ""),
        *(2, 1, 2, 3, 4, 5, 6, 7, 80, 1, 0, at + 5, at + 9),
    )
    return plain._replace(**fields)


@pytest.fixture(params=["C", "Python"])
def way(request, monkeypatch):
    if request.param == "Python":
        monkeypatch.setattr(quarter, "scan", None)
    elif scan is None:
        pytest.fail("built without its extension")


def test_what_is_alike_in_one_column_is_added_up(way):
    several = [row(7), row(3, cost=None), row(7, first=1, last=90)]
    assert sums_by(QUARTER_COLUMN, several) == [
        (7, 4, 2, 4, 6, 8, 10, 12, 14, 160, 2, 0, 1, 90),
        (3, 2, 1, 2, 3, 4, 5, 6, 7, None, 1, 0, 8, 12),
    ]
    assert [one[:2] for one in sums_by(SOURCE_COLUMN, several)] == [("source", 6)]
    assert sums_by(QUARTER_COLUMN, []) == []


def test_a_cost_that_is_known_counts_beside_one_that_is_not(way):
    (told,) = sums_by(QUARTER_COLUMN, [row(1, cost=None), row(1, cost=0)])
    assert told[9] == 0


def test_sums_above_64_bits(way):
    (told,) = sums_by(QUARTER_COLUMN, [row(1, input=2**62)] * 4)
    assert told[2] == 2**64
    (told,) = sums_by(QUARTER_COLUMN, [row(1, input=2**70)])
    assert told[2] == 2**70


def test_the_rows_of_a_report_are_of_everything():
    ((at, *figures),) = sums_by(QUARTER_COLUMN, [row(1)])
    assert QuarterRow.of_all(at, *figures) == row(1)._replace(
        **dict.fromkeys(QuarterRow._fields[1:9], "")
    )


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (((row(1),), 0), TypeError),
        (([list(row(1))], 0), TypeError),
        (([tuple(row(1))[1:]], 0), TypeError),
        (([row(1, calls=None)], 0), TypeError),
        (([row(1, cost="1")], 0), TypeError),
        (([row(1, quarter=[])], 0), TypeError),
        (([row(1)], -1), ValueError),
        (([row(1)], 9), ValueError),
        (([row(1, calls=2**63)], 0), OverflowError),
        (([row(1, calls=2**62)] * 2, 0), OverflowError),
    ],
)
def test_nonsense_is_refused(arguments, error):
    with pytest.raises(error):
        scan.row_sums(*arguments)


def test_nothing_is_kept_when_it_is_done():
    many = [row(number, session=f"s{number}") for number in range(300)]

    def work():
        for _ in range(50):
            scan.row_sums(many, 0)
            with pytest.raises(TypeError):
                scan.row_sums([*many, row(1, calls=None)], 6)

    work()
    gc.collect()
    before = sys.getallocatedblocks()
    work()
    gc.collect()
    assert sys.getallocatedblocks() - before < 300
