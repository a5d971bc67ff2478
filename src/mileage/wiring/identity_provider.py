"""The OpenID provider, asked over the network: Authlib's client, joserfc's keys.

Fetches are bounded in time and size, follow no redirect and send nothing but what the
protocol needs.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mileage.access.oidc import (
    attempt_of,
    check_id_token,
    check_logout_token,
    returned,
)
from mileage.access.policy import Refusal
from mileage.domain.errors import Unauthorised, Unavailable
from mileage.wiring.provider_fetch import Fetch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from authlib.oauth2.client import OAuth2Client

    from mileage.access.oidc import Claimed, LoggedOut
    from mileage.domain.sign_in_policy import Provider
    from mileage.wiring.provider_fetch import Answer

DISCOVERY = "/.well-known/openid-configuration"
KEPT_SECONDS = 3600
"""How long metadata and keys are believed."""
ASK_AGAIN_SECONDS = 30
"""After which keys are asked for again when a token names an unknown one."""
LONGEST_TOKEN = 100_000
SIGNATURES = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512"),
)
"""Never ``none``, and never one that a public key or our secret could forge."""
BASIC, POST = "client_secret_basic", "client_secret_post"


@dataclass(slots=True)
class _Known:
    """What was fetched, and when."""

    metadata: dict[str, Any]
    keys: Any
    at: float


class IdentityProvider:
    """One OpenID provider; safe to share between threads."""

    def __init__(
        self,
        provider: Provider,
        secret: str,
        fetch: Fetch | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._provider = provider
        self._secret = secret
        self._fetch = fetch or Fetch()
        self._clock = clock
        self._lock = threading.Lock()
        self._known: _Known | None = None

    @property
    def button(self) -> str:
        """Return what the button on the sign-in page says."""
        return self._provider.button

    def address(self, secret: str, come_back: str) -> str:
        """Return where to send a browser; ``secret`` is of its cookie."""
        attempt = attempt_of(secret)
        metadata = self._ask().metadata
        address, _state = self._client(metadata, come_back).create_authorization_url(
            _endpoint(metadata, "authorization_endpoint", self._provider.issuer),
            state=attempt.state,
            nonce=attempt.nonce,
            code_verifier=attempt.verifier,
        )
        return str(address)

    def claimed(self, secret: str, come_back: str, query: Mapping[str, str]) -> Claimed:
        """Return who came back; raises Unauthorised and Unavailable."""
        attempt = attempt_of(secret)
        code = returned(query, attempt, self._provider)
        if isinstance(code, Refusal):
            raise Unauthorised(code.reason)
        metadata = self._ask().metadata
        issuing = metadata.get("authorization_response_iss_parameter_supported")
        if issuing is True and "iss" not in query:
            raise Unauthorised("the provider did not say which it is")
        tokens = self._exchange(metadata, come_back, code, attempt.verifier)
        claims = self._checked_signature(str(tokens.get("id_token") or ""))
        claims = self._with_userinfo(metadata, tokens, claims)
        found = check_id_token(
            claims, self._provider, attempt.nonce, int(self._clock())
        )
        if isinstance(found, Refusal):
            raise Unauthorised(found.reason)
        return found

    def logged_out(self, token: str) -> LoggedOut:
        """Return whose sessions a logout token ends; raises Unauthorised."""
        claims = self._checked_signature(token)
        found = check_logout_token(claims, self._provider, int(self._clock()))
        if isinstance(found, Refusal):
            raise Unauthorised(found.reason)
        return found

    def _client(self, metadata: Mapping[str, Any], come_back: str) -> OAuth2Client:
        # Imported here: more than a second, for those only who have a provider.
        from authlib.oauth2.client import OAuth2Client

        offered = metadata.get("token_endpoint_auth_methods_supported") or [BASIC]
        method = POST if BASIC not in offered and POST in offered else BASIC
        return OAuth2Client(
            self._fetch,
            client_id=self._provider.client_id,
            client_secret=self._secret or None,
            token_endpoint_auth_method=method if self._secret else "none",
            scope=" ".join(self._provider.scopes),
            redirect_uri=come_back,
            code_challenge_method="S256",
        )

    def _exchange(
        self, metadata: Mapping[str, Any], come_back: str, code: str, verifier: str
    ) -> Mapping[str, Any]:
        from authlib.common.errors import AuthlibBaseError

        try:
            tokens: Mapping[str, Any] = self._client(metadata, come_back).fetch_token(
                _endpoint(metadata, "token_endpoint", self._provider.issuer),
                code=code,
                code_verifier=verifier,
                grant_type="authorization_code",
            )
        except (AuthlibBaseError, ValueError):
            raise Unauthorised("the provider does not know this code") from None
        return tokens

    def _checked_signature(self, token: str) -> dict[str, Any]:
        from joserfc import jwt
        from joserfc.errors import JoseError

        if not 0 < len(token) <= LONGEST_TOKEN:
            raise Unauthorised("the provider sent no token")
        for fresh in (False, True):
            keys = self._ask(fresh=fresh).keys
            try:
                return dict(jwt.decode(token, keys, algorithms=list(SIGNATURES)).claims)
            except (JoseError, ValueError, KeyError, TypeError):
                continue
        raise Unauthorised("the token is not signed by the provider")

    def _with_userinfo(
        self,
        metadata: Mapping[str, Any],
        tokens: Mapping[str, Any],
        claims: dict[str, Any],
    ) -> dict[str, Any]:
        """Add what only the userinfo endpoint tells, if it is about the same person."""
        complete = "email" in claims and self._provider.groups_claim in claims
        if complete or "userinfo_endpoint" not in metadata:
            return claims
        url = _endpoint(metadata, "userinfo_endpoint", self._provider.issuer)
        bearer = {"Authorization": f"Bearer {tokens.get('access_token')}"}
        told = _object(self._fetch.get(url, bearer))
        if told.get("sub") != claims.get("sub"):
            raise Unauthorised("the provider told of somebody else")
        if "email" not in claims:
            # Whether an address was verified is said beside it.
            claims = {k: v for k, v in claims.items() if k != "email_verified"}
        return told | claims

    def _ask(self, *, fresh: bool = False) -> _Known:
        """Return metadata and keys; ``fresh`` asks again, but not all the time."""
        with self._lock:
            old = self._known
            age = self._clock() - old.at if old else 0
            limit = ASK_AGAIN_SECONDS if fresh else KEPT_SECONDS
            if old is not None and 0 <= age < limit:
                return old
            self._known = self._fetched()
            return self._known

    def _fetched(self) -> _Known:
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        issuer = self._provider.issuer
        metadata = _object(self._fetch.get(issuer.rstrip("/") + DISCOVERY))
        if metadata.get("issuer") != issuer:
            raise Unavailable(
                f"the provider calls itself {str(metadata.get('issuer'))[:200]!r}: "
                "write that as oidc.issuer, if it is yours"
            )
        found = _object(self._fetch.get(_endpoint(metadata, "jwks_uri", issuer)))
        try:
            keys = KeySet.import_key_set({"keys": list(found["keys"])})
        except (JoseError, ValueError, KeyError, TypeError):
            raise Unavailable("the keys of the provider cannot be read") from None
        return _Known(metadata, keys, self._clock())


def _object(answer: Answer) -> dict[str, Any]:
    answer.raise_for_status()
    try:
        read = answer.json()
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise Unavailable("the identity provider does not answer as one")
    return read


def _endpoint(metadata: Mapping[str, Any], name: str, issuer: str) -> str:
    """Return an endpoint; as safe a way to it as to the issuer."""
    address = metadata.get(name)
    schemes = ("https", urlsplit(issuer).scheme)
    if not isinstance(address, str) or urlsplit(address).scheme not in schemes:
        raise Unavailable(f"the identity provider names no {name} that is https")
    return address
