"""What must hold of the tokens of an OpenID provider, once their signature does.

OpenID Connect Core 1.0 section 3.1.3.7, Back-Channel Logout 1.0 section 2.6, RFC 9207.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.access.policy import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mileage.domain.sign_in_policy import Provider

LEEWAY = 60
"""Seconds by which the clocks of two machines may differ."""
LOGOUT_AGE = 600
"""Seconds for which a logout token is taken."""
LONGEST_SUBJECT = 255
MOST_GROUPS = 2000
HALF = re.compile("[\ud800-\udfff]")
"""Half a character, which JSON can say and nothing can store."""
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class Attempt(NamedTuple):
    """What belongs to one attempt to sign in; all of it follows from one secret.

    The secret is a cookie of the browser that began, so nothing is kept here: who does
    not hold it knows neither ``state`` nor ``verifier``.
    """

    state: str
    nonce: str
    verifier: str
    """RFC 7636: 43 characters."""


def attempt_of(secret: str) -> Attempt:
    """Return what belongs to the attempt of a secret."""
    return Attempt(*(_derived(secret, name) for name in Attempt._fields))


def _derived(secret: str, name: str) -> str:
    made = hmac.digest(secret.encode(), f"mileage oidc {name}".encode(), "sha256")
    return urlsafe_b64encode(made).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Claimed:
    """Who signs in, as the provider says it."""

    issuer: str
    subject: str
    email: str
    """'' when there is none that counts."""
    name: str
    groups: tuple[str, ...]
    provider_session: str


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """Whose sessions end, opened at ``at`` (seconds since 1970) or before."""

    issuer: str
    subject: str
    provider_session: str
    """Only this one; '' is all of the subject."""
    at: int


def returned(
    query: Mapping[str, str], attempt: Attempt, provider: Provider
) -> str | Refusal:
    """Return the code with which a browser comes back from the provider."""
    state = query.get("state", "")
    if not hmac.compare_digest(state.encode(), attempt.state.encode()):
        return Refusal("this browser did not begin to sign in here, or long ago")
    if query.get("iss", provider.issuer) != provider.issuer:
        return Refusal("another provider answered than the one that was asked")
    if "error" in query:
        return Refusal("the provider let nobody in")
    return query.get("code") or Refusal("the provider sent no code")


def check_id_token(
    claims: Mapping[str, Any], provider: Provider, nonce: str, now: int
) -> Claimed | Refusal:
    """Return who an ID token is about; ``now`` in seconds since 1970."""
    wrong = _wrong_with(claims, provider, now)
    if wrong is not None:
        return wrong
    if not hmac.compare_digest(_text(claims, "nonce").encode(), nonce.encode()):
        return Refusal("the ID token belongs to another attempt to sign in")
    if not _instant(claims, "exp"):
        return Refusal("the ID token does not say when it ends")
    subject = _text(claims, "sub")
    if not 0 < len(subject) <= LONGEST_SUBJECT:
        return Refusal("the ID token names nobody")
    return Claimed(
        issuer=provider.issuer,
        subject=subject,
        email=_email(claims, provider),
        name=_text(claims, "name").strip(),
        groups=_groups(claims.get(provider.groups_claim)),
        provider_session=_text(claims, "sid"),
    )


def check_logout_token(
    claims: Mapping[str, Any], provider: Provider, now: int
) -> LoggedOut | Refusal:
    """Return whose sessions a logout token ends."""
    wrong = _wrong_with(claims, provider, now)
    if wrong is not None:
        return wrong
    at = _instant(claims, "iat")
    if "nonce" in claims:
        return Refusal("an ID token is no logout token")
    if not at or at < now - LOGOUT_AGE:
        return Refusal("the logout token is too old")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        return Refusal("the token is about no logout")
    subject, session = _text(claims, "sub"), _text(claims, "sid")
    if not subject and not session:
        return Refusal("the logout token names nobody")
    return LoggedOut(provider.issuer, subject, session, at)


def _wrong_with(
    claims: Mapping[str, Any], provider: Provider, now: int
) -> Refusal | None:
    """Check what holds of every token: from whom, for whom, when."""
    if claims.get("iss") != provider.issuer:
        return Refusal("the token comes from another issuer")
    audience = claims.get("aud")
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or provider.client_id not in named:
        return Refusal("the token is for somebody else")
    party = claims.get("azp", provider.client_id)
    if party != provider.client_id or (len(named) > 1 and "azp" not in claims):
        return Refusal("the token was made for another party")
    if "exp" in claims and _instant(claims, "exp") <= now - LEEWAY:
        return Refusal("the token has expired")
    if not 0 < _instant(claims, "iat") <= now + LEEWAY:
        return Refusal("the token does not say when it was made, or says the future")
    return None


def _instant(claims: Mapping[str, Any], name: str) -> int:
    """Return seconds since 1970, 0 for what is no number."""
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return 0
    return int(value) if 0 < value < 2**53 else 0


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or len(value) > LONGEST_SUBJECT:
        return ""
    return "" if HALF.search(value) else value


def _email(claims: Mapping[str, Any], provider: Provider) -> str:
    email = _text(claims, "email").strip().lower()
    verified = claims.get("email_verified")
    counts = verified is True or verified == "true" or provider.any_email
    return email if "@" in email and counts else ""


def _groups(value: object) -> tuple[str, ...]:
    several = [value] if isinstance(value, str) else value
    if not isinstance(several, list):
        return ()
    return tuple(one for one in several[:MOST_GROUPS] if isinstance(one, str))
