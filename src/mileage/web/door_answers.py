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
UNAVAILABLE = 14
UNAUTHENTICATED = 16

_TOO_LARGE = 413
_MAX_REASONS = 5
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
        if not rejected:
            return self._success({}, b"")
        count, why = len(rejected), summary(rejected)
        field, key = _COUNTS[self.signal]
        message = _RESPONSES[self.signal]()
        setattr(message.partial_success, field, count)
        message.partial_success.error_message = why
        partial = {key: str(count), "errorMessage": why}
        return self._success({"partialSuccess": partial}, message.SerializeToString())

    def refused(self, status: int, message: str) -> Response:
        """Say that repeating the request will not help."""
        code = RESOURCE_EXHAUSTED if status == _TOO_LARGE else INVALID_ARGUMENT
        return self._status(status, code, message, {})

    def unauthorised(self, message: str) -> Response:
        """Ask for a token."""
        headers = {"WWW-Authenticate": 'Bearer realm="mileage"'}
        return self._status(401, UNAUTHENTICATED, message, headers)

    def unavailable(self, message: str, seconds: int) -> Response:
        """Ask the client to repeat the request later."""
        headers = {"Retry-After": str(seconds)}
        return self._status(503, UNAVAILABLE, message, headers)

    def _success(self, plain: Mapping[str, Any], packed: bytes) -> Response:
        if self.form == "json":
            return JSONResponse(plain)
        return Response(packed, media_type="application/x-protobuf")

    def _status(
        self, status: int, code: int, message: str, headers: Mapping[str, str]
    ) -> Response:
        if self.form == "json":
            plain = {"code": code, "message": message}
            return JSONResponse(plain, status, headers)
        packed = pack_status(code, message)
        return Response(packed, status, headers, "application/x-protobuf")


def summary(rejected: Sequence[Rejected]) -> str:
    """Say in one line why records were rejected, the commonest reason first."""
    listed = ", ".join(f"{why} ({count})" for why, count in reasons(rejected).items())
    return f"{len(rejected)} not usable: {listed}"


def reasons(rejected: Sequence[Rejected]) -> dict[str, int]:
    """Count the commonest reasons why records were rejected."""
    return dict(Counter(one.reason for one in rejected).most_common(_MAX_REASONS))


def pack_status(code: int, message: str) -> bytes:
    """Encode google.rpc.Status: field 1 is the code, field 2 the message."""
    text = message.encode()
    return bytes([0x08, code, 0x12]) + _varint(len(text)) + text


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
