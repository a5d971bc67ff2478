"""A board that is published anew while somebody reads it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from mileage.domain.errors import Dark
from tests.e2e.conftest import serve
from tests.web import fixtures
from tests.web.fixtures import FakeReports

pytestmark = pytest.mark.e2e

LOOK = 20_000
NEWCOMER = replace(
    fixtures.SNAPSHOT.standings[0], account_id="acc-new", name="Nora Newcomer"
)


class Moving(FakeReports):
    """Publishes when told, and may go dark."""

    dark = False

    def boards(self, viewer):
        if self.dark:
            raise Dark("It is dark.")
        return super().boards(viewer)

    def publish(self):
        """Put somebody on top of everybody: each row moves down by one."""
        source = self.source
        standings = (NEWCOMER, *source.standings)
        later = source.as_of + 60_000_000
        self.source = replace(source, standings=standings, as_of=later)


@pytest.fixture
def reports():
    return Moving(source=fixtures.snapshot(60), top=55)


@pytest.fixture
def moving(reports):
    yield from serve(reports)


def test_a_newer_board_takes_the_place_of_an_older_one(visit, moving, reports):
    """Place, focus and what was typed stay; what is dark or over goes away."""
    page = visit(moving, "/", "operator", viewport={"width": 1280, "height": 900})
    page.clock.install()
    page.reload()
    link = page.locator(".board tbody tr").nth(39).locator("th a")
    name = link.text_content()
    address = link.get_attribute("href")
    page.locator("#q").fill("half a wo")
    link.focus()
    link.scroll_into_view_if_needed()
    row = page.locator(f'.board th a[href="{address}"]')
    top = row.bounding_box()["y"]

    page.clock.run_for(LOOK)
    expect(page.locator("#news")).to_be_empty()

    reports.publish()
    page.clock.run_for(LOOK)
    expect(page.locator("#news")).to_have_text(
        "The board was published anew: as of 22 Nov 2026, 10:01."
    )
    expect(page.locator(".board tbody tr").first).to_contain_text("Nora Newcomer")
    assert (
        page.locator(".board tbody tr").nth(40).locator("th a").text_content() == name
    )
    assert row.bounding_box()["y"] == pytest.approx(top, abs=1)
    expect(row).to_be_focused()
    expect(page.locator("#q")).to_have_value("half a wo")

    reports.dark = True
    page.clock.run_for(LOOK)
    expect(page.locator("h1")).to_have_text("Dark")
