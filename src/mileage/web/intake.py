"""How every body of usage comes in, whatever its format.

Order matters: who is asking, then what it claims to be, then the body with both of
its sizes bounded, then decoding in a thread, then the durable write, and only then
the 2xx. A client may repeat what was not acknowledged; what it sends twice counts
once, further down the road.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from mileage.domain.errors import Invalid, TooLarge, Unauthorised, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from starlette.requests import Request

    from mileage.domain.people import Credential
    from mileage.domain.witness import Reading
    from mileage.web.services import Door

MIB = 1024 * 1024
RETRY_SECONDS = 5

_GZIP = 16 + zlib.MAX_WBITS
# Decoding holds the interpreter, so more threads would only hold more memory.
_THREADS = 4
# A hostile body can grow 30-fold when it is decoded (2-byte messages), so large
# ones are decoded one at a time.
_LARGE_BYTES = 4 * MIB
# Compressed bodies that may wait in memory at once, in units of the largest one.
_WAITING_BODIES = 8


class Limits(Protocol):
    """What a body may weigh; ``domain.settings.Settings`` has these."""

    @property
    def max_body_bytes(self) -> int:
        """As sent."""
        ...

    @property
    def max_inflated_bytes(self) -> int:
        """After decompression."""
        ...


@dataclass(frozen=True, slots=True)
class DoorLimits:
    """The limits where nobody set any."""

    max_body_bytes: int = 16 * MIB
    max_inflated_bytes: int = 64 * MIB


class UnsupportedMedia(Invalid):
    """A content type or encoding that is not read here."""

    status = 415


class Answers(Protocol):
    """Words an answer in the format of the request."""

    def accepted(self, reading: Reading | None) -> Response:
        """Acknowledge what is on disk now; None for a body that was empty."""
        ...

    def refused(self, status: int, message: str) -> Response:
        """Say that repeating the request will not help."""
        ...

    def unauthorised(self, message: str) -> Response:
        """Ask for a token."""
        ...

    def unavailable(self, message: str, seconds: int) -> Response:
        """Ask the client to repeat the request later."""
        ...


class Entrance(NamedTuple):
    """One format at the door; what it decodes is a reading, or its own to deliver."""

    source: str
    """What its refused bodies and ignored records are counted under."""
    kinds: Collection[str]
    """Content types that it reads."""
    decode: Callable[[bytes], Any]
    """Runs in a thread; raises Invalid for a body that is not of the format."""
    answers: Answers
    deliver: Callable[[Credential, Any], Awaitable[Response]] | None = None
    """Answers when what was decoded is durable; by default the door takes readings."""


class Intake:
    """Takes bodies in; all formats share one bound on memory."""

    def __init__(self, door: Door, limits: Limits | None = None) -> None:
        self._door = door
        self._limits = limits or DoorLimits()
        self._threads = CapacityLimiter(_THREADS)
        self._large = Lock()
        self._room = _Room(self._limits.max_body_bytes * _WAITING_BODIES)

    async def receive(self, request: Request, entrance: Entrance) -> Response:
        """Take one body in and answer when it is durable."""
        answers = entrance.answers
        try:
            token = bearer(request)
            credential = await run_in_threadpool(self._door.credential, token)
        except Unauthorised as error:
            return answers.unauthorised(str(error))
        except Unavailable as error:
            return answers.unavailable(str(error), RETRY_SECONDS)
        try:
            decoded = await self._read(request, entrance)
            return await self._deliver(entrance, credential, decoded)
        except (Invalid, TooLarge) as error:
            return await self._refuse(entrance, credential, error)
        except Unavailable as error:
            return answers.unavailable(str(error), RETRY_SECONDS)
        except ClientDisconnect:
            # Nobody hears this answer, and nothing of the body was kept.
            return Response(status_code=400)

    async def _deliver(
        self,
        entrance: Entrance,
        credential: Credential,
        decoded: Any,  # noqa: ANN401 - as the format decodes
    ) -> Response:
        if entrance.deliver is not None:
            return await entrance.deliver(credential, decoded)
        if decoded is not None:
            await self._door.accept(credential, decoded, entrance.source)
        return entrance.answers.accepted(decoded)

    async def _read(self, request: Request, entrance: Entrance) -> Any:  # noqa: ANN401 - as the format decodes
        """Read and decode the body; None when it says nothing."""
        compressed = _compressed(request, entrance.kinds)
        with self._room.lease() as lease:
            body = await self._bounded(request, lease)
            return await to_thread.run_sync(
                self._decode, entrance, body, compressed, limiter=self._threads
            )

    async def _bounded(self, request: Request, lease: _Lease) -> bytearray:
        most = self._limits.max_body_bytes
        declared = request.headers.get("content-length", "")
        if _exceeds(declared, most):
            raise TooLarge(f"a body may have {most} bytes; send smaller batches")
        body = bytearray()
        async for chunk in request.stream():
            lease.take(len(chunk))
            body += chunk
            if len(body) > most:
                raise TooLarge(f"a body may have {most} bytes; send smaller batches")
        return body

    def _decode(
        self,
        entrance: Entrance,
        body: bytearray,
        compressed: bool,  # noqa: FBT001 - run_sync passes by position only
    ) -> Any:  # noqa: ANN401 - as the format decodes
        most = self._limits.max_inflated_bytes
        plain = inflated(body, most) if compressed and body else bytes(body)
        if len(plain) <= _LARGE_BYTES:
            return entrance.decode(plain)
        with self._large:
            return entrance.decode(plain)

    async def _refuse(
        self, entrance: Entrance, credential: Credential, error: Invalid | TooLarge
    ) -> Response:
        reason = str(error)
        await run_in_threadpool(self._door.refuse, credential, entrance.source, reason)
        known = isinstance(error, (TooLarge, UnsupportedMedia))
        return entrance.answers.refused(error.status if known else 400, reason)


class _Room:
    """How many bytes of bodies may be in memory at once."""

    def __init__(self, free: int) -> None:
        self.free = free

    def lease(self) -> _Lease:
        return _Lease(self)


class _Lease:
    """One body's part of the room, given back at the end of a ``with``."""

    def __init__(self, room: _Room) -> None:
        self._room = room
        self._taken = 0

    def take(self, size: int) -> None:
        if size > self._room.free:
            raise Unavailable("too many bodies are waiting; send this again later")
        self._room.free -= size
        self._taken += size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._room.free += self._taken


def inflated(body: bytes | bytearray, most: int) -> bytes:
    """Decompress one gzip stream, never building more than ``most`` + 1 bytes."""
    stream = zlib.decompressobj(_GZIP)
    try:
        plain = stream.decompress(body, most + 1)
    except zlib.error:
        raise Invalid("the body is not valid gzip") from None
    if len(plain) > most:
        raise TooLarge(f"an inflated body may have {most} bytes; send smaller batches")
    if not stream.eof:
        raise Invalid("the gzip stream is cut off")
    if stream.unused_data:
        raise Invalid("there is data after the gzip stream")
    return plain


def content_type(request: Request) -> str:
    """Return the media type in small letters, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def bearer(request: Request) -> str:
    """Return the token that came along; raises Unauthorised when none did."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorised(
            "send `Authorization: Bearer TOKEN`; `mileage token create` makes one"
        )
    return token.strip()


def _compressed(request: Request, kinds: Collection[str]) -> bool:
    """Check what the body claims to be, and tell whether it is gzip."""
    if content_type(request) not in kinds:
        raise UnsupportedMedia(f"the content type must be {' or '.join(kinds)}")
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding not in {"", "identity", "gzip"}:
        raise UnsupportedMedia("the content encoding must be gzip or identity")
    return encoding == "gzip"


def _exceeds(declared: str, most: int) -> bool:
    """Tell whether a ``Content-Length`` is above the limit; nonsense is not."""
    if not (declared.isascii() and declared.isdigit()):
        return False
    digits = declared.lstrip("0")
    return len(digits) > len(str(most)) or int(digits or "0") > most
