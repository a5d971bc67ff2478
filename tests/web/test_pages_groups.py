"""Boards of groups, and one's own place among others of one's kind."""

from __future__ import annotations

import re

import pytest

from mileage.reports.benchmark import SCOPES
from mileage.web.spread_chart import spread
from tests.web.groups import GROUP, HOSTILE, FakeGroups
from tests.web.stage import ADA, ROOT, Stage

BENCHMARK = "/me/benchmark"


def opened(path, viewer=ADA, **of):
    return Stage(groups=FakeGroups(**of)).browser(viewer).get(path)


@pytest.mark.parametrize("scope", SCOPES)
def test_every_scope_has_a_page_that_says_where_one_is(scope):
    html = opened(f"/groups?scope={scope}").text
    current = re.findall(r'href="\?scope=(\w+)" aria-current="page"', html)
    assert current == [scope]
    assert f"<h1>{SCOPES[scope]}</h1>" in html


def test_teams_come_first():
    html = opened("/groups").text
    assert "<h1>Teams</h1>" in html
    row = html[html.index("Difference") :].split("</tr>")[0]
    assert "Engines" in row
    assert "at most" in row
    assert "21 or more" in row


def test_what_is_not_told_is_said():
    row = opened("/groups").text.split("Analytical, ")[1].split("</tr>")[0]
    assert row.count("not told") == 2
    assert "5 or more" in row


@pytest.mark.parametrize("scope", ["teams", "roles"])
def test_names_are_text(scope):
    html = opened(f"/groups?scope={scope}").text
    assert HOSTILE not in html
    assert "&lt;script&gt;" in html


def test_of_roles_no_sum_is_shown():
    html = opened("/groups?scope=roles").text
    assert "Tokens a person</th>" not in html
    assert "There are no sums" in html


def test_many_teams_are_leafed_through_and_looked_for():
    html = opened("/groups?scope=teams", many=600).text
    assert html.count('<tr><td class="n">') == 250
    assert "1 to 250 of 602, page 1 of 3" in html
    assert 'href="?scope=teams&amp;page=2" rel="next"' in html
    assert '<input type="hidden" name="scope" value="teams">' in html
    last = opened("/groups?scope=teams&page=3", many=600).text
    assert "Team 599" in last
    assert "501 to 602 of 602" in last
    found = opened("/groups?q=team+599+engines", many=600).text
    assert found.count('<tr><td class="n">') == 1
    assert 'value="team 599 engines"' in found
    nothing = opened(f"/groups?scope=teams&q={HOSTILE}2", many=600).text
    assert "None of 602 is called" in nothing
    assert '<a href="?scope=teams">Show all</a>' in nothing
    assert HOSTILE not in nothing


def test_a_page_that_is_none_is_refused():
    assert opened("/groups?page=0").status_code == 422


def test_few_teams_need_no_search():
    html = opened("/groups").text
    assert 'role="search"' not in html
    assert 'class="leaf"' not in html


def test_a_scope_that_is_not_there():
    assert opened("/groups?scope=people").status_code == 404


@pytest.mark.parametrize("path", ["/groups", BENCHMARK])
def test_before_anything_is_published(path):
    answer = opened(path, empty=True)
    assert answer.status_code == 200
    assert 'class="empty"' in answer.text


def test_ones_own_place_is_between_two_per_cents():
    html = opened(BENCHMARK).text
    assert "people with your role and tools, engineer with codex" in html
    assert re.search(r"You used more than</dt><dd[^>]*>\d+% to \d+%", html)
    assert html.count('class="chip">you') == 1


def test_a_chart_has_the_figures_of_its_table():
    html = opened(BENCHMARK).text
    (chart,) = re.findall(r'<svg class="chart".*?</svg>', html, re.DOTALL)
    parts = [int(one) for one in re.findall(r": (\d+)%</title>", chart)]
    assert sum(parts) == 100
    assert chart.count('class="full"') == 1
    table = re.findall(r'<td class="n">(\d+)%</td><td', html)
    assert [int(one) for one in table] == parts


def test_too_few_people_are_no_group():
    html = opened(BENCHMARK, too_small=True).text
    assert "Fewer than 6 people of your kind" in html
    assert '<svg class="chart"' not in html


def test_the_operator_has_no_place():
    assert opened(BENCHMARK, ROOT).status_code == 404


def test_a_chart_of_nothing_and_of_one_bin():
    assert "<rect" not in spread((), None, title="x")
    one = spread(GROUP.bins[:1], None, title='a "b"')
    assert one.count("<rect") == 1
    assert "style=" not in one
    assert 'aria-label="a &quot;b&quot;"' in one


def test_the_api_tells_what_the_pages_do():
    program = Stage().program()
    board = program.get("/api/v1/groups/teams").json()
    assert [row["rank"] for row in board["rows"]] == [1, 2]
    assert board["rows"][0]["cost_usd_per_person"] == "9.000000"
    told = program.get("/api/v1/me/benchmark").json()
    assert told["compared_with"] == "role and tools"
    assert told["distribution"][-1]["up_to_percent"] == 100
    assert program.get("/api/v1/groups/people").status_code == 404
