"""What an ID token and a logout token must say, one lie at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.access.oidc import (
    LEEWAY,
    LOGOUT_AGE,
    LOGOUT_EVENT,
    Claimed,
    LoggedOut,
    attempt_of,
    check_id_token,
    check_logout_token,
    returned,
)
from mileage.access.policy import Refusal
from mileage.domain.sign_in_policy import Provider

NOW = 1_780_000_000
PROVIDER = Provider("https://id.x.example", "mileage")
NONCE = "n" * 43
GOOD = {
    "iss": PROVIDER.issuer,
    "aud": "mileage",
    "sub": "user-1",
    "exp": NOW + 300,
    "iat": NOW - 5,
    "nonce": NONCE,
    "email": "Ana@X.example",
    "email_verified": True,
    "name": " Ana ",
    "groups": ["finance", 7, None, "leads"],
    "sid": "s-1",
}
LOGOUT = {
    "iss": PROVIDER.issuer,
    "aud": ["mileage"],
    "sub": "user-1",
    "sid": "s-1",
    "iat": NOW,
    "exp": NOW + 120,
    "jti": "j",
    "events": {LOGOUT_EVENT: {}},
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def check(provider=PROVIDER, **changes):
    claims = {k: v for k, v in {**GOOD, **changes}.items() if v is not ...}
    return check_id_token(claims, provider, NONCE, NOW)


def check_logout(now=NOW, **changes):
    claims = {k: v for k, v in {**LOGOUT, **changes}.items() if v is not ...}
    return check_logout_token(claims, PROVIDER, now)


def test_a_true_token_names_somebody():
    assert check() == Claimed(
        PROVIDER.issuer, "user-1", "ana@x.example", "Ana", ("finance", "leads"), "s-1"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://id.x.example/"},
        {"iss": "https://evil.example"},
        {"iss": ...},
        {"iss": None},
        {"aud": "other"},
        {"aud": ["other"]},
        {"aud": ...},
        {"aud": {"mileage": 1}},
        {"aud": ["mileage", "other"]},
        {"aud": ["mileage", "other"], "azp": "other"},
        {"azp": "other"},
        {"exp": NOW - LEEWAY},
        {"exp": ...},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"iat": NOW + LEEWAY + 1},
        {"iat": ...},
        {"iat": -1},
        {"nonce": "m" * 43},
        {"nonce": ...},
        {"nonce": None},
        {"nonce": ["n" * 43]},
        {"nonce": "ñ"},
        {"sub": ...},
        {"sub": ""},
        {"sub": 7},
        {"sub": "s" * 256},
    ],
)
def test_every_lie_is_refused(changes):
    assert isinstance(check(**changes), Refusal)


def test_a_token_for_several_says_for_which_it_was_made():
    found = check(aud=["other", "mileage"], azp="mileage")
    assert found.subject == "user-1"


def test_clocks_may_differ_a_little():
    assert check(exp=NOW - LEEWAY + 1).subject == "user-1"
    assert check(iat=NOW + LEEWAY).subject == "user-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"email_verified": False},
        {"email_verified": ...},
        {"email_verified": 1},
        {"email_verified": "yes"},
        {"email": "no address"},
        {"email": ...},
        {"email": ["ana@x.example"]},
        {"email": "a" * 300 + "@x.example"},
    ],
)
def test_an_address_that_was_not_verified_does_not_count(changes):
    assert check(**changes).email == ""


def test_the_policy_may_believe_any_address():
    trusting = replace(PROVIDER, any_email=True)
    assert check(trusting, email_verified=...).email == "ana@x.example"


@pytest.mark.parametrize(
    ("groups", "read"),
    [("finance", ("finance",)), (..., ()), ({"a": 1}, ()), (7, ()), ([], ())],
)
def test_groups_come_in_several_forms(groups, read):
    assert check(groups=groups).groups == read


def test_groups_are_bounded_and_named_by_the_policy():
    assert len(check(groups=["g"] * 10_000).groups) == 2000
    other = replace(PROVIDER, groups_claim="roles")
    assert check(other, roles=["r"]).groups == ("r",)


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), json_values))
def test_no_token_raises(changes):
    check(**changes)
    check_logout(**changes)


@given(json_values)
def test_no_events_raise(events):
    assert isinstance(check_logout(events=events), Refusal)


# Coming back


def test_an_attempt_follows_from_its_secret_alone():
    one, again, other = attempt_of("a"), attempt_of("a"), attempt_of("b")
    assert one == again
    assert len({*one, *other}) == 6
    assert {len(part) for part in one} == {43}


def test_whoever_began_brings_the_code():
    attempt = attempt_of("secret")
    query = {"state": attempt.state, "code": "c", "iss": PROVIDER.issuer}
    assert returned(query, attempt, PROVIDER) == "c"


@pytest.mark.parametrize(
    "changes",
    [
        {"state": attempt_of("other").state},
        {"state": ""},
        {"state": "ñ"},
        {"iss": "https://evil.example"},
        {"error": "access_denied"},
        {"code": ""},
    ],
)
def test_whoever_did_not_begin_is_refused(changes):
    attempt = attempt_of("secret")
    query = {"state": attempt.state, "code": "c", "iss": PROVIDER.issuer, **changes}
    assert isinstance(returned(query, attempt, PROVIDER), Refusal)


# Logout from behind


def test_a_logout_token_names_a_session():
    assert check_logout() == LoggedOut(PROVIDER.issuer, "user-1", "s-1", NOW)
    assert check_logout(sid=...).provider_session == ""
    assert check_logout(sub=...).subject == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"aud": "other"},
        {"iat": NOW - LOGOUT_AGE - 1},
        {"iat": NOW + LEEWAY + 1},
        {"exp": NOW - LEEWAY},
        {"nonce": NONCE},
        {"nonce": None},
        {"events": ...},
        {"events": {}},
        {"events": {LOGOUT_EVENT: None}},
        {"events": [LOGOUT_EVENT]},
        {"sub": ..., "sid": ...},
    ],
)
def test_what_is_no_logout_ends_nothing(changes):
    assert isinstance(check_logout(**changes), Refusal)


def test_an_id_token_is_no_logout_token():
    assert isinstance(check_logout_token(GOOD, PROVIDER, NOW), Refusal)
