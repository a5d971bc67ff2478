"""Attacks on signing in and on sessions as browsers and strangers can make them."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Route

from mileage.domain.errors import PurposeMissing, Unavailable
from mileage.web.devices import LONGEST, device_of
from mileage.web.guard import FORM_COOKIE, FORM_LIMIT, OIDC, SESSION_COOKIE, is_open
from mileage.web.oidc import BACK, COOKIE, LOGOUT
from tests.web.stage import ADA, BOB, HOST, LINK, ORIGIN, ROOT, Stage
from tests.web.test_oidc import PUBLIC, World, go
from tests.web.test_sign_in import cookies, form_token

FORMS = sorted(
    route.path
    for route in Stage().app.routes
    if isinstance(route, Route)
    and "POST" in (route.methods or ())
    and (not is_open(route.path) or route.path == "/sign-in")
)
FOREIGN = {
    "another origin": {"Origin": "https://evil.example"},
    "a sibling": {"Origin": "http://evil.mileage.test:8470"},
    "a sandbox": {"Origin": "null"},
    "a link elsewhere": {"Sec-Fetch-Site": "cross-site"},
}
IN = {"link": 303, "key": 303, "password": 303}


@pytest.fixture
def stage():
    found = Stage()
    found.sign_in.passwords["ada@x.example"] = "secret words of ada"
    return found


@pytest.fixture
def world():
    return World()


def token_of(browser, path="/me"):
    return browser.get(path).text.split('name="csrf" value="')[1].split('"')[0]


def enter(browser, way):
    """Sign in by one of the ways."""
    if way == "link":
        return browser.get("/sign-in", params={"link": LINK})
    fields = {
        "key": {"key": "key-ada"},
        "password": {"email": "ada@x.example", "password": "secret words of ada"},
    }[way]
    return browser.post("/sign-in", data={"csrf": form_token(browser), **fields})


# Forms of other sites


def test_every_form_is_among_those_tried():
    assert {"/sign-in", "/sign-out", "/dark/on", "/dark/off"} <= set(FORMS)
    assert {"/sessions/end", "/sessions/end-others", "/sessions/end-all"} <= set(FORMS)
    assert len(FORMS) >= 12


@pytest.mark.parametrize("path", FORMS)
def test_no_form_is_taken_from_another_site(stage, path):
    browser = stage.browser(ROOT)
    fields = {"csrf": token_of(browser, "/sessions")}
    for headers in FOREIGN.values():
        answer = browser.post(path, data=fields, headers=headers)
        assert answer.status_code == HTTPStatus.FORBIDDEN
        assert "another site" in answer.text
    for wrong in ("x.y", token_of(stage.browser(BOB), "/sessions")):
        answer = browser.post(path, data={"csrf": wrong})
        assert answer.status_code == HTTPStatus.FORBIDDEN
        assert "too old" in answer.text
    assert browser.get("/sessions").status_code == HTTPStatus.OK


@pytest.mark.parametrize("path", [one for one in FORMS if one != "/sign-in"])
def test_no_form_is_taken_from_a_stranger_or_by_a_key(stage, path):
    for client in (stage.stranger(), stage.program()):
        answer = client.post(path, data={"csrf": "x.y"})
        assert answer.headers.get("location") == "/sign-in"


@pytest.mark.parametrize("path", FORMS)
def test_a_form_is_not_sent_by_following_a_link(stage, path):
    answer = stage.browser().get(path)
    assert answer.status_code in (200, 303, 404, 405)
    assert len(stage.sign_in.sessions) == 1


def test_a_strangers_form_is_bound_to_its_browser(stage):
    """Login CSRF: the attacker's token and cookie do not fit the victim's."""
    token = form_token(stage.stranger())
    victim = stage.stranger()
    form_token(victim)
    answer = victim.post("/sign-in", data={"csrf": token, "key": "key-bob"})
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert stage.sign_in.sessions == {}


# Fixation


@pytest.mark.parametrize("way", IN)
def test_every_way_in_hands_out_a_new_secret(stage, way):
    browser = stage.stranger()
    planted = "planted-by-an-attacker"
    browser.cookies.set(SESSION_COOKIE, planted, domain="mileage.test")
    answer = enter(browser, way)
    assert answer.status_code == IN[way]
    assert cookies(answer)[SESSION_COOKIE].value not in ("", planted)
    assert planted not in stage.sign_in.sessions


@pytest.mark.parametrize("way", IN)
def test_every_way_in_ends_the_session_before(stage, way):
    browser = stage.browser(BOB)
    before = browser.cookies[SESSION_COOKIE]
    thief = stage.stranger()
    thief.cookies.set(SESSION_COOKIE, before, domain="mileage.test")
    assert thief.get("/me").status_code == HTTPStatus.OK
    if way == "link":
        assert enter(browser, way).status_code == HTTPStatus.SEE_OTHER
    else:
        fields = {"csrf": token_of(browser), "key": "key-ada"}
        assert browser.post("/sign-in", data=fields).headers["location"] == "/"
    assert thief.get("/me").headers["location"] == "/sign-in"
    assert before not in stage.sign_in.sessions


@pytest.mark.parametrize("way", IN)
def test_the_cookie_of_a_session_is_out_of_reach(stage, way):
    cookie = cookies(enter(stage.stranger(), way))[SESSION_COOKIE]
    assert cookie["httponly"] is True
    assert cookie["samesite"].lower() == "lax"
    assert cookie["domain"] == cookie["max-age"] == cookie["expires"] == ""


def test_a_token_of_before_signing_in_changes_nothing_after(stage):
    browser = stage.stranger()
    before = form_token(browser)
    enter(browser, "key")
    answer = browser.post("/sign-out", data={"csrf": before})
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert len(stage.sign_in.sessions) == 1


def test_a_link_opens_once(stage):
    assert enter(stage.stranger(), "link").status_code == HTTPStatus.SEE_OTHER
    again = stage.stranger().get("/sign-in", params={"link": LINK})
    assert again.status_code == HTTPStatus.UNAUTHORIZED
    assert "has been used or is over" in again.text
    assert LINK not in again.text
    assert len(stage.sign_in.sessions) == 1


def test_looking_at_a_link_without_opening_it_does_not_use_it_up(stage):
    stranger = stage.stranger()
    assert stranger.head("/sign-in", params={"link": LINK}).status_code < 500
    ahead = {"Sec-Purpose": "prefetch;prerender"}
    answer = stranger.get("/sign-in", params={"link": LINK}, headers=ahead)
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert enter(stranger, "link").status_code == HTTPStatus.SEE_OTHER


# Who is there is not told


def test_wrong_passwords_are_answered_alike_whoever_is_tried(stage):
    answers = set()
    for email in ("ada@x.example", "nobody@x.example", "", "' or 1=1 --"):
        browser = stage.stranger()
        fields = {"csrf": form_token(browser), "email": email, "password": "wrong"}
        stage.sign_in.tries = 0
        answer = browser.post("/sign-in", data=fields)
        text = answer.text.replace(form_of(answer), "")
        answers.add((answer.status_code, text, tuple(sorted(answer.headers))))
    assert len(answers) == 1


def form_of(answer):
    return answer.text.split('name="csrf" value="')[1].split('"')[0]


def test_waiting_is_answered_alike_whoever_is_tried(stage):
    stage.sign_in.tries = 99
    answers = set()
    for email in ("ada@x.example", "nobody@x.example"):
        browser = stage.stranger()
        fields = {"csrf": form_token(browser), "email": email, "password": "wrong"}
        answer = browser.post("/sign-in", data=fields)
        assert answer.headers["retry-after"] == "90"
        answers.add((answer.status_code, answer.text.replace(form_of(answer), "")))
    ((status, text),) = answers
    assert status == HTTPStatus.TOO_MANY_REQUESTS
    assert "Too many passwords were tried. Wait 2 minutes." in text


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({}, 422, "Put the API key into the field."),
        ({"key": "   "}, 422, "Put the API key into the field."),
        ({"key": "mlg_k_unknown"}, 401, "This API key is unknown or revoked."),
        ({"email": "a", "password": ""}, 401, "do not belong together"),
    ],
)
def test_what_the_form_says_about_mistakes(stage, fields, status, said):
    browser = stage.stranger()
    answer = browser.post("/sign-in", data={"csrf": form_token(browser), **fields})
    assert answer.status_code == status
    assert said in answer.text
    assert "mlg_k_unknown" not in answer.text
    assert SESSION_COOKIE not in cookies(answer)
    assert answer.headers["cache-control"] == "no-store"


def test_a_form_of_signing_in_has_a_limit(stage):
    browser = stage.stranger()
    fields = {"csrf": form_token(browser), "key": "x" * FORM_LIMIT}
    answer = browser.post("/sign-in", data=fields)
    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


@pytest.mark.parametrize("cookie", ["", "x" * 5_000, "a b", "%00", '"', "null"])
def test_an_odd_cookie_is_a_stranger(stage, cookie):
    answer = stage.stranger().get(
        "/me", headers={"Cookie": f"{SESSION_COOKIE}={cookie}; {FORM_COOKIE}={cookie}"}
    )
    assert answer.headers["location"] == "/sign-in"


def test_the_last_of_two_cookies_does_not_open_what_is_over(stage):
    browser = stage.browser()
    secret = browser.cookies[SESSION_COOKIE]
    browser.post("/sign-out", data={"csrf": token_of(browser)})
    both = f"{SESSION_COOKIE}={secret}; {SESSION_COOKIE}=x; {SESSION_COOKIE}={secret}"
    answer = stage.stranger().get("/me", headers={"Cookie": both})
    assert answer.headers["location"] == "/sign-in"


@given(st.text())
def test_a_device_is_never_more_than_two_words(header):
    named = device_of(header * 20)
    assert len(named) <= len("Firefox on Android") + 2
    assert device_of("x" * LONGEST + "Firefox/1 Linux") == ""


# Single sign-on


def test_signing_in_while_signed_in_ends_the_other_session(world):
    """Somebody else's session does not live on under a new cookie."""
    browser = world.browser()
    _, state = go(browser)
    browser.get(BACK, params={"state": state, "code": "c"})
    (before,) = world.stage.sign_in.sessions
    world.stage.sign_in.sessions = {before: BOB, "keep": BOB}
    _, state = go(browser)
    browser.get(BACK, params={"state": state, "code": "c"})
    assert before not in world.stage.sign_in.sessions
    assert list(world.stage.sign_in.sessions.values()) == [BOB, ADA]
    assert browser.get("/me").status_code == HTTPStatus.OK


def test_beginning_again_makes_the_attempt_before_worthless(world):
    browser = world.browser()
    _, first = go(browser)
    go(browser)
    answer = browser.get(BACK, params={"state": first, "code": "c"})
    assert answer.headers["location"] == "/sign-in?sso=refused"


def test_a_refusal_forgets_the_attempt(world):
    browser = world.browser()
    _, state = go(browser)
    browser.get(BACK, params={"state": "wrong", "code": "c"})
    answer = browser.get(BACK, params={"state": state, "code": "c"})
    assert answer.headers["location"] == "/sign-in?sso=refused"
    assert world.stage.sign_in.sessions == {}


def test_a_provider_that_fails_on_the_way_back_is_told(world):
    browser = world.browser()
    _, state = go(browser)
    world.provider.broken = Unavailable("https://id.x.example/token?code=c-1")
    answer = browser.get(BACK, params={"state": state, "code": "c-1"})
    assert answer.headers["location"] == "/sign-in?sso=unavailable"
    assert "c-1" not in answer.text


def test_nobody_is_sent_elsewhere_after_signing_in(world):
    for name in ("next", "redirect", "return_to", "RelayState"):
        browser = world.browser()
        answer = browser.get(OIDC, params={name: "https://evil.example"})
        assert "evil" not in answer.headers["location"]
        state = parse_qs(urlsplit(answer.headers["location"]).query)["state"][0]
        query = {"state": state, "code": "c", name: "https://evil.example"}
        assert browser.get(BACK, params=query).headers["location"] == "/"


@pytest.mark.parametrize("name", ["code", "state", "iss", "error"])
def test_a_parameter_that_comes_twice_is_refused(world, name):
    browser = world.browser()
    _, state = go(browser)
    query = [("state", state), ("code", "c"), (name, "x"), (name, "x")]
    answer = browser.get(BACK, params=query)
    assert answer.headers["location"] == "/sign-in?sso=refused"
    assert world.provider.asked == []


def test_coming_back_by_a_form_opens_nothing(world):
    browser = world.browser()
    _, state = go(browser)
    answer = browser.post(BACK, data={"state": state, "code": "c"})
    assert answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert world.stage.sign_in.sessions == {}


def test_the_attempts_cookie_goes_nowhere_else(world):
    browser = world.browser()
    go(browser)
    (cookie,) = [one for one in browser.cookies.jar if COOKIE in one.name]
    assert cookie.path == OIDC
    assert cookie.value not in browser.get("/sign-in").text


def test_a_logout_from_behind_needs_no_cookie_and_no_form_token(world):
    stranger = world.browser()
    headers = {"Origin": "https://id.x.example", "Sec-Fetch-Site": "cross-site"}
    answer = stranger.post(LOGOUT, data={"logout_token": "good"}, headers=headers)
    assert answer.status_code == HTTPStatus.OK
    assert answer.content == b""


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"=&=", b"logout_token", b"%zz=1"])
def test_no_logout_breaks(world, body):
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = world.browser().post(LOGOUT, content=body, headers=kind)
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert answer.json()["error"] == "invalid_request"
    assert world.provider.ended == []


def test_the_way_back_is_the_name_that_was_asked_by(world):
    for origin in (PUBLIC, f"http://{HOST}"):
        browser = world.browser(origin)
        _, state = go(browser)
        browser.get(BACK, params={"state": state, "code": "c"})
    assert [one[0] for one in world.provider.asked] == [
        f"{PUBLIC}{BACK}",
        f"{ORIGIN}{BACK}",
    ]


# Purposes


ASKED = PurposeMissing(
    "say what for: state a purpose, one of: support",
    {"support": "Helping <b>somebody</b>"},
)


def test_a_page_that_wants_a_purpose_asks_for_one(stage):
    stage.reports.broken = ASKED
    browser = stage.browser()
    answer = browser.get("/people/acc-bob?lens=tokens&purpose=gossip")
    assert answer.status_code == HTTPStatus.OK
    assert 'value="support"' in answer.text
    assert "Helping &lt;b&gt;somebody&lt;/b&gt;" in answer.text
    assert 'name="lens" value="tokens"' in answer.text
    assert "gossip" not in answer.text
    assert "Bob" not in answer.text


def test_a_program_is_told_which_purposes_there_are(stage):
    stage.reports.broken = ASKED
    answer = stage.program().get("/api/v1/sources?scope=org")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "state a purpose, one of: support" in answer.text


def test_what_was_asked_before_is_repeated_as_text_only(stage):
    stage.reports.broken = ASKED
    evil = {"lens": '"><script>evil()</script>'}
    answer = stage.browser().get("/people/acc-bob", params=evil)
    assert "<script>evil" not in answer.text
