"""Who looked at my data: the page and the API."""

from __future__ import annotations

import re

import pytest

from mileage.domain.errors import NotFound
from tests.web.fixtures import FakeReports
from tests.web.stage import ADA, ROOT, Stage


@pytest.fixture
def stage():
    return Stage()


def rows(text):
    return re.findall(r'<td class="n apart muted">(\d+)</td>', text)


def test_the_page_names_who_looked_when_why_and_at_what(stage):
    answer = stage.browser().get("/me/readers")
    assert answer.status_code == 200
    assert len(rows(answer.text)) == 100
    for told in ("Rea &lt;b&gt;Reader&lt;/b&gt;", "support", "your page", "api"):
        assert told in answer.text
    assert "you among others" in answer.text
    assert "possibly you" in answer.text
    assert "of 250" in answer.text
    assert stage.reports.asked == [("readers", ADA, None)]


def test_pages_go_on_until_the_first_read(stage):
    browser, path, seen = stage.browser(), "/me/readers", []
    while path:
        text = browser.get(path).text
        seen += rows(text)
        older = re.search(r'href="(/me/readers\?before=\d+)">Older', text)
        path = older and older[1]
    assert seen == [str(number) for number in range(230, 0, -1)]


def test_the_api_tells_the_same(stage):
    program, seen, before = stage.program(), [], ""
    while before is not None:
        told = program.get(f"/api/v1/me/readers?before={before}").json()
        seen += told["rows"]
        before = told["before"]
    assert [row["entry"] for row in seen] == list(range(230, 0, -1))
    assert seen[0].keys() == {
        *("entry", "at", "reader", "purpose", "report", "about"),
        *("named", "through", "detail"),
    }
    assert seen[0]["reader"] == "Rea <b>Reader</b>"
    assert seen[0]["at"].endswith("Z")
    assert {row["about"] for row in seen} == {
        *("you", "you among others", "possibly you"),
    }


@pytest.mark.parametrize("before", ["x", "-1", "1.5", "9" * 16, "\u0661"])
@pytest.mark.parametrize("path", ["/me/readers", "/api/v1/me/readers"])
def test_what_is_no_entry(stage, path, before):
    answer = stage.browser().get(path, params={"before": before})
    assert answer.status_code == 422
    assert stage.reports.asked == []


@pytest.mark.parametrize("path", ["/me/readers", "/api/v1/me/readers"])
def test_nobody_looked_at_the_operator_in_a_shell(stage, path):
    assert stage.browser(ROOT).get(path).status_code == 404
    assert stage.reports.asked == []


@pytest.mark.parametrize("path", ["/me/readers", "/api/v1/me/readers"])
def test_strangers_are_not_told(stage, path):
    assert stage.stranger().get(path).status_code in (303, 401)


def test_there_is_no_way_to_ask_about_somebody_else(stage):
    """The subject is whoever asks: no parameter names another."""
    answer = stage.program().get("/api/v1/me/readers?account=acc-bob")
    assert answer.status_code == 422
    stage.browser().get("/me/readers?account=acc-bob")
    assert stage.reports.asked == [("readers", ADA, None)]


def test_an_error_is_an_answer(stage):
    stage.reports.broken = NotFound("There is no such account.")
    assert stage.browser().get("/me/readers").status_code == 404


def test_when_nobody_has_looked(open_as):
    text = open_as("/me/readers", reports=FakeReports(accounts=0)).text
    assert "Nobody has looked" in text
