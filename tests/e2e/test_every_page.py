"""What must hold on every page, filled and empty, in a real browser."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.e2e

AXE = (Path(__file__).parent / "vendor/axe.min.js").read_text()
AXE_RUN = """rules => axe.run({resultTypes: ['violations'], ...rules}).then(
    f => f.violations.map(
        v => [v.id, v.impact, v.nodes.length, v.nodes[0].html.slice(0, 120)]))"""
EVERY_RULE: dict[str, list[str]] = {}
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
"""What a scheme can change; the rest of a page is the same in both."""
WIDE = {"width": 1280, "height": 900}
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

FOCUSABLE = """() => [...document.querySelectorAll(
        'a[href], button, textarea, input:not([type=hidden]), summary, [tabindex="0"]')]
    .filter(e => e.checkVisibility())
    .map((e, i) => { e.dataset.stop = i; return i; }).length"""
FOCUSED = """() => {
    const e = document.activeElement, s = getComputedStyle(e);
    return [Number(e.dataset.stop ?? -1),
        s.outlineStyle === 'none' ? 0 : parseFloat(s.outlineWidth)];
}"""
SMALL_TARGETS = """() => [...document.querySelectorAll(
        'nav a, button, summary, input:not([type=hidden]), .brand')]
    .filter(e => e.checkVisibility())
    .filter(e => e.getBoundingClientRect().height < 24)
    .map(e => e.outerHTML.slice(0, 80))"""


GROUNDS = {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}


def picture(page, screens, name, scheme):
    """Change the scheme, check that it is followed, keep a screenshot for people."""
    page.emulate_media(color_scheme=scheme)
    target = screens / f"{name}-{page.viewport_size['width']}-{scheme}.png"
    page.screenshot(path=target)
    assert target.stat().st_size > 5_000
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == GROUNDS[scheme]


def test_axe_finds_nothing(visit, case, screens):
    name, site, path, who = case
    page = visit(site, path, who, bypass_csp=True, viewport=WIDE)
    page.evaluate(AXE)
    for scheme, rules in (("light", EVERY_RULE), ("dark", COLOURS)):
        picture(page, screens, name, scheme)
        assert page.evaluate(AXE_RUN, rules) == [], scheme


def test_a_telephone_shows_it_whole(visit, case, screens):
    """The page never slides sideways, and what does slide has a name and a stop."""
    name, site, path, who = case
    page = visit(site, path, who, viewport=NARROW)
    for scheme in GROUNDS:
        picture(page, screens, name, scheme)
        widths = page.evaluate(WIDTHS)
        assert widths["page"] <= NARROW["width"]
        assert widths["unnamed"] == []
        assert page.evaluate(SMALL_TARGETS) == []


def test_axe_finds_nothing_on_a_telephone(visit, short_site):
    page = visit(short_site, "/", bypass_csp=True, viewport=NARROW)
    page.evaluate(AXE)
    assert page.evaluate(AXE_RUN, EVERY_RULE) == []


def test_the_policy_forbids_what_is_unsafe_and_nothing_breaks(browser, case):
    name, site, path, who = case
    errors, addresses = [], []
    context = browser.new_context(viewport=WIDE)
    if who:
        cookie = {"name": "mileage_session", "value": who, "url": site.origin}
        context.add_cookies([cookie])
    page = context.new_page()
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: addresses.append(request.url))
    answer = page.goto(site.origin + path, wait_until="networkidle")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    # The browser itself reports the 404 of the page that is one.
    expected = 1 if name == "error" else 0
    assert len(errors) == expected, errors
    assert {urlsplit(a).netloc for a in addresses} == {urlsplit(site.origin).netloc}
    assert page.evaluate("document.fonts.check('14px Inter')")
    context.close()


def test_every_stop_is_reached_by_the_tab_key_and_seen(visit, case):
    _, site, path, who = case
    page = visit(site, path, who, viewport=WIDE)
    stops = page.evaluate(FOCUSABLE)
    # Beyond the first sixty, a list repeats itself row by row.
    for expected in range(min(stops, 60)):
        page.keyboard.press("Tab")
        stop, outline = page.evaluate(FOCUSED)
        assert stop == expected
        assert outline >= 2, page.evaluate("document.activeElement.outerHTML")


def test_the_skip_link_leads_past_the_navigation(visit, site):
    page = visit(site, "/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
