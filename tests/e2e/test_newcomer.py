"""From the board to why a row has its rank, for somebody who has never been here."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import serve
from tests.web import fixtures
from tests.web.fixtures import FakeReports

pytestmark = pytest.mark.e2e

WIDE = {"viewport": {"width": 1280, "height": 900}}
NARROW = {
    "viewport": {"width": 390, "height": 844},
    "java_script_enabled": False,
    "color_scheme": "dark",
}
ANSWERS = {
    "why this rank": "How the value is made",
    "what it is made of": "What it is made of",
    "how complete it is": "What these figures rest on",
}


class Linking(FakeReports):
    """Says whose pages open, as reports do."""

    def board(self, viewer, lens=None, **asked):
        board = super().board(viewer, lens, **asked)
        below = frozenset({fixtures.BELOW_ME})
        return board if viewer.operator else replace(board, opens=below)


@pytest.fixture(scope="module")
def linking():
    yield from serve(Linking())


class Newcomer:
    """Follows what is on the screen, and counts."""

    def __init__(self, page):
        self.page = page
        self.clicks = 0

    def click(self, what):
        what.scroll_into_view_if_needed()
        what.click()
        self.clicks += 1

    def link_of(self, account_id):
        own = account_id == fixtures.ME
        address = "/board/why?" if own else f"/board/why/{account_id}"
        return self.page.locator(f'.board td.rank a[href^="{address}"]')

    def row_of(self, account_id):
        """Return the rank and the cost that stand on the board."""
        link = self.link_of(account_id)
        expect(link).to_have_attribute("title", "why this rank")
        figures = link.locator("xpath=ancestor::tr").locator("td data")
        return link.inner_text(), figures.filter(has_text="$").first.inner_text()


def the_four_answers_stand_there(page, rank, cost):
    """Look for each where its name is, not anywhere on the page."""
    expect(page.locator("h1")).to_contain_text("rank, and why")
    for name, figure in (("Rank", rank), ("Cost at list price", cost)):
        # On the board of cost the value that it ranks by comes first, and is the same.
        named = page.locator("dl.kpis div").filter(
            has=page.get_by_text(name, exact=True)
        )
        expect(named.first.locator(".figure")).to_have_text(figure)
    for heading in ANSWERS.values():
        found = page.get_by_role("heading", name=heading)
        expect(found).to_be_visible()
    expect(page.get_by_text("Complete up to")).to_be_visible()


@pytest.mark.parametrize(
    ("who", "whose", "most", "options"),
    [
        pytest.param("me", fixtures.ME, 1, NARROW, id="oneself"),
        pytest.param("operator", "acc-00003", 1, WIDE, id="anybody, as operator"),
        pytest.param("me", fixtures.BELOW_ME, 2, NARROW, id="a report, as manager"),
    ],
)
def test_two_clicks_lead_from_the_board_to_why(
    visit, linking, who, whose, most, options
):
    page = visit(linking, "/?lens=cost", who, **options)
    newcomer = Newcomer(page)
    rank, cost = newcomer.row_of(whose)
    newcomer.click(newcomer.link_of(whose))
    if most > 1:
        expect(page.locator("h1")).to_have_text("What for?")
        newcomer.click(page.get_by_role("button", name="Helping somebody"))
    the_four_answers_stand_there(page, rank, cost)
    assert newcomer.clicks <= most
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
