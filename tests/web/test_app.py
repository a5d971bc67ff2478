"""The application as a whole: default deny, errors that help, nothing that leaks."""

from __future__ import annotations

import re
from dataclasses import replace

import anyio
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from mileage import __version__
from mileage.web.api import ENDPOINTS
from mileage.web.compression import Compressed
from mileage.web.guard import is_open
from mileage.web.metrics import COUNTED
from mileage.web.openapi import document
from tests.web.stage import ADA, ROOT, STATUS, Stage

PAGES = ("/", "/me", "/ingest", "/api/docs")
API = (
    "/api/v1/usage",
    "/api/v1/boards/tokens",
    "/api/v1/me",
    "/api/v1/ingest/status",
    "/api/openapi.json",
)
FILL = {
    "lens": "tokens",
    "account_id": ADA.account_id,
    "name": "app.css",
    "department_id": "0123456789abcdef",
    "id": "0123456789abcdef",
}
DESCRIBED = document(ENDPOINTS)


@pytest.fixture
def stage():
    return Stage()


def addresses(stage):
    """Every route of the application with every method it takes."""
    for route in stage.app.routes:
        assert isinstance(route, Route), "a mount hides its routes from this walk"
        path = re.sub(
            r"{(\w+)(:\w+)?}", lambda found: FILL.get(found[1], "some"), route.path
        )
        for method in sorted(route.methods or ()):
            yield method, path


# Default deny


def test_the_walk_sees_the_routes(stage):
    walked = {path for _, path in addresses(stage)}
    assert {"/", "/me", "/sign-in", "/healthz", "/metrics", *API} <= walked


def test_strangers_get_nothing_beyond_the_allow_table(stage):
    stranger = stage.stranger()
    answered = {
        (method, path): stranger.request(method, path).status_code
        for method, path in addresses(stage)
        if not is_open(path)
    }
    assert answered
    assert set(answered.values()) <= {303, 401}
    assert stage.reports.asked == []


def test_the_allow_table_is_short_and_holds_no_figures(stage):
    """A new open address has to be added here, where somebody reads it."""
    allowed = {path for _, path in addresses(stage) if is_open(path)}
    assert {path for path in allowed if not path.startswith(("/v1/", "/static/"))} == {
        "/sign-in",
        "/healthz",
        "/readyz",
        "/api/v1/witnesses",
        "/ingest/litellm",
        "/ingest/cloudevents",
        "/sign-in/oidc",
        "/sign-in/oidc/back",
        "/sign-in/oidc/logout",
        "/scim/v2/some",
    }


@pytest.mark.parametrize(
    "path",
    [
        "/static",
        "/staticky",
        "/v1",
        "/v11/logs",
        "/sign-in/",
        "/sign-inn",
        "/healthz/x",
        "/healthz%3Fx",
        "/sign-in%3Fx",
        "/sign-in%23",
        "//healthz",
        "/HEALTHZ",
        "/api",
        "/api/",
        "/ingest",
        "/ingest/",
        "/ingest/litellm/x",
        "/ingest/other",
        "/nothing/here",
        "/.env",
    ],
)
def test_what_looks_like_an_open_address_is_not(stage, path):
    assert stage.stranger().get(path).status_code in {303, 401}


@pytest.mark.parametrize(
    "path",
    [
        "/static/../me",
        "/v1/../api/v1/me",
        "/static/%2e%2e/me",
        "/static%2F%2E%2E/me%3F",
    ],
)
def test_dots_do_not_climb_out_of_an_open_folder(stage, path):
    scope_path = stage.stranger().get(path)
    assert scope_path.status_code in {303, 401, 404}
    assert stage.reports.asked == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_sends_strangers_to_sign_in(stage, path):
    answer = stage.stranger().get(path)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in"


@pytest.mark.parametrize("path", API)
def test_the_api_tells_strangers_what_to_do(stage, path):
    answer = stage.stranger().get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "Authorization: Bearer KEY" in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", PAGES)
def test_a_session_opens_the_pages(stage, path):
    assert stage.browser().get(path).status_code == 200


@pytest.mark.parametrize("path", API)
def test_a_session_and_a_key_open_the_api(stage, path):
    assert stage.browser().get(path).status_code == 200
    assert stage.program().get(path).status_code == 200


@pytest.mark.parametrize("path", ["/", "/me", "/ingest", "/people"])
def test_a_key_opens_no_page(stage, path):
    """Keys are for programs: a page in a browser belongs to a session."""
    assert stage.program().get(path).status_code == 303
    assert stage.reports.asked == []


@pytest.mark.parametrize(
    "header",
    ["Bearer key-nobody", "Bearer ", "Bearer", "bearer  ", "Bearer key-ada x"],
)
def test_a_wrong_key_is_refused_even_beside_a_session(stage, header):
    browser = stage.browser()
    answer = browser.get("/api/v1/me", headers={"Authorization": header})
    assert answer.status_code == 401
    assert "unknown or revoked" in answer.json()["error"]["message"]
    assert stage.reports.asked == []


def test_another_scheme_is_no_key(stage):
    header = {"Authorization": "Basic key-ada"}
    assert stage.stranger().get("/api/v1/me", headers=header).status_code == 401


def test_a_session_that_is_over_opens_nothing(stage):
    browser = stage.browser()
    stage.sign_in.sessions.clear()
    assert browser.get("/").headers["location"] == "/sign-in"
    assert browser.get("/api/v1/me").status_code == 401


def test_reports_are_asked_for_the_viewer_who_asks(stage):
    stage.browser(ADA).get("/")
    stage.browser(ROOT).get("/")
    assert [asked[1] for asked in stage.reports.asked] == [ADA, ADA, ROOT, ROOT]


def test_a_websocket_is_closed(stage):
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "websocket.connect"}

    scope = {"type": "websocket", "path": "/", "headers": [(b"host", b"mileage.test")]}
    anyio.run(stage.app, scope, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


# For machines


def test_healthz_needs_nobody_and_tells_nothing(stage):
    answer = stage.stranger().get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "version": __version__}


def test_healthz_does_not_depend_on_the_sign_in_store(stage, monkeypatch):
    monkeypatch.setattr(stage.sign_in, "session_viewer", None)
    assert stage.browser().get("/healthz").status_code == 200


def test_metrics_are_for_the_operator(stage):
    assert stage.stranger().get("/metrics").status_code == 401
    assert stage.program("key-ada").get("/metrics").status_code == 403
    assert stage.browser(ADA).get("/metrics").status_code == 403
    assert stage.browser(ROOT).get("/metrics").status_code == 200
    answer = stage.program("key-root").get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")


def test_metrics_are_prometheus_text(stage):
    text = stage.program("key-root").get("/metrics").text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert families["mileage_accepted"].type == "counter"
    assert families["mileage_accepted"].samples[0].value == 30
    assert families["mileage_lag_seconds"].type == "gauge"
    assert families["mileage_lag_seconds"].samples[0].value == 0.5
    assert "process_resident_memory_bytes" in families


def test_metrics_are_read_when_asked(stage, monkeypatch):
    program = stage.program("key-root")
    assert "mileage_accepted_total 30.0" in program.get("/metrics").text
    monkeypatch.setattr(stage.receiver, "status", replace(STATUS, accepted=31))
    assert "mileage_accepted_total 31.0" in program.get("/metrics").text


def test_two_applications_do_not_share_metrics():
    assert Stage().program("key-root").get("/metrics").status_code == 200
    assert Stage().program("key-root").get("/metrics").status_code == 200


# Compression


@pytest.mark.parametrize("path", ["/", "/api/openapi.json"])
def test_pages_and_json_are_compressed(stage, path):
    answer = stage.browser().get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["vary"]


def test_whoever_cannot_unpack_gets_it_plain(stage):
    answer = stage.browser().get("/", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    ("path", "compressed"), [("/", True), ("/v1/logs", False), ("/v11", True)]
)
def test_the_door_is_not_compressed(path, compressed):
    client = TestClient(Compressed(PlainTextResponse("telemetry " * 1_000)))
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert ("content-encoding" in answer.headers) is compressed
    assert answer.text == "telemetry " * 1_000


def test_the_figures_of_the_real_door_have_names_and_kinds():
    """What the ingest status counts is what a scraper finds, by the same names."""
    told = DESCRIBED["components"]["schemas"]["IngestStatus"]["properties"]
    assert list(told)[:7] == [*COUNTED, "lag_seconds"]
