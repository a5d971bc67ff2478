"""A real server on this machine and a real browser in front of it.

Without Chromium these tests fail: ``make`` installs it, and a check that is left
out when its tool is missing is no check.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import threading
import time
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
import uvicorn
from playwright.sync_api import Page, Response, expect, sync_playwright

from mileage.web.app import create_app
from mileage.web.route_access import ONESELF, ROUTES
from tests.web import departments, fixtures, receiving
from tests.web.fixtures import FakeReports, fake_services

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
START_SECONDS = 20
WIDE = {"width": 1280, "height": 900}


@dataclass(frozen=True)
class Site:
    """Where a server answers."""

    origin: str


def serve(reports):
    listener = socket.create_server(("127.0.0.1", 0))
    host = "{}:{}".format(*listener.getsockname())
    app = create_app(fake_services(reports, host))
    config = uvicorn.Config(app, log_level="warning", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    until = time.monotonic() + START_SECONDS
    while not server.started:
        assert time.monotonic() < until, "the server did not start"
        time.sleep(0.02)
    yield Site(f"http://{host}")
    server.should_exit = True
    thread.join(START_SECONDS)
    listener.close()


@pytest.fixture(scope="session")
def site():
    """A full organisation."""
    yield from serve(FakeReports())


@pytest.fixture(scope="session")
def short_site():
    """The same pages with a short board: axe looks at every single cell."""
    shown = fixtures.SNAPSHOT.standings[:20]
    below = next(
        s for s in fixtures.SNAPSHOT.standings if s.account_id == fixtures.BELOW
    )
    few = (*shown, below)
    source = replace(fixtures.SNAPSHOT, standings=few)
    yield from serve(FakeReports(source=source, accounts=12, top=20))


@pytest.fixture(scope="session")
def empty_site():
    """An organisation in which nothing has happened."""
    yield from serve(
        FakeReports(
            source=fixtures.empty_snapshot(),
            page=fixtures.empty_personal(),
            ingest=fixtures.EMPTY_INGEST,
            told=receiving.NOTHING,
            accounts=0,
            simulated=False,
        )
    )


# Its event loop runs until it is closed, and no other may beside it.
@pytest.fixture(scope="module")
def browser():
    named = os.environ.get("CHROMIUM")
    path = named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        pytest.fail("Chromium is missing: `make test` installs it, or set CHROMIUM.")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        expect.set_options(timeout=30_000)
        yield started
        started.close()


@pytest.fixture
def visit(browser):
    """Open a page as somebody, in a context of its own."""
    contexts = []

    def visited(site, path, who="me", **options):
        context = browser.new_context(**options)
        contexts.append(context)
        if who:
            cookie = {"name": "mileage_session", "value": who, "url": site.origin}
            context.add_cookies([cookie])
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.goto(site.origin + path)
        return page

    yield visited
    for context in contexts:
        context.close()


FILLED = (
    ("board", "/", "me"),
    ("board-below-the-cut", "/?lens=weighted", "below"),
    ("board-operator", "/?lens=cost", "operator"),
    ("board-page", "/?page=2", "operator"),
    ("board-found", "/?q=data&lens=cost", "me"),
    ("board-past", "/?as_of=2026-11-20&window=7d", "me"),
    ("why", "/board/why", "me"),
    ("why-below", "/board/why/acc-00007?purpose=support", "me"),
    ("my-page", "/me", "me"),
    ("person", "/people/acc-00003", "operator"),
    ("people", "/people", "operator"),
    ("unclaimed", "/unclaimed", "operator"),
    ("people-nobody-found", "/people?q=nobody", "operator"),
    ("ingest", "/ingest", "me"),
    ("rejected", "/ingest/rejected", "operator"),
    ("rejected-source", "/ingest/rejected?source=codex_otlp&sort=latest", "operator"),
    ("sources", "/sources", "me"),
    ("sources-operator", "/sources", "operator"),
    ("disagreements", "/disagreements", "me"),
    ("disagreements-operator", "/disagreements", "operator"),
    ("my-data", "/me/data", "me"),
    ("about-your-data", "/about-your-data", "me"),
    ("taking-part", "/me/taking-part", "me"),
    ("awards", "/me/awards", "me"),
    ("card", "/me/card", "me"),
    ("benchmark", "/me/benchmark", "me"),
    ("adoption", "/adoption", "me"),
    ("statements", "/statements", "me"),
    ("groups-teams", "/groups", "me"),
    ("groups-roles", "/groups?scope=roles", "me"),
    ("requests", "/requests", "operator"),
    ("sign-in", "/sign-in", ""),
    ("sessions", "/sessions", "me"),
    ("access", "/access", "me"),
    ("what-for", "/people/acc-00007", "me"),
    ("error", "/nowhere", "me"),
    ("api-docs", "/api/docs", "me"),
)
EMPTY = (
    ("empty-board", "/", "me"),
    ("empty-my-page", "/me", "me"),
    ("empty-people", "/people", "operator"),
    ("empty-unclaimed", "/unclaimed", "operator"),
    ("empty-ingest", "/ingest", "me"),
    ("empty-rejected", "/ingest/rejected", "operator"),
    ("empty-sources", "/sources", "me"),
    ("empty-disagreements", "/disagreements", "me"),
    ("empty-my-data", "/me/data", "me"),
    ("empty-benchmark", "/me/benchmark", "me"),
    ("empty-adoption", "/adoption", "me"),
    ("empty-groups", "/groups", "me"),
    ("empty-requests", "/requests", "operator"),
)


SAMPLES = {"account_id": "acc-00003", "department_id": departments.ID}
"""What stands for what in the addresses of pages."""


def unnamed():
    """The pages of the table of routes that nobody gave a name above, and files."""
    named = [path.partition("?")[0] for _, path, _ in FILLED]
    for route in ROUTES:
        pattern = re.sub(r"{\w+}", "[^/]+", route.path)
        if (
            "GET" in route.methods
            and route.opener in ("report", "signed in")
            and not route.path.startswith("/api/")
            and not any(re.fullmatch(pattern, path) for path in named)
        ):
            # What nobody gave a sample of is not found, and its test says so.
            path = re.sub(r"{(\w+)}", lambda m: SAMPLES.get(m[1], m[1]), route.path)
            own = path.startswith("/me/") or route.of == ONESELF
            yield path[1:].replace("/", "-"), path, "me" if own else "operator"


class Case(NamedTuple):
    """One page, and who opens it where."""

    name: str
    site: Site
    path: str
    who: str


@pytest.fixture(params=[*FILLED, *EMPTY, *unnamed()], ids=lambda case: case[0])
def case(request, short_site, empty_site):
    """Every page once."""
    name, path, who = request.param
    empty = name.startswith("empty")
    return Case(name, empty_site if empty else short_site, path, who)


@dataclass(frozen=True)
class Opened:
    """A page as it was served, and what happened meanwhile."""

    page: Page
    answer: Response
    errors: list[str]
    addresses: list[str]


@pytest.fixture(scope="module")
def tab_of(browser):
    """Give everybody one tab: each new one starts a process, which takes longest."""

    @cache
    def opened_for(who, origin):
        context = browser.new_context(viewport=WIDE)
        if who:
            cookie = {"name": "mileage_session", "value": who, "url": origin}
            context.add_cookies([cookie])
        page = context.new_page()
        page.set_default_timeout(30_000)
        return page

    return opened_for


@pytest.fixture
def opened(tab_of, case):
    """Open a page as if it were the first; None where there is a file instead."""
    page = tab_of(case.who, case.site.origin)
    found = Opened(page, None, [], [])
    heard = {
        "console": lambda m: m.type == "error" and found.errors.append(m.text),
        "pageerror": lambda error: found.errors.append(str(error)),
        "request": lambda request: found.addresses.append(request.url),
    }
    for event, listener in heard.items():
        page.on(event, listener)
    # A test that failed left it in its middle.
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light")
    address = case.site.origin + case.path
    kind = page.context.request.get(address, headers={"accept": "text/html"}).headers
    if "text/html" in kind["content-type"]:
        answer = page.goto(address, wait_until="networkidle")
        assert answer.status == (404 if case.name == "error" else 200)
        yield replace(found, answer=answer)
    else:
        yield None
    for event, listener in heard.items():
        page.remove_listener(event, listener)


class Screens(NamedTuple):
    """A folder for screenshots, and whether somebody wants all of them."""

    folder: Path
    wanted: bool


@pytest.fixture(scope="session")
def screens(tmp_path_factory):
    """MILEAGE_SCREENS names a folder in which they are kept."""
    kept = os.environ.get("MILEAGE_SCREENS")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("screens")
    folder.mkdir(parents=True, exist_ok=True)
    return Screens(folder, bool(kept))
