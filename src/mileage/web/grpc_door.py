"""The door for telemetry: OTLP over gRPC, on a port of its own.

Bodies take the same road as over HTTP (``intake``). Messages come as bytes: they are
neither decoded nor inflated by gRPC, whose inflation knows no bound. Reading begins
when the token is known to be good.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from mileage.domain.errors import Conflict, Invalid, Unavailable
from mileage.sources.otlp import OtlpReader
from mileage.web.counted import GONE
from mileage.web.door import SOURCE, decoder
from mileage.web.door_answers import RpcAnswer, RpcAnswers
from mileage.web.http_delivery import bearer_token
from mileage.web.intake import MIB, RETRY_SECONDS, Body, Entrance
from mileage.web.security import unsurprised

if TYPE_CHECKING:
    from mileage.ingest.meters import DoorMeter
    from mileage.sources.otlp_record import Signal
    from mileage.web.intake import Intake, Lease
    from mileage.web.services import Door

_PACKAGE = "/opentelemetry.proto.collector"
METHODS: dict[str, Signal] = {
    f"{_PACKAGE}.logs.v1.LogsService/Export": "logs",
    f"{_PACKAGE}.metrics.v1.MetricsService/Export": "metrics",
    f"{_PACKAGE}.trace.v1.TraceService/Export": "traces",
}
# No protobuf message starts with this byte (field 3 of a wire type that is none),
# so what does is what the client compressed: gRPC does not pass its headers on.
_GZIP_MAGIC = b"\x1f\x8b"
_IDENTITY_AND_GZIP = 0b101
MESSAGE_BYTES = 4 * MIB
"""The most of a message: what the OpenTelemetry Collector takes, and gRPC by itself."""
_PROMPT_BYTES, _PROMPT_SECONDS = MIB, 1.0
"""What a message counts as before it is there: this much, and later as the largest."""
_AT_ONCE_SECONDS = 1.0
"""gRPC refuses a large message when it has read its length; clients leave later."""
_TOO_LARGE = 413
_CALLS_AT_ONCE = 1000
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_PATIENCE = {
    # How long a connection may do with no call.
    "grpc.max_connection_idle_ms": 120_000,
    # Calls at once on one of them: an exporter has one, a relay a few; a hundred large
    # ones keep everybody else waiting. Further ones wait at the client.
    "grpc.max_concurrent_streams": 8,
    # Of a message that nobody reads yet, no more than a small one is taken in.
    "grpc.http2.bdp_probe": 0,
    # Bytes of a call's headers.
    "grpc.max_metadata_size": 16 * 1024,
    # Clients behind routers ping; more often than this is a flood.
    "grpc.http2.min_ping_interval_without_data_ms": 10_000,
    "grpc.http2.max_ping_strikes": 3,
    "grpc.keepalive_time_ms": 60_000,
    "grpc.keepalive_timeout_ms": 20_000,
}


class GrpcDoor:
    """Listens on one port until it is stopped."""

    def __init__(
        self, door: Door, intake: Intake, meter: DoorMeter, host: str, port: int
    ) -> None:
        self._intake = intake
        self._meter = meter
        self._host, self._port = host, port
        self._open = 0
        self._noting: set[asyncio.Future[RpcAnswer]] = set()
        self._server: Any = None
        reader = OtlpReader(door.sources)
        self._handlers = {
            method: self._handler(_entrance(signal, reader))
            for method, signal in METHODS.items()
        }

    async def start(self) -> None:
        """Listen; raises Conflict when another holds the port."""
        self._server = grpc.aio.server(options=self._options())
        for method, handler in self._handlers.items():
            _, service, name = method.split("/")
            generic = grpc.method_handlers_generic_handler(service, {name: handler})
            self._server.add_generic_rpc_handlers((generic,))
        shown = f"[{self._host}]" if ":" in self._host else self._host
        try:
            self._server.add_insecure_port(f"{shown}:{self._port}")
        except RuntimeError:
            # What gRPC says names a variable of its own, and no reason.
            raise Conflict(
                f"port {self._port} on {self._host} cannot be used for gRPC. "
                "Stop what listens there, or choose another with --grpc-port."
            ) from None
        await self._server.start()

    async def stop(self, seconds: float) -> None:
        """Let go of the port, and finish what is being answered."""
        await self._server.stop(seconds)

    def _options(self) -> list[tuple[str, int]]:
        limits = self._intake.limits
        return [
            ("grpc.so_reuseport", 0),
            (
                "grpc.max_receive_message_length",
                min(limits.max_body_bytes, MESSAGE_BYTES),
            ),
            ("grpc.max_allowed_incoming_connections", limits.max_connections),
            ("grpc.server_handshake_timeout_ms", limits.patience_seconds * 1000),
            ("grpc.per_message_decompression", 0),
            ("grpc.compression_enabled_algorithms_bitset", _IDENTITY_AND_GZIP),
            *_PATIENCE.items(),
        ]

    def _handler(self, entrance: Entrance[RpcAnswer]) -> Any:  # noqa: ANN401 - grpc has no types
        async def export(_messages: Any, context: Any) -> bytes:  # noqa: ANN401 - ditto
            answer = await self._answer(entrance, context)
            if answer.code:
                details = (("grpc-status-details-bin", answer.packed),)
                await context.abort(_CODES[answer.code], answer.message, details)
            return answer.packed

        # As a stream of one message: only then is it left to us when to read it.
        return grpc.stream_unary_rpc_method_handler(export)

    async def _answer(self, entrance: Entrance[RpcAnswer], context: Any) -> RpcAnswer:  # noqa: ANN401 - ditto
        """Answer a call, and count it."""
        delivery = GrpcDelivery(context, self._intake.limits.patience_seconds)
        status = GONE
        self._open += 1
        self._meter.began()
        taking = asyncio.ensure_future(self._received(entrance, delivery))
        try:
            answer = await asyncio.shield(taking)
            status = answer.status
        except asyncio.CancelledError:
            if delivery.is_refused:
                # gRPC has answered; what is left is to note why.
                self._noting.add(taking)
                taking.add_done_callback(self._noting.discard)
            else:
                taking.cancel()
            raise
        finally:
            if delivery.is_refused:
                # Whether or not it was noted before gRPC told us that it had answered.
                status = _TOO_LARGE
            self._open -= 1
            self._meter.took(delivery.size)
            self._meter.gave_back(delivery.size)
            self._meter.ended("grpc", status)
        return answer

    async def _received(
        self, entrance: Entrance[RpcAnswer], delivery: GrpcDelivery
    ) -> RpcAnswer:
        if self._open > _CALLS_AT_ONCE:
            return entrance.answers.later(503, "too many calls at once", RETRY_SECONDS)
        answer = await unsurprised(self._intake.receive(delivery, entrance))
        if isinstance(answer, RpcAnswer):
            return answer
        reference = answer.reference if answer else ""
        message = f"a fault of Mileage; its log has it under {reference}"
        return RpcAnswer(500, message, b"")


def _entrance(signal: Signal, reader: OtlpReader) -> Entrance[RpcAnswer]:
    return Entrance(SOURCE, (), decoder(reader, signal, "protobuf"), RpcAnswers(signal))


class GrpcDelivery:
    """Implements ``web.intake.Delivery``; ``context`` is a ``ServicerContext``."""

    def __init__(self, context: Any, patience: float) -> None:  # noqa: ANN401 - grpc has no types
        self._context = context
        self._patience = patience
        self.size = 0
        """Bytes of the message, when it is there."""
        self.is_refused = False
        """There was none, and as far as can be told because it was too large."""

    def token(self) -> str:
        """Return the bearer token."""
        metadata = dict(self._context.invocation_metadata())
        held = metadata.get("authorization", "")
        return bearer_token(held if isinstance(held, str) else "")

    async def body(self, lease: Lease, most: int) -> Body:
        """Read the one message.

        gRPC tells nothing of a message before all of it is there, and refuses by
        itself what is above the limit.
        """
        largest = min(most, MESSAGE_BYTES)
        begun = asyncio.get_running_loop().time()
        lease.grow_to(min(_PROMPT_BYTES, largest))
        try:
            async with asyncio.timeout(self._patience) as limit:
                late = _late(lease, largest, limit)
                try:
                    message = await self._context.read()
                finally:
                    late.cancel()
        except TimeoutError:
            raise Unavailable(
                "the message took too long, or too many do; send smaller batches"
            ) from None
        if not isinstance(message, bytes):
            lasted = asyncio.get_running_loop().time() - begun
            self.is_refused = lasted < _AT_ONCE_SECONDS
            raise Invalid(
                f"the call ended without a message, or with one of over {largest} "
                "bytes, which gRPC refuses; send smaller batches"
            )
        self.size = len(message)
        lease.grow_to(self.size)
        return Body(message, message.startswith(_GZIP_MAGIC))


def _late(lease: Lease, size: int, limit: asyncio.Timeout) -> asyncio.TimerHandle:
    """Let a lease grow when a message is late; without room nobody waits for it."""
    loop = asyncio.get_running_loop()

    def grow() -> None:
        try:
            lease.grow_to(size)
        except Unavailable:
            if not limit.expired():
                limit.reschedule(loop.time())

    return loop.call_later(_PROMPT_SECONDS, grow)
