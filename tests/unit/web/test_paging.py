"""Leafing through a long list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.errors import Invalid
from mileage.web.paging import MOST_PAGES, ROWS, pager, part, read_page


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


@given(of=st.integers(0, 3 * ROWS + 1), word=st.sampled_from(["", "7", "  7 1 "]))
def test_pages_of_a_list_show_what_is_found_once_and_in_order(of, word):
    rows = list(range(of))
    wanted = [one for one in rows if all(part in str(one) for part in word.split())]
    shown, number = [], 1
    while True:
        found = part(rows, {"q": word, "page": str(number), "scope": "teams"}, str)
        assert (found.of, found.wanted) == (of, " ".join(word.split()))
        assert found.kept == {"scope": "teams"}
        assert found.long == (of > ROWS)
        shown += found.rows
        if found.pager is None or not found.pager.on:
            break
        assert "scope=teams" in found.pager.on
        assert ("q=" in found.pager.on) == bool(word)
        number += 1
    assert shown == wanted


def test_behind_the_last_page_is_the_last_one():
    rows = list(range(ROWS + 1))
    assert part(rows, {"page": "99"}, str).rows == [ROWS]
    assert part([], {"page": "99"}, str).rows == []


def test_words_are_found_in_any_case():
    assert part(["Straße", "Weg"], {"q": "STRASSE"}, str).rows == ["Straße"]


@pytest.mark.parametrize("page", ["0", "x", "-1"])
def test_a_page_of_a_list_that_is_none_is_refused(page):
    with pytest.raises(Invalid, match="1 for the first"):
        part([1], {"page": page}, str)
