"""Rows of answers packed in C are those packed in Python."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.native import scan
from mileage.sources import claude_code_rows
from mileage.sources.claude_code_rows import Row, packed

counts = st.sampled_from([0, 1, 7, 300, 10**12])
rows = st.lists(
    st.builds(
        Row,
        key=st.text(min_size=1, max_size=3),
        occurred_at=st.integers(0, 2**60),
        model=st.sampled_from(["one", "two", None]),
        tier=st.sampled_from([None, "priority"]),
        speed=st.sampled_from([None, "fast"]),
        geography=st.sampled_from([None, "us"]),
        session=st.sampled_from(["s", ""]),
        project=st.none(),
        agent=st.none(),
        copied=st.booleans(),
        **dict.fromkeys(Row._fields[10:17], counts),
        begin=st.just(0),
        end=st.just(9),
    ),
    max_size=12,
)


def in_python(found):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(claude_code_rows, "scan", None)
        return packed(found)


@given(rows)
def test_both_pack_alike(found):
    assert packed(found) == in_python(found)
    assert packed([tuple(row) for row in found]) == in_python(found)


@pytest.mark.parametrize(
    "odd", [(), ("key", 1), ("key", "never", *range(15)), ("key", 2**70, *range(15)), 5]
)
def test_what_is_no_row_is_refused(odd):
    with pytest.raises((TypeError, OverflowError)):
        scan.answer_rows([odd])


def test_nothing_is_held_back():
    model = "a model of " + "its own"
    row = ("key", 1, model, *[None] * 6, False, *range(7), 0, 9)
    before = sys.getrefcount(model)
    for _ in range(50):
        scan.answer_rows([row, row])
    assert sys.getrefcount(model) == before
