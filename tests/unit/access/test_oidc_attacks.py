"""Attacks on tokens and on coming back: each is refused with the reason for the log."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.access.oidc import (
    LEEWAY,
    LOGOUT_AGE,
    LOGOUT_EVENT,
    LONGEST_SUBJECT,
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
ATTEMPT = attempt_of("cookie")
GOOD = {
    "iss": PROVIDER.issuer,
    "aud": "mileage",
    "sub": "user-1",
    "exp": NOW + 300,
    "iat": NOW,
    "nonce": ATTEMPT.nonce,
    "email": "ana@x.example",
    "email_verified": True,
}
LOGOUT = {
    "iss": PROVIDER.issuer,
    "aud": "mileage",
    "sub": "user-1",
    "iat": NOW,
    "events": {LOGOUT_EVENT: {}},
}
HALVES = ("\ud800", "a\udfffb", "\ud83d")
"""Half a character, as JSON can say it: "\\ud800"."""


def with_changes(claims, changes):
    return {k: v for k, v in {**claims, **changes}.items() if v is not ...}


def signed_in(now=NOW, provider=PROVIDER, **changes):
    claims = with_changes(GOOD, changes)
    return check_id_token(claims, provider, ATTEMPT.nonce, now)


def logged_out(now=NOW, **changes):
    return check_logout_token(with_changes(LOGOUT, changes), PROVIDER, now)


def why(found):
    assert isinstance(found, Refusal), found
    assert found.purposes == ()
    return found.reason


# Every reason, as the log has it


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": PROVIDER.issuer + "/"}, "the token comes from another issuer"),
        ({"iss": PROVIDER.issuer.upper()}, "the token comes from another issuer"),
        ({"iss": [PROVIDER.issuer]}, "the token comes from another issuer"),
        ({"aud": "Mileage"}, "the token is for somebody else"),
        ({"aud": []}, "the token is for somebody else"),
        ({"aud": [["mileage"]]}, "the token is for somebody else"),
        ({"aud": "mileage other"}, "the token is for somebody else"),
        ({"aud": ["mileage", "mileage"]}, "the token was made for another party"),
        ({"azp": "other"}, "the token was made for another party"),
        ({"azp": None}, "the token was made for another party"),
        ({"azp": ["mileage"]}, "the token was made for another party"),
        ({"exp": NOW - LEEWAY}, "the token has expired"),
        ({"exp": 0}, "the token has expired"),
        ({"exp": -1}, "the token has expired"),
        ({"exp": "never"}, "the token has expired"),
        ({"exp": 2**53}, "the token has expired"),
        ({"exp": 10**400}, "the token has expired"),
        ({"exp": ...}, "the ID token does not say when it ends"),
        (
            {"iat": NOW + LEEWAY + 1},
            "the token does not say when it was made, or says the future",
        ),
        (
            {"iat": False},
            "the token does not say when it was made, or says the future",
        ),
        ({"nonce": ""}, "the ID token belongs to another attempt to sign in"),
        ({"nonce": ATTEMPT.nonce[:-1]}, "the ID token belongs to another attempt"),
        ({"nonce": ATTEMPT.nonce + "="}, "the ID token belongs to another attempt"),
        ({"nonce": ATTEMPT.state}, "the ID token belongs to another attempt"),
        ({"nonce": [ATTEMPT.nonce]}, "the ID token belongs to another attempt"),
        ({"sub": None}, "the ID token names nobody"),
        ({"sub": ["user-1"]}, "the ID token names nobody"),
        ({"sub": "s" * (LONGEST_SUBJECT + 1)}, "the ID token names nobody"),
    ],
)
def test_a_forged_id_token_is_refused_for_its_reason(changes, reason):
    assert why(signed_in(**changes)).startswith(reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://evil.example"}, "the token comes from another issuer"),
        ({"aud": "other"}, "the token is for somebody else"),
        ({"nonce": ""}, "an ID token is no logout token"),
        ({"iat": NOW - LOGOUT_AGE - 1}, "the logout token is too old"),
        ({"iat": ...}, "the token does not say when it was made"),
        ({"exp": NOW - LEEWAY}, "the token has expired"),
        ({"events": None}, "the token is about no logout"),
        ({"events": LOGOUT_EVENT}, "the token is about no logout"),
        ({"events": {LOGOUT_EVENT: True}}, "the token is about no logout"),
        ({"events": {LOGOUT_EVENT.upper(): {}}}, "the token is about no logout"),
        ({"sub": ..., "sid": ...}, "the logout token names nobody"),
        ({"sub": "", "sid": ""}, "the logout token names nobody"),
        ({"sub": 7}, "the logout token names nobody"),
        ({"sub": "s" * 300}, "the logout token names nobody"),
    ],
)
def test_a_forged_logout_is_refused_for_its_reason(changes, reason):
    assert why(logged_out(**changes)).startswith(reason)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({}, "this browser did not begin"),
        ({"state": ATTEMPT.nonce}, "this browser did not begin"),
        ({"state": ATTEMPT.state.swapcase()}, "this browser did not begin"),
        ({"state": ATTEMPT.state[:-1]}, "this browser did not begin"),
        ({"state": ATTEMPT.state, "iss": ""}, "another provider answered"),
        (
            {"state": ATTEMPT.state, "iss": f"{PROVIDER.issuer}.evil.example"},
            "another provider answered",
        ),
        ({"state": ATTEMPT.state, "error": ""}, "the provider let nobody in"),
        (
            {"state": ATTEMPT.state, "error": "access_denied", "code": "c"},
            "the provider let nobody in",
        ),
        ({"state": ATTEMPT.state}, "the provider sent no code"),
    ],
)
def test_coming_back_wrongly_is_refused_for_its_reason(query, reason):
    assert why(returned(query, ATTEMPT, PROVIDER)).startswith(reason)


def test_a_reason_repeats_nothing_of_what_was_sent():
    evil = "<script>evil</script>\r\nSet-Cookie: x"
    for name in ("iss", "aud", "azp", "exp", "iat", "nonce"):
        assert "evil" not in why(signed_in(**{name: evil}))
    for name in ("state", "iss", "error"):
        query = {"state": ATTEMPT.state, "code": "c", name: evil}
        assert "evil" not in why(returned(query, ATTEMPT, PROVIDER))


# The clock, at the very second


@pytest.mark.parametrize("exp", [NOW, NOW + 300])
def test_an_id_token_counts_until_a_minute_after_its_end(exp):
    assert isinstance(signed_in(exp + LEEWAY - 1, exp=exp), Claimed)
    assert why(signed_in(exp + LEEWAY, exp=exp)) == "the token has expired"


def test_an_id_token_counts_from_a_minute_before_it_was_made():
    assert isinstance(signed_in(NOW - LEEWAY), Claimed)
    assert "future" in why(signed_in(NOW - LEEWAY - 1))


def test_a_logout_counts_for_ten_minutes():
    assert isinstance(logged_out(NOW + LOGOUT_AGE), LoggedOut)
    assert why(logged_out(NOW + LOGOUT_AGE + 1)) == "the logout token is too old"


def test_fractions_of_a_second_count_as_the_second():
    assert isinstance(signed_in(iat=NOW + LEEWAY + 0.9), Claimed)
    assert logged_out(iat=NOW + 0.9).at == NOW


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_only_a_window_of_time_lets_anybody_in(made, ends):
    inside = made <= LEEWAY and ends > -LEEWAY
    found = signed_in(iat=NOW + made, exp=NOW + ends)
    assert isinstance(found, Claimed) is inside


# Tokens of one kind for another


def test_one_kind_of_token_is_not_the_other():
    assert isinstance(signed_in(), Claimed)
    assert isinstance(logged_out(), LoggedOut)
    assert why(check_id_token(LOGOUT, PROVIDER, ATTEMPT.nonce, NOW))
    assert why(check_logout_token(GOOD, PROVIDER, NOW))


def test_an_access_token_names_nobody():
    access = with_changes(GOOD, {"nonce": ..., "aud": "https://api.x.example"})
    assert why(check_id_token(access, PROVIDER, ATTEMPT.nonce, NOW))


def test_a_token_of_another_client_of_the_provider_is_refused():
    other = Provider(PROVIDER.issuer, "wiki")
    assert isinstance(signed_in(provider=other, aud="wiki"), Claimed)
    assert why(signed_in(aud="wiki"))
    assert why(signed_in(aud=["wiki", "mileage"], azp="wiki"))


# Attempts


def test_an_attempt_gives_none_of_its_parts_away():
    assert len(set(ATTEMPT)) == len(ATTEMPT)
    assert not any("cookie" in part for part in ATTEMPT)
    allowed = set(string.ascii_letters + string.digits + "-_")
    assert all(set(part) <= allowed for part in ATTEMPT)


@given(st.text(), st.text())
def test_two_secrets_never_fit_each_other(one, other):
    query = {"state": attempt_of(one).state, "code": "c"}
    found = returned(query, attempt_of(other), PROVIDER)
    assert (found == "c") is (one == other)


@given(st.text(), st.text())
def test_no_nonce_of_another_attempt_fits(one, other):
    found = check_id_token(
        {**GOOD, "nonce": attempt_of(one).nonce}, PROVIDER, attempt_of(other).nonce, NOW
    )
    assert isinstance(found, Claimed) is (one == other)


@given(st.dictionaries(st.sampled_from(["state", "code", "iss", "error"]), st.text()))
def test_no_return_raises(query):
    found = returned(query, ATTEMPT, PROVIDER)
    assert isinstance(found, str | Refusal)
    if isinstance(found, str):
        assert query["state"] == ATTEMPT.state


# What nothing could store


@pytest.mark.parametrize("half", HALVES)
def test_half_a_character_names_nobody(half):
    assert why(signed_in(sub=half)) == "the ID token names nobody"
    assert "another attempt" in why(signed_in(nonce=half))
    assert why(logged_out(sub=half)) == "the logout token names nobody"


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize(
    ("claim", "attribute"),
    [("email", "email"), ("name", "name"), ("sid", "provider_session")],
)
def test_half_a_character_counts_as_nothing(half, claim, attribute):
    found = signed_in(**{claim: f"ana@x.example{half}"})
    assert getattr(found, attribute) == ""
    assert found.subject == "user-1"


def test_a_whole_character_counts():
    assert signed_in(name="Ana \U0001f680").name == "Ana \U0001f680"


# Addresses


@pytest.mark.parametrize("verified", [True, "true"])
def test_a_verified_address_counts(verified):
    assert signed_in(email_verified=verified).email == "ana@x.example"


@pytest.mark.parametrize("verified", ["True", "1", 1, 1.0, [True], {"a": True}, None])
def test_what_only_looks_verified_does_not(verified):
    assert signed_in(email_verified=verified).email == ""


@pytest.mark.parametrize(
    ("sent", "read"),
    [("  ANA@X.Example ", "ana@x.example"), ("ana", ""), ("@", "@"), (7, "")],
)
def test_an_address_has_one_spelling(sent, read):
    assert signed_in(email=sent).email == read
