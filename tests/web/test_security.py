"""Headers on every answer, answers only to known hosts, and form tokens."""

from __future__ import annotations

from contextlib import asynccontextmanager

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Route
from starlette.testclient import TestClient

from mileage.domain.errors import Unavailable
from mileage.web.app import create_app
from mileage.web.assets import address
from mileage.web.door import DoorLimits
from mileage.web.guard import FORM_LIMIT, is_open, make_token, token_fits
from tests.web.stage import ADA, HOST, ORIGIN, Stage

EXPECTED = {
    "content-security-policy": "default-src 'none'; style-src 'self'; "
    "img-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


@pytest.fixture
def stage():
    return Stage()


def assert_dressed(answer):
    for name, value in EXPECTED.items():
        assert answer.headers.get_list(name) == [value], name
    assert len(answer.headers.get_list("cache-control")) == 1


# Headers


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/me",
        "/people",
        "/ingest",
        "/sign-in",
        "/healthz",
        "/metrics",
        "/api/docs",
        "/api/openapi.json",
        "/api/v1/me",
        "/api/v1/usage?nonsense=1",
        "/api/v1/boards/nonsense",
        "/nowhere",
        "/static/nowhere.css",
        "/v1/logs",
        "/v1/nowhere",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
def test_every_answer_is_dressed(stage, path, method):
    for client in (stage.stranger(), stage.browser(), stage.program()):
        assert_dressed(client.request(method, path))


def test_every_route_is_dressed(stage):
    browser = stage.browser()
    for route in stage.app.routes:
        assert isinstance(route, Route)
        assert_dressed(browser.get(route.path))


@pytest.mark.parametrize("bug", [RuntimeError("a bug"), Unavailable("not yet")])
def test_errors_are_dressed(stage, bug):
    stage.reports.broken = bug
    assert_dressed(stage.browser().get("/"))
    assert_dressed(stage.program().get("/api/v1/me"))


def test_a_refused_host_is_dressed(stage):
    assert_dressed(stage.stranger("http://elsewhere.test").get("/"))


@pytest.mark.parametrize("path", ["/", "/me", "/ingest", "/api/v1/me", "/sign-in"])
def test_figures_and_forms_rest_in_no_cache(stage, path):
    assert stage.browser().get(path).headers["cache-control"] == "no-store"


def test_a_static_file_may_be_kept(stage):
    answer = stage.stranger().get(address("app.css"))
    assert answer.status_code == 200
    assert_dressed(answer)
    assert "immutable" in answer.headers["cache-control"]


def test_strict_transport_only_over_https(stage):
    secure = stage.stranger(f"https://{HOST}").get("/sign-in")
    assert secure.headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in stage.stranger().get("/sign-in").headers


def test_no_page_has_a_script_or_a_style_of_its_own(stage):
    for path in ("/", "/me", "/ingest", "/api/docs"):
        text = stage.browser().get(path).text
        assert "<script" not in text
        assert "<style" not in text
        assert " style=" not in text
        assert " onclick=" not in text


# Hosts


@pytest.mark.parametrize(
    "host",
    [
        "elsewhere.test",
        "mileage.test",
        "mileage.test:80",
        "mileage.test:8470.elsewhere.test",
        "elsewhere.test:8470",
        "mileage.test:84700",
        "mileage.test:8470@elsewhere.test",
        "127.0.0.1:8470",
        "",
    ],
)
@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/api/v1/me", "/v1/logs", "/static/app.css"]
)
def test_only_known_hosts_are_answered(stage, host, path):
    answer = stage.browser().get(path, headers={"Host": host})
    assert answer.status_code == 421
    assert "mileage serve" in answer.text
    assert "elsewhere" not in answer.text
    assert stage.reports.asked == []


def test_the_name_of_a_host_has_no_case(stage):
    assert stage.browser().get("/", headers={"Host": HOST.upper()}).status_code == 200


@pytest.mark.parametrize("names", [(), (HOST, HOST), (HOST, "elsewhere.test")])
def test_exactly_one_host_header(stage, names):
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": "/healthz",
        "query_string": b"",
        "headers": [(b"host", name.encode()) for name in names],
        "server": ("mileage.test", 8470),
    }
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request"}

    anyio.run(stage.app, scope, receive, send)
    assert sent[0]["status"] == 400


def test_a_forwarded_host_is_not_believed(stage):
    headers = {
        "Host": "elsewhere.test",
        "X-Forwarded-Host": HOST,
        "Forwarded": f"host={HOST}",
    }
    assert stage.browser().get("/", headers=headers).status_code == 421


def test_a_forwarded_user_is_not_believed(stage):
    headers = {"X-Forwarded-User": ADA.account_id, "Remote-User": ADA.account_id}
    assert stage.stranger().get("/api/v1/me", headers=headers).status_code == 401


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


# Whatever strangers try


@pytest.fixture(scope="module")
def lasting():
    """For properties, whose many examples may share an application."""
    return Stage()


def quoted(path):
    return "/" + "".join(f"%{byte:02x}" for byte in path.encode("utf-8", "replace"))


PATHS = st.one_of(
    st.text(max_size=30),
    st.lists(
        st.sampled_from(
            ["static", "v1", "logs", "..", ".", "", "me", "api", "sign-in", "healthz"]
        )
    ).map("/".join),
)


@given(path=PATHS, method=st.sampled_from(["GET", "HEAD", "OPTIONS", "POST", "PUT"]))
def test_no_path_shows_a_stranger_anything(lasting, path, method):
    answer = lasting.stranger().request(method, quoted(path))
    assert_dressed(answer)
    if not is_open("/" + path):
        assert answer.status_code in {303, 401}
    elif answer.status_code == 200:
        assert path in {"sign-in", "healthz"} or path.startswith("static/")
    assert lasting.reports.asked == []


@given(
    cookie=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40),
    key=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
)
def test_no_made_up_credential_opens_anything(lasting, cookie, key):
    headers = {"Cookie": f"mileage_session={cookie}", "Authorization": f"Bearer {key}"}
    for path in ("/", "/api/v1/me", "/metrics"):
        answer = lasting.stranger().get(path, headers=headers)
        assert answer.status_code in {303, 401}
    assert lasting.reports.asked == []


# The door, which has tokens of its own


def test_the_door_asks_for_a_token_and_for_nothing_of_a_browser(stage):
    headers = {"Origin": "https://elsewhere.test", "Sec-Fetch-Site": "cross-site"}
    answer = stage.stranger().post("/v1/logs", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/json"


def test_a_session_opens_no_door(stage):
    assert stage.browser().post("/v1/logs").status_code == 401


def test_a_read_key_opens_no_door(stage):
    assert stage.program().post("/v1/logs").status_code == 401


def test_the_limits_reach_the_door(stage, monkeypatch):
    monkeypatch.setattr(stage.door, "credential", lambda _bearer: None)
    monkeypatch.setattr(stage.door, "refuse", lambda *_refused: None)
    services = stage.app.state.services
    for most, status in ((10, 413), (11, 400)):
        app = create_app(services, DoorLimits(max_body_bytes=most))
        client = TestClient(app, base_url=ORIGIN)
        answer = client.post(
            "/v1/logs",
            content=b"not OTLP at",
            headers={"Authorization": "Bearer t", "Content-Type": "application/json"},
        )
        assert answer.status_code == status


def test_the_lifespan_is_run(stage):
    seen = []

    @asynccontextmanager
    async def lifespan(_app):
        seen.append("up")
        yield
        seen.append("down")

    app = create_app(stage.app.state.services, lifespan=lifespan)
    with TestClient(app, base_url=ORIGIN) as client:
        assert client.get("/healthz").status_code == 200
        assert seen == ["up"]
    assert seen == ["up", "down"]
