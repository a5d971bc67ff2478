"""The client against a server that answers as it is told to."""

from __future__ import annotations

import json
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.error import URLError

import pytest

from mileage import __version__
from mileage.domain.errors import (
    Invalid,
    NotFound,
    TooLarge,
    Unauthorised,
    Unavailable,
)
from mileage.ingest.push_client import (
    LONGEST_PAUSE,
    Later,
    Server,
    address,
    seconds_of,
)
from mileage.ingest.push_format import CONTENT_TYPE, PATH

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MARK = {"Mileage-Witnesses": "1"}
RECEIPT = {
    "witnesses": 1,
    "activities": 2,
    "rejected": 0,
    "reasons": [],
    "recipient": "rcp_1",
    "sources": ["claude_code_log"],
    "version": "0.1.0",
}


class Scripted(HTTPServer):
    """Answers every request alike and remembers what came."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.headers, self.body = 200, {}, json.dumps(RECEIPT).encode()
        self.came = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, status, headers=None, body=b""):
        self.status, self.headers, self.body = status, headers or {}, body


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.came.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)

    do_GET = do_POST  # noqa: N815 - as the library names it

    def log_message(self, *_):
        pass


@pytest.fixture
def scripted():
    with Scripted() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def client(url, token="mlg_p_abc", timeout=10.0):  # noqa: S107
    return Server(address(url), lambda: token, lambda: NOW, timeout)


def error(message):
    return json.dumps({"error": {"status": 1, "message": message}}).encode()


# ------------------------------------------------------------------------- requests


def test_a_body_is_sent_with_the_token_and_a_receipt_comes_back(scripted):
    receipt = client(scripted.url).push(b"packed")
    assert (receipt.witnesses, receipt.recipient) == (1, "rcp_1")
    ((path, headers, body),) = scripted.came
    assert (path, body) == (PATH, b"packed")
    assert headers["Authorization"] == "Bearer mlg_p_abc"
    assert headers["Content-Type"] == CONTENT_TYPE
    assert headers["Content-Encoding"] == "gzip"
    assert headers["User-Agent"] == f"mileage/{__version__}"
    sent = {name.lower() for name in headers}
    assert sent <= {
        *("host", "authorization", "content-type", "content-encoding", "accept"),
        *("user-agent", "content-length", "connection", "accept-encoding"),
    }


def test_a_greeting_sends_no_rows(scripted):
    client(scripted.url).greet()
    ((_, headers, body),) = scripted.came
    assert body == b""
    assert "Content-Encoding" not in headers


def test_the_token_of_the_moment_is_used(scripted):
    tokens = iter(["first", "second"])
    server = Server(address(scripted.url), lambda: next(tokens), lambda: NOW)
    server.greet()
    server.greet()
    assert [one[1]["Authorization"] for one in scripted.came] == [
        "Bearer first",
        "Bearer second",
    ]


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "umläut", "a\r\nX: y"])
def test_a_token_cannot_smuggle_headers(scripted, token):
    with pytest.raises(Unauthorised, match="characters"):
        client(scripted.url, token).greet()
    assert scripted.came == []


def test_a_server_below_a_folder(scripted):
    client(scripted.url + "/mileage/").greet()
    assert scripted.came[0][0] == f"/mileage{PATH}"


# -------------------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (400, Invalid, "not so"),
        (401, Unauthorised, "mileage token list"),
        (413, TooLarge, "not so"),
        (415, Invalid, "upgrade the older"),
        (422, Invalid, "not so"),
    ],
)
def test_a_refusal_of_a_mileage_server(scripted, status, kind, words):
    scripted.answer(status, MARK, error("not so"))
    with pytest.raises(kind, match=words) as caught:
        client(scripted.url).push(b"x")
    assert not isinstance(caught.value, Unavailable)
    assert "not so" in str(caught.value)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
@pytest.mark.parametrize("headers", [{}, MARK])
def test_a_server_in_trouble_is_tried_again(scripted, status, headers):
    scripted.answer(status, {**headers, "Retry-After": "17"}, error("the disk is full"))
    with pytest.raises(Later, match="the disk is full") as caught:
        client(scripted.url).push(b"x")
    assert caught.value.seconds == 17


@pytest.mark.parametrize("status", [200, 204])
@pytest.mark.parametrize("body", [b"", b"<html>sign in</html>", b"{}", b"[" * 100_000])
def test_an_answer_that_is_no_receipt(scripted, status, body):
    scripted.answer(status, {}, b"" if status == 204 else body)
    with pytest.raises(Invalid, match="not one of a Mileage server"):
        client(scripted.url).push(b"x")


@pytest.mark.parametrize("status", [401, 403, 404, 405, 410])
def test_a_program_that_takes_no_rows(scripted, status):
    """An older Mileage answers 401 here: its API knows keys only."""
    scripted.answer(status, {}, error("This API key is unknown"))
    with pytest.raises(NotFound, match="not older than") as caught:
        client(scripted.url).push(b"x")
    assert str(status) in str(caught.value)


def test_something_else_altogether(scripted):
    scripted.answer(418, {}, b"teapot")
    with pytest.raises(NotFound, match="418"):
        client(scripted.url).push(b"x")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_token_follows_no_redirect(scripted, status):
    with Scripted() as elsewhere:
        place = f"{elsewhere.url}{PATH}"
        scripted.answer(status, {"Location": place})
        with pytest.raises(NotFound, match="give that address") as caught:
            client(scripted.url).push(b"x")
        assert place in str(caught.value)
        assert elsewhere.came == []


def test_what_a_server_says_is_cut_and_printable(scripted):
    scripted.answer(422, MARK, error("a\x1b[31m" + "x" * 1000 + "\n"))
    with pytest.raises(Invalid) as caught:
        client(scripted.url).push(b"x")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def test_nobody_listens():
    with Scripted() as gone:
        url = gone.url
    with pytest.raises(Later, match="cannot be reached") as caught:
        client(url).push(b"x")
    assert caught.value.seconds == 0
    assert url in str(caught.value)


def test_a_server_that_says_nothing(scripted):
    silent = threading.Event()
    Handler.do_POST, before = (lambda _: silent.wait(60)), Handler.do_POST
    try:
        with pytest.raises(Later, match="cannot be reached"):
            client(scripted.url, timeout=0.1).push(b"x")
    finally:
        silent.set()
        Handler.do_POST = before


def test_a_server_that_hangs_up(scripted):
    Handler.do_POST, before = (lambda _: None), Handler.do_POST
    try:
        with pytest.raises(Later, match=r"RemoteDisconnected|reset"):
            client(scripted.url).push(b"x")
    finally:
        Handler.do_POST = before


# ------------------------------------------------------------------- https, proxies


def test_certificates_are_verified():
    server = client("https://mileage.example.org")
    (handler,) = [
        one for one in server._opener.handlers if type(one).__name__ == "HTTPSHandler"
    ]
    context = handler._context
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_plain_http_has_no_way_to_https_and_back(scripted):
    names = {type(one).__name__ for one in client(scripted.url)._opener.handlers}
    assert "HTTPSHandler" not in names
    assert "HTTPRedirectHandler" not in names
    assert not names & {"FTPHandler", "FileHandler", "DataHandler"}


def test_a_certificate_that_cannot_be_verified_says_what_to_do(monkeypatch):
    server = client("https://mileage.example.org")
    failure = ssl.SSLCertVerificationError(1, "verify failed")
    failure.verify_message = "self-signed certificate"

    def refuse(*_, **__):
        raise URLError(failure)

    monkeypatch.setattr(server._opener, "open", refuse)
    with pytest.raises(Later, match="SSL_CERT_FILE") as caught:
        server.push(b"x")
    assert "self-signed" in str(caught.value)


def test_proxies_come_from_the_environment_but_not_for_this_machine(
    scripted, monkeypatch
):
    with Scripted() as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.01,))
        thread.start()
        for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", proxy.url)
        client(scripted.url).push(b"x")
        assert (len(scripted.came), len(proxy.came)) == (1, 0)
        away = address("http://mileage.example.org", insecure=True)
        Server(away, lambda: "t", lambda: NOW, 5.0).push(b"x")
        assert proxy.came[0][0] == f"http://mileage.example.org{PATH}"
        proxy.shutdown()
        thread.join()


# ------------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://m.example.org", "https://m.example.org"),
        ("https://m.example.org/", "https://m.example.org"),
        (" https://m.example.org:8443/x/ ", "https://m.example.org:8443/x"),
        (f"https://m.example.org{PATH}", "https://m.example.org"),
        ("http://127.0.0.1:8470", "http://127.0.0.1:8470"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://[::1]:8470/", "http://[::1]:8470"),
        ("http://LOCALHOST", "http://LOCALHOST"),
    ],
)
def test_good_addresses(text, url):
    assert address(text).url == url


@pytest.mark.parametrize(
    "text",
    [
        *("", "m.example.org", "ftp://m.example.org", "https://", "file:///etc/passwd"),
        *("https://m.example.org:99999", "https://[::1", "https://m.example.org:0"),
        *("https://me:pw@m.example.org", "https://m.example.org/?x=1"),
        *("https://m.example.org/#x", "//m.example.org", "https://m example.org"),
    ],
)
def test_bad_addresses(text):
    with pytest.raises(Invalid):
        address(text)


@pytest.mark.parametrize(
    "host",
    [
        *(
            "m.example.org",
            "10.0.0.1",
            "localhost.example.org",
            "127.0.0.1.example.org",
        ),
        *("[fe80::1]", "0.0.0.0", "128.0.0.1", "2130706433"),  # noqa: S104
    ],
)
def test_plain_http_needs_a_word(host):
    with pytest.raises(Invalid, match="--insecure"):
        address(f"http://{host}")
    where = address(f"http://{host}", insecure=True)
    assert (where.secure, where.here) == (False, False)


# ---------------------------------------------------------------------- Retry-After


def http_date(seconds):
    moment = NOW + timedelta(seconds=seconds)
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("0", 0), ("5", 5), ("120", 120), ("999999999999", 999999)),
        *((http_date(30), 30), (http_date(-30), -30)),
        *(("", 0), ("soon", 0), ("-5", 0), ("1.5", 0), ("\u0665", 0)),
    ],
)
def test_when_to_come_again(text, seconds):
    assert seconds_of(text, NOW) == seconds


@pytest.mark.parametrize(("asked", "kept"), [(-5, 0), (5, 5), (10**9, LONGEST_PAUSE)])
def test_nobody_waits_for_ever(asked, kept):
    assert Later("x", asked).seconds == kept
