"""A provider's answers forged by whoever sits between: algorithms, keys, replays."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from mileage.access.oidc import LEEWAY, LOGOUT_AGE, LOGOUT_EVENT, attempt_of
from mileage.domain.errors import Unauthorised, Unavailable
from mileage.domain.people import HeldRole
from mileage.domain.sign_in_policy import GroupRole, Provider, SignInPolicy
from mileage.wiring.identity_provider import SIGNATURES
from mileage.wiring.provider_fetch import LARGEST, Answer, Fetch, _bounded
from mileage.wiring.single_sign_on import SingleSignOn
from tests.scim_service import scim_service
from tests.unit.wiring.test_identity_provider import (
    BACK,
    ISSUER,
    KEY,
    NOW,
    OTHER,
    SECRET,
    Clock,
    MadeUp,
    answer,
    come_back,
    encoded,
    provider_on,
    sealed,
    unsigned,
)

EC = ECKey.generate_key("P-256", {"kid": "e1", "use": "sig", "alg": "ES256"})
SENT = {"access_token": "at", "token_type": "Bearer"}


@pytest.fixture
def made_up():
    return MadeUp()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def provider(made_up, clock):
    return provider_on(made_up, clock)


def logout(made_up, key=KEY, header=None, **changes):
    claims = {
        "iss": ISSUER,
        "aud": "mileage",
        "sub": "user-1",
        "iat": NOW,
        "events": {LOGOUT_EVENT: {}},
        **changes,
    }
    return jwt.encode(header or made_up.header, claims, key)


# Algorithms and keys


def test_no_algorithm_is_taken_that_anybody_could_sign_with():
    assert not [one for one in SIGNATURES if one.startswith(("HS", "none", "dir"))]


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
def test_an_unsigned_token_is_none(provider, made_up, name):
    for signature in ("", "AA", encoded(b"\0" * 256)):
        token = f"{unsigned(made_up.claims, alg=name)}.{signature}"
        made_up.token = answer({"id_token": token, **SENT})
        with pytest.raises(Unauthorised, match="not signed by the provider"):
            come_back(provider)
        with pytest.raises(Unauthorised, match="not signed by the provider"):
            provider.logged_out(token)


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_our_own_secret_signs_nothing(provider, made_up, algorithm):
    key = OctKey.import_key("client-secret" * 8)
    token = jwt.encode({"alg": algorithm}, made_up.claims, key, [algorithm])
    made_up.token = answer({"id_token": token, **SENT})
    with pytest.raises(Unauthorised):
        come_back(provider)


def test_the_public_key_as_a_secret_signs_no_logout(provider, made_up):
    claims = {"iss": ISSUER, "aud": "mileage", "sub": "user-1", "iat": NOW}
    with pytest.raises(Unauthorised):
        provider.logged_out(sealed(claims | {"events": {LOGOUT_EVENT: {}}}))


@pytest.mark.parametrize(
    "brought", ["jwk", "jku", "x5u", "x5c", "a kid of a file", "crit"]
)
def test_a_token_brings_no_key_of_its_own(provider, made_up, brought):
    """RFC 8725 section 3.10: what a header claims about keys is not followed."""
    header = {
        "jwk": {"jwk": OTHER.as_dict(private=False)},
        "jku": {"jku": "https://evil.example/keys"},
        "x5u": {"x5u": "https://evil.example/cert"},
        "x5c": {"x5c": ["MIIB"]},
        "a kid of a file": {"kid": "../../../dev/null"},
        "crit": {"crit": ["b64"], "b64": False},
    }[brought]
    forged = ".".join(
        encoded(json.dumps(part).encode())
        for part in ({"alg": "RS256", **header}, made_up.claims)
    )
    made_up.token = answer({"id_token": f"{forged}.{encoded(b'x' * 256)}", **SENT})
    with pytest.raises(Unauthorised):
        come_back(provider)
    assert not any("evil" in url for url in made_up.fetched)


def test_a_claim_that_was_changed_after_signing_is_refused(provider, made_up):
    whole = jwt.encode(made_up.header, made_up.claims, KEY)
    head, _, signature = whole.split(".")
    claims = encoded(json.dumps({**made_up.claims, "sub": "boss"}).encode())
    made_up.token = answer({"id_token": f"{head}.{claims}.{signature}", **SENT})
    with pytest.raises(Unauthorised):
        come_back(provider)


def test_a_key_of_another_kind_fits_no_signature(provider, made_up):
    made_up.keys = [EC, KEY]
    made_up.header, made_up.signed_with = {"alg": "ES256", "kid": "k1"}, EC
    token = jwt.encode(made_up.header, made_up.claims, EC, ["ES256"])
    made_up.token = answer({"id_token": token, **SENT})
    with pytest.raises(Unauthorised):
        come_back(provider)
    made_up.token = answer(
        {
            "id_token": jwt.encode(
                {"alg": "ES256", "kid": "e1"}, made_up.claims, EC, ["ES256"]
            ),
            **SENT,
        }
    )
    assert come_back(provider).subject == "user-1"


@pytest.mark.parametrize("keys", [{}, {"keys": None}, {"keys": [7]}, {"keys": "x"}, []])
def test_keys_that_are_none_close_the_way(provider, monkeypatch, made_up, keys):
    real = made_up.get
    monkeypatch.setattr(
        made_up,
        "get",
        lambda url, headers=None: answer(keys) if "keys" in url else real(url),
    )
    with pytest.raises(Unavailable):
        come_back(provider)


# Replays, and the clock


def test_a_token_that_was_taken_once_fits_no_other_attempt(provider):
    assert come_back(provider).subject == "user-1"
    other = attempt_of("another browser")
    with pytest.raises(Unauthorised, match="another attempt"):
        provider.claimed("another browser", BACK, {"state": other.state, "code": "c-1"})


def test_a_code_of_another_browser_comes_with_another_verifier(provider, made_up):
    come_back(provider)
    with pytest.raises(Unauthorised):
        provider.claimed(
            "thief", BACK, {"state": attempt_of("thief").state, "code": "c-1"}
        )
    verifiers = [form["code_verifier"] for _, form, _ in made_up.posted]
    assert verifiers == [attempt_of(SECRET).verifier, attempt_of("thief").verifier]


def test_a_token_is_over_to_the_second(provider, made_up, clock):
    clock.now = made_up.claims["exp"] + LEEWAY - 1
    assert come_back(provider).subject == "user-1"
    clock.now += 1
    with pytest.raises(Unauthorised, match="expired"):
        come_back(provider)


def test_a_logout_is_over_to_the_second(provider, made_up, clock):
    token = logout(made_up)
    clock.now = NOW + LOGOUT_AGE
    assert provider.logged_out(token).subject == "user-1"
    clock.now += 1
    with pytest.raises(Unauthorised, match="too old"):
        provider.logged_out(token)


@pytest.mark.parametrize(
    ("claim", "value", "said"),
    [
        ("iss", "https://evil.example", "another issuer"),
        ("aud", "wiki", "somebody else"),
        ("azp", "wiki", "another party"),
        ("sub", "", "names nobody"),
        ("iat", NOW + LEEWAY + 1, "says the future"),
    ],
)
def test_a_token_that_is_signed_may_still_lie(provider, made_up, claim, value, said):
    made_up.claims[claim] = value
    with pytest.raises(Unauthorised, match=said):
        come_back(provider)
    if claim != "sub":
        with pytest.raises(Unauthorised, match=said):
            provider.logged_out(logout(made_up, **{claim: value}))


@pytest.mark.parametrize("token", ["", ".", "..", "a.b", "a.b.c.d.e", "é.é.é", "\0"])
def test_what_is_no_token_ends_nothing(provider, token):
    with pytest.raises(Unauthorised):
        provider.logged_out(token)


# What comes over the network


@pytest.mark.parametrize("told", [b"", b"null", b"[]", b"7", b"{", b"\xff"])
def test_a_provider_that_does_not_answer_as_one(provider, monkeypatch, made_up, told):
    monkeypatch.setattr(made_up, "get", lambda url, headers=None: Answer(200, told))
    with pytest.raises(Unavailable, match="does not answer as one"):
        provider.address(SECRET, BACK)


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_a_provider_that_fails_is_told_by_its_status(
    provider, monkeypatch, made_up, status
):
    monkeypatch.setattr(made_up, "get", lambda url, headers=None: answer({}, status))
    with pytest.raises(Unavailable, match=str(status)):
        provider.address(SECRET, BACK)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x.example/", "data:,x"])
def test_only_the_web_is_asked(url):
    with pytest.raises(Unavailable, match="no web"):
        Fetch().get(url)


def test_an_answer_has_a_limit():
    assert _bounded(b"x" * LARGEST)
    with pytest.raises(Unavailable, match="too much"):
        _bounded(b"x" * (LARGEST + 1))


# All the way to a session


@pytest.fixture
def whole(tmp_path, made_up):
    groups = (
        GroupRole("Money", HeldRole("finance")),
        GroupRole("leads", HeldRole("department-lead", "Engines")),
    )
    policy = SignInPolicy(provider=Provider(ISSUER, "mileage"), group_roles=groups)
    with scim_service(tmp_path / "control.sqlite") as service:
        service.user()
        clock = Clock()
        clock.now = made_up.claims["iat"]
        service.control.take_groups(policy)
        single = SingleSignOn(provider_on(made_up, clock), service.control, policy)
        yield service, single, policy


def opened(single):
    query = {"state": attempt_of(SECRET).state, "code": "c-1"}
    return single.open(SECRET, BACK, query, "Firefox on Linux")


def test_groups_of_a_token_are_roles_and_no_other_group_is_kept(
    whole, made_up, tmp_path
):
    service, single, _ = whole
    made_up.claims["groups"] = ["MONEY", "Leads", "very-secret-project"]
    viewer = service.control.session_viewer(opened(single))
    assert set(viewer.roles) == {
        HeldRole("finance"),
        HeldRole("department-lead", "Engines"),
    }
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"very-secret-project" not in kept


def test_roles_of_both_directories_add_up_once(whole, made_up):
    service, single, _ = whole
    ana = service.find("")["Resources"][0]
    service.group("money", ana)
    made_up.claims["groups"] = ["money"]
    assert service.control.session_viewer(opened(single)).roles == (
        HeldRole("finance"),
    )


def test_the_next_token_takes_roles_away(whole, made_up):
    service, single, _ = whole
    before = opened(single)
    made_up.claims["groups"] = []
    after = opened(single)
    assert service.control.session_viewer(before).holds("finance")
    assert service.control.session_viewer(after).roles == ()


def test_a_provider_that_lets_strangers_in_is_asked_for(whole, made_up):
    service, single, policy = whole
    made_up.claims |= {"sub": "new", "email": "new@x.example", "name": "New"}
    with pytest.raises(Unauthorised, match="the directory does not have"):
        opened(single)
    trusting = replace(policy, provider=replace(policy.provider, new_accounts=True))
    open_to_all = SingleSignOn(single._provider, service.control, trusting)
    assert service.control.session_viewer(opened(open_to_all)).name == "New"


def test_a_disabled_user_stays_out_whatever_the_provider_says(whole):
    service, single, _ = whole
    session = opened(single)
    ana = service.find("")["Resources"][0]
    change = {"op": "replace", "path": "active", "value": False}
    service.patch(f"/Users/{ana['id']}", change)
    assert service.control.session_viewer(session) is None
    with pytest.raises(Unauthorised, match="disabled"):
        opened(single)
