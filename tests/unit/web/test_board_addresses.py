"""Addresses of boards that somebody typed: what each asks for, and what is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mileage.domain.errors import Invalid
from mileage.domain.window import micros
from mileage.reports.board_reading import BoardOf, Part
from mileage.web.board_choices import (
    board_pager,
    scope_title,
    scopes,
    window_title,
    windows,
)
from mileage.web.board_query import (
    BoardQuery,
    instant_text,
    read_query,
)
from mileage.web.paging import LONGEST, MOST_PAGES
from tests.web import fixtures
from tests.web.stage import ADA, Stage

BERLIN = "Europe/Berlin"
BOARD = "/api/v1/boards/tokens"


@pytest.fixture(scope="module")
def stage():
    return Stage()


def at(*when):
    return micros(datetime(*when, tzinfo=UTC))


def test_every_field_reaches_the_board_as_it_was_typed():
    typed = {
        "lens": "cost",
        "window": "3y",
        "scope": "nope",
        "page": "7",
        "q": "ada",
        "purpose": "support",
        "as_of": "2026-11-20T10:30",
        "other": "ignored",
    }
    asked = read_query(typed, BERLIN)
    part = Part("3y", "nope", 7, "ada", "support")
    assert asked.of == BoardOf("cost", part, at(2026, 11, 20, 9, 30))
    assert asked.address("/board/why", page=7) == (
        "/board/why?lens=cost&window=3y&scope=nope&as_of=2026-11-20T09%3A30%3A00Z"
        "&q=ada&page=7&purpose=support"
    )


@pytest.mark.parametrize(
    "text",
    [
        *("2025-02-29", "2026-11-31", "2026-11-22T25:00", "2026-11-22T10:60"),
        *(" 2026-11-22", "22.11.2026", "11/22/2026", "1795341600", "now", "0000-01-01"),
        "\N{ARABIC-INDIC DIGIT TWO}026-11-22",
    ],
)
def test_what_is_no_time_names_the_parameter_the_forms_and_the_zone(text):
    with pytest.raises(Invalid) as said:
        read_query({"as_of": text}, BERLIN)
    for word in ("`as_of`", "2026-11-22", "T10:00", "Z", BERLIN):
        assert word in str(said.value)


def test_instants_are_written_to_the_microsecond_they_have():
    one = at(2026, 11, 22, 9) + 1
    assert instant_text(one) == "2026-11-22T09:00:00.000001Z"
    assert read_query({"as_of": instant_text(one)}, BERLIN).of.as_of == one
    assert read_query({"as_of": ""}, BERLIN).of.as_of is None


@pytest.mark.parametrize("page", [1, 2, MOST_PAGES])
def test_pages_that_there_may_be(page):
    assert read_query({"page": str(page)}, "UTC").page == page
    assert read_query({"page": f"{page:07}"}, "UTC").page == page


@pytest.mark.parametrize("page", [str(MOST_PAGES + 1), "+1", " 1", "1 ", "1e3", "1\n"])
def test_pages_that_there_are_not(page):
    with pytest.raises(Invalid, match=r"`page` must be a whole number, 1 for"):
        read_query({"page": page}, "UTC")


def test_words_are_cut_before_they_are_taken_apart():
    assert read_query({"q": "x" * (LONGEST - 1) + " yz"}, "UTC").wanted == "x" * 99
    assert read_query({"q": "\N{NO-BREAK SPACE}\t \n"}, "UTC").wanted == ""


def test_the_purpose_goes_along_and_the_page_does_not():
    asked = BoardQuery("cost", page=4, purpose="a b&c")
    assert asked.address(window="7d") == "/?lens=cost&window=7d&purpose=a+b%26c"
    assert asked.address(page=1, purpose="") == "/?lens=cost"


def test_a_window_or_a_scope_from_elsewhere_is_offered_last_and_chosen():
    found = windows(BoardQuery(purpose="p"), ("30d", "7d"), "45d")
    assert [(one.title, one.current) for one in found] == [
        ("30 days", False),
        ("7 days", False),
        ("45 days", True),
    ]
    assert found[-1].address == "/?window=45d&purpose=p"
    beside = scopes(BoardQuery(as_of=at(2026, 1, 1)), ("org",), "team:0/X/Y")
    assert [(one.title, one.current) for one in beside] == [
        ("People", False),
        ("Team X/Y", True),
    ]
    assert beside[1].address.startswith("/?scope=team%3A0%2FX%2FY&as_of=2026-01-01")


@pytest.mark.parametrize(
    ("name", "title"),
    [("month", "This month"), ("quarter", "This quarter"), ("1d", "1 days")],
)
def test_names_of_windows(name, title):
    assert window_title(name) == title
    assert scope_title("services") == "Services"


@pytest.mark.parametrize(("ranked", "pages"), [(251, 2), (500, 2), (501, 3)])
def test_the_last_page_holds_the_rest(ranked, pages):
    board = replace(fixtures.board("tokens"), whole=True, ranked=ranked, count=250)
    found = board_pager(BoardQuery(lens="cost"), board)
    assert (found.pages, found.page) == (pages, 1)
    assert found.end == f"/?lens=cost&page={pages}#top"
    assert board_pager(BoardQuery(), replace(board, ranked=0)) is None


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/?page=1000001", 422, "1 for the first"),
        ("/?as_of=2026-02-30", 422, "(then of UTC)"),
        ("/?as_of=9999-12-31T23:59:59-10:00", 422, "(then of UTC)"),
        ("/?lens=%3Cb%3E", 404, "There is no such lens. Known: tokens, cost."),
        ("/?lens=zzz&page=0", 422, "`page` must be"),
    ],
)
def test_a_page_says_what_to_write_instead(stage, path, status, said):
    answer = stage.browser(ADA).get(path)
    assert (answer.status_code, said in answer.text) == (status, True)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("as_of=2026-11-22", "`as_of` must be an instant with its offset from UTC"),
        ("as_of=2026-11-22T09:00", "such as 2026-11-01T00:00:00Z"),
        ("page=0", "`page` must be a whole number"),
        ("top=0", "`top` must be a whole number from 1 to 100000"),
        ("top=1e3", "`top` must be"),
    ],
)
def test_a_program_is_told_the_same_way(stage, query, said):
    answer = stage.program().get(f"{BOARD}?{query}")
    assert answer.status_code == 422
    assert said in answer.json()["error"]["message"]
