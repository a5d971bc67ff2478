"""The whole way in Chromium: a real server, a real provider, two people."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from mileage.domain.directory import PersonRow
from mileage.store.control import FILE_NAME, open_control
from tests.road.station import Station, free_port, trust_provider, until

USERS = {
    "boss": "boss@example.org",
    "ana": "ana@example.org",
    "stranger": "stranger@example.org",
}


def now():
    return time.time_ns() // 1000


def person(name, manager="", since=None):
    return PersonRow(
        *(f"{name}@example.org", name.title(), "person", "Engines", "Core"),
        *(manager, "", since, None),
    )


@pytest.fixture
def provider():
    """An OpenID provider in a process of its own."""
    port = free_port()
    users = [
        word
        for sub, email in USERS.items()
        for claims in [{"sub": sub, "email": email, "email_verified": True}]
        for word in ("--user-claims", json.dumps(claims))
    ]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([*command, *users], stdout=quiet, stderr=quiet)
    address = f"http://127.0.0.1:{port}"
    until(lambda: answers(address), "the provider")
    yield address
    process.kill()
    process.wait()


def answers(address):
    try:
        with urlopen(f"{address}/.well-known/openid-configuration") as told:  # noqa: S310 - its own
            return told.status == 200
    except URLError:
        return False


@pytest.fixture
def station(tmp_path, provider):
    there = Station(tmp_path / "station")
    trust_provider(there.data, provider)
    with open_control(there.data / FILE_NAME, clock=now) as control:
        control.import_people([person("boss"), person("ana")])
    there.start()
    yield there
    there.kill()


@pytest.fixture
def enter(browser, station):
    """Sign somebody in by the provider's button, in a browser of their own."""
    contexts = []

    def entered(subject):
        context = browser.new_context()
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"http://127.0.0.1:{station.port}/sign-in")
        page.get_by_role("link", name="Single sign-on").click()
        page.get_by_role("button", name=subject, exact=True).click()
        page.wait_for_url(f"http://127.0.0.1:{station.port}/**")
        page.wait_for_load_state()
        return page

    yield entered
    for context in contexts:
        context.close()


def open_page(page, path):
    origin = "/".join(page.url.split("/")[:3])
    return page.goto(origin + path)


@pytest.mark.e2e
def test_from_signing_in_to_signing_out_everywhere(station, enter):
    with open_control(station.data / FILE_NAME, clock=now) as control:
        ana_id = control.account_of_email("ana@example.org").account_id
        boss, ana, ana_too = enter("boss"), enter("ana"), enter("ana")
        # One's own is open, another's is not.
        assert open_page(boss, "/me").status == 200
        assert boss.get_by_text("Boss", exact=True).first.is_visible()
        theirs = f"/people/{ana_id}"
        assert open_page(boss, theirs).status == 403
        # A move makes the manager; it holds from the next request on.
        today = datetime.now(UTC).date()
        control.import_people([person("ana", "boss@example.org", today)])
        open_page(boss, theirs)
        boss.locator("main").get_by_role("button").first.click()
        boss.get_by_text("You are reading somebody else's page").wait_for()
        # The person sees who looked.
        assert open_page(ana, "/me/readers").status == 200
        assert ana.locator("main table").get_by_text("Boss").first.is_visible()
        # Out everywhere, and nobody else is.
        open_page(ana, "/sessions")
        assert ana.get_by_text("this one").count() == 1
        ana.get_by_role("button", name="Sign out everywhere").click()
        ana.wait_for_url("**/sign-in")
        open_page(ana_too, "/me")
        assert ana_too.url.endswith("/sign-in")
        assert open_page(boss, "/me").status == 200
        until(lambda: len(control.open_sessions()) == 1, "one session is left")


@pytest.mark.e2e
def test_whom_the_directory_does_not_have_stays_out(enter):
    page = enter("stranger")
    assert page.url.endswith("/sign-in?sso=refused")
    assert page.get_by_role("alert").is_visible()
