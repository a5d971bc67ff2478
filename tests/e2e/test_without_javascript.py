"""Everything a person does on the pages, with JavaScript switched off."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.web import fixtures

pytestmark = pytest.mark.e2e

SIGN_IN = re.compile("/sign-in$")
OFF = {"java_script_enabled": False, "viewport": {"width": 1280, "height": 900}}


def test_the_board_is_there_and_changes_its_lens(visit, site):
    page = visit(site, "/", **OFF)
    expect(page.locator(".board tbody tr")).to_have_count(fixtures.TOP)
    cost = page.get_by_role("link", name="Cost at list price")
    cost.click()
    expect(page).to_have_url(re.compile("lens=cost"))
    expect(cost).to_have_attribute("aria-current", "page")
    expect(page.locator(".board tbody tr")).to_have_count(fixtures.TOP)


def test_the_own_row_is_one_link_away(visit, site):
    page = visit(site, "/", **OFF)
    page.get_by_role("link", name="your row").click()
    expect(page).to_have_url(re.compile("#you$"))
    expect(page.locator("#you")).to_be_in_viewport()


def test_the_pinned_row_is_seen_without_scrolling_to_it(visit, site):
    page = visit(site, "/?lens=weighted", "below", **OFF)
    page.locator(".board tbody tr").nth(30).scroll_into_view_if_needed()
    expect(page.locator("tfoot tr th")).to_be_in_viewport(ratio=0.9)


def test_charts_have_tables_that_open(visit, site):
    page = visit(site, "/me", **OFF)
    tables = page.locator("details")
    assert not tables.first.locator("table").is_visible()
    tables.first.locator("summary").click()
    expect(tables.first.locator("table")).to_be_visible()


def test_the_operator_searches_and_opens_a_person(visit, site):
    page = visit(site, "/me", "operator", **OFF)
    page.get_by_role("searchbox").fill("acc-00042")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("tbody a").click()
    expect(page).to_have_url(re.compile("/people/acc-00042$"))
    expect(page.locator("h1")).to_have_text(fixtures.name_of("acc-00042"))
    expect(page.get_by_text("This read was recorded")).to_be_visible()


def test_signing_in_by_key_and_out_again(visit, site):
    page = visit(site, "/", "", **OFF)
    expect(page).to_have_url(SIGN_IN)
    page.get_by_label("API key").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("API key").fill("me")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("#you")).to_have_count(1)
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(SIGN_IN)
    page.goto(site.origin + "/me")
    expect(page).to_have_url(SIGN_IN)


def test_every_page_is_linked_from_every_other(visit, site):
    page = visit(site, "/", "operator", **OFF)
    for name, heading in (
        ("People", "People"),
        ("Ingest", "Ingest"),
        ("Board", "Northwind Works"),
    ):
        page.get_by_role("navigation", name="Pages").get_by_role(
            "link", name=name
        ).click()
        expect(page.locator("h1")).to_have_text(heading)


def test_the_first_load_fits(browser, site):
    """At most 150 kB as sent; measured by the browser, not computed."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    cookie = {"name": "mileage_session", "value": "below", "url": site.origin}
    context.add_cookies([cookie])
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sent = []
    session.on("Network.loadingFinished", lambda e: sent.append(e["encodedDataLength"]))
    page.goto(site.origin + "/?lens=weighted", wait_until="networkidle")
    assert len(sent) >= 3
    assert sum(sent) <= 150_000
    context.close()
