"""Signing in by link or key, and out: cookies, single use, no fixation."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest

from mileage.web.guard import FORM_COOKIE, SESSION_COOKIE
from tests.web.stage import ADA, HOST, LINK, ROOT, Stage


@pytest.fixture
def stage():
    return Stage()


def cookies(answer):
    found = SimpleCookie()
    for header in answer.headers.get_list("set-cookie"):
        found.load(header)
    return found


def form_token(client):
    text = client.get("/sign-in").text
    return text.split('name="csrf" value="')[1].split('"')[0]


def post_key(client, key, token=None):
    token = form_token(client) if token is None else token
    return client.post("/sign-in", data={"csrf": token, "key": key})


# The link


def test_a_link_signs_in_and_leaves_the_address(stage):
    browser = stage.stranger()
    answer = browser.get("/sign-in", params={"link": LINK})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    assert browser.get("/").status_code == 200
    assert stage.reports.asked[-1][1] == ROOT


def test_a_link_works_once(stage):
    stage.stranger().get("/sign-in", params={"link": LINK})
    second = stage.stranger().get("/sign-in", params={"link": LINK})
    assert second.status_code == 401
    assert SESSION_COOKIE not in cookies(second)
    assert "mileage sign-in" in second.text
    assert LINK not in second.text
    assert len(stage.sign_in.sessions) == 1


@pytest.mark.parametrize("link", ["nonsense", "a" * 5_000, "ä\x00", "' or 1=1 --"])
def test_a_made_up_link_is_friendly_about_it(stage, link):
    answer = stage.stranger().get("/sign-in", params={"link": link})
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert 'name="key"' in answer.text


def test_looking_does_not_use_the_link_up(stage):
    """Chat programs and mail scanners look with HEAD, browsers fetch ahead."""
    stranger = stage.stranger()
    stranger.head("/sign-in", params={"link": LINK})
    ahead = stranger.get(
        "/sign-in", params={"link": LINK}, headers={"Sec-Purpose": "prefetch;prerender"}
    )
    assert ahead.status_code == 503
    assert stage.sign_in.sessions == {}
    assert stranger.get("/sign-in", params={"link": LINK}).status_code == 303


def test_a_link_replaces_the_session_before_it(stage):
    browser = stage.browser(ADA)
    before = browser.cookies[SESSION_COOKIE]
    browser.get("/sign-in", params={"link": LINK})
    assert before not in stage.sign_in.sessions
    assert list(stage.sign_in.sessions.values()) == [ROOT]


def test_a_planted_session_is_not_taken_over(stage):
    """Fixation: whatever cookie was there, signing in makes a new secret."""
    browser = stage.stranger()
    browser.cookies.set(SESSION_COOKIE, "planted", domain="mileage.test")
    answer = browser.get("/sign-in", params={"link": LINK})
    assert cookies(answer)[SESSION_COOKIE].value != "planted"
    assert "planted" not in stage.sign_in.sessions


# Cookies


def named(prefix, scheme):
    return prefix if scheme == "https" else ""


@pytest.mark.parametrize(("scheme", "secure"), [("http", ""), ("https", True)])
def test_the_session_cookie_is_out_of_reach(stage, scheme, secure):
    answer = stage.stranger(f"{scheme}://{HOST}").get("/sign-in", params={"link": LINK})
    cookie = cookies(answer)[named("__Host-", scheme) + SESSION_COOKIE]
    assert cookie["httponly"] is True
    assert cookie["samesite"].lower() == "lax"
    assert cookie["path"] == "/"
    assert cookie["secure"] == secure
    assert cookie["domain"] == ""
    assert cookie["max-age"] == ""
    assert cookie["expires"] == ""


@pytest.mark.parametrize(("scheme", "secure"), [("http", ""), ("https", True)])
def test_the_form_cookie_is_out_of_reach(stage, scheme, secure):
    found = cookies(stage.stranger(f"{scheme}://{HOST}").get("/sign-in"))
    cookie = found[named("__Secure-", scheme) + FORM_COOKIE]
    assert cookie["httponly"] is True
    assert cookie["samesite"].lower() == "strict"
    assert cookie["path"] == "/sign-in"
    assert cookie["secure"] == secure


def test_signing_in_removes_the_form_cookie(stage):
    browser = stage.stranger()
    browser.get("/sign-in")
    assert FORM_COOKIE in browser.cookies
    browser.get("/sign-in", params={"link": LINK})
    assert FORM_COOKIE not in browser.cookies


def test_no_page_sets_a_cookie(stage):
    for path in ("/", "/me", "/ingest", "/api/v1/me", "/nowhere", "/static/app.css"):
        assert "set-cookie" not in stage.browser().get(path).headers
        assert "set-cookie" not in stage.stranger().get(path).headers


# The form


def test_the_form_is_shown_to_strangers(stage):
    answer = stage.stranger().get("/sign-in")
    assert answer.status_code == 200
    assert 'action="/sign-in"' in answer.text


def test_who_is_signed_in_goes_to_the_board(stage):
    assert stage.browser().get("/sign-in").headers["location"] == "/"


def test_a_key_signs_in(stage):
    browser = stage.stranger()
    answer = post_key(browser, " key-ada\n")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    assert browser.get("/me").status_code == 200
    assert stage.reports.asked[-1] == ("personal", ADA, ADA.account_id)


def test_two_tabs_with_the_form_both_work(stage):
    browser = stage.stranger()
    first, second = form_token(browser), form_token(browser)
    assert first != second
    assert post_key(browser, "key-of-nobody", second).status_code == 401
    assert post_key(browser, "key-ada", first).status_code == 303


def test_a_wrong_key_is_told_and_not_repeated(stage):
    answer = post_key(stage.stranger(), "key-of-nobody")
    assert answer.status_code == 401
    assert "mileage key create" in answer.text
    assert "key-of-nobody" not in answer.text
    assert SESSION_COOKIE not in cookies(answer)


def test_after_a_wrong_key_the_form_works_still(stage):
    browser = stage.stranger()
    again = post_key(browser, "key-of-nobody").text
    token = again.split('name="csrf" value="')[1].split('"')[0]
    assert post_key(browser, "key-ada", token).status_code == 303


@pytest.mark.parametrize("key", ["", "   "])
def test_no_key_is_told(stage, key):
    answer = post_key(stage.stranger(), key)
    assert answer.status_code == 422
    assert "into the field" in answer.text


def test_a_sign_in_form_needs_its_token(stage):
    """Else another site could sign somebody in as somebody else."""
    browser = stage.stranger()
    browser.get("/sign-in")
    for token in ("", "nonsense"):
        assert post_key(browser, "key-ada", token).status_code == 403
    assert stage.sign_in.sessions == {}


def test_a_sign_in_form_needs_its_cookie(stage):
    token = form_token(stage.stranger())
    assert post_key(stage.stranger(), "key-ada", token).status_code == 403
    assert stage.sign_in.sessions == {}


def test_another_site_cannot_post_the_form(stage):
    browser = stage.stranger()
    fields = {"csrf": form_token(browser), "key": "key-ada"}
    headers = {"Origin": "https://elsewhere.test", "Sec-Fetch-Site": "cross-site"}
    answer = browser.post("/sign-in", data=fields, headers=headers)
    assert answer.status_code == 403
    assert stage.sign_in.sessions == {}


def test_a_key_in_the_address_is_not_looked_at(stage):
    answer = stage.stranger().get("/sign-in", params={"key": "key-ada"})
    assert answer.status_code == 200
    assert stage.sign_in.sessions == {}
    assert "key-ada" not in answer.text


# Out


def test_signing_out_ends_the_session_everywhere(stage):
    browser = stage.browser()
    secret = browser.cookies[SESSION_COOKIE]
    token = browser.get("/").text.split('name="csrf" value="')[1].split('"')[0]
    answer = browser.post("/sign-out", data={"csrf": token})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in"
    assert cookies(answer)[SESSION_COOKIE]["max-age"] == "0"
    thief = stage.stranger()
    thief.cookies.set(SESSION_COOKIE, secret, domain="mileage.test")
    assert thief.get("/").status_code == 303


def test_signing_out_leaves_other_sessions(stage):
    other = stage.browser()
    browser = stage.browser()
    token = browser.get("/").text.split('name="csrf" value="')[1].split('"')[0]
    browser.post("/sign-out", data={"csrf": token})
    assert other.get("/").status_code == 200
