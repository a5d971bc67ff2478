"""Adoption: one's teams, target by target, without names."""

from __future__ import annotations

from tests.web.groups import HOSTILE, FakeAdoption
from tests.web.stage import Stage


def opened(**of):
    return opened_at("/adoption", **of)


def opened_at(path, **of):
    return Stage(adoption=FakeAdoption(**of)).browser().get(path)


def test_each_target_is_a_table_of_teams():
    html = opened().text
    assert html.count('<h2 id="target-') == 2
    assert "Every week: 80% by" in html
    assert html.count('<tr><th scope="row"') == 4


def test_bounds_are_said_as_bounds():
    html = opened().text
    assert "more than 75%" in html
    assert "less than 25%" in html
    assert ">not yet<" in html
    assert ">reached<" in html


def test_names_are_text():
    html = opened().text
    assert HOSTILE not in html
    assert "&lt;script&gt;" in html


def test_without_targets_it_says_where_they_come_from():
    html = opened(empty=True).text
    assert "No target for your teams" in html
    assert "adoption.toml" in html


def test_many_teams_are_leafed_through_and_looked_for():
    first, last = opened(many=600).text, opened_at("/adoption?page=3", many=600).text
    assert "1 to 250 of 604, page 1 of 3" in first
    assert first.count('<tr><th scope="row"') == 250
    assert first.count('<h2 id="target-') == 2
    # A page that begins within a target has its heading again.
    assert last.count('<h2 id="target-') == 1
    assert "Team 599" in last
    found = opened_at("/adoption?q=team+599", many=600).text
    assert found.count('<tr><th scope="row"') == 1
    nothing = opened_at("/adoption?q=nowhere", many=600).text
    assert "None of 604 is called" in nothing
    assert "No target for your teams" not in nothing


def test_the_api_tells_the_same():
    rows = Stage().program().get("/api/v1/adoption").json()["rows"]
    assert [row["reached"] for row in rows] == [False, None, None, True]
