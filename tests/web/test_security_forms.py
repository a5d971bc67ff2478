"""Who may change something: form tokens, and what browsers say of a request."""

from __future__ import annotations

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from mileage.web.asking import asker
from mileage.web.guard import FORM_LIMIT, _replay, make_token, token_fits
from tests.web.stage import ORIGIN, Stage


@pytest.fixture
def stage():
    return Stage()


# Form tokens


@given(secret=st.text(min_size=1), other=st.text(min_size=1))
def test_a_token_fits_its_secret_and_no_other(secret, other):
    token = make_token(secret)
    assert token_fits(token, secret)
    assert token_fits(token, other) is (secret == other)


@given(token=st.text())
def test_no_made_up_token_fits(token):
    assert not token_fits(token, "secret")


def test_without_a_secret_nothing_fits():
    assert not token_fits(make_token(""), "")


def test_tokens_do_not_repeat_nor_show_their_secret():
    tokens = {make_token("the-secret") for _ in range(50)}
    assert len(tokens) == 50
    assert not any("the-secret" in token for token in tokens)


@pytest.mark.parametrize("at", [0, 8, 17, -1])
def test_a_changed_token_does_not_fit(at):
    token = make_token("secret")
    changed = list(token)
    changed[at] = "0" if changed[at] != "0" else "1"
    assert not token_fits("".join(changed), "secret")


# Requests that change something


def token_of(stage, client, path="/"):
    text = client.get(path).text
    return text.split('name="csrf" value="')[1].split('"')[0]


def sign_out(client, token, **headers):
    return client.post("/sign-out", data={"csrf": token}, headers=headers)


def test_our_own_form_is_accepted(stage):
    browser = stage.browser()
    answer = sign_out(
        browser,
        token_of(stage, browser),
        **{"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 303
    assert stage.sign_in.sessions == {}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": ORIGIN},
        {"Origin": ORIGIN.upper()},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
def test_what_browsers_say_of_our_own_page(stage, headers):
    browser = stage.browser()
    assert sign_out(browser, token_of(stage, browser), **headers).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.test"},
        {"Origin": "http://mileage.test"},
        {"Origin": "https://mileage.test:8470"},
        {"Origin": "http://mileage.test:8471"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://elsewhere.test", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "anything"},
    ],
)
def test_another_site_changes_nothing_even_with_the_token(stage, headers):
    browser = stage.browser()
    answer = sign_out(browser, token_of(stage, browser), **headers)
    assert answer.status_code == 403
    assert "another site" in answer.text
    assert len(stage.sign_in.sessions) == 1


@pytest.mark.parametrize("token", ["", "x", "0" * 16 + "." + "0" * 64])
def test_no_token_no_change(stage, token):
    assert sign_out(stage.browser(), token).status_code == 403
    assert len(stage.sign_in.sessions) == 1


def test_a_form_without_any_field_is_refused(stage):
    assert stage.browser().post("/sign-out").status_code == 403
    assert len(stage.sign_in.sessions) == 1


def test_the_token_of_somebody_else_does_not_fit(stage):
    theirs = token_of(stage, stage.browser())
    assert sign_out(stage.browser(), theirs).status_code == 403


def test_a_strangers_token_does_not_fit_a_session(stage):
    stranger = stage.stranger()
    token = token_of(stage, stranger, "/sign-in")
    browser = stage.browser()
    browser.cookies.set("mileage_form", stranger.cookies["mileage_form"])
    assert sign_out(browser, token).status_code == 403


def test_a_token_may_come_in_a_header(stage):
    browser = stage.browser()
    token = token_of(stage, browser)
    assert browser.post("/sign-out", headers={"X-CSRF-Token": token}).status_code == 303


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "MADEUP"]
)
@pytest.mark.parametrize("path", ["/", "/api/v1/me", "/nowhere"])
def test_every_unsafe_method_needs_the_token(stage, method, path):
    """Before anything else is looked at: also where no route takes the method."""
    assert stage.browser().request(method, path).status_code == 403


def test_a_key_needs_no_token(stage):
    """Another site cannot make a browser send this header: no forgery."""
    headers = {"Origin": "https://elsewhere.test", "Sec-Fetch-Site": "cross-site"}
    assert stage.program().post("/api/v1/me", headers=headers).status_code == 405


def test_a_key_that_is_wrong_does_not_fall_back_to_the_session(stage):
    headers = {"Authorization": "Bearer key-nobody"}
    assert stage.browser().post("/api/v1/me", headers=headers).status_code == 401


def test_a_stranger_is_sent_to_sign_in_before_the_token_matters(stage):
    assert stage.stranger().post("/sign-out").headers["location"] == "/sign-in"


def test_a_form_has_a_limit(stage):
    browser = stage.browser()
    token = token_of(stage, browser)
    padding = FORM_LIMIT - len(f"csrf={token}&x=")
    fits = {"csrf": token, "x": "y" * padding}
    assert (
        browser.post("/sign-out", data=fits | {"x": fits["x"] + "y"}).status_code == 413
    )
    assert len(stage.sign_in.sessions) == 1
    assert browser.post("/sign-out", data=fits).status_code == 303


@pytest.mark.parametrize(
    "body", [b"\xff\xfe\x00", b"csrf", b"&&&===", b"csrf=%zz", b"a=" * 30_000]
)
def test_no_body_is_too_odd(stage, body):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = stage.browser().post("/sign-out", content=body, headers=headers)
    assert answer.status_code == 403


def test_a_handler_may_read_the_form_that_the_guard_has_read(stage):
    async def echo(request):
        fields = asker(request).form
        body = await request.body()
        return PlainTextResponse(body + b" " + fields["name"].encode())

    stage.app.router.routes.append(Route("/echo", echo, methods=["POST"]))
    browser = stage.browser()
    fields = {"csrf": token_of(stage, browser), "name": "Ada"}
    answer = browser.post("/echo", data=fields)
    assert answer.text == f"csrf={fields['csrf']}&name=Ada Ada"


def test_what_comes_after_a_form_comes_from_the_connection():
    async def gone():
        return {"type": "http.disconnect"}

    async def read():
        receive = _replay(b"form", gone)
        return [await receive(), await receive(), await receive()]

    first, *rest = anyio.run(read)
    assert first == {"type": "http.request", "body": b"form", "more_body": False}
    assert rest == [{"type": "http.disconnect"}] * 2
