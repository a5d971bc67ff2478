from __future__ import annotations

from dataclasses import replace

import pytest

from mileage.domain.instants import read_exact_instant
from mileage.domain.window import WINDOWS
from mileage.web.board_choices import (
    LensTab,
    before,
    board_pager,
    lens_choices,
    lens_tabs,
    scope_title,
    scopes,
    window_title,
    windows,
)
from mileage.web.board_query import BoardQuery
from tests.web import fixtures

ASKED = BoardQuery(lens="cost", window="7d", scope="services", page=3, wanted="ci")
BOARD = replace(fixtures.board("tokens"), whole=True, ranked=1001, count=250)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("30d", "30 days"),
        ("24h", "24 hours"),
        ("14d", "14 days"),
        ("week", "This week"),
    ],
)
def test_windows_are_said_in_words(name, title):
    assert window_title(name) == title


def test_every_window_is_one_link_away_and_keeps_the_rest():
    found = windows(ASKED, WINDOWS, "7d")
    assert [one.title for one in found if one.current] == ["7 days"]
    assert len(found) == len(WINDOWS)
    assert found[1].address == "/?lens=cost&window=24h&scope=services&q=ci"


def test_a_window_that_is_no_longer_published_stands_behind_the_others():
    names = [one.title for one in windows(ASKED, ("30d",), "14d")]
    assert names == ["30 days", "14 days"]


def test_boards_of_groups_stand_beside_those_of_people_while_they_are_of_now():
    found = scopes(BoardQuery(), ("org", "services"), "org")
    assert [one.title for one in found][:3] == ["People", "Services", "Teams"]
    assert [one.address for one in found][-1] == "/groups?scope=models"
    past = scopes(BoardQuery(as_of=1), ("org", "services"), "org")
    assert [one.title for one in past] == ["People", "Services"]


def test_another_scope_forgets_what_was_looked_for():
    assert "q=" not in "".join(one.address for one in scopes(ASKED, ("org",), "org"))


@pytest.mark.parametrize(
    ("scope", "title"),
    [
        ("org", "People"),
        ("contractors", "Contractors"),
        ("dept:0123", "Department"),
        ("team:0123/A b", "Team A b"),
    ],
)
def test_scopes_are_said_in_words(scope, title):
    assert scope_title(scope) == title


def test_lenses_are_those_of_the_publication_with_the_texts_of_today():
    tabs = lens_tabs(fixtures.SNAPSHOT, fixtures.LENSES[:1])
    assert [tab.name for tab in tabs] == ["tokens", "output", "cost", "weighted"]
    assert tabs[0].gamed_by == fixtures.LENSES[0][3]
    assert tabs[0].warning == fixtures.WARNING
    assert tabs[1] == LensTab("output", "Output")
    old = replace(fixtures.SNAPSHOT, lenses=())
    assert lens_tabs(old, [("a", "A", "use")]) == (LensTab("a", "A", "use"),)


def test_a_lens_leads_back_to_the_table():
    tabs = lens_tabs(fixtures.SNAPSHOT, fixtures.LENSES)
    found = lens_choices(BoardQuery(page=4), tabs, "cost")
    assert found[1].address == "/?lens=output#top"
    assert [one.title for one in found if one.current] == ["Cost at list price"]


def test_earlier_boards_are_days_back():
    as_of = read_exact_instant("2026-11-22T09:00:00Z", "T")
    addresses = [one.address for one in before(BoardQuery(), as_of)]
    assert addresses[0] == "/?as_of=2026-11-21T09%3A00%3A00Z"
    assert addresses[2] == "/?as_of=2026-10-23T09%3A00%3A00Z"


@pytest.mark.parametrize(
    ("first", "page", "back", "on"),
    [
        (0, 1, "", "/?page=2#top"),
        (250, 2, "/#top", "/?page=3#top"),
        (1000, 5, "/?page=4#top", ""),
    ],
)
def test_a_page_leads_to_its_neighbours(first, page, back, on):
    rows = BOARD.rows[: min(250, 1001 - first)]
    found = board_pager(BoardQuery(), replace(BOARD, first=first, rows=rows))
    assert (found.page, found.pages, found.back, found.on) == (page, 5, back, on)
    assert (found.first, found.last, found.of) == (first + 1, first + len(rows), 1001)
    assert bool(found.newest) == (page > 1)
    assert found.end == ("" if page == 5 else "/?page=5#top")


@pytest.mark.parametrize(
    ("board", "query"),
    [
        (replace(BOARD, whole=False), BoardQuery()),
        (replace(BOARD, ranked=250), BoardQuery()),
        (BOARD, BoardQuery(wanted="ada")),
    ],
)
def test_nothing_leads_where_nobody_may_go_or_nothing_is(board, query):
    assert board_pager(query, board) is None
