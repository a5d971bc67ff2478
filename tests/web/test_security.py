"""Headers on every answer, answers only to known hosts, and form tokens."""

from __future__ import annotations

from asyncio import CancelledError
from contextlib import asynccontextmanager

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.routing import Route
from starlette.testclient import TestClient

from mileage.domain.errors import Unavailable
from mileage.domain.people import Credential
from mileage.web.app import create_app
from mileage.web.assets import address
from mileage.web.guard import is_open
from mileage.web.intake import DoorLimits
from mileage.web.problems import answer_error, answer_http, plain
from mileage.web.security import Surprises
from tests.web.stage import ADA, HOST, ORIGIN, Stage

TOKEN = Credential("t1", "ada", "")
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


LIVE = "; script-src 'self'; connect-src 'self'"


def assert_dressed(answer):
    """Only a board that refreshes may run a script, and only a file of ours."""
    board = answer.request.url.path == "/" and answer.request.method in {"GET", "HEAD"}
    live = LIVE if board and answer.status_code == 200 else ""
    for name, value in EXPECTED.items():
        if name == "content-security-policy":
            value += live  # noqa: PLW2901
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
        live = f'<script src="{address("live.js")}" defer></script>'
        assert text.count("<script") == text.count(live) == (path == "/")
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
    async def admitted(_bearer):
        return TOKEN

    monkeypatch.setattr(stage.door, "credential", admitted)
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


# The layers by themselves


def converse(app, *messages, kind="http"):
    """Send messages to an ASGI application; return what it sends."""
    sent, waiting = [], [*messages]

    async def send(message):
        sent.append(message)

    async def receive():
        return waiting.pop(0)

    scope = {
        "type": kind,
        "method": "GET",
        "path": "/",
        "headers": [],
        "scheme": "http",
    }
    anyio.run(app, scope, receive, send)
    return sent


def test_a_client_that_hangs_up_is_no_bug(caplog):
    async def upload(scope, receive, send):
        await Request(scope, receive, send).body()

    disconnect = {"type": "http.disconnect"}
    assert converse(Surprises(upload, plain), disconnect) == []
    assert caplog.records == []


def test_a_bug_after_the_first_byte_cuts_the_answer_off(caplog):
    """A second answer inside the first would be worse than half an answer."""
    start = {"type": "http.response.start", "status": 200, "headers": []}

    async def half(_scope, _receive, send):
        await send(start)
        raise ZeroDivisionError

    assert converse(Surprises(half, plain)) == [start]
    assert "ZeroDivisionError" in caplog.text


def test_what_a_stopping_server_gives_up_may_be_sent_again(caplog):
    """uvicorn cancels what is still being answered when its patience is over."""

    async def given_up(_scope, _receive, _send):
        raise CancelledError

    first, *rest = converse(Surprises(given_up, plain))
    assert first["status"] == 503
    assert b"again" in rest[0]["body"]
    assert caplog.records == []


def test_half_an_answer_of_a_stopping_server_is_cut_off():
    start = {"type": "http.response.start", "status": 200, "headers": []}

    async def half(_scope, _receive, send):
        await send(start)
        raise CancelledError

    assert converse(Surprises(half, plain)) == [start]


def test_a_bug_while_starting_up_stops_the_server():
    async def broken(_scope, _receive, _send):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        converse(Surprises(broken, plain), kind="lifespan")


@pytest.mark.parametrize("layer", [answer_error, answer_http])
def test_the_handlers_pass_on_what_is_not_theirs(layer):
    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    with pytest.raises(ZeroDivisionError):
        layer(Request(scope), ZeroDivisionError())
