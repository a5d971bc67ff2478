from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.errors import Invalid
from mileage.domain.window import micros
from mileage.web.board_query import (
    BoardQuery,
    instant_text,
    read_query,
)

BERLIN = "Europe/Berlin"
INSTANT = micros(datetime(2026, 11, 20, 9, 30, tzinfo=UTC))
FULL = BoardQuery("cost", "7d", "services", INSTANT, 3, "ada okafor")

queries = st.builds(
    BoardQuery,
    lens=st.sampled_from(["", "cost", "a b&c=d", "%2e", "ä"]),
    window=st.sampled_from(["", "30d", "week"]),
    scope=st.sampled_from(["org", "services", "dept:a/b", "team:x/y z"]),
    as_of=st.none()
    | st.integers(
        micros(datetime(2020, 1, 1, tzinfo=UTC)),
        micros(datetime(2100, 1, 1, tzinfo=UTC)),
    ),
    page=st.integers(1, 1_000_000),
    wanted=st.sampled_from(["", "ada", "o'neil 50%", "a+b & c=d"]),
)


def fields(address):
    read = parse_qs(urlsplit(address).query, keep_blank_values=True)
    return {name: values[0] for name, values in read.items()}


def test_nothing_asked_is_the_bare_address():
    assert read_query({}, BERLIN) == BoardQuery()
    assert BoardQuery().address() == "/"
    assert BoardQuery().address("/board/why") == "/board/why"


@given(queries)
def test_an_address_asks_the_same_again(query):
    again = read_query(fields(query.address(page=query.page)), "UTC")
    assert again == query


@pytest.mark.parametrize("change", [{"lens": "output"}, {"window": ""}, {"wanted": ""}])
def test_another_board_begins_on_its_first_page_and_keeps_the_rest(change):
    asked = read_query(fields(FULL.address(**change)), BERLIN)
    assert asked == FULL._replace(page=1, **change)


def as_of(text, zone):
    return read_query({"as_of": text}, zone).as_of


def test_a_time_without_an_offset_is_local():
    assert as_of("2026-11-20T10:30", BERLIN) == INSTANT
    assert as_of("2026-11-20T09:30:00Z", BERLIN) == INSTANT
    assert as_of("2026-11-20T10:30:00 01:00", "UTC") == INSTANT


def test_a_day_is_all_of_it():
    end = as_of("2026-10-25", BERLIN)
    assert instant_text(end) == "2026-10-25T22:59:59.999999Z"


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-13-01", "2026-02-30", "9999-12-31"]
)
def test_what_is_no_instant_is_told_how_to_write_one(text):
    with pytest.raises(Invalid, match=r"2026-11-22T10:00.*Europe/Berlin"):
        as_of(text, BERLIN)


@pytest.mark.parametrize(
    "page", ["0", "-1", "x", "1.5", "9" * 9, "\N{ARABIC-INDIC DIGIT TWO}"]
)
def test_a_page_is_a_number(page):
    with pytest.raises(Invalid, match="page"):
        read_query({"page": page}, BERLIN)


def test_empty_fields_of_a_form_are_defaults():
    given = dict.fromkeys(("lens", "window", "scope", "as_of", "page", "q"), "")
    assert read_query(given, BERLIN) == BoardQuery()


def test_words_to_look_for_are_bounded():
    assert read_query({"q": "  ada \t byron "}, "UTC").wanted == "ada byron"
    assert len(read_query({"q": "x" * 5000}, "UTC").wanted) == 100
