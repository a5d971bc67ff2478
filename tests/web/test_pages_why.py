"""Why a row has its rank: what it cost, what it is made of, how complete it is."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.web import fixtures
from tests.web.boards import RULE
from tests.web.fixtures import FakeReports


def text_of(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def links(html):
    return re.findall(r'href="([^"]+)"', html)


def test_from_the_board_ones_own_rank_is_one_click_away(open_as):
    html = open_as("/?lens=cost&window=7d").text
    assert html.count('href="/board/why?lens=cost&amp;window=7d"') == 2
    page = open_as("/board/why?lens=cost&window=7d")
    assert page.status_code == 200
    text = text_of(page.text)
    for said in (
        *("Your rank, and why", "Cost at list price", "7 days", "of 290"),
        *("How the value is made", "What it is made of", "opus-5-2", "claude-code"),
        *("What these figures rest on", "Complete up to", "claude_code_otlp"),
    ):
        assert said in text


def test_of_others_it_is_there_for_whoever_opens_their_page(open_as):
    html = open_as("/?lens=cost", "operator").text
    assert html.count('href="/board/why/acc-') == fixtures.TOP
    assert "/board/why/acc-" not in open_as("/", "me").text
    assert open_as("/board/why/acc-00003", "operator").status_code == 200
    assert open_as("/board/why/acc-00003", "me").status_code == 403
    assert open_as("/board/why/acc-99999", "operator").status_code == 404
    assert open_as("/board/why", "operator").status_code == 404
    assert open_as("/board/why", "").headers["location"] == "/sign-in"


def test_a_manager_says_what_for_and_comes_to_the_same_page(open_as):
    """Two clicks: the rank, and the purpose."""
    asked = open_as(f"/board/why/{fixtures.BELOW_ME}?lens=output")
    assert "support" in asked.text
    assert 'name="lens" value="output"' in asked.text
    html = open_as(f"/board/why/{fixtures.BELOW_ME}?lens=output&purpose=support").text
    text = text_of(html)
    assert (
        "This read was recorded before it was shown. It was read for: support." in text
    )
    assert 'class="shown-to"' in html
    assert "Models" in text
    assert "Clients" not in text
    assert "Sessions 1" not in text


class Linking(FakeReports):
    """Says whose pages open, as reports do."""

    def board(self, viewer, lens=None, **asked):
        board = super().board(viewer, lens, **asked)
        return replace(board, opens=frozenset({fixtures.BELOW_ME}))


def test_only_those_who_may_be_opened_are_linked(open_as):
    html = open_as("/", "me", Linking()).text
    assert [one for one in links(html) if "acc-" in one] == [
        f"/board/why/{fixtures.BELOW_ME}",
        f"/people/{fixtures.BELOW_ME}",
    ]


def test_each_class_is_told_with_its_weight(open_as):
    html = open_as("/board/why").text
    table = html[html.index("Tokens by class") : html.index("Days above the cap")]
    rows = re.findall(r'<tr><th scope="row">([^<]+)</th>(.*?)</tr>', table)
    assert [name for name, _ in rows][:2] == ["Input, not cached", "Cache read"]
    assert '<td class="n">0.1</td>' in dict(rows)["Cache read"]
    assert "Before the daily cap" in table
    assert text_of(html).count("One day counts in full up to 100M") == 1
    assert "Who has less than 3 active days has no rank here." in text_of(html)


def test_it_says_when_the_ledger_has_moved_on(open_as):
    assert (
        "The ledger has moved on since this was published" in open_as("/board/why").text
    )


class Explaining(FakeReports):
    """Explains by another rule."""

    rule = None
    row = True
    scope = "org"

    def why(self, viewer, account_id, of):
        why = super().why(viewer, account_id, of)
        placed = why.placed._replace(scope=self.scope)
        placed = placed if self.row else placed._replace(row=None)
        return why._replace(
            rule=self.rule, placed=placed, classes=(), days=(), moved=False
        )


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (None, "The policy no longer has this lens"),
        (replace(RULE, unit="micro_usd"), "The cost of all priced calls, in dollars."),
    ],
)
def test_other_rules_are_told_as_they_are(open_as, rule, said):
    reports = Explaining()
    reports.rule = rule
    text = text_of(open_as("/board/why", "me", reports).text)
    assert said in text
    assert "moved on" not in text


def test_the_way_back_is_to_the_board_that_the_rank_is_on(open_as):
    """A contractor who names no board is told of that of contractors."""
    reports = Explaining()
    reports.scope = "contractors"
    html = open_as("/board/why?lens=cost", "me", reports).text
    assert "/?lens=cost&amp;scope=contractors#you" in links(html)
    assert "Contractors" in text_of(html)


def test_who_has_no_rank_is_told_so(open_as):
    reports = Explaining()
    reports.row = False
    text = text_of(open_as("/board/why", "me", reports).text)
    assert "no rank on this board" in text
    assert "what this board ranks by" not in text
