"""Leafing through a long list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.errors import Invalid
from mileage.web.paging import MOST_PAGES, pager, read_page


def address(number):
    return f"/?page={number}"


@given(of=st.integers(0, 999), at_once=st.integers(1, 99))
def test_leafing_on_shows_every_row_once(of, at_once):
    shown, first = [], 0
    while True:
        found = pager(first, of, at_once, address)
        if found is None:
            assert of <= at_once
            return
        shown += range(found.first, found.last + 1)
        assert found.end == (address(found.pages) if found.page < found.pages else "")
        assert found.on == (address(found.page + 1) if found.end else "")
        assert found.newest == (address(1) if found.page > 1 else "")
        assert found.back == (address(found.page - 1) if found.page > 1 else "")
        if not found.on:
            break
        first += at_once
    assert shown == list(range(1, of + 1))
    assert found.page == found.pages


@pytest.mark.parametrize("text", ["0", "-1", "", "x", "1.0", "²", "1 ", f"{10**7}"])
def test_what_is_no_page_is_refused(text):
    with pytest.raises(Invalid, match="1 for the first"):
        read_page(text)


@pytest.mark.parametrize(("text", "page"), [("1", 1), ("007", 7), ("1000000", None)])
def test_a_page_is_a_number(text, page):
    assert read_page(text) == (page or MOST_PAGES)
