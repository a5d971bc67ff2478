"""Talking to the identity provider: one bounded request, and the client's secret."""

from __future__ import annotations

import json
import os
import stat
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from mileage.domain.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from authlib.oauth2.auth import ClientAuth

    from mileage.domain.sign_in_policy import Provider

SECRET_VARIABLE = "MILEAGE_OIDC_CLIENT_SECRET"  # noqa: S105 (a name)
FETCH_SECONDS = 10
LARGEST = 1024 * 1024


class Answer(NamedTuple):
    """An answer over HTTP, as Authlib's client reads one."""

    status_code: int
    content: bytes

    def json(self) -> Any:  # noqa: ANN401 (what JSON holds)
        """Return what the body says; raises ValueError."""
        return json.loads(self.content)

    def raise_for_status(self) -> None:
        """Raise Unavailable for what is no success."""
        if self.status_code >= 400:  # noqa: PLR2004 (the first status of an error)
            raise Unavailable(f"the identity provider answered {self.status_code}")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_named: object) -> None:
        """Stay: where it leads, nobody has agreed to."""


class Fetch:
    """A session for Authlib, on the standard library."""

    def __init__(self) -> None:
        self._opener = urllib.request.build_opener(_NoRedirect)

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Fetch a document."""
        return self._send(url, None, headers or {})

    def post(
        self,
        url: str,
        *,
        data: Mapping[str, str],
        headers: Mapping[str, str],
        auth: ClientAuth,
    ) -> Answer:
        """Send a form; ``auth`` puts the client's secret where it belongs."""
        body = urlencode(data)
        url, sent, body = auth.prepare("POST", url, dict(headers), body)
        return self._send(url, body.encode(), sent)

    def _send(self, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        if urlsplit(url).scheme not in ("https", "http"):
            raise Unavailable("the identity provider names an address of no web")
        asked = urllib.request.Request(url, body, dict(headers))  # noqa: S310
        try:
            with self._opener.open(asked, timeout=FETCH_SECONDS) as answer:
                return Answer(answer.status, _bounded(answer.read(LARGEST + 1)))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read(LARGEST))
        except (OSError, HTTPException) as error:
            # Not its text: it may hold an address with a code in it.
            raise Unavailable(
                f"the identity provider cannot be reached ({type(error).__name__}): "
                "try again, or sign in another way"
            ) from None


def _bounded(content: bytes) -> bytes:
    if len(content) > LARGEST:
        raise Unavailable("the identity provider sends too much at once")
    return content


def client_secret(provider: Provider, data: Path) -> str:
    """Return the client's secret, from the environment or a private file; '' if none.

    Raises Invalid when others than its owner can read the file.
    """
    named = os.environ.get(SECRET_VARIABLE, "").strip()
    if named or not provider.client_secret_file:
        return named
    path = data / provider.client_secret_file
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise Invalid(
                f"{path} can be read by others than its owner: chmod 600 {path}"
            )
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(
            f"{path} (oidc.client_secret_file) cannot be read: {error}"
        ) from None
