"""Whatever page or answer: of others, nothing but marked figures; oneself exactly."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest

from mileage.access.marks import Marker, Marks
from mileage.domain.people import Viewer
from mileage.reports.shown import marked_board
from mileage.web import numbers
from mileage.web.watermark import watermark
from tests.web import fixtures
from tests.web.fixtures import FakeReports

LENSES = ("tokens", "output", "cost", "weighted")
OPERATOR = Viewer("", "operator", operator=True)


@dataclass
class MarkingReports(FakeReports):
    """Mark boards as reports do."""

    marks: Marks = field(default_factory=lambda: Marks(b"k" * 32))

    def board(self, viewer, lens=None, **asked):
        board = super().board(viewer, lens, **asked)
        if viewer.operator:
            return board
        return marked_board(board, Marker(self.marks, viewer.account_id))


def exact_figures(standing):
    """Every way in which a page or answer could tell a figure exactly."""
    figures = standing.figures
    counts = [*figures.tokens, figures.tokens.total, figures.calls]
    counts.append(figures.tokens.output + figures.tokens.reasoning)
    big = [count for count in counts if len(str(count).rstrip("0")) > 4]
    found = {str(count) for count in big} | {numbers.exact(count) for count in big}
    return found | {numbers.usd(figures.cost), numbers.money_exact(figures.cost)}


@pytest.fixture(scope="module")
def secrets_of_others():
    return {
        text
        for standing in fixtures.SNAPSHOT.standings
        if standing.account_id != fixtures.ME
        for text in exact_figures(standing)
    }


@pytest.mark.parametrize("lens", LENSES)
@pytest.mark.parametrize("path", ["/?lens={}", "/api/v1/boards/{}"])
def test_no_exact_figure_of_anybody_else_leaves(open_as, secrets_of_others, path, lens):
    answer = open_as(path.format(lens), "me", MarkingReports())
    assert answer.status_code == 200
    words = set(re.findall(r"[\d.,]+", answer.text))
    assert words & secrets_of_others == set()


def test_the_crawler_finds_what_operators_are_shown(open_as, secrets_of_others):
    html = open_as("/", "operator", MarkingReports()).text
    assert set(re.findall(r"[\d.,]+", html)) & secrets_of_others


@pytest.mark.parametrize("path", ["/", "/api/v1/boards/tokens"])
def test_the_own_figures_are_exact(open_as, path):
    text = open_as(path, "me", MarkingReports()).text
    own = next(s for s in fixtures.SNAPSHOT.standings if s.account_id == fixtures.ME)
    assert str(own.figures.tokens.total) in text
    assert numbers.usd(own.figures.cost) in text


def test_page_and_api_show_the_same_digits(open_as):
    reports = MarkingReports()
    html = open_as("/", "me", reports).text
    rows = open_as("/api/v1/boards/tokens", "me", reports).json()["rows"]
    for row in rows[:40]:
        if row["account"] != fixtures.ME:
            assert f">{numbers.four(row['tokens'])}<" in html


def test_reloading_and_turning_back_change_nothing(open_as):
    reports = MarkingReports()
    first = open_as("/api/v1/boards/cost", "me", reports).json()
    open_as("/api/v1/boards/cost", "below", reports)
    assert open_as("/api/v1/boards/cost", "me", reports).json() == first


def test_two_viewers_see_other_digits_in_the_same_order(open_as):
    reports = MarkingReports()
    mine, theirs = (
        open_as("/api/v1/boards/cost", who, reports).json()["rows"]
        for who in ("me", "below")
    )
    assert [row["account"] for row in mine] == [row["account"] for row in theirs]
    differing = sum(a["value"] != b["value"] for a, b in zip(mine, theirs, strict=True))
    assert 90 < differing < 160
    for rows in (mine, theirs):
        values = [row["value"] for row in rows if row["account"] != fixtures.ME]
        assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("who", ["me", "operator"])
def test_a_page_of_others_carries_its_viewer(open_as, who):
    html = open_as("/", who, MarkingReports()).text
    assert '<svg class="watermark" aria-hidden="true">' in html
    assert html.count('class="shown-to"') == 1
    assert ("carry marks" in html) == (who == "me")
    assert ("figures are exact" in html) == (who == "operator")


def test_my_page_carries_no_watermark(open_as):
    assert "watermark" not in open_as("/me", "me", MarkingReports()).text


def test_a_name_in_the_watermark_is_only_a_name():
    html = watermark(Viewer("acc-1", '<b>"x'), "Europe/Berlin")
    assert "<b>&" in html
    assert "&lt;b&gt;&#34;x" in html
    assert "The figures are exact" in watermark(OPERATOR, "UTC")


def test_the_terms_say_what_is_marked_and_what_a_trace_is_worth(open_as):
    html = open_as("/terms").text
    assert "rounded down or up" in html
    assert "28 legible figures" in html
    assert "fewer than one of 1,000 leaks" in html
    assert "never a reason for a measure by itself" in html


@pytest.mark.parametrize("path", ["/", "/me", "/terms"])
def test_every_page_links_the_terms(open_as, path):
    html = open_as(path).text
    assert '<a href="/terms">' in html[html.index("<footer>") :]


def test_strangers_are_sent_to_sign_in_first(open_as):
    assert open_as("/terms", "").headers["location"] == "/sign-in"
