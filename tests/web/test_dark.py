"""In the dark no address names or ranks anybody; everything about oneself stays."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from mileage.domain.errors import Unavailable
from mileage.domain.people import HeldRole, Viewer
from mileage.web.app import create_app
from mileage.web.dark import LIGHT_FOLDERS, LIGHT_PATHS, REPORTED, stays_light
from mileage.web.guard import is_open
from tests.web import fixtures
from tests.web.darkening import LEAK, FakeDark
from tests.web.fixtures import fake_services
from tests.web.stage import ADA, BOB, ROOT, Stage

SAM = Viewer("acc-sam", "Sam Steward", roles=(HeldRole("steward"),))
TIM = Viewer("acc-tim", "Tim Steward", roles=(HeldRole("steward"),))
FILLED = {"lens": "tokens", "account_id": "acc-bob", "name": "app.css"}
NAMES = ("Bob", "acc-bob", "acc-ada", "Difference")


@pytest.fixture
def stage():
    return Stage(dark=FakeDark(LEAK))


def addresses():
    """Every address of the application, with something in the place of parameters."""
    for route in Stage().app.routes:
        path = re.sub(
            r"\{(\w+)(?::\w+)?\}", lambda m: FILLED.get(m[1], "some"), route.path
        )
        yield path, sorted(route.methods or {"GET"})


ADDRESSES = sorted(addresses())
DARK = sorted({path for path, _ in ADDRESSES if not stays_light(path)})
LIGHT = sorted({path for path, _ in ADDRESSES if stays_light(path)})


def test_there_is_something_on_both_sides():
    assert {"/", "/people", "/people/acc-bob", "/unclaimed"} <= set(DARK)
    assert "/api/v1/boards/tokens" in DARK
    assert {"/me", "/api/v1/me", "/ingest", "/dark", "/healthz"} <= set(LIGHT)


@pytest.mark.parametrize("path", DARK)
@pytest.mark.parametrize("viewer", [ADA, ROOT, SAM], ids=lambda one: one.name)
def test_a_dark_address_says_so_to_everybody_and_asks_no_report(stage, path, viewer):
    for method in ("GET", "HEAD"):
        answer = stage.browser(viewer).request(method, path)
        assert answer.status_code == 503
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers
        assert "retry-after" not in answer.headers
        if method == "GET":
            assert "Figures were in the press." in answer.text
            # One's own name stands in the frame of every page.
            told = answer.text.replace(viewer.name, "").replace(viewer.account_id, "")
            assert not any(name in told for name in NAMES if name not in viewer.name)
    assert stage.reports.asked == []


@pytest.mark.parametrize("path", [one for one in DARK if one.startswith("/api/")])
def test_the_api_answers_json(stage, path):
    answer = stage.program("key-bob").get(path)
    assert answer.status_code == 503
    assert answer.json() == {
        "error": {"status": 503, "title": "Dark", "message": LEAK.notice}
    }


@pytest.mark.parametrize("path", DARK)
@pytest.mark.parametrize(
    "header",
    [
        {"If-None-Match": "*"},
        {"If-Modified-Since": "Sun, 22 Nov 2026 10:00:00 GMT"},
        {"Range": "bytes=0-100"},
        {"Accept": "text/csv"},
        {"Accept": "application/json"},
        {"Accept": "image/png"},
    ],
    ids=str,
)
def test_no_header_gets_past_it(stage, path, header):
    assert stage.browser().get(path, headers=header).status_code == 503


@pytest.mark.parametrize("path", LIGHT)
def test_what_is_about_oneself_or_nobody_stays(stage, path):
    answer = stage.browser().get(path, headers={"Accept": "text/html"})
    assert answer.status_code != 503, answer.text
    assert "Figures were in the press." not in answer.text


def test_everything_that_stays_light_is_listed_for_a_reason():
    """A new address is dark unless its author has thought about it."""
    assert not stays_light("/departments/engines")
    assert not stays_light("/api/v1/departments/engines")
    assert not stays_light("/mean")
    assert not stays_light("/api/v1/members")
    assert not stays_light("//")
    listed = LIGHT_PATHS | REPORTED
    assert all(
        is_open(path) or path in listed or path.startswith(LIGHT_FOLDERS)
        for path in LIGHT
    )


def test_in_the_light_nothing_is_in_the_way(stage):
    stage.dark.now = None
    assert stage.browser().get("/").status_code == 200
    assert stage.program().get("/api/v1/boards/tokens").status_code == 200


def test_strangers_learn_nothing_of_it(stage):
    answer = stage.stranger().get("/", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert "press" not in stage.stranger().get("/api/v1/boards/tokens").text


def test_usage_is_still_taken_in(stage):
    """The door decides as ever: here, that the token is unknown."""
    for path in ("/v1/logs", "/api/v1/witnesses"):
        assert stage.stranger().post(path, content=b"").status_code in (401, 415)


def test_when_nobody_can_tell_whether_it_is_dark_nothing_is_shown(stage):
    stage.dark.broken = Unavailable("the control plane cannot be used now")
    answer = stage.browser().get("/")
    assert answer.status_code == 503
    assert stage.reports.asked == []
    assert stage.browser().get("/healthz").status_code == 200


# The page of the switch


def form(client, path="/dark"):
    return client.get(path).text.split('name="csrf" value="')[1].split('"')[0]


def post(client, path, **fields):
    return client.post(path, data={"csrf": form(client), **fields})


@pytest.mark.parametrize("viewer", [ADA, BOB])
def test_others_do_not_reach_the_switch(stage, viewer):
    browser = stage.browser(viewer)
    token = form(browser, "/me")
    assert browser.get("/dark").status_code == 403
    for path in ("/dark/on", "/dark/off"):
        sent = browser.post(path, data={"csrf": token, "reason": "x"})
        assert sent.status_code == 403
    assert stage.dark.now == LEAK


@pytest.mark.parametrize("viewer", [SAM, ROOT])
def test_the_button(stage, viewer):
    stage.dark.now = None
    browser = stage.browser(viewer)
    assert browser.get("/").status_code == 200
    assert "Turn dark" in browser.get("/dark").text
    sent = post(browser, "/dark/on", reason="A photograph of the board")
    assert (sent.status_code, sent.headers["location"]) == (303, "/dark")
    assert "A photograph of the board." in browser.get("/dark").text
    assert browser.get("/").status_code == 503


def test_a_reason_is_needed(stage):
    stage.dark.now = None
    assert post(stage.browser(SAM), "/dark/on", reason=" ").status_code == 422
    assert stage.dark.now is None


def test_two_people_end_it(stage):
    sam, tim = stage.browser(SAM), stage.browser(TIM)
    assert "Ask to show boards again" in sam.get("/dark").text
    post(sam, "/dark/off")
    assert "Somebody else who may turn the switch" in sam.get("/dark").text
    assert sam.get("/").status_code == 503
    assert "Confirm: show boards again" in tim.get("/dark").text
    post(tim, "/dark/off")
    assert sam.get("/").status_code == 200
    assert "incident 3" in sam.get("/dark").text


def test_the_switch_needs_our_own_form(stage):
    stage.dark.now = None
    browser = stage.browser(SAM)
    assert browser.post("/dark/on", data={"reason": "x"}).status_code == 403
    away = {"Origin": "https://elsewhere.test"}
    token = form(browser)
    sent = browser.post("/dark/on", data={"csrf": token, "reason": "x"}, headers=away)
    assert sent.status_code == 403
    assert stage.dark.now is None


def test_a_hostile_reason_is_text(stage):
    stage.dark.now = None
    sam = stage.browser(SAM)
    post(sam, "/dark/on", reason="<script>alert(1)</script>")
    assert "<script>" not in sam.get("/").text
    assert "&lt;script&gt;" in sam.get("/").text


def test_a_full_organisation_names_nobody_in_the_dark():
    """The same with an organisation of 290 people and every page of it."""
    services = fake_services(dark=FakeDark(LEAK))
    client = TestClient(create_app(services), follow_redirects=False)
    client.cookies.set("mileage_session", "operator")
    names = {one.name for one in fixtures.SNAPSHOT.standings}
    for path in DARK:
        text = client.get(path, headers={"accept": "text/html"}).text
        assert not any(name in text for name in names), path
