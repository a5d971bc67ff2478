"""One call over gRPC: its token, its one message, and how long that may take."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from mileage.domain.errors import Invalid, Unauthorised, Unavailable
from mileage.ingest.meters import DoorMeter
from mileage.web import grpc_door
from mileage.web.door_answers import RpcAnswer
from mileage.web.grpc_door import METHODS, GrpcDelivery, GrpcDoor
from mileage.web.intake import DoorLimits

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 16 * 2**20


class Context:
    """A call of which the message comes after a while, or never."""

    def __init__(
        self, message: Any = b"", seconds: float = 0, **metadata: str | bytes
    ) -> None:
        self._message, self._seconds, self._metadata = message, seconds, metadata

    def invocation_metadata(self) -> tuple[tuple[str, Any], ...]:
        return tuple(self._metadata.items())

    async def read(self) -> Any:
        await asyncio.sleep(self._seconds)
        return self._message


class Lease:
    """Remembers how much was asked for, and may have no room for so much."""

    def __init__(self, room: int = 10**9) -> None:
        self.grown: list[int] = []
        self._room = room

    def grow_to(self, size: int) -> None:
        self.grown.append(size)
        if size > self._room:
            message = "no room"
            raise Unavailable(message)


def body(context: Context, lease: Lease | None = None, patience: float = 5) -> Any:
    delivery = GrpcDelivery(context, patience)
    return asyncio.run(delivery.body(lease or Lease(), MOST))  # type: ignore[arg-type]


@pytest.fixture
def prompt(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    return lambda seconds: monkeypatch.setattr(grpc_door, "_PROMPT_SECONDS", seconds)


def test_the_token_is_that_of_the_call() -> None:
    found = GrpcDelivery(Context(authorization="Bearer mlg_p_x"), 5).token()
    assert found == "mlg_p_x"


@pytest.mark.parametrize(
    "metadata", [{}, {"authorization": "Basic x"}, {"authorization": b"Bearer x"}]
)
def test_without_a_readable_token_nobody_comes_in(metadata: Any) -> None:
    with pytest.raises(Unauthorised, match="mileage token create"):
        GrpcDelivery(Context(**metadata), 5).token()


@pytest.mark.parametrize("message", [b"", b"\x0a\x00", b"x" * 100_000])
def test_a_message_is_taken_as_it_came(message: bytes) -> None:
    found = body(Context(message))
    assert (found.packed, found.gzip) == (message, False)


def test_what_the_client_compressed_is_known_by_its_first_bytes() -> None:
    message = gzip.compress(b"\x0a\x00")
    found = body(Context(message))
    assert found.gzip is True
    assert found.plain(MOST) == b"\x0a\x00"


@pytest.mark.parametrize("message", [None, object()])
def test_a_call_without_a_message_is_refused(message: Any) -> None:
    with pytest.raises(Invalid, match="ended without a message"):
        body(Context(message))


@pytest.mark.parametrize("seconds", [0.0, 0.05])
def test_only_what_ends_at_once_was_too_large(
    seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grpc_door, "_AT_ONCE_SECONDS", 0.04)
    delivery = GrpcDelivery(Context(None, seconds), 5)
    with pytest.raises(Invalid, match=f"over {4 * 2**20} bytes"):
        asyncio.run(delivery.body(Lease(), MOST))  # type: ignore[arg-type]
    assert delivery.is_refused == (not seconds)


class Noting:
    """An intake that reads a body, and is a while at noting why there is none."""

    limits = DoorLimits()

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.noted = 0

    async def receive(self, delivery: GrpcDelivery, _entrance: object) -> RpcAnswer:
        with suppress(Invalid):
            await delivery.body(Lease(), MOST)  # type: ignore[arg-type]
        await asyncio.sleep(self._seconds)
        self.noted += 1
        return RpcAnswer(400, "ended without a message", b"")


@pytest.mark.parametrize("seconds", [0.0, 0.1], ids=["noted first", "answered first"])
def test_what_grpc_refused_is_counted_as_too_large(seconds: float) -> None:
    """Whoever comes first: gRPC, with its answer, or the note of why."""
    intake, meter = Noting(seconds), DoorMeter()
    open_door = SimpleNamespace(sources={})
    door = GrpcDoor(open_door, intake, meter, "localhost", 0)  # type: ignore[arg-type]

    async def call() -> None:
        answering = asyncio.ensure_future(
            door._answer(SimpleNamespace(), Context(None))
        )
        await asyncio.sleep(0.05)
        answering.cancel()
        with suppress(asyncio.CancelledError):
            await answering
        await asyncio.sleep(seconds)

    asyncio.run(call())
    assert intake.noted == 1
    assert meter.read().answered == {("grpc", 413): 1}


def test_a_message_counts_little_before_it_is_there_and_then_what_it_is() -> None:
    lease = Lease()
    body(Context(b"x" * 3_000_000), lease)
    assert lease.grown == [grpc_door._PROMPT_BYTES, 3_000_000]


def test_a_message_that_is_late_counts_as_the_largest(prompt) -> None:
    prompt(0.01)
    lease = Lease()
    body(Context(b"x", seconds=0.1), lease)
    assert lease.grown == [grpc_door._PROMPT_BYTES, grpc_door.MESSAGE_BYTES, 1]


def test_without_room_for_the_largest_nobody_waits_for_it(prompt) -> None:
    prompt(0.01)
    lease = Lease(room=grpc_door._PROMPT_BYTES)
    with pytest.raises(Unavailable, match="send smaller batches"):
        body(Context(b"x", seconds=30), lease, patience=30)


def test_without_any_room_nothing_is_read() -> None:
    class Unread(Context):
        async def read(self) -> Any:
            raise AssertionError

    with pytest.raises(Unavailable, match="no room"):
        body(Unread(), Lease(room=0))


def test_a_message_that_does_not_come_is_given_up() -> None:
    with pytest.raises(Unavailable, match="took too long"):
        body(Context(b"x", seconds=30), patience=0.02)


def test_a_call_that_is_broken_off_leaves_no_clock_running(prompt) -> None:
    prompt(0.05)
    lease = Lease()

    class Broken(Context):
        async def read(self) -> Any:
            raise asyncio.CancelledError

    async def check() -> None:
        with pytest.raises(asyncio.CancelledError):
            await GrpcDelivery(Broken(), 5).body(lease, MOST)  # type: ignore[arg-type]
        await asyncio.sleep(0.1)

    asyncio.run(check())
    assert lease.grown == [grpc_door._PROMPT_BYTES]


def test_the_limit_of_the_settings_bounds_what_is_held() -> None:
    lease = Lease()
    delivery = GrpcDelivery(Context(b"abc"), 5)
    asyncio.run(delivery.body(lease, 1000))  # type: ignore[arg-type]
    assert lease.grown == [1000, 3]


def test_the_methods_are_those_of_the_specification() -> None:
    # OTLP 1.x: one service for each signal, each with one method.
    assert {path.rsplit(".", 1)[1] for path in METHODS} == {
        "LogsService/Export",
        "MetricsService/Export",
        "TraceService/Export",
    }
    assert sorted(METHODS.values()) == ["logs", "metrics", "traces"]
