"""One connection: heads, bodies and answers have their time and their size."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from mileage.web.http_connection import (
    BYTES_A_SECOND,
    HEAD_BYTES,
    HEAD_FIELDS,
    WAITING_REQUESTS,
    BoundedConnection,
    Crowd,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PATIENCE = 30.0
HEAD = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class TurningLoop(asyncio.SelectorEventLoop):
    """A loop whose clock the test turns."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


class Wire(asyncio.Transport):
    """Keeps what is written, and whether it was closed or cut."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.aborted = self.closed = self.paused = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def abort(self) -> None:
        self.aborted = True

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed or self.aborted

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


class Stand:
    """Connections of one server with a made-up application."""

    def __init__(self, most: int = 10) -> None:
        self.crowd = Crowd(most, PATIENCE)
        self.state = ServerState()
        self.release = asyncio.Event()
        self.bodies: list[bytes] = []
        self.reads = True

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        del scope
        body = b""
        while self.reads:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            if not message["more_body"]:
                break
        self.bodies.append(body)
        await self.release.wait()
        headers = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})

    def connect(self) -> BoundedConnection:
        made = BoundedConnection(
            self.crowd,
            config=Config(
                self.app,
                interface="asgi3",
                proxy_headers=False,
                log_config=None,
                ws="none",
            ),
            server_state=self.state,
            app_state={},
        )
        made.connection_made(Wire())
        return made


def turned(test: Callable[[Stand, Callable[[float], Awaitable[None]]], Any]) -> None:
    """Run a test on a loop of its own."""
    loop = TurningLoop()

    async def ahead(seconds: float = 0) -> None:
        loop.ahead += seconds
        for _ in range(6):
            await asyncio.sleep(0)

    async def main() -> None:
        await test(Stand(), ahead)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await ahead()

    try:
        loop.run_until_complete(main())
    finally:
        loop.close()


def wire(connection: BoundedConnection) -> Wire:
    assert isinstance(connection.transport, Wire)
    return connection.transport


def test_a_request_is_answered_and_the_next_one_too() -> None:
    async def check(stand: Stand, ahead: Any) -> None:
        stand.release.set()
        one = stand.connect()
        for count in (1, 2, 3):
            one.data_received(GET)
            await ahead(PATIENCE / 2)
            assert wire(one).written.count(b"200 OK") == count
        assert not wire(one).is_closing()

    turned(check)


def test_a_client_that_says_nothing_is_cut_off() -> None:
    async def check(stand: Stand, ahead: Any) -> None:
        one = stand.connect()
        await ahead(PATIENCE - 1)
        assert not wire(one).aborted
        await ahead(2)
        assert wire(one).aborted
        assert wire(one).written == b""

    turned(check)


def test_a_head_that_drips_in_is_not_waited_for_anew() -> None:
    async def check(stand: Stand, ahead: Any) -> None:
        one = stand.connect()
        for byte in GET[: int(PATIENCE) - 1]:
            one.data_received(bytes([byte]))
            await ahead(1)
        assert not wire(one).aborted
        one.data_received(b"x")
        await ahead(2)
        assert wire(one).aborted

    turned(check)


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nX: " + b"x" * HEAD_BYTES,
        b"GET /" + b"x" * (HEAD_BYTES + 9) + b" HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * (HEAD_FIELDS + 2),
    ],
    ids=["one field", "address", "many fields"],
)
def test_a_head_that_is_too_large_is_told_so(head: bytes) -> None:
    async def check(stand: Stand, ahead: Any) -> None:
        one = stand.connect()
        for start in range(0, len(head), 4096):
            if not wire(one).is_closing():
                one.data_received(head[start : start + 4096])
        await ahead()
        assert wire(one).written.startswith(b"HTTP/1.1 431 ")
        assert wire(one).closed
        assert stand.bodies == []

    turned(check)


def test_as_many_fields_as_there_may_be() -> None:
    async def check(stand: Stand, ahead: Any) -> None:
        stand.release.set()
        one = stand.connect()
        one.data_received(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * HEAD_FIELDS + b"\r\n")
        await ahead()
        assert b"200 OK" in wire(one).written

    turned(check)


def test_a_body_that_does_not_come_is_cut_off() -> None:
    async def check(stand: Stand, ahead: Any) -> None:
        one = stand.connect()
        one.data_received(HEAD + b"x" * 100)
        await ahead(PATIENCE - 1)
        assert not wire(one).aborted
        for _ in range(4):
            await ahead(PATIENCE / 2)
        assert wire(one).aborted
        assert stand.bodies == []

    turned(check)


def test_a_body_that_comes_steadily_may_take_its_time() -> None:
    async def check(stand: Stand, ahead: Any) -> None:
        stand.release.set()
        one = stand.connect()
        one.data_received(HEAD)
        left, step = 1_000_000, 10 * BYTES_A_SECOND
        while left:
            size = min(left, step)
            one.data_received(b"x" * size)
            left -= size
            await ahead(9)
        await ahead()
        assert not wire(one).aborted
        assert list(map(len, stand.bodies)) == [1_000_000]

    turned(check)


def test_a_body_that_we_do_not_read_is_not_too_slow() -> None:
    async def check(stand: Stand, ahead: Any) -> None:
        stand.reads = False
        one = stand.connect()
        one.data_received(HEAD + b"x" * 100_000)
        await ahead()
        assert wire(one).paused
        for _ in range(5):
            await ahead(PATIENCE)
        assert not wire(one).aborted

    turned(check)


def test_a_client_that_does_not_read_its_answer_is_cut_off() -> None:
    async def check(stand: Stand, ahead: Any) -> None:
        one = stand.connect()
        one.data_received(GET)
        one.pause_writing()
        await ahead(PATIENCE - 1)
        assert not wire(one).aborted
        one.resume_writing()
        await ahead(PATIENCE)
        assert not wire(one).aborted
        one.pause_writing()
        await ahead(PATIENCE + 1)
        assert wire(one).aborted

    turned(check)


def test_requests_behind_one_another_are_bounded() -> None:
    async def check(stand: Stand, ahead: Any) -> None:
        one = stand.connect()
        one.data_received(GET * WAITING_REQUESTS)
        await ahead()
        assert not wire(one).is_closing()
        one.data_received(GET * 2)
        await ahead()
        # Another answer is on its way: this is cut off, not written into it.
        assert wire(one).aborted
        assert wire(one).written == b""

    turned(check)


def test_nonsense_is_refused_in_its_own_place_only() -> None:
    async def check(stand: Stand, ahead: Any) -> None:
        alone, busy = stand.connect(), stand.connect()
        alone.data_received(b"\x00\x01 nonsense\r\n\r\n")
        assert wire(alone).written.startswith(b"HTTP/1.1 400 ")
        busy.data_received(GET)
        busy.data_received(b"\x00\x01 nonsense\r\n\r\n")
        await ahead()
        assert wire(busy).aborted
        assert wire(busy).written == b""

    turned(check)


def test_the_newcomer_takes_the_place_of_whoever_is_idle_for_longest() -> None:
    async def check(stand: Stand, ahead: Any) -> None:
        stand.release.set()
        everybody = [stand.connect() for _ in range(stand.crowd.most)]
        # The first one has just been answered: now the second is the oldest.
        everybody[0].data_received(GET)
        await ahead()
        newcomer = stand.connect()
        assert [wire(one).aborted for one in everybody] == [
            number == 1 for number in range(stand.crowd.most)
        ]
        assert not wire(newcomer).aborted

    turned(check)


def test_without_an_idle_one_the_newcomer_has_to_go() -> None:
    async def check(stand: Stand, ahead: Any) -> None:
        busy = [stand.connect() for _ in range(stand.crowd.most)]
        for one in busy:
            one.data_received(GET)
        await ahead()
        assert wire(stand.connect()).aborted
        assert not any(wire(one).aborted for one in busy)

    turned(check)


def test_whoever_leaves_is_in_no_list_and_on_no_clock() -> None:
    async def check(stand: Stand, ahead: Any) -> None:
        one, other = stand.connect(), stand.connect()
        other.data_received(HEAD)
        other.pause_writing()
        for connection in (one, other):
            connection.connection_lost(None)
        await ahead(10 * PATIENCE)
        assert not wire(one).aborted
        assert not wire(other).aborted
        assert stand.crowd._idle == {}

    turned(check)


class Idle:
    """A connection that does nothing."""

    def __init__(self) -> None:
        self.transport = Wire()


def test_a_crowd_forgets_and_orders() -> None:
    crowd = Crowd(2, PATIENCE)
    ones = [Idle() for _ in range(3)]
    first, second, third = ones
    for here, one in enumerate((first, second), 1):
        assert crowd.let_in(one, here)  # type: ignore[arg-type]
    crowd.leave(first)  # type: ignore[arg-type]
    crowd.leave(first)  # type: ignore[arg-type]
    crowd.idle(first)  # type: ignore[arg-type]
    assert crowd.let_in(third, 3)  # type: ignore[arg-type]
    assert [one.transport.aborted for one in ones] == [False, True, False]
    crowd.leave(first)  # type: ignore[arg-type]
    crowd.leave(third)  # type: ignore[arg-type]
    assert not crowd.let_in(second, 3)  # type: ignore[arg-type]
