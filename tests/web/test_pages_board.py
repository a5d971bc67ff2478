from __future__ import annotations

import gzip
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from markupsafe import escape

from mileage.domain.figures import Figures
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


def test_no_board_without_completeness(open_as):
    reports = FakeReports(source=fixtures.empty_snapshot())
    html = open_as("/", reports=reports).text
    assert "Complete up to" in html
    assert "none has sent anything" in html


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
