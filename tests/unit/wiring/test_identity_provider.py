"""The provider over the network: a made-up one that lies, and a real process."""

from __future__ import annotations

import hmac
import json
import urllib.error
import urllib.parse
import urllib.request
from base64 import urlsafe_b64encode
from hashlib import sha256

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from mileage.access.oidc import LOGOUT_EVENT, attempt_of
from mileage.domain.errors import Invalid, Unauthorised, Unavailable
from mileage.domain.sign_in_policy import Provider
from mileage.wiring.identity_provider import IdentityProvider
from mileage.wiring.provider_fetch import SECRET_VARIABLE, Answer, client_secret

ISSUER = "https://id.x.example"
BACK = "https://mileage.x.example/sign-in/oidc/back"
NOW = 1_780_000_000
SECRET = "cookie-secret"
KEY = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"})
OTHER = RSAKey.generate_key(2048, {"kid": "k2", "use": "sig", "alg": "RS256"})


def answer(value, status=200):
    return Answer(
        status, value if isinstance(value, bytes) else json.dumps(value).encode()
    )


class MadeUp:
    """Answers as a provider does, but for what a test changes."""

    def __init__(self):
        self.metadata = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/auth",
            "token_endpoint": f"{ISSUER}/token",
            "userinfo_endpoint": f"{ISSUER}/me",
            "jwks_uri": f"{ISSUER}/keys",
        }
        self.keys = [KEY]
        self.claims = {
            "iss": ISSUER,
            "aud": "mileage",
            "sub": "user-1",
            "exp": NOW + 300,
            "iat": NOW,
            "nonce": attempt_of(SECRET).nonce,
            "email": "ana@x.example",
            "email_verified": True,
            "groups": ["money"],
        }
        self.signed_with = KEY
        self.header = {"alg": "RS256", "kid": "k1"}
        self.token = None
        self.userinfo = {"sub": "user-1", "email": "info@x.example"}
        self.fetched = []
        self.posted = []

    def get(self, url, headers=None):
        self.fetched.append(url)
        return {
            f"{ISSUER}/.well-known/openid-configuration": lambda: answer(self.metadata),
            f"{ISSUER}/keys": lambda: answer(
                {"keys": [one.as_dict(private=False) for one in self.keys]}
            ),
            f"{ISSUER}/me": lambda: answer(self.userinfo),
        }[url]()

    def post(self, url, *, data, headers, auth):
        url, headers, body = auth.prepare(
            "POST", url, dict(headers), urllib.parse.urlencode(data)
        )
        self.posted.append((url, dict(urllib.parse.parse_qsl(body)), headers))
        if self.token is not None:
            return self.token
        token = jwt.encode(
            self.header, self.claims, self.signed_with, algorithms=["RS256", "HS256"]
        )
        return answer({"id_token": token, "access_token": "at", "token_type": "Bearer"})


class Clock:
    def __init__(self):
        self.now = float(NOW)

    def __call__(self):
        return self.now


@pytest.fixture
def made_up():
    return MadeUp()


@pytest.fixture
def clock():
    return Clock()


def provider_on(made_up, clock, secret="client-secret", **settings):  # noqa: S107
    settings = Provider(ISSUER, "mileage", **settings)
    return IdentityProvider(settings, secret, made_up, clock)


@pytest.fixture
def provider(made_up, clock):
    return provider_on(made_up, clock)


def come_back(provider, **changes):
    query = {"state": attempt_of(SECRET).state, "code": "c-1", **changes}
    return provider.claimed(SECRET, BACK, query)


def test_a_browser_is_sent_with_everything_that_protects_it(provider):
    address = urllib.parse.urlsplit(provider.address(SECRET, BACK))
    query = dict(urllib.parse.parse_qsl(address.query))
    attempt = attempt_of(SECRET)
    challenge = urlsafe_b64encode(sha256(attempt.verifier.encode()).digest())
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{ISSUER}/auth"
    assert query == {
        "response_type": "code",
        "client_id": "mileage",
        "redirect_uri": BACK,
        "scope": "openid email profile",
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": challenge.decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    assert attempt.verifier not in address.query


def test_the_code_is_exchanged_with_its_verifier(provider, made_up):
    claimed = come_back(provider)
    assert (claimed.subject, claimed.email) == ("user-1", "ana@x.example")
    assert claimed.groups == ("money",)
    ((url, form, headers),) = made_up.posted
    assert url == f"{ISSUER}/token"
    assert form["code"] == "c-1"
    assert form["code_verifier"] == attempt_of(SECRET).verifier
    assert form["redirect_uri"] == BACK
    assert headers["Authorization"].startswith("Basic ")
    assert "client_secret" not in form


def test_a_public_client_sends_no_secret(made_up, clock):
    come_back(provider_on(made_up, clock, secret=""))
    ((_, form, headers),) = made_up.posted
    assert form["client_id"] == "mileage"
    assert "Authorization" not in headers


def test_a_provider_may_want_the_secret_in_the_form(made_up, clock):
    offered = ["client_secret_post", "private_key_jwt"]
    made_up.metadata["token_endpoint_auth_methods_supported"] = offered
    come_back(provider_on(made_up, clock))
    assert made_up.posted[0][1]["client_secret"] == "client-secret"


@pytest.mark.parametrize("changes", [{"state": "x"}, {"iss": "https://evil.example"}])
def test_a_wrong_return_costs_no_request(provider, made_up, changes):
    with pytest.raises(Unauthorised):
        come_back(provider, **changes)
    assert made_up.fetched == made_up.posted == []


def test_a_provider_that_says_who_it_is_always_does(provider, made_up):
    made_up.metadata["authorization_response_iss_parameter_supported"] = True
    with pytest.raises(Unauthorised, match="which it is"):
        come_back(provider)
    assert come_back(provider, iss=ISSUER).subject == "user-1"


def test_a_token_of_another_attempt_is_refused(provider, made_up):
    made_up.claims["nonce"] = attempt_of("another").nonce
    with pytest.raises(Unauthorised, match="another attempt"):
        come_back(provider)


def encoded(content):
    return urlsafe_b64encode(content).decode().rstrip("=")


def unsigned(claims, **header):
    parts = (header or {"alg": "none"}, claims)
    return ".".join(encoded(json.dumps(one).encode()) for one in parts)


def sealed(claims):
    """Signed with what everybody knows, called a shared secret."""
    signed = unsigned(claims, alg="HS256", kid="k1")
    public = KEY.as_pem(private=False)
    return f"{signed}.{encoded(hmac.digest(public, signed.encode(), 'sha256'))}"


def test_signatures_are_checked(provider, made_up):
    forged = {
        "of a stranger": lambda: jwt.encode(made_up.header, made_up.claims, OTHER),
        "with our own secret": lambda: jwt.encode(
            {"alg": "HS256"}, made_up.claims, OctKey.import_key("client-secret" * 4)
        ),
        "with the public key as a secret": lambda: sealed(made_up.claims),
        "none": lambda: unsigned(made_up.claims) + ".",
        "text": lambda: "not a token",
        "empty": lambda: "",
        "endless": lambda: "a" * 200_000,
    }
    for name, token in forged.items():
        made_up.token = answer(
            {"id_token": token(), "access_token": "at", "token_type": "Bearer"}
        )
        with pytest.raises(Unauthorised):
            pytest.fail(f"{name}: {come_back(provider)}")


def test_a_new_key_is_asked_for_but_not_all_the_time(provider, made_up, clock):
    come_back(provider)
    made_up.keys, made_up.signed_with = [OTHER], OTHER
    made_up.header = {"alg": "RS256", "kid": "k2"}
    fetched = len(made_up.fetched)
    for _ in range(3):
        with pytest.raises(Unauthorised):
            come_back(provider)
    assert len(made_up.fetched) == fetched
    clock.now += 31
    assert come_back(provider).subject == "user-1"


def test_what_was_fetched_is_believed_for_an_hour(provider, made_up, clock):
    for _ in range(3):
        provider.address(SECRET, BACK)
    assert len(made_up.fetched) == 2
    clock.now += 3601
    provider.address(SECRET, BACK)
    assert len(made_up.fetched) == 4


def test_another_issuer_is_not_believed(provider, made_up):
    made_up.metadata["issuer"] = "https://evil.example"
    with pytest.raises(Unavailable, match=r"evil\.example"):
        provider.address(SECRET, BACK)


@pytest.mark.parametrize(
    "endpoint", ["authorization_endpoint", "token_endpoint", "jwks_uri"]
)
@pytest.mark.parametrize(
    "address", [None, "http://id.x.example/x", "file:///etc/passwd", 7]
)
def test_an_endpoint_is_https(provider, made_up, endpoint, address):
    made_up.metadata[endpoint] = address
    ask = provider.address if endpoint.startswith("auth") else provider.claimed
    query = {"state": attempt_of(SECRET).state, "code": "c-1"}
    given = (SECRET, BACK) if endpoint.startswith("auth") else (SECRET, BACK, query)
    with pytest.raises(Unavailable):
        ask(*given)


@pytest.mark.parametrize(
    "token",
    [
        answer({"error": "invalid_grant"}, 400),
        answer(b"<html>busy</html>"),
        answer([1], 200),
        answer({"access_token": "at", "token_type": "Bearer"}),
    ],
)
def test_a_code_that_the_provider_does_not_take_opens_nothing(provider, made_up, token):
    made_up.token = token
    with pytest.raises(Unauthorised):
        come_back(provider)


def test_a_provider_in_trouble_is_unavailable(provider, made_up):
    made_up.token = answer(b"", 502)
    with pytest.raises(Unavailable):
        come_back(provider)


def test_what_the_token_leaves_out_is_asked_for(provider, made_up):
    del made_up.claims["email"]
    made_up.userinfo = {"sub": "user-1", "email": "i@x.example"}
    assert come_back(provider).email == ""  # the token's word is about the token's
    made_up.userinfo["email_verified"] = True
    assert come_back(provider).email == "i@x.example"


def test_userinfo_of_somebody_else_is_refused(provider, made_up):
    del made_up.claims["groups"]
    made_up.userinfo["sub"] = "user-2"
    with pytest.raises(Unauthorised, match="somebody else"):
        come_back(provider)


def test_a_logout_token_is_signed_too(provider, made_up):
    claims = {
        "iss": ISSUER,
        "aud": "mileage",
        "sub": "user-1",
        "iat": NOW,
        "events": {LOGOUT_EVENT: {}},
    }
    token = jwt.encode(made_up.header, claims, KEY)
    assert provider.logged_out(token).subject == "user-1"
    with pytest.raises(Unauthorised):
        provider.logged_out(jwt.encode(made_up.header, claims, OTHER))


# The client's secret


def test_the_secret_comes_from_a_private_file(tmp_path, monkeypatch):
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)
    file = tmp_path / "oidc.secret"
    file.write_text("s3cret\n", "utf-8")
    settings = Provider(ISSUER, "mileage", "oidc.secret")
    for mode in (0o644, 0o640, 0o604):
        file.chmod(mode)
        with pytest.raises(Invalid, match="chmod 600"):
            client_secret(settings, tmp_path)
    file.chmod(0o600)
    assert client_secret(settings, tmp_path) == "s3cret"
    monkeypatch.setenv(SECRET_VARIABLE, "from the environment")
    assert client_secret(settings, tmp_path) == "from the environment"


def test_a_secret_that_is_not_there_is_told(tmp_path, monkeypatch):
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)
    with pytest.raises(Invalid, match="client_secret_file"):
        client_secret(Provider(ISSUER, "m", "missing"), tmp_path)
    assert client_secret(Provider(ISSUER, "m"), tmp_path) == ""
