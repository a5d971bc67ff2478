"""The page of one's own titles and tiers, and the API beside it."""

from __future__ import annotations

import re

from tests.web.awarding import GOLD, WIZARD, FakeAwards
from tests.web.stage import ADA, Stage

PATH = "/me/awards"


def opened(awards):
    return Stage(awards=awards).browser(ADA).get(PATH).text


def posted(stage, **fields):
    browser = stage.browser(ADA)
    token = re.search(r'name="csrf" value="([^"]+)"', browser.get(PATH).text)[1]
    return browser.post(PATH, data={"csrf": token, **fields})


def test_each_award_has_its_reason_and_its_time():
    html = opened(FakeAwards())
    assert "95.10% of the prompts, $41.00" in html
    assert "2025-11-22" in html
    assert '<span class="tier gold">Gold</span>' in html
    assert "What you had" in html
    assert "Prompts that a cache makes cheap." in html
    assert html.count(">Decline</button>") == 2


def test_who_has_none_reads_what_they_are_given_for():
    html = opened(FakeAwards(held=(), ended=()))
    assert "None at present" in html
    assert "What you had" not in html
    assert "Prompts that a cache makes cheap." in html


def test_a_lapsed_title_says_so():
    html = opened(FakeAwards(held=(WIZARD._replace(lapsed_at=9),)))
    assert "until its grace is over" in html


def test_what_is_declined_can_be_taken_again():
    stage = Stage()
    assert posted(stage, which="Cache Wizard", declined="yes").status_code == 303
    assert stage.awards.declined == {"Cache Wizard"}
    assert posted(stage, which="tiers", declined="yes").status_code == 303
    html = stage.browser(ADA).get(PATH).text
    assert html.count(">Take again</button>") == 2
    posted(stage, which="Cache Wizard", declined="no")
    assert stage.awards.declined == {""}


def test_what_one_never_had_is_not_declined():
    stage = Stage()
    assert posted(stage, which="Token Legend", declined="yes").status_code == 404
    assert stage.awards.declined == set()


def test_a_form_of_somebody_else_changes_nothing():
    stage = Stage()
    answer = stage.browser(ADA).post(PATH, data={"which": "tiers", "declined": "yes"})
    assert answer.status_code == 403
    assert stage.awards.declined == set()


def test_the_api_tells_what_the_page_shows():
    answer = Stage(awards=FakeAwards(declined={""})).program().get("/api/v1/me/awards")
    rows = answer.json()["awards"]
    assert [(row["name"], row["declined"]) for row in rows] == [
        ("Cache Wizard", False),
        ("gold", True),
        ("silver", True),
    ]
    assert rows[1]["reason"] == GOLD.reason
    assert rows[0]["ended_at"] is None
    assert rows[2]["ended_at"] == "2025-11-22T12:00:00Z"
