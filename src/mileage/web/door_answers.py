"""What the door answers, in the encoding in which it was asked.

Success is an ``Export*ServiceResponse``; everything else a ``google.rpc.Status``,
as the OTLP specification demands. The status is two fields, so it is written here
rather than through one more dependency.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceResponse,
)
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mileage.domain.witness import Reading, Rejected
    from mileage.sources.otlp import Form
    from mileage.sources.otlp_record import Signal

# Codes of google.rpc.Code.
INVALID_ARGUMENT = 3
RESOURCE_EXHAUSTED = 8
INTERNAL = 13
UNAVAILABLE = 14
UNAUTHENTICATED = 16

_CODES = {
    200: 0,
    401: UNAUTHENTICATED,
    413: RESOURCE_EXHAUSTED,
    429: RESOURCE_EXHAUSTED,
    500: INTERNAL,
    503: UNAVAILABLE,
}
_MAX_REASONS = 5
_RETRY_INFO = b"type.googleapis.com/google.rpc.RetryInfo"
_RESPONSES: dict[Signal, Any] = {
    "logs": ExportLogsServiceResponse,
    "metrics": ExportMetricsServiceResponse,
    "traces": ExportTraceServiceResponse,
}
_COUNTS: dict[Signal, tuple[str, str]] = {
    "logs": ("rejected_log_records", "rejectedLogRecords"),
    "metrics": ("rejected_data_points", "rejectedDataPoints"),
    "traces": ("rejected_spans", "rejectedSpans"),
}


@dataclass(frozen=True, slots=True)
class Answers:
    """Writes answers for one request."""

    signal: Signal
    form: Form

    def accepted(self, reading: Reading | None) -> Response:
        """Acknowledge; say how many records cannot be used, and why."""
        rejected = reading.rejected if reading else ()
        if self.form == "protobuf":
            packed = pack_response(self.signal, rejected)
            return Response(packed, media_type="application/x-protobuf")
        if not rejected:
            return JSONResponse({})
        _, key = _COUNTS[self.signal]
        partial = {key: str(len(rejected)), "errorMessage": summary(rejected)}
        return JSONResponse({"partialSuccess": partial})

    def refused(self, status: int, message: str) -> Response:
        """Say that repeating the request will not help."""
        return self._status(status, code_of(status), message, {})

    def unauthorised(self, message: str) -> Response:
        """Ask for a token."""
        headers = {"WWW-Authenticate": 'Bearer realm="mileage"'}
        return self._status(401, UNAUTHENTICATED, message, headers)

    def later(self, status: int, message: str, seconds: int) -> Response:
        """Ask the client to repeat the request later."""
        headers = {"Retry-After": str(seconds)}
        return self._status(status, code_of(status), message, headers)

    def _status(
        self, status: int, code: int, message: str, headers: Mapping[str, str]
    ) -> Response:
        if self.form == "json":
            plain = {"code": code, "message": message}
            return JSONResponse(plain, status, headers)
        packed = pack_status(code, message)
        return Response(packed, status, headers, "application/x-protobuf")


@dataclass(frozen=True, slots=True)
class RpcAnswer:
    """What a call over gRPC ends with."""

    status: int
    """What HTTP says for it."""
    message: str
    packed: bytes
    """The response; a google.rpc.Status when it is no success."""

    @property
    def code(self) -> int:
        """Return the google.rpc.Code; 0 is success."""
        return code_of(self.status)


@dataclass(frozen=True, slots=True)
class RpcAnswers:
    """Writes answers for one service of OTLP over gRPC.

    OTLP 1.x: a client repeats UNAVAILABLE always, and RESOURCE_EXHAUSTED only if the
    details hold a RetryInfo; so a message above the limit comes without.
    """

    signal: Signal

    def accepted(self, reading: Reading | None) -> RpcAnswer:
        """Acknowledge; say how many records cannot be used, and why."""
        rejected = reading.rejected if reading else ()
        return RpcAnswer(200, "", pack_response(self.signal, rejected))

    def refused(self, status: int, message: str) -> RpcAnswer:
        """Say that repeating the call will not help."""
        packed = pack_status(code_of(status), message)
        return RpcAnswer(status, message, packed)

    def unauthorised(self, message: str) -> RpcAnswer:
        """Ask for a token."""
        packed = pack_status(UNAUTHENTICATED, message)
        return RpcAnswer(401, message, packed)

    def later(self, status: int, message: str, seconds: int) -> RpcAnswer:
        """Ask the client to repeat the call later."""
        packed = pack_status(code_of(status), message) + _pack_retry_info(seconds)
        return RpcAnswer(status, message, packed)


def code_of(status: int) -> int:
    """Return the google.rpc.Code that says what an HTTP status says."""
    return _CODES.get(status, INVALID_ARGUMENT)


def pack_response(signal: Signal, rejected: Sequence[Rejected]) -> bytes:
    """Encode an ``Export*ServiceResponse``."""
    if not rejected:
        return b""
    message = _RESPONSES[signal]()
    setattr(message.partial_success, _COUNTS[signal][0], len(rejected))
    message.partial_success.error_message = summary(rejected)
    packed: bytes = message.SerializeToString()
    return packed


def summary(rejected: Sequence[Rejected]) -> str:
    """Say in one line why records were rejected, the commonest reason first."""
    listed = ", ".join(f"{why} ({count})" for why, count in reasons(rejected).items())
    return f"{len(rejected)} not usable: {listed}"


def reasons(rejected: Sequence[Rejected]) -> dict[str, int]:
    """Count the commonest reasons why records were rejected."""
    return dict(Counter(one.reason for one in rejected).most_common(_MAX_REASONS))


def pack_status(code: int, message: str) -> bytes:
    """Encode google.rpc.Status: field 1 is the code, field 2 the message."""
    return bytes([0x08, code]) + _field(2, message.encode())


def _pack_retry_info(seconds: int) -> bytes:
    """Encode field 3 of google.rpc.Status: an Any of a RetryInfo of a Duration."""
    delay = _field(1, b"\x08" + _varint(seconds))
    return _field(3, _field(1, _RETRY_INFO) + _field(2, delay))


def _field(number: int, held: bytes) -> bytes:
    """Encode a field with a length."""
    return bytes([number << 3 | 2]) + _varint(len(held)) + held


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
