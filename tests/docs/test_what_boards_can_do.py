"""What boards can do is told with pages, endpoints and windows that there are."""

from __future__ import annotations

import re

import pytest

from mileage.web.board_query import read_query
from mileage.web.route_access import ROUTES
from tests.docs.book import page

TEXT = page("reference/what-boards-can-do.md")
LINES = [line for line in TEXT.splitlines() if line.startswith("| ")][1:]
ADDRESSES = sorted(set(re.findall(r"`(?:GET )?(/[^` ]*)`", TEXT)))
# Rows 13 to 23 of what people know from boards elsewhere, by words of each.
KNOWN = (
    *("ranked people", "ranked by tokens", "rolling 30 days", "boards of a scope"),
    *("titles", "tiers", "streaks", "ranking that is not volume"),
    *("percentile among others", "opt in, hide", "ranks of the past"),
)


def routes(address):
    """List the routes that an address of the page leads to."""
    path = address.partition("?")[0]
    found = []
    for route in ROUTES:
        pattern = re.sub(r"\\{\w+(?::\w+)?\\}", "[^/]+", re.escape(route.path))
        if re.fullmatch(pattern, path):
            found.append(route)
    return found


@pytest.mark.parametrize("known", KNOWN)
def test_each_is_there_with_its_page_and_its_command(known):
    (line,) = [one for one in LINES if one.startswith(f"| {known}")]
    _, what, shown, command, _ = re.split(r"(?<!\\)\|", line)
    assert what.strip()
    told = shown + command
    assert "`" in told or told.count("likewise") == 2


def test_addresses_are_found():
    assert {"/", "/people", "/board/why", "/api/v1/boards/{lens}"} <= set(ADDRESSES)


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_address_is_one(address):
    assert [route for route in routes(address) if "GET" in route.methods]


def test_an_address_that_is_none_would_be_seen():
    assert routes("/no/such/page") == []


@pytest.mark.parametrize("address", [one for one in ADDRESSES if one.startswith("/?")])
def test_what_it_asks_of_the_board_is_understood(address):
    asked = dict(one.split("=") for one in address[2:].split("&"))
    query = read_query(asked, "UTC")
    changed = {name for name, value in zip(query._fields, query, strict=True) if value}
    assert set(asked) <= changed
