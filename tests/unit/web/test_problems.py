"""Errors as answers: which form a client gets, and what stands in it."""

from __future__ import annotations

import json
from http import HTTPStatus

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from mileage.domain import errors
from mileage.web import pages, problems
from mileage.web.problems import Problem

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"
ERRORS = (
    (errors.MileageError, 500),
    (errors.Refused, 403),
    (errors.Unauthorised, 401),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.Invalid, 422),
    (errors.TooLarge, 413),
    (errors.Unavailable, 503),
    (errors.NewerData, 503),
)


def request(path="/api/v1/me", accept=""):
    headers = [(b"accept", accept.encode())] if accept else []
    return Request({"type": "http", "path": path, "headers": headers, "state": {}})


@pytest.fixture
def drawn(monkeypatch):
    """Pages as their context, so that no report is asked."""

    def page(_request, name, status=200, **context):
        return HTMLResponse(json.dumps([name, context]), status)

    monkeypatch.setattr(pages, "page", page)


@pytest.mark.parametrize(
    ("path", "accept", "expected"),
    [
        ("/api/v1/me", BROWSER, True),
        ("/api/nothing", "", True),
        ("/api/docs", BROWSER, False),
        ("/api/docs", "application/json", True),
        ("/api/docs/more", BROWSER, True),
        ("/api", BROWSER, False),
        ("/v1/logs", BROWSER, True),
        ("/v1", BROWSER, False),
        ("/healthz", BROWSER, True),
        ("/metrics", BROWSER, True),
        ("/", BROWSER, False),
        ("/", "", False),
        ("/", "*/*", False),
        ("/", "application/json", True),
        ("/", "application/json;q=0.9, */*", True),
        ("/", "text/html, application/json", False),
        ("/me/api/", BROWSER, False),
    ],
)
def test_who_reads_json(path, accept, expected):
    assert problems.wants_json(request(path, accept)) is expected


@pytest.mark.parametrize(("error", "status"), ERRORS)
def test_each_of_our_errors_has_its_status_a_title_and_its_sentence(error, status):
    found = problems.problem(error("Say what to do."))
    assert found == Problem(status, problems.TITLES[status], "Say what to do.", "")


def test_every_title_is_of_a_status_and_says_more_than_the_number():
    for status, title in problems.TITLES.items():
        assert 400 <= HTTPStatus(status) < 600
        assert title[0].isupper()
        assert not title.endswith(".")
    assert len(set(problems.TITLES.values())) == len(problems.TITLES)


@pytest.mark.parametrize(
    ("status", "title"),
    [(404, "Nothing here"), (418, "I'm a Teapot"), (429, "Too often")],
)
def test_a_status_without_a_title_of_ours_has_its_own(status, title):
    assert problems.title(status) == title


@pytest.mark.parametrize(
    ("reference", "more"), [("", {}), ("ab12", {"reference": "ab12"})]
)
def test_json_has_a_reference_only_when_there_is_one(reference, more):
    described = Problem(409, "Held", "By somebody.", reference)
    answer = problems.plain(request(), described)
    assert answer.status_code == 409
    assert json.loads(answer.body) == {
        "error": {"status": 409, "title": "Held", "message": "By somebody."} | more
    }


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        ("", "Held\n\nBy somebody.\n"),
        ("ab12", "Held\n\nBy somebody.\nReference: ab12\n"),
    ],
)
def test_plain_text_for_people(reference, text):
    described = Problem(409, "Held", "By somebody.", reference)
    answer = problems.plain(request("/", BROWSER), described)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert (answer.status_code, answer.body.decode()) == (409, text)


def test_plain_text_is_not_escaped_and_not_markup_either():
    answer = problems.plain(request("/", BROWSER), Problem(400, "a", "<b> & \u201c"))
    assert "<b> & \u201c" in answer.body.decode()
    assert "html" not in answer.headers["content-type"]


def test_a_page_is_told_everything(drawn):
    described = Problem(409, "Held", "By somebody.", "ab12")
    answer = problems.answer(request("/me", BROWSER), described, {"X-More": "1"})
    name, context = json.loads(answer.body)
    assert name == "error.html"
    assert context == {
        "title": "Held",
        "message": "By somebody.",
        "reference": "ab12",
    }
    assert answer.status_code == 409
    assert answer.headers["x-more"] == "1"


@pytest.mark.parametrize(
    ("message", "written"),
    [
        ("there is no lens 'x'; there is cost", "There is no lens 'x'; there is cost."),
        ("`page` must be a number.", "`page` must be a number."),
        ("Is it?", "Is it?"),
    ],
)
def test_a_page_writes_whole_sentences(drawn, message, written):
    page = problems.answer(request("/me", BROWSER), Problem(404, "a", message))
    assert json.loads(page.body)[1]["message"] == written
    told = problems.answer(request(), Problem(404, "a", message))
    assert json.loads(told.body)["error"]["message"] == message


def test_json_gets_the_headers_too():
    answer = problems.answer(request(), Problem(405, "a", "b"), {"Allow": "GET"})
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize("error", [errors.Unavailable, errors.MileageError])
def test_when_no_page_can_be_drawn_it_is_told_in_plain_words(monkeypatch, error):
    def page(*_arguments, **_context):
        raise error("The frame broke too.")

    monkeypatch.setattr(pages, "page", page)
    answer = problems.answer(request("/me", BROWSER), Problem(404, "Gone", "First."))
    assert answer.status_code == 404
    assert answer.body == b"Gone\n\nFirst.\n"


@pytest.mark.parametrize(("error", "status"), ERRORS)
@pytest.mark.parametrize("path", ["/me", "/api/v1/me"])
def test_headers_of_an_error(drawn, error, status, path):
    answer = problems.answer_error(request(path, BROWSER), error("x"))
    assert answer.status_code == status
    assert answer.headers.get("retry-after") == ("5" if status == 503 else None)
    challenged = status == 401 and path.startswith("/api/")
    wanted = 'Bearer realm="mileage"' if challenged else None
    assert answer.headers.get("www-authenticate") == wanted


@pytest.mark.parametrize(
    ("status", "detail", "message"),
    [
        (404, "Not Found", problems.MESSAGES[404]),
        (405, "Method Not Allowed", problems.MESSAGES[405]),
        (400, "No such thing.", "No such thing."),
        (413, "Above 16 MiB.", "Above 16 MiB."),
    ],
)
def test_what_the_framework_raises_has_a_sentence_of_ours(status, detail, message):
    error = HTTPException(status, detail, {"Allow": "GET"})
    answer = problems.answer_http(request(), error)
    told = json.loads(answer.body)["error"]
    assert (told["status"], told["title"]) == (status, problems.TITLES[status])
    assert told["message"] == message
    assert answer.headers["allow"] == "GET"


def test_the_sentences_of_ours_name_ways_on():
    assert "/api/docs" in problems.MESSAGES[404]
    assert "Allow" in problems.MESSAGES[405]
    assert all(text.endswith(".") for text in problems.MESSAGES.values())


@pytest.mark.parametrize("handler", [problems.answer_error, problems.answer_http])
def test_a_bug_is_passed_on_as_it_is(handler):
    bug = ZeroDivisionError("a bug")
    with pytest.raises(ZeroDivisionError) as caught:
        handler(request(), bug)
    assert caught.value is bug
