"""Going to the provider and coming back: cookies, redirects, refusals."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from mileage.access.oidc import attempt_of
from mileage.domain.errors import Unauthorised, Unavailable
from mileage.web.app import create_app
from mileage.web.guard import OIDC, SESSION_COOKIE
from mileage.web.oidc import BACK, COOKIE, LOGOUT
from tests.web.stage import ADA, HOST, Stage
from tests.web.test_sign_in import cookies

PUBLIC = "https://mileage.x.example"


@dataclass
class FakeProvider:
    stage: Stage
    broken: Exception | None = None
    ended: list[str] = field(default_factory=list)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    button: str = "Example ID"

    def address(self, secret, come_back):
        if self.broken:
            raise self.broken
        return f"https://id.x.example/auth?state={attempt_of(secret).state}"

    def open(self, secret, come_back, query, device):
        self.asked.append((come_back, query.get("code", ""), device))
        if self.broken:
            raise self.broken
        if query.get("state") != attempt_of(secret).state:
            raise Unauthorised("this browser did not begin")
        return self.stage.sign_in._open(ADA)

    def end(self, logout_token):
        if logout_token != "good":
            raise Unauthorised("the token is not signed by the provider")
        self.ended.append(logout_token)
        return 1


class World:
    def __init__(self):
        self.stage = Stage()
        self.provider = FakeProvider(self.stage)
        services = self.stage.app.state.services
        changed = {
            name: getattr(services, name) for name in services.__dataclass_fields__
        }
        changed |= {"single_sign_on": self.provider, "address": PUBLIC}
        self.app = create_app(type(services)(**changed))

    def browser(self, origin=PUBLIC):
        return TestClient(self.app, base_url=origin, follow_redirects=False)


@pytest.fixture
def world():
    return World()


def go(browser):
    answer = browser.get(OIDC)
    return answer, parse_qs(urlsplit(answer.headers["location"]).query)["state"][0]


def test_the_sign_in_page_has_its_button(world):
    html = world.browser().get("/sign-in").text
    assert f'href="{OIDC}"' in html
    assert "Example ID" in html
    assert "Example ID" not in world.stage.stranger().get("/sign-in").text


def test_there_and_back_again(world):
    browser = world.browser()
    answer, state = go(browser)
    assert answer.status_code == 303
    back = browser.get(BACK, params={"state": state, "code": "c-1"})
    assert back.headers["location"] == "/"
    assert browser.get("/me").status_code == 200
    assert world.provider.asked == [(f"{PUBLIC}{BACK}", "c-1", "")]


def test_the_cookie_between_is_short_and_out_of_reach(world):
    cookie = cookies(go(world.browser())[0])[f"__Secure-{COOKIE}"]
    assert cookie["httponly"] is True
    assert cookie["secure"] is True
    assert cookie["samesite"].lower() == "lax"
    assert cookie["path"] == OIDC
    assert cookie["max-age"] == "600"


def test_every_attempt_is_another(world):
    browser = world.browser()
    assert len({go(browser)[1] for _ in range(5)}) == 5


def test_the_session_over_https_has_the_strict_name(world):
    browser = world.browser()
    _, state = go(browser)
    found = cookies(browser.get(BACK, params={"state": state, "code": "c"}))
    assert f"__Host-{SESSION_COOKIE}" in found
    assert found[f"__Secure-{COOKIE}"].value == ""


def test_a_code_that_another_browser_began_opens_nothing(world):
    """Login CSRF: the attacker's own code, planted into somebody's browser."""
    _, state = go(world.browser())
    victim = world.browser()
    planted = victim.get(BACK, params={"state": state, "code": "c"})
    assert planted.headers["location"] == "/sign-in?sso=refused"
    go(victim)
    planted = victim.get(BACK, params={"state": state, "code": "c"})
    assert planted.headers["location"] == "/sign-in?sso=refused"
    assert world.stage.sign_in.sessions == {}


def test_an_attempt_is_used_up(world):
    browser = world.browser()
    _, state = go(browser)
    browser.get(BACK, params={"state": state, "code": "c"})
    again = browser.get(BACK, params={"state": state, "code": "c"})
    assert again.headers["location"] == "/sign-in?sso=refused"


@pytest.mark.parametrize(
    "query", ["", "?code=c", "?state=s&code=a&code=b", "?x=" + "a" * 9000]
)
def test_whatever_comes_back_nothing_breaks(world, query):
    browser = world.browser()
    go(browser)
    answer = browser.get(BACK + query)
    assert answer.headers["location"] == "/sign-in?sso=refused"


def test_a_provider_that_is_down_is_told(world):
    world.provider.broken = Unavailable("cannot be reached")
    browser = world.browser()
    answer = browser.get(OIDC)
    assert answer.headers["location"] == "/sign-in?sso=unavailable"
    assert "does not answer" in browser.get("/sign-in?sso=unavailable").text


@pytest.mark.parametrize("why", ["<script>", "", "refused' or 1"])
def test_the_page_repeats_nothing_of_its_address(world, why):
    html = world.browser().get("/sign-in", params={"sso": why}).text
    assert "<script>" not in html
    assert 'role="alert"' not in html


def test_without_a_provider_there_is_nothing(world):
    for path in (OIDC, BACK):
        assert world.stage.stranger().get(path).status_code == 404
    assert world.stage.stranger().post(LOGOUT).status_code == 404


def test_a_browser_that_fetches_ahead_does_not_begin(world):
    answer = world.browser().get(OIDC, headers={"Sec-Purpose": "prefetch"})
    assert answer.status_code == 503


def test_coming_back_replaces_the_session_before(world):
    browser = world.browser()
    for _ in range(2):
        _, state = go(browser)
        browser.get(BACK, params={"state": state, "code": "c"})
    assert browser.get("/me").status_code == 200


# Logout from behind


def test_the_provider_ends_sessions(world):
    answer = world.browser().post(LOGOUT, data={"logout_token": "good"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert world.provider.ended == ["good"]


@pytest.mark.parametrize("form", [{}, {"logout_token": "forged"}, {"x": "good"}])
def test_anything_else_is_a_bad_request(world, form):
    answer = world.browser().post(LOGOUT, data=form)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"
    assert world.provider.ended == []


def test_a_logout_has_a_limit(world):
    answer = world.browser().post(LOGOUT, data={"logout_token": "a" * 70_000})
    assert answer.status_code == 413


def test_only_posting_logs_out(world):
    assert world.browser().get(LOGOUT).status_code == 405


# The public address


def test_the_public_name_is_https_whatever_the_headers_say(world):
    answer = world.browser("http://mileage.x.example").get(
        OIDC, headers={"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
    )
    assert f"__Secure-{COOKIE}" in cookies(answer)
    assert answer.headers["strict-transport-security"]


def test_the_local_name_still_answers_plainly(world):
    answer = world.browser(f"http://{HOST}").get("/sign-in")
    assert answer.status_code == 200
    assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize("name", ["evil.example", "mileage.x.example:81", "x.example"])
def test_other_names_are_refused(world, name):
    assert world.browser(f"https://{name}").get("/sign-in").status_code == 421
