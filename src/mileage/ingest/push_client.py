"""Sends bodies to a server: standard library only, so that a watcher stays small.

Certificates are checked, redirects are not followed (they would carry the token to
somebody else), proxies come from the environment, and plain HTTP goes to this machine
only. Every error says whether repeating helps: ``Unavailable`` does, others do not.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import ssl
import urllib.request
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from mileage import __version__
from mileage.domain.errors import (
    Invalid,
    MileageError,
    NotFound,
    TooLarge,
    Unauthorised,
    Unavailable,
)
from mileage.ingest.push_format import CONTENT_TYPE, PATH, Receipt, receipt_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

TIMEOUT = 30.0
LONGEST_PAUSE = 3600.0
_MOST_ANSWER = 2**20
_MARK = "Mileage-Witnesses"
_GONE = (404, 405, 410, 501)
_BUSY = (408, 425, 429)
_SERVER_TROUBLE = 500


class Later(Unavailable):
    """The server takes nothing just now, and says when to come again."""

    def __init__(self, message: str, seconds: float = 0.0) -> None:
        super().__init__(message)
        self.seconds = min(max(seconds, 0.0), LONGEST_PAUSE)


class Address(NamedTuple):
    """Where a server is."""

    url: str
    """Scheme, host, port and perhaps a folder; no slash at the end."""
    host: str
    secure: bool
    here: bool
    """On this machine: no proxy, and plain HTTP is nobody else's to hear."""


def address(text: str, *, insecure: bool = False) -> Address:
    """Check the address of a server; raises Invalid when a token may not go there."""
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Invalid(f"{text!r} is no address; give one like {_EXAMPLE}") from None
    known = parts.scheme in ("http", "https")
    if not (known and host) or port == 0 or any(map(str.isspace, host)):
        raise Invalid(f"{text!r} is no address; give one like {_EXAMPLE}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise Invalid("the address may hold no login, query or fragment; see --token")
    here = _is_loopback(host)
    if parts.scheme == "http" and not (here or insecure):
        raise Invalid(
            f"plain HTTP to {host} would show the token to the network. Use https, an "
            "SSH tunnel to loopback, or --insecure if you know what lies between."
        )
    path = parts.path.rstrip("/").removesuffix(PATH)
    return Address(
        f"{parts.scheme}://{parts.netloc}{path}", host, parts.scheme == "https", here
    )


_EXAMPLE = "https://mileage.example.org"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class Server:
    """A server that takes rows; ``token`` is asked each time, since files change."""

    def __init__(
        self,
        address: Address,
        token: Callable[[], str],
        now: Callable[[], datetime],
        timeout: float = TIMEOUT,
    ) -> None:
        self.address = address
        self.timeout = timeout
        self._token = token
        self._now = now
        proxies = {} if address.here else urllib.request.getproxies_environment()
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(proxies),
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(context=ssl.create_default_context())
            if address.secure
            else urllib.request.UnknownHandler(),
            urllib.request.HTTPErrorProcessor(),
            urllib.request.HTTPDefaultErrorHandler(),
        ):
            self._opener.add_handler(handler)

    def greet(self) -> Receipt:
        """Ask who answers, and whether the token is known; sends no row."""
        return self.push(b"")

    def push(self, body: bytes) -> Receipt:
        """Send a body; returns when it is on the server's disk.

        Raises Later or Unavailable when repeating helps, TooLarge, Unauthorised,
        NotFound or Invalid when it does not.
        """
        request = urllib.request.Request(  # noqa: S310 - `address` checked the scheme
            self.address.url + PATH, body, self._headers(body), method="POST"
        )
        try:
            with self._opener.open(request, timeout=self.timeout) as answer:
                return receipt_of(answer.read(_MOST_ANSWER))
        except HTTPError as refusal:
            with refusal:
                raise self._refused(refusal) from None
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from None

    def _headers(self, body: bytes) -> dict[str, str]:
        token = self._token()
        if not token.isascii() or not token.isprintable() or " " in token:
            raise Unauthorised("the token holds characters that no token has")
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": CONTENT_TYPE,
            "Accept": "application/json",
            "User-Agent": f"mileage/{__version__}",
        }
        return {**headers, "Content-Encoding": "gzip"} if body else headers

    def _unreachable(self, error: OSError | http.client.HTTPException) -> Later:
        reason = error.reason if isinstance(error, URLError) else error
        if isinstance(reason, ssl.SSLCertVerificationError):
            return Later(
                f"the certificate of {self.address.host} cannot be verified "
                f"({reason.verify_message}). SSL_CERT_FILE may name your authority's."
            )
        said = getattr(reason, "strerror", None) or type(reason).__name__
        return Later(f"{self.address.url} cannot be reached ({said})")

    def _refused(self, refusal: HTTPError) -> MileageError:
        """Tell what an answer that is no receipt means, and what to do."""
        said = _message(refusal.read(_MOST_ANSWER))
        status, headers = refusal.code, refusal.headers
        if status in _BUSY or status >= _SERVER_TROUBLE:
            pause = seconds_of(headers.get("Retry-After", ""), self._now())
            return Later(f"the server answered {status}: {said or 'no reason'}", pause)
        if headers.get(_MARK) is None:
            return self._another(status, headers.get("Location", ""))
        kinds: Mapping[int, type[MileageError]] = {401: Unauthorised, 413: TooLarge}
        hint = _HINTS.get(status, "")
        return kinds.get(status, Invalid)(f"the server refused: {said}{hint}")

    def _another(self, status: int, place: str) -> MileageError:
        """Explain an answer of something that does not take rows at all."""
        url = self.address.url
        if place:
            return NotFound(f"{url} sends on to {place[:200]}: give that address")
        if status in _GONE or status in (401, 403):
            return NotFound(
                f"{url} answered {status} and not as a Mileage that takes rows. See "
                "that the address is right, that nothing before it asks for a login, "
                f"and that the server is not older than {__version__}."
            )
        return NotFound(f"{url} answered {status}, not as a Mileage server would")


_HINTS = {
    401: ". `mileage token list` shows on the server which ones are valid.",
    415: ". The server is of another version: upgrade the older of the two.",
}


def seconds_of(text: str, now: datetime) -> float:
    """Read ``Retry-After``: seconds or a date; nonsense is 0."""
    if text.isascii() and text.isdigit():
        return float(text[:6])
    try:
        return (parsedate_to_datetime(text) - now).total_seconds()
    except (TypeError, ValueError):
        return 0.0


def _message(answer: bytes) -> str:
    """Return what a server of ours says in its error, printable and short."""
    try:
        said = json.loads(answer)["error"]["message"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
    text = said if isinstance(said, str) else ""
    return "".join(one for one in text[:300] if one.isprintable()).rstrip(".")
