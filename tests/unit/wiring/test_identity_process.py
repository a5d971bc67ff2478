"""A real provider in a process of its own, and the network between."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from mileage.domain.errors import Unauthorised, Unavailable
from mileage.domain.sign_in_policy import Provider
from mileage.wiring.identity_provider import IdentityProvider
from mileage.wiring.provider_fetch import Fetch

BACK = "https://mileage.x.example/sign-in/oidc/back"
SECRET = "cookie-secret"


@pytest.fixture(scope="module")
def real():
    """A provider in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    claims = {
        "sub": "alice",
        "email": "alice@example.org",
        "email_verified": True,
        "groups": ["money"],
    }
    command = (sys.executable, "-m", "oidc_provider_mock", "--port", str(port))
    process = subprocess.Popen(
        [*command, "--require-nonce", "--user-claims", json.dumps(claims)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        issuer = f"http://127.0.0.1:{port}"
        _wait_for(process, issuer)
        yield issuer
    finally:
        process.kill()
        process.wait()


def _wait_for(process, issuer):
    until = time.monotonic() + 60
    while True:
        try:
            Fetch().get(issuer)
        except Unavailable:
            assert process.poll() is None, "the provider has ended"
            assert time.monotonic() < until, "the provider did not start"
            time.sleep(0.05)
        else:
            return


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args):
        return None


def let_in(address, subject="alice"):
    """Press the button of the provider's page; returns where it sends the browser."""
    form = urllib.parse.urlencode({"sub": subject}).encode()
    opener = urllib.request.build_opener(_Stay)
    try:
        opener.open(address, form, timeout=10).close()
    except urllib.error.HTTPError as redirect:
        with redirect:
            location = redirect.headers["location"]
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))
    raise AssertionError("the provider did not send the browser back")


def test_a_real_provider_lets_somebody_in(real):
    provider = IdentityProvider(Provider(real, "mileage"), "client-secret")
    query = let_in(provider.address(SECRET, BACK))
    claimed = provider.claimed(SECRET, BACK, query)
    assert (claimed.issuer, claimed.subject) == (real, "alice")
    assert claimed.email == "alice@example.org"
    assert claimed.groups == ("money",)
    with pytest.raises(Unauthorised):
        provider.claimed(SECRET, BACK, query)  # a code is used up


def test_a_real_code_belongs_to_the_browser_that_began(real):
    provider = IdentityProvider(Provider(real, "mileage"), "client-secret")
    query = let_in(provider.address("another cookie", BACK))
    with pytest.raises(Unauthorised, match="did not begin"):
        provider.claimed(SECRET, BACK, query)


def test_a_redirect_is_not_followed(real):
    answered = Fetch().get(f"{real}/oauth2/end_session?post_logout_redirect_uri=x")
    assert answered.status_code != 200 or b"issuer" not in answered.content


def test_nobody_there_is_unavailable():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    provider = IdentityProvider(Provider(f"http://127.0.0.1:{port}", "mileage"), "")
    with pytest.raises(Unavailable, match="cannot be reached"):
        provider.address(SECRET, BACK)


def test_a_body_without_end_is_cut(monkeypatch):
    monkeypatch.setattr("mileage.wiring.provider_fetch.LARGEST", 10)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def serve():
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + b"a" * 99
            )

    thread = threading.Thread(target=serve)
    thread.start()
    with pytest.raises(Unavailable, match="too much"):
        Fetch().get(f"http://127.0.0.1:{port}/")
    thread.join()
    listener.close()
