"""What must hold on every page, filled and empty, in a real browser.

Each page is opened once, as it is served: its policy, the way of the Tab key, a
telephone, and what axe says in light and dark are looked at one after the other.
"""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import WIDE

pytestmark = pytest.mark.e2e

AXE = (Path(__file__).parent / "vendor/axe.min.js").read_text()
AXE_RUN = """rules => axe.run({resultTypes: ['violations'], ...rules}).then(
    f => f.violations.map(
        v => [v.id, v.impact, v.nodes.length, v.nodes[0].html.slice(0, 120)]))"""
EVERY_RULE: dict[str, list[str]] = {}
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
"""What a scheme can change; the rest of a page is the same in both."""
NARROW = {"width": 390, "height": 844}

# What slides sideways, and every box that holds more than it shows without a name.
WIDTHS = """() => {
    const all = [...document.querySelectorAll('body *')].filter(
        e => e.scrollWidth > e.clientWidth + 1
            && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX));
    return {
        page: document.documentElement.scrollWidth,
        unnamed: all.filter(e => !e.getAttribute('aria-label') || e.tabIndex < 0)
            .map(e => e.outerHTML.slice(0, 80)),
    };
}"""

# Every stop is noted as it gets the focus, with the width of its outline then.
STOPS = """() => {
    window.reached = [];
    const all = [...document.querySelectorAll(
            'a[href], button, textarea, input:not([type=hidden]), summary, '
            + '[tabindex="0"]')]
        .filter(e => e.checkVisibility())
        // Of a group of radio buttons the chosen one is a stop, or else the first.
        .filter((e, at, found) => {
            const group = found.filter(o => o.type === 'radio' && o.name === e.name);
            return e.type !== 'radio' || e === (group.find(o => o.checked) || group[0]);
        });
    document.addEventListener('focusin', ({target}) => {
        const s = getComputedStyle(target);
        window.reached.push([all.indexOf(target),
            s.outlineStyle === 'none' ? 0 : parseFloat(s.outlineWidth)]);
    });
    return all.length;
}"""
SMALL_TARGETS = """() => [...document.querySelectorAll(
        'nav a, button, summary, input:not([type=hidden]), .brand')]
    .filter(e => e.checkVisibility())
    .filter(e => e.getBoundingClientRect().height < 24)
    .map(e => e.outerHTML.slice(0, 80))"""


PAINTED_SECONDS = 20
LEAST_OF_A_PICTURE = 5_000
"""Bytes: of nothing but the ground there are half as many."""
GROUNDS = {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}


def test_a_page_holds_whatever_it_is_opened_with(opened, case, screens):
    if opened is None:
        return  # a file to keep, no page
    page = opened.page
    the_policy_forbids_what_is_unsafe_and_nothing_breaks(opened, case)
    every_stop_is_reached_by_the_tab_key_and_seen(page)
    page.set_viewport_size(NARROW)
    for scheme in GROUNDS:
        picture(page, screens, case.name, scheme)
        a_telephone_shows_it_whole(page)
    page.set_viewport_size(WIDE)
    page.evaluate(AXE)
    for scheme, rules in (("light", EVERY_RULE), ("dark", COLOURS)):
        picture(page, screens, case.name, scheme)
        assert page.evaluate(AXE_RUN, rules) == [], scheme


def picture(page, screens, name, scheme):
    """Change the scheme, check that it is followed, keep a screenshot for people."""
    page.emulate_media(color_scheme=scheme)
    width = page.viewport_size["width"]
    if screens.wanted or (width, scheme) == (NARROW["width"], "light"):
        target = screens.folder / f"{name}-{width}-{scheme}.png"
        page.evaluate("scrollTo(0, 0)")
        # A busy machine paints a page of another width a while after it has it.
        until = time.monotonic() + PAINTED_SECONDS
        while len(page.screenshot(path=target)) < LEAST_OF_A_PICTURE:
            assert time.monotonic() < until, "nothing is to be seen"
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == GROUNDS[scheme]


def the_policy_forbids_what_is_unsafe_and_nothing_breaks(opened, case):
    policy = opened.answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    # A page that refreshes runs a file of ours, and nothing else.
    now = f"{case.path}?".startswith("/?") and "as_of" not in case.path
    live = now and case.who
    assert ("script-src 'self'" in policy) == ("script-src" in policy) == bool(live)
    # The browser itself reports the 404 of the page that is one.
    expected = 1 if case.name == "error" else 0
    assert len(opened.errors) == expected, opened.errors
    assert {urlsplit(a).netloc for a in opened.addresses} == {
        urlsplit(case.site.origin).netloc
    }
    assert opened.page.evaluate("document.fonts.check('14px Inter')")


def every_stop_is_reached_by_the_tab_key_and_seen(page):
    # Beyond the first sixty, a list repeats itself row by row.
    stops = min(page.evaluate(STOPS), 60)
    # A field for a date and a time has stops inside that no page sees.
    inner = 7 * page.locator("input[type^=datetime]:visible").count()
    for _ in range(stops + inner):
        page.keyboard.press("Tab")
    reached = page.evaluate("window.reached")[:stops]
    assert [stop for stop, _ in reached] == list(range(stops))
    unseen = [stop for stop, outline in reached if outline < 2]
    assert unseen == []


def a_telephone_shows_it_whole(page):
    """The page never slides sideways, and what does slide has a name and a stop."""
    widths = page.evaluate(WIDTHS)
    assert widths["page"] <= NARROW["width"]
    assert widths["unnamed"] == []
    assert page.evaluate(SMALL_TARGETS) == []


def test_axe_finds_nothing_on_a_telephone(visit, short_site):
    page = visit(short_site, "/", viewport=NARROW)
    page.evaluate(AXE)
    assert page.evaluate(AXE_RUN, EVERY_RULE) == []


def test_the_skip_link_leads_past_the_navigation(visit, site):
    page = visit(site, "/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
