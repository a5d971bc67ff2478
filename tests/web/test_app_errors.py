"""Errors say what to do; bugs give a reference, and neither leaks."""

from __future__ import annotations

import logging
import re

import pytest

from mileage.domain.errors import (
    Conflict,
    Invalid,
    MileageError,
    NotFound,
    Refused,
    TooLarge,
    Unavailable,
)
from tests.web.stage import LINK, Stage

API = (
    "/api/v1/usage",
    "/api/v1/boards/tokens",
    "/api/v1/me",
    "/api/v1/ingest/status",
    "/api/openapi.json",
)
SECRET = "4-secret-that-must-not-be-told"


@pytest.fixture
def stage():
    return Stage()


# Errors


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Refused("You may not. Ask the operator."), 403),
        (NotFound("There is no such board."), 404),
        (Conflict("Another process holds it."), 409),
        (TooLarge("More than fits."), 413),
        (Invalid("Half of it is missing."), 422),
        (Unavailable("The first snapshot is being made. Try again."), 503),
        (MileageError("It went wrong."), 500),
    ],
)
def test_our_errors_have_their_status_and_say_what_to_do(stage, error, status):
    stage.reports.broken = error
    as_json = stage.program().get("/api/v1/boards/tokens")
    assert as_json.status_code == status
    told = as_json.json()["error"]
    assert list(told) == ["status", "title", "message"]
    assert (told["status"], told["message"]) == (status, str(error))
    as_page = stage.browser().get("/")
    assert as_page.status_code == status
    assert as_page.headers["content-type"].startswith("text/html")
    assert str(error) in as_page.text
    assert told["title"] in as_page.text


def test_what_is_not_available_says_when_to_come_back(stage):
    stage.reports.broken = Unavailable("Not yet.")
    assert int(stage.program().get("/api/v1/me").headers["retry-after"]) > 0


def test_an_error_tells_even_when_the_frame_of_the_page_cannot(stage, monkeypatch):
    stage.reports.broken = Unavailable("The disk is full.")

    def organisation():
        raise Unavailable("This one is second.")

    monkeypatch.setattr(stage.reports, "organisation", organisation)
    answer = stage.browser().get("/")
    assert answer.status_code == 503
    assert "The disk is full." in answer.text
    assert "second" not in answer.text


def test_a_message_is_text_and_never_markup(stage):
    stage.reports.broken = NotFound("No lens <script>alert(1)</script>.")
    page = stage.browser().get("/").text
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_no_such_page(stage):
    answer = stage.browser().get("/nowhere")
    assert answer.status_code == 404
    assert "/api/docs" in answer.text


def test_no_such_endpoint(stage):
    answer = stage.program().get("/api/v1/nowhere")
    assert answer.status_code == 404
    assert answer.json()["error"]["title"] == "Nothing here"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("*/*", "text/html"),
        ("application/json", "application/json"),
        ("text/html, application/json", "text/html"),
        ("", "text/html"),
    ],
)
def test_a_page_that_is_not_there_is_told_as_the_client_likes(stage, accept, kind):
    answer = stage.browser().get("/nowhere", headers={"Accept": accept})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith(kind)


def test_the_api_speaks_json_whatever_the_client_accepts(stage):
    answer = stage.program().get("/api/v1/nowhere", headers={"Accept": "text/html"})
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", API)
def test_the_api_only_reads(stage, method, path):
    answer = stage.program().request(method, path)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert answer.json()["error"]["status"] == 405


@pytest.mark.parametrize("path", ["/", "/me", "/ingest", "/healthz", *API])
def test_head_is_get_without_a_body(stage, path):
    browser = stage.browser()
    got, head = browser.get(path), browser.head(path)
    assert head.status_code == got.status_code == 200
    assert head.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize("path", ["/", *API])
def test_options_invites_no_other_origin(stage, path):
    headers = {
        "Origin": "https://elsewhere.test",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    for client in (stage.stranger(), stage.program()):
        answer = client.options(path, headers=headers)
        assert answer.status_code in {303, 401, 405}
        assert not [
            name for name in answer.headers if name.startswith("access-control")
        ]


def test_sign_out_is_no_link(stage):
    assert stage.browser().get("/sign-out").status_code == 405


# Surprises


@pytest.mark.parametrize(("path", "kind"), [("/", "text/html"), ("/api/v1/me", "json")])
def test_a_bug_gives_a_reference_and_nothing_else(stage, caplog, path, kind):
    stage.reports.broken = RuntimeError(f"could not handle {SECRET}")
    caplog.set_level(logging.DEBUG)
    answer = stage.browser().get(path, headers={"X-Anything": SECRET})
    assert answer.status_code == 500
    assert kind in answer.headers["content-type"]
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    [reference] = re.findall(r"log under ([0-9a-f]{8})", answer.text)
    [record] = [one for one in caplog.records if one.name == "mileage.web"]
    assert reference in record.getMessage()
    assert "RuntimeError" in record.getMessage()
    assert "stage.py:" in record.getMessage()
    assert SECRET not in caplog.text
    assert record.exc_info is None


def test_the_cause_of_a_bug_is_logged_by_kind_and_place(stage, caplog):
    bug = RuntimeError(SECRET)
    bug.__cause__ = KeyError(SECRET)
    stage.reports.broken = bug
    stage.browser().get("/")
    assert re.search(r"RuntimeError at .* <- KeyError at", caplog.text)
    assert SECRET not in caplog.text


def test_a_bug_in_the_pages_themselves_is_told_in_plain_words(
    stage, caplog, monkeypatch
):
    def organisation():
        raise ZeroDivisionError(SECRET)

    monkeypatch.setattr(stage.reports, "organisation", organisation)
    answer = stage.browser().get("/")
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("text/plain")
    assert "Reference: " in answer.text
    assert answer.headers["content-security-policy"]
    assert SECRET not in answer.text + caplog.text


def test_a_bug_in_the_sign_in_store_is_a_500_too(stage, monkeypatch):
    def session_viewer(_secret):
        raise ZeroDivisionError(SECRET)

    browser = stage.browser()
    monkeypatch.setattr(stage.sign_in, "session_viewer", session_viewer)
    answer = browser.get("/")
    assert answer.status_code == 500
    assert SECRET not in answer.text


def test_no_secret_reaches_a_log(stage, caplog):
    caplog.set_level(logging.DEBUG)
    stranger = stage.stranger()
    stranger.get("/sign-in", params={"link": LINK})
    stranger.get("/sign-in", params={"link": LINK})
    stage.program("key-of-nobody").get("/api/v1/me")
    stage.browser().get("/api/v1/usage", params={"nonsense": SECRET})
    logged = "".join(
        record.getMessage()
        for record in caplog.records
        # The client of this test logs what it sends; a browser is not ours.
        if not record.name.startswith(("httpx", "httpcore"))
    )
    for secret in (LINK, "key-of-nobody", "session-secret", SECRET):
        assert secret not in logged
