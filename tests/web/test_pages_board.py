from __future__ import annotations

import gzip
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from markupsafe import escape

from mileage.domain.figures import Completeness, Figures, SourceSeen
from mileage.web.assets import ASSETS
from tests.web import fixtures
from tests.web.fixtures import FakeReports


class Cells(HTMLParser):
    """The text of the board's cells, row by row."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.inside = [], False
        table = html[html.index('<table class="board">') :]
        self.feed(table[: table.index("</table>")])

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag):
        if tag in {"td", "th"}:
            self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1] += data


def table(html):
    header, *rows = Cells(html).rows
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_the_board_shows_the_top(open_as):
    rows = table(open_as("/").text)
    assert len(rows) == fixtures.TOP
    moved = {row.rank: row.before_rank for row in fixtures.board("tokens").rows}
    for rank, row in enumerate(rows, start=1):
        by = (moved[rank] or rank) - rank
        assert row["Rank"] == f"{rank}{abs(by) or ''}"


def test_a_row_is_its_standing(open_as):
    row = table(open_as("/?lens=weighted", "operator").text)[0]
    best = fixtures.board("weighted").rows[0]
    figures = best.standing.figures
    honours = " · ".join([best.standing.tier.capitalize(), *best.standing.titles])
    assert row["Name"] == best.standing.name + honours
    assert row["Sessions"] == "1.26K"
    assert row["Days"] == str(best.standing.active_days)
    assert row["Models"].startswith(best.standing.models[0])
    exact = open_as("/?lens=weighted", "operator").text
    for count in (best.value, figures.tokens.total):
        assert f'title="{count:,}"' in exact


def test_the_total_stands_on_top(open_as):
    html = open_as("/").text
    total = fixtures.SNAPSHOT.total
    assert f'<data value="{total.tokens.total}"' in html
    assert "60.2T" in html
    assert "calls unpriced" in html
    assert "Cache share" in html
    assert "Active people" in html


def test_every_lens_is_a_link_and_the_chosen_one_is_current(open_as):
    html = open_as("/?lens=cost").text
    tabs = re.findall(r'<a href="/\?lens=(\w+)#top"( aria-current="page")?>', html)
    assert [name for name, _ in tabs] == [lens[0] for lens in fixtures.LENSES]
    assert [name for name, current in tabs if current] == ["cost"]


@pytest.mark.parametrize("lens", fixtures.LENSES, ids=lambda lens: lens[0])
def test_every_lens_says_what_it_does_to_people(open_as, lens):
    name, _, encourages, gamed_by = map(escape, lens)
    html = open_as(f"/?lens={name}").text
    assert f"<b>Encourages:</b> {encourages}" in html
    assert f"<b>How it could be gamed:</b> {gamed_by}" in html


def test_an_unknown_lens_is_not_there(open_as):
    assert open_as("/?lens=nothing").status_code == 404


def test_the_own_row_is_highlighted(open_as):
    html = open_as("/", "me").text
    assert html.count('class="own" id="you"') == 1
    assert f'<a href="/me">{fixtures.name_of(fixtures.ME)}</a>' in html
    assert 'href="#you">your row: rank 18 of 290' in html


def test_the_own_row_is_pinned_below_the_cut(open_as):
    html = open_as("/", "below").text
    foot = html[html.index("<tfoot>") : html.index("</tfoot>")]
    assert fixtures.name_of(fixtures.BELOW) in foot
    assert 'id="you"' in foot
    own = fixtures.board("tokens", fixtures.BELOW).own
    assert f"rank {own.rank} of 290" in html


def test_whoever_has_no_row_is_shown_none(open_as):
    html = open_as("/", "operator").text
    assert "your row" not in html
    assert "<tfoot>" not in html


def test_the_board_says_what_it_rests_on(open_as):
    html = open_as("/").text
    snapshot = fixtures.SNAPSHOT
    assert "Europe/Berlin" in html
    assert "23 Oct 2026, 11:00" in html
    assert "22 Nov 2026, 10:00" in html
    assert "as of" in html
    assert snapshot.input_hash in html
    for name, version in snapshot.versions.items():
        assert f"{name} <code>{version}</code>" in html
    for seen in snapshot.completeness.sources:
        assert f"<code>{seen.source}</code>" in html
    for sentence in snapshot.completeness.missing:
        assert sentence in html


@pytest.mark.parametrize(("before", "said"), [(0, False), (1, True)])
def test_movement_says_when_the_period_before_is_not_known(open_as, before, said):
    head = fixtures.SNAPSHOT
    first = SourceSeen("codex_rollout", 5, head.previous.start + before, head.as_of)
    rests = Completeness((first, SourceSeen("pi_session", None, None, None)), None)
    reports = FakeReports(source=replace(head, completeness=rests))
    text = open_as("/", reports=reports).text
    assert ("of which nothing is known before" in text) is said
    assert "Movement is against" in text


def test_no_board_without_completeness(open_as):
    reports = FakeReports(source=fixtures.empty_snapshot())
    html = open_as("/", reports=reports).text
    assert "Complete up to" in html
    assert "none has sent anything" in html


def test_a_board_on_which_nobody_stands_says_so_where_others_used_something(open_as):
    """All of a team may stand under another name, or be services."""
    source = replace(fixtures.SNAPSHOT, standings=())
    html = open_as("/?scope=services", reports=FakeReports(source=source)).text
    assert "Nobody stands on this board" in html
    assert "Nothing has been counted" not in html
    assert '<table class="board">' not in html


def test_an_empty_board_names_the_command_that_fills_it(open_as):
    reports = FakeReports(source=fixtures.empty_snapshot(), simulated=False)
    html = open_as("/", reports=reports).text
    assert "mileage collect --data DIR" in html
    assert ">example<" in html
    assert '<table class="board">' not in html


def test_unpriced_is_a_dash_and_never_nothing(open_as):
    first, *rest = fixtures.SNAPSHOT.standings
    figures = first.figures._replace(cost=None, unpriced_calls=first.figures.calls)
    source = replace(
        fixtures.SNAPSHOT,
        standings=(replace(first, figures=figures), *rest),
        total=Figures(1, fixtures.SNAPSHOT.total.tokens, None, 1),
    )
    html = open_as("/", reports=FakeReports(source=source)).text
    cost = table(html)[0]["Cost"]
    assert cost.startswith("\N{EN DASH}")
    assert "1 call unpriced" in html


def test_figures_of_efficiency_and_volume_have_the_same_size(open_as):
    html = open_as("/").text
    assert html.count('<dd class="figure">') == 4
    row = table(html)[0]
    assert {"Tokens", "Cache", "Cost"} <= set(row)


def test_strangers_get_no_figure(open_as):
    answer = open_as("/", "")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in"
    assert not answer.text


def test_nobody_sees_the_ids_or_addresses_of_others(open_as):
    html = open_as("/", "me").text
    assert "acc-" not in html
    assert "@" not in html


def test_the_first_load_fits(open_as):
    pages = [open_as("/?lens=weighted", "below").content]

    sent = sum(len(gzip.compress(page, 5)) for page in pages)
    sent += len(gzip.compress(ASSETS["app.css"].body, 5)) + 500
    sent += sum(len(a.body) for n, a in ASSETS.items() if n.endswith("woff2"))
    sent += len(ASSETS["favicon.svg"].body)
    assert sent <= 120_000


# Windows, scopes, pages, dates, searching


def test_every_window_and_scope_is_a_link(open_as):
    html = open_as("/?window=7d&lens=cost").text
    nav = re.findall(
        r'<nav class="tabs" aria-label="([^"]+)">(.*?)</nav>', html, re.DOTALL
    )
    choices = {name: re.findall(r">([^<]+)</a>", part) for name, part in nav}
    assert choices["Window"][:3] == ["30 days", "24 hours", "7 days"]
    assert len(choices["Window"]) == 7
    assert choices["Whom"][:3] == ["People", "Services", "Contractors"]
    assert html.count('aria-current="page">7 days</a>') == 1
    assert 'href="/?lens=cost&amp;window=24h"' in html
    assert 'name="window" value="7d"' in html


def test_who_may_read_the_whole_board_leafs_through_it(open_as):
    html = open_as("/?page=2&lens=cost", "operator").text
    rows = table(html)
    assert rows[0]["Rank"].startswith("251")
    assert len(rows) == 40
    assert "251 to 290 of 290, page 2 of 2" in html
    assert 'href="/?lens=cost#top" rel="prev"' in html
    assert html.count('aria-label="Pages of the board, ') == 2
    refused = open_as("/?page=2", "me")
    assert refused.status_code == 403
    assert "Pages of the board" not in open_as("/", "me").text


def test_the_pinned_row_is_on_no_page_that_has_it(open_as):
    assert "<tfoot>" in open_as("/", "below").text
    assert "<tfoot>" not in open_as("/", "me").text


def test_what_was_looked_for_is_found_with_its_rank(open_as):
    wanted = next(row for row in fixtures.board("tokens").rows if row.rank == 12)
    html = open_as(f"/?q={wanted.standing.name.replace(' ', '+')}").text
    ranks = [row["Rank"] for row in table(html)]
    assert any(rank.startswith("12") for rank in ranks)
    assert f"{len(ranks)} found for" in html
    assert f'value="{wanted.standing.name}"' in html
    assert ">Show all</a>" in html


def test_nothing_found_is_said_and_the_form_stays(open_as):
    html = open_as('/?q="><script>alert(1)').text
    assert "0 found for" in html
    assert "Nobody among the top of this board" in html
    assert "<script>alert" not in html
    assert 'type="search"' in html
    assert "Nobody of this board" in open_as("/?q=nobody", "operator").text


def test_an_earlier_board_says_so_and_does_not_refresh(open_as):
    answer = open_as("/?as_of=2026-11-20T10:00&lens=cost")
    assert "This is the board as it was published" in answer.text
    assert 'href="/?lens=cost">The present board</a>' in answer.text
    assert "data-live" not in answer.text
    assert "script-src" not in answer.headers["content-security-policy"]
    assert 'name="as_of" step="1" value="2026-11-22T10:00:02"' in answer.text
    now = open_as("/?lens=cost")
    assert (
        'data-live="/api/v1/boards" data-as-of="2026-11-22T09:00:01.500000Z"'
        in now.text
    )
    assert "script-src 'self'" in now.headers["content-security-policy"]


@pytest.mark.parametrize("query", ["as_of=yesterday", "page=0", "page=x"])
def test_what_cannot_be_read_is_told_how_to_write_it(open_as, query):
    answer = open_as(f"/?{query}")
    assert answer.status_code == 422
    assert "must be" in answer.text


def test_a_warning_stands_before_the_rows(open_as):
    html = open_as("/?lens=tokens").text
    assert html.index(fixtures.WARNING) < html.index('<table class="board">')
    assert fixtures.WARNING not in open_as("/?lens=cost").text


def test_a_window_of_two_days_has_no_curve(open_as):
    short = replace(fixtures.SNAPSHOT, days=fixtures.DAYS[:2], daily=(1, 2))
    assert (
        "Tokens per day</h2>"
        not in open_as("/", reports=FakeReports(source=short)).text
    )
