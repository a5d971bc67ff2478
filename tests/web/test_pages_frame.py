"""What every page has: banner, navigation, no script, and the ingest page."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from mileage.domain.figures import IngestStatus
from mileage.domain.people import Viewer
from mileage.web.assets import address
from mileage.web.pages import navigation
from tests.web import fixtures
from tests.web.fixtures import FakeReports

PAGES = (
    ("/", "me"),
    ("/", "operator"),
    ("/me", "me"),
    ("/me", "operator"),
    ("/people", "operator"),
    ("/people/acc-00003", "operator"),
    ("/ingest", "me"),
    ("/sources", "me"),
    ("/sources", "operator"),
    ("/disagreements", "me"),
    ("/disagreements", "operator"),
    ("/sign-in", ""),
    ("/nowhere", "me"),
    ("/people/acc-99999", "operator"),
    ("/api/docs", "me"),
)
EVERY = pytest.mark.parametrize(("path", "who"), PAGES)


@EVERY
def test_simulated_is_said_on_every_page(open_as, path, who):
    html = open_as(path, who).text
    assert html.count('class="simulated"') == 1
    assert html.index("Simulated.") < html.index("<main")


@EVERY
def test_a_real_organisation_has_no_banner(open_as, path, who):
    real = FakeReports(
        simulated=False,
        source=replace(fixtures.SNAPSHOT, simulated=False),
        page=replace(fixtures.personal(), simulated=False),
    )
    assert 'class="simulated"' not in open_as(path, who, real).text


@pytest.mark.parametrize("path", ["/", "/me"])
def test_simulated_figures_are_marked_whatever_the_organisation_says(open_as, path):
    assert 'class="simulated"' in open_as(path, "me", FakeReports(simulated=False)).text


@EVERY
def test_no_page_has_a_script_or_a_style(open_as, path, who):
    html = open_as(path, who).text
    live = f'<script src="{address("live.js")}" defer></script>'
    assert html.count("<script") == html.count(live) == (path == "/")
    assert "<style" not in html
    assert not re.search(r"<[^>]*\s(style|on\w+)=", html)


@EVERY
def test_no_page_names_another_host(open_as, path, who):
    html = open_as(path, who).text
    for target in re.findall(r'(?:href|src|action)="([^"]*)"', html):
        assert re.match(r"(/[^/]|/$|[#?])", target), target


@EVERY
def test_every_page_is_whole(open_as, path, who):
    html = open_as(path, who).text
    assert html.startswith('<!doctype html>\n<html lang="en">')
    assert len(re.findall("<h1", html)) == 1
    assert re.search("<title>[^<]+</title>", html)
    assert '<a class="skip" href="#main">' in html
    assert '<main id="main"' in html
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


@EVERY
def test_every_header_cell_has_a_scope_and_every_region_a_name(open_as, path, who):
    html = open_as(path, who).text
    assert re.findall(r"<th(?=[\s>])(?![^>]*scope=)[^>]*>", html) == []
    for region in re.findall(r'<div class="scroll"[^>]*>', html):
        assert re.search(r'aria-label="[^"]+" tabindex="0"', region)


@EVERY
def test_every_form_that_posts_has_its_token(open_as, path, who):
    html = open_as(path, who).text
    for form in re.findall(r"<form method=\"post\".*?</form>", html, re.DOTALL):
        assert re.search(r'<input type="hidden" name="csrf" value="[^"]+">', form)


@pytest.mark.parametrize(
    ("who", "links"),
    [
        ("me", ["/", "/me", "/departments", "/sources"]),
        ("operator", ["/", "/people", "/ingest", "/departments", "/sources"]),
    ],
)
def test_the_navigation_has_what_the_viewer_may_open(open_as, who, links):
    html = open_as("/", who).text
    nav = html[html.index('<nav aria-label="Pages">') : html.index("</nav>")]
    assert re.findall('href="([^"]+)"', nav) == links
    assert nav.count('aria-current="page"') == 1


def test_an_operator_with_an_account_has_both():
    ada = Viewer("acc-00001", "Ada", operator=True)
    links = navigation(ada, {"people", "ingest_status"})
    addresses = [link.address for link in links]
    assert addresses == ["/", "/me", "/people", "/ingest", "/departments", "/sources"]
    assert navigation(None) == ()


def test_sign_in_explains_itself(open_as):
    html = open_as("/sign-in", "").text
    assert '<form method="post" action="/sign-in">' in html
    assert 'name="key" type="password"' in html
    assert "<code>mileage serve</code> prints a link" in html
    assert '<label for="key">' in html


def test_an_error_says_what_and_where_to_go(open_as):
    answer = open_as("/nowhere")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text
    assert '<a href="/">To the board</a>' in answer.text


def test_pages_are_not_kept_by_anybody(open_as):
    assert open_as("/me").headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("Accepted", 4_440_337),
        ("Durable", 4_440_336),
        ("Visible", 4_120_330),
        ("Duplicates", 320_000),
        ("Ignored", 91_022),
    ],
)
def test_ingest_shows_exact_counts(open_as, name, count):
    html = open_as("/ingest").text
    cell = html[html.index(f"<dt>{name}</dt>") :]
    assert f'<data value="{count}" title="{count:,}">' in cell[:120]


def test_ingest_shows_what_is_on_its_way(open_as):
    html = open_as("/ingest").text
    assert "durable, not yet visible" in html
    idle = replace(fixtures.INGEST, durable=4_440_330, lag_seconds=0)
    html = open_as("/ingest", reports=FakeReports(ingest=idle)).text
    assert "all that is durable is visible" in html


def test_ingest_shows_every_source_and_every_reason(open_as):
    html = open_as("/ingest").text
    for source in fixtures.INGEST.sources:
        assert f'<th scope="row"><code>{source.source}</code></th>' in html
    for line in fixtures.INGEST.reasons:
        assert line.reason in html
        assert line.sample_place in html
    assert "2026-10-23 09:00" in html
    assert "nothing yet" in html


def test_ingest_says_what_is_simulated(open_as):
    assert fixtures.INGEST.simulated in open_as("/ingest").text


def test_nothing_rejected_is_said(open_as):
    clean = replace(fixtures.INGEST, reasons=(), rejected=0)
    html = open_as("/ingest", reports=FakeReports(ingest=clean)).text
    assert "Nothing was rejected." in html


def test_empty_ingest_names_the_command_that_fills_it(open_as):
    reports = FakeReports(ingest=fixtures.EMPTY_INGEST)
    html = open_as("/ingest", reports=reports).text
    assert "mileage collect --data DIR" in html
    assert ">example<" in html


def test_only_rejections_are_no_empty_page(open_as):
    odd = IngestStatus(0, 0, 0, 3, 0, 0, 0.0, reasons=fixtures.INGEST.reasons)
    html = open_as("/ingest", reports=FakeReports(ingest=odd)).text
    assert "Nothing has come in yet" not in html
    assert "not JSON" in html
