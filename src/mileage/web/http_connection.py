"""Connections over HTTP/1.1 that nobody can make expensive.

uvicorn's own knows no limit for the head of a request, none for how long a head or a
body may take, and none for how many requests may wait behind the first of a connection.
Here each has one. Who is too slow is cut off without an answer: a client may repeat a
request that was not answered. When there are too many connections, the one that has
been without a request for longest has to go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

HEAD_BYTES = 64 * 1024
HEAD_FIELDS = 200
WAITING_REQUESTS = 64
"""Of one connection, behind the one that is being answered."""
DISCARDED_BYTES = 64 * 1024 * 1024
"""Read of a body that was refused already, for the sake of the answer: a client that
is cut off while it sends rarely reads what was said to it."""
BYTES_A_SECOND = 16 * 1024
"""Of a body that is not there yet, on average over each stretch of patience."""
TINY_BYTES, TINY_PIECES, TINY_SECONDS = 512, 20, 1.0
"""Who sends a request in that many pieces of so little is read once in that time."""
CHUNK_FRAMING = 8
"""Bytes of framing that may come with each byte of a chunked body."""

_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class TooMuch(Exception):
    """More of a head, or more requests at once, than there is room for."""


class Crowd:
    """The connections of one server."""

    def __init__(self, most: int, patience: float) -> None:
        self.most = most
        self.patience = patience
        """Seconds."""
        # In order of how long they are without a request.
        self._idle: dict[BoundedConnection, None] = {}

    def let_in(self, newcomer: BoundedConnection, here: int) -> bool:
        """Make room for one more of ``here``; False when all of them are busy."""
        if here > self.most:
            if not self._idle:
                return False
            oldest = next(iter(self._idle))
            self.leave(oldest)
            oldest.transport.abort()
        self.idle(newcomer)
        return True

    def idle(self, connection: BoundedConnection) -> None:
        """Put it at the end of those that have no request."""
        self._idle.pop(connection, None)
        self._idle[connection] = None

    def leave(self, connection: BoundedConnection) -> None:
        """Take it out: it is busy, or gone."""
        self._idle.pop(connection, None)


class BoundedConnection(HttpToolsProtocol):
    """One connection; ``functools.partial`` of it with a crowd is uvicorn's class."""

    def __init__(self, crowd: Crowd, **given: Any) -> None:  # noqa: ANN401 - uvicorn's
        super().__init__(**given)
        self._crowd = crowd
        self._head: asyncio.TimerHandle | None = None
        self._body: asyncio.TimerHandle | None = None
        self._stuck: asyncio.TimerHandle | None = None
        self._resting: asyncio.TimerHandle | None = None
        self._tiny = 0
        self._framing = self._taken = self._seen = self._discarded = 0
        self._too_much = self._answering = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request, but not for ever."""
        super().connection_made(transport)
        if self._crowd.let_in(self, len(self.connections)):
            self._await_head()
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._crowd.leave(self)
        self._end_head()
        self._end_body()
        if self._resting is not None:
            self._resting.cancel()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what is no body."""
        if self._head is None and self._body is None:
            self._await_head()
        self._framing += len(data)
        super().data_received(data)
        self._rest_from(len(data))
        if self._framing > HEAD_BYTES and not self.transport.is_closing():
            self._too_much = True
            self.send_400_response("")

    def _rest_from(self, size: int) -> None:
        """Do not wake up for every byte of somebody who sends them one at a time."""
        self._tiny = self._tiny + 1 if size < TINY_BYTES else 0
        if self._tiny > TINY_PIECES and not self.transport.is_closing():
            self.transport.pause_reading()
            self._resting = self.loop.call_later(TINY_SECONDS, self._go_on)

    def _go_on(self) -> None:
        if not self.transport.is_closing() and not self.flow.read_paused:
            self.transport.resume_reading()

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        super().on_url(url)
        if len(self.url) > HEAD_BYTES:
            self._refuse()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field of the head; what comes behind a body is counted and dropped."""
        if self._body is not None:
            return
        super().on_header(name, value)
        if len(self.headers) > HEAD_FIELDS:
            self._refuse()

    def on_headers_complete(self) -> None:
        """Begin to answer; from here on the body has to come."""
        if len(self.pipeline) >= WAITING_REQUESTS:
            self._refuse()
        self._end_head()
        self._framing = self._taken = 0
        self._crowd.leave(self)
        self._answering = True
        self._await_body()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._taken += len(body)
        self._framing -= (1 + CHUNK_FRAMING) * len(body)
        if self.cycle.response_complete:
            self._discarded += len(body)
            if self._discarded > DISCARDED_BYTES:
                self.transport.abort()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop counting: the next head may follow at once."""
        self._end_body()
        self._framing = self._tiny = 0
        super().on_message_complete()
        if self.cycle.response_complete:
            self._await_head()

    def on_response_complete(self) -> None:
        """Wait for another request."""
        self._answering = bool(self.pipeline)
        super().on_response_complete()
        if not self._answering and not self.transport.is_closing():
            self._crowd.idle(self)

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read; never in the place of another answer."""
        if self._answering:
            self.transport.abort()
        elif self._too_much:
            self.transport.write(_REFUSAL)
            self.transport.close()
        else:
            super().send_400_response(msg)

    def pause_writing(self) -> None:
        """Wait until the client reads, but not for ever."""
        super().pause_writing()
        self._stuck = self.loop.call_later(self._crowd.patience, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def _refuse(self) -> NoReturn:
        self._too_much = True
        raise TooMuch

    def _await_head(self) -> None:
        self._end_head()
        self._head = self.loop.call_later(self._crowd.patience, self.transport.abort)

    def _end_head(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _await_body(self) -> None:
        self._seen = self._taken
        self._body = self.loop.call_later(self._crowd.patience, self._hurry)

    def _end_body(self) -> None:
        if self._body is not None:
            self._body.cancel()
            self._body = None

    def _hurry(self) -> None:
        """Cut off a body that is too slow, unless it is us who do not read it."""
        least = self._seen + self._crowd.patience * BYTES_A_SECOND
        if self._taken < least and not self.flow.read_paused:
            self.transport.abort()
        else:
            self._await_body()
