"""The door for telemetry: OTLP over HTTP, ``POST /v1/{logs,metrics,traces}``.

Order matters: who is asking, then what it claims to be, then the body with both of
its sizes bounded, then decoding in a thread, then the durable write, and only then
the 200. A client may repeat what was not acknowledged; what it sends twice counts
once, further down the road.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from mileage.domain.errors import Invalid, TooLarge, Unauthorised, Unavailable
from mileage.sources.otlp import OtlpReader
from mileage.web.door_answers import Answers

if TYPE_CHECKING:
    from starlette.requests import Request

    from mileage.domain.people import Credential
    from mileage.domain.witness import Reading
    from mileage.sources.otlp import Form
    from mileage.sources.otlp_record import Signal
    from mileage.web.services import Door

MIB = 1024 * 1024
RETRY_SECONDS = 5
SOURCE = "otlp"
"""What refused bodies are counted under: nobody knows whose records they held."""

_SIGNALS: tuple[Signal, ...] = ("logs", "metrics", "traces")
_FORMS: dict[str, Form] = {
    "application/x-protobuf": "protobuf",
    "application/json": "json",
}
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
    """A content type or encoding that this door does not read."""

    status = 415


def routes(door: Door, limits: Limits | None = None) -> list[Route]:
    """Return the three routes; they share one bound on memory."""
    desk = _Desk(door, limits or DoorLimits())

    def reception(signal: Signal) -> Route:
        async def receive(request: Request) -> Response:
            return await desk.receive(request, signal)

        return Route(f"/v1/{signal}", receive, methods=["POST"], name=f"otlp {signal}")

    return [reception(signal) for signal in _SIGNALS]


class _Desk:
    """Takes bodies in."""

    def __init__(self, door: Door, limits: Limits) -> None:
        self._door = door
        self._limits = limits
        self._reader = OtlpReader(door.sources)
        self._threads = CapacityLimiter(_THREADS)
        self._large = Lock()
        self._room = _Room(limits.max_body_bytes * _WAITING_BODIES)

    async def receive(self, request: Request, signal: Signal) -> Response:
        answers = Answers(signal, _FORMS.get(_content_type(request), "json"))
        try:
            bearer = _bearer(request)
            credential = await run_in_threadpool(self._door.credential, bearer)
        except Unauthorised as error:
            return answers.unauthorised(str(error))
        except Unavailable as error:
            return answers.unavailable(str(error), RETRY_SECONDS)
        try:
            reading = await self._read(request, signal)
            if reading is not None:
                await self._door.accept(credential, reading)
        except (Invalid, TooLarge) as error:
            return await self._refuse(answers, credential, error)
        except Unavailable as error:
            return answers.unavailable(str(error), RETRY_SECONDS)
        except ClientDisconnect:
            # Nobody hears this answer, and nothing of the body was kept.
            return Response(status_code=400)
        return answers.accepted(reading.rejected if reading else ())

    async def _read(self, request: Request, signal: Signal) -> Reading | None:
        """Read and decode the body; None when it is empty."""
        claim = _claim(request, signal)
        with self._room.lease() as lease:
            body = await self._bounded(request, lease)
            return await to_thread.run_sync(
                self._decode, claim, body, limiter=self._threads
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

    def _decode(self, claim: _Claim, body: bytearray) -> Reading | None:
        most = self._limits.max_inflated_bytes
        plain = inflated(body, most) if claim.gzip and body else bytes(body)
        if not plain:
            return None
        if len(plain) <= _LARGE_BYTES:
            return self._reader.read(claim.signal, claim.form, plain)
        with self._large:
            return self._reader.read(claim.signal, claim.form, plain)

    async def _refuse(
        self, answers: Answers, credential: Credential, error: Invalid | TooLarge
    ) -> Response:
        reason = str(error)
        await run_in_threadpool(self._door.refuse, credential, SOURCE, reason)
        known = isinstance(error, (TooLarge, UnsupportedMedia))
        return answers.refused(error.status if known else 400, reason)


class _Claim(NamedTuple):
    """What a request says that its body is."""

    signal: Signal
    form: Form
    gzip: bool


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


def _exceeds(declared: str, most: int) -> bool:
    """Tell whether a ``Content-Length`` is above the limit; nonsense is not."""
    if not (declared.isascii() and declared.isdigit()):
        return False
    digits = declared.lstrip("0")
    return len(digits) > len(str(most)) or int(digits or "0") > most


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _claim(request: Request, signal: Signal) -> _Claim:
    form = _FORMS.get(_content_type(request))
    if form is None:
        raise UnsupportedMedia(f"the content type must be {' or '.join(_FORMS)}")
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding not in {"", "identity", "gzip"}:
        raise UnsupportedMedia("the content encoding must be gzip or identity")
    return _Claim(signal, form, encoding == "gzip")


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorised(
            "send `Authorization: Bearer TOKEN`; `mileage token create` makes one"
        )
    return token.strip()
