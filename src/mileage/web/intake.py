"""How every body of usage comes in, whatever its format and its transport.

Order matters: who is asking, then what it claims to be, then the body with both of
its sizes bounded, then decoding in a thread, then the durable write, and only then
the 2xx. A client may repeat what was not acknowledged; what it sends twice counts
once, further down the road.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    NamedTuple,
    Protocol,
    Self,
    TypeVar,
)

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool

from mileage.domain.errors import (
    Invalid,
    TooLarge,
    TooMany,
    Unauthorised,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from mileage.domain.people import Credential
    from mileage.domain.witness import Reading
    from mileage.ingest.pending import Waiting
    from mileage.web.services import Door

MIB = 1024 * 1024
RETRY_SECONDS = 5

A = TypeVar("A")
A_co = TypeVar("A_co", covariant=True)
"""What a transport sends back."""

_GZIP = 16 + zlib.MAX_WBITS
# Decoding holds the interpreter, so more threads would only hold more memory.
_THREADS = 4
# A hostile body can grow 30-fold when it is decoded (2-byte messages), so large
# ones are inflated and decoded one at a time.
_LARGE_BYTES = 4 * MIB
# Compressed bodies that may wait in memory at once, in units of the largest one.
_WAITING_BODIES = 8
# One client that never finishes what it sends leaves this part of them to others.
_SHARES = 2


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

    @property
    def max_connections(self) -> int:
        """Of each transport."""
        ...

    @property
    def patience_seconds(self) -> int:
        """For a message that does not come, or an answer that nobody reads."""
        ...


@dataclass(frozen=True, slots=True)
class DoorLimits:
    """The limits where nobody set any."""

    max_body_bytes: int = 16 * MIB
    max_inflated_bytes: int = 64 * MIB
    max_connections: int = 4096
    patience_seconds: int = 30


class UnsupportedMedia(Invalid):
    """A content type or encoding that is not read here."""

    status = 415


class Answers(Protocol[A_co]):
    """Words an answer in the format of the request."""

    def accepted(self, reading: Reading | None) -> A_co:
        """Acknowledge what is on disk now; None for a body that was empty."""
        ...

    def refused(self, status: int, message: str) -> A_co:
        """Say that repeating the request will not help."""
        ...

    def unauthorised(self, message: str) -> A_co:
        """Ask for a token."""
        ...

    def later(self, status: int, message: str, seconds: int) -> A_co:
        """Ask to repeat the request: 429 for its rate, 503 for a full server."""
        ...


class Entrance(NamedTuple, Generic[A]):
    """One format at the door; what it decodes is a reading, or its own to deliver."""

    source: str
    """What its refused bodies and ignored records are counted under."""
    kinds: Collection[str]
    """Content types that it reads."""
    decode: Callable[[bytes], Any]
    """Runs in a thread; raises Invalid for a body that is not of the format."""
    answers: Answers[A]
    deliver: Callable[[Credential, Any], Awaitable[A]] | None = None
    """Answers when what was decoded is durable; by default the door takes readings."""


class Body(NamedTuple):
    """A body as it was sent."""

    packed: bytes | bytearray
    gzip: bool

    def plain(self, most: int) -> bytes:
        """Return what it says; raises TooLarge above ``most`` bytes."""
        if self.gzip and self.packed:
            return inflated(self.packed, most)
        if len(self.packed) > most:
            raise _too_large(most)
        return bytes(self.packed)


class _Read(NamedTuple):
    """What a body said."""

    decoded: Any
    """None when it was empty."""
    prepared: Waiting | None
    """What is to be written of it, unless it has a way of its own."""


class Delivery(Protocol):
    """One request of any transport, its body still outside."""

    def token(self) -> str:
        """Return the ingest token; raises Unauthorised when none came along."""
        ...

    async def body(self, lease: Lease, most: int) -> Body:
        """Check what it claims to be and read it, taking room for it.

        Raises UnsupportedMedia, TooLarge and Unavailable.
        """
        ...


class Intake:
    """Takes bodies in; all formats and transports share one bound on memory."""

    def __init__(self, door: Door, limits: Limits | None = None) -> None:
        self._door = door
        self.limits = limits or DoorLimits()
        self._threads = CapacityLimiter(_THREADS)
        # One thread of its own: each keeps some of what it has freed for itself.
        self._alone = ThreadPoolExecutor(1, "mileage-large-bodies")
        self._room = Room(self.room_bytes)

    @property
    def room_bytes(self) -> int:
        """How many bytes of bodies may be in memory at once."""
        return self.limits.max_body_bytes * _WAITING_BODIES

    async def receive(self, delivery: Delivery, entrance: Entrance[A]) -> A:
        """Take one body in and answer when it is durable."""
        answers = entrance.answers
        try:
            credential = await self._door.credential(delivery.token())
            return await self._take(credential, delivery, entrance)
        except Unauthorised as error:
            return answers.unauthorised(str(error))
        except TooMany as error:
            return answers.later(error.status, str(error), error.seconds)
        except Unavailable as error:
            return answers.later(error.status, str(error), RETRY_SECONDS)

    async def _take(
        self, credential: Credential, delivery: Delivery, entrance: Entrance[A]
    ) -> A:
        try:
            decoded, prepared = await self._read(credential, delivery, entrance)
            if entrance.deliver is not None:
                return await entrance.deliver(credential, decoded)
            if prepared is not None:
                await self._door.accept(prepared)
            return entrance.answers.accepted(decoded)
        except (Invalid, TooLarge) as error:
            return await self._refuse(entrance, credential, error)

    async def _read(
        self, credential: Credential, delivery: Delivery, entrance: Entrance[A]
    ) -> _Read:
        """Read and decode the body, and prepare what is to be written."""
        with self._room.lease(credential.token_id) as lease:
            body = await delivery.body(lease, self.limits.max_body_bytes)
            understand = partial(self._understand, credential, entrance)
            read = await to_thread.run_sync(
                self._read_small, body, understand, limiter=self._threads
            )
            if read is not None:
                return read
            return await asyncio.get_running_loop().run_in_executor(
                self._alone, self._read_large, body, understand
            )

    def _read_small(
        self, body: Body, understand: Callable[[bytes], _Read]
    ) -> _Read | None:
        """Read a body that says little; None when it does not."""
        try:
            plain = body.plain(min(_LARGE_BYTES, self.limits.max_inflated_bytes))
        except TooLarge:
            return None
        return understand(plain)

    def _read_large(self, body: Body, understand: Callable[[bytes], _Read]) -> _Read:
        return understand(body.plain(self.limits.max_inflated_bytes))

    def _understand(
        self, credential: Credential, entrance: Entrance[A], plain: bytes
    ) -> _Read:
        decoded = entrance.decode(plain)
        if decoded is None or entrance.deliver is not None:
            return _Read(decoded, None)
        prepared = self._door.prepare(credential, decoded, entrance.source)
        return _Read(decoded, prepared)

    async def _refuse(
        self, entrance: Entrance[A], credential: Credential, error: Invalid | TooLarge
    ) -> A:
        reason = str(error)
        await run_in_threadpool(self._door.refuse, credential, entrance.source, reason)
        known = isinstance(error, (TooLarge, UnsupportedMedia))
        return entrance.answers.refused(error.status if known else 400, reason)


class Room:
    """How many bytes of bodies may be in memory at once, of all and of one token."""

    def __init__(self, size: int) -> None:
        self.free = size
        self._share = size // _SHARES
        self._held: Counter[str] = Counter()

    def lease(self, holder: str) -> Lease:
        """Return one body's part of the room, still empty."""
        return Lease(self, holder)

    def take(self, holder: str, size: int) -> None:
        """Take bytes for a token; raises Unavailable when there are none left."""
        if size > self.free or self._held[holder] + size > self._share:
            raise Unavailable("too many bodies are waiting; send this again later")
        self.free -= size
        self._held[holder] += size

    def give(self, holder: str, size: int) -> None:
        """Give them back."""
        self.free += size
        self._held[holder] -= size
        if not self._held[holder]:
            del self._held[holder]


class Lease:
    """One body's part of the room, given back at the end of a ``with``."""

    def __init__(self, room: Room, holder: str) -> None:
        self._room = room
        self._holder = holder
        self._taken = 0

    def take(self, size: int) -> None:
        """Take more; raises Unavailable when there is no room."""
        self._room.take(self._holder, size)
        self._taken += size

    def grow_to(self, size: int) -> None:
        """Hold this much in all, if that is more; raises Unavailable."""
        self.take(max(size - self._taken, 0))

    def __enter__(self) -> Self:
        """Begin empty."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give all of it back."""
        self._room.give(self._holder, self._taken)


def inflated(body: bytes | bytearray, most: int) -> bytes:
    """Decompress one gzip stream, never building more than ``most`` + 1 bytes."""
    stream = zlib.decompressobj(_GZIP)
    try:
        plain = stream.decompress(body, most + 1)
    except zlib.error:
        raise Invalid("the body is not valid gzip") from None
    if len(plain) > most:
        raise _too_large(most)
    if not stream.eof:
        raise Invalid("the gzip stream is cut off")
    if stream.unused_data:
        raise Invalid("there is data after the gzip stream")
    return plain


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"an inflated body may have {most} bytes; send smaller batches")
