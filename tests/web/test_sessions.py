"""The page of sessions, the form for a password, and the cookies over https."""

from __future__ import annotations

import re

import pytest

from mileage.web.guard import FORM_COOKIE, SESSION_COOKIE
from tests.web.stage import ADA, BOB, HOST, Stage
from tests.web.test_sign_in import cookies, form_token

HTTPS = f"https://{HOST}"


@pytest.fixture
def stage():
    return Stage()


def post(browser, path, **fields):
    html = browser.get("/sessions").text
    token = re.search(r'name="csrf" value="([^"]+)"', html)[1]
    return browser.post(path, data={"csrf": token, **fields})


# The page


def test_a_person_sees_their_own_sessions(stage):
    stage.browser(BOB)
    mine = stage.browser(ADA)
    html = mine.get("/sessions").text
    assert html.count("Firefox on Linux") == 2  # in the cell and in the button's label
    assert html.count("this one") == 1
    assert "single sign-on" in html
    assert mine.cookies[SESSION_COOKIE] not in html.replace("ses_", "", 0).split(
        "ses_" + mine.cookies[SESSION_COOKIE]
    )


def test_every_page_links_to_it(stage):
    assert 'href="/sessions"' in stage.browser().get("/me").text


def test_strangers_and_keys_do_not(stage):
    assert stage.stranger().get("/sessions").headers["location"] == "/sign-in"
    assert stage.program().get("/sessions").status_code in (303, 401)


def test_ending_another_keeps_this_one(stage):
    here, there = stage.browser(ADA), stage.browser(ADA)
    session = f"ses_{there.cookies[SESSION_COOKIE]}"
    answer = post(here, "/sessions/end", session=session)
    assert answer.headers["location"] == "/sessions"
    assert there.get("/me").headers["location"] == "/sign-in"
    assert here.get("/me").status_code == 200


def test_ending_this_one_signs_out(stage):
    here = stage.browser(ADA)
    session = f"ses_{here.cookies[SESSION_COOKIE]}"
    answer = post(here, "/sessions/end", session=session)
    assert answer.headers["location"] == "/sign-in"
    assert SESSION_COOKIE in cookies(answer)
    assert stage.sign_in.sessions == {}


def test_somebody_elses_is_not_there(stage):
    theirs = stage.browser(BOB)
    session = f"ses_{theirs.cookies[SESSION_COOKIE]}"
    answer = post(stage.browser(ADA), "/sessions/end", session=session)
    assert answer.status_code == 404
    assert theirs.get("/me").status_code == 200


def test_ending_all_others(stage):
    here, there, bob = stage.browser(ADA), stage.browser(ADA), stage.browser(BOB)
    post(here, "/sessions/end-others")
    assert [one.get("/me").status_code for one in (here, there, bob)] == [200, 303, 200]


def test_signing_out_everywhere(stage):
    here, there, bob = stage.browser(ADA), stage.browser(ADA), stage.browser(BOB)
    assert post(here, "/sessions/end-all").headers["location"] == "/sign-in"
    assert [one.get("/me").status_code for one in (here, there, bob)] == [303, 303, 200]


@pytest.mark.parametrize("path", ["end", "end-others", "end-all"])
def test_another_site_cannot_end_anything(stage, path):
    browser = stage.browser(ADA)
    assert browser.post(f"/sessions/{path}").status_code == 403
    forged = browser.post(
        f"/sessions/{path}", headers={"Origin": "https://evil.example"}
    )
    assert forged.status_code == 403
    assert browser.get(f"/sessions/{path}").status_code in (404, 405)
    assert len(stage.sign_in.sessions) == 1


# Passwords


def test_the_form_for_passwords_is_shown_when_somebody_has_one(stage):
    assert 'name="password"' not in stage.stranger().get("/sign-in").text
    stage.sign_in.passwords["ada@x.example"] = "secret words of ada"
    html = stage.stranger().get("/sign-in").text
    assert 'name="password" type="password" autocomplete="current-password"' in html
    assert 'autocomplete="username"' in html


def try_password(stage, password, email="ada@x.example"):
    browser = stage.stranger()
    fields = {"csrf": form_token(browser), "email": email, "password": password}
    return browser, browser.post("/sign-in", data=fields)


def test_a_password_signs_in(stage):
    stage.sign_in.passwords["ada@x.example"] = "secret words of ada"
    browser, answer = try_password(stage, "secret words of ada")
    assert answer.headers["location"] == "/"
    assert browser.get("/me").status_code == 200


def test_a_wrong_password_is_told_and_never_shown(stage):
    stage.sign_in.passwords["ada@x.example"] = "secret words of ada"
    _, answer = try_password(stage, "hunter2-hunter2")
    assert answer.status_code == 401
    assert "do not belong together" in answer.text
    assert "hunter2" not in answer.text
    assert SESSION_COOKIE not in cookies(answer)


def test_too_many_wrong_ones_have_to_wait(stage):
    stage.sign_in.passwords["ada@x.example"] = "secret words of ada"
    for _ in range(stage.sign_in.most_tries):
        assert try_password(stage, "wrong")[1].status_code == 401
    _, answer = try_password(stage, "secret words of ada")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "90"
    assert 'role="alert"' in answer.text


def test_a_form_without_its_token_tries_nothing(stage):
    stage.sign_in.passwords["ada@x.example"] = "secret words of ada"
    fields = {"email": "ada@x.example", "password": "secret words of ada"}
    assert stage.stranger().post("/sign-in", data=fields).status_code == 403
    assert stage.sign_in.tries == 0


# Cookies over https


def test_over_https_the_session_is_bound_to_this_host(stage):
    browser = stage.stranger(HTTPS)
    browser.get("/sign-in", params={"link": next(iter(stage.sign_in.links))})
    (cookie,) = browser.cookies.jar
    assert cookie.name == f"__Host-{SESSION_COOKIE}"
    assert cookie.secure
    assert cookie.path == "/"
    assert not cookie.domain_specified
    assert browser.get("/").status_code == 200


def test_over_https_a_cookie_without_the_prefix_opens_nothing(stage):
    """A sibling host or a plain connection could have planted it."""
    browser = stage.stranger(HTTPS)
    secret = stage.sign_in._open(ADA)
    browser.cookies.set(SESSION_COOKIE, secret, domain="mileage.test")
    assert browser.get("/me").headers["location"] == "/sign-in"


def test_over_https_the_form_has_a_secure_name_too(stage):
    browser = stage.stranger(HTTPS)
    answer = browser.get("/sign-in")
    assert list(cookies(answer)) == [f"__Secure-{FORM_COOKIE}"]
    token = answer.text.split('name="csrf" value="')[1].split('"')[0]
    signed_in = browser.post("/sign-in", data={"csrf": token, "key": "key-ada"})
    assert signed_in.status_code == 303
    assert browser.get("/me").status_code == 200


def test_signing_out_takes_the_cookie_away_over_https(stage):
    browser = stage.browser(ADA, HTTPS)
    token = re.search(r'name="csrf" value="([^"]+)"', browser.get("/me").text)[1]
    answer = browser.post("/sign-out", data={"csrf": token})
    gone = cookies(answer)[f"__Host-{SESSION_COOKIE}"]
    assert gone.value == ""
    assert gone["secure"] is True
    assert gone["path"] == "/"
