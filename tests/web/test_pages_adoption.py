"""Adoption: one's teams, target by target, without names."""

from __future__ import annotations

from tests.web.groups import HOSTILE, FakeAdoption
from tests.web.stage import Stage


def opened(**of):
    return Stage(adoption=FakeAdoption(**of)).browser().get("/adoption")


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


def test_the_api_tells_the_same():
    rows = Stage().program().get("/api/v1/adoption").json()["rows"]
    assert [row["reached"] for row in rows] == [False, None, None, True]
