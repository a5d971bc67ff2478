"""Builds OTLP bodies for tests, in both encodings, from plain dictionaries."""

from __future__ import annotations

import json
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

CLAUDE_SCOPE = "com.anthropic.claude_code.events"
CODEX_SCOPE = "codex_otel.log_only"
AT = "2026-11-22T01:18:32.872Z"
AT_MICROS = 1_795_310_312_872_000
AT_NANOS = AT_MICROS * 1000

API_REQUEST: dict[str, Any] = {
    "event.name": "api_request",
    "event.timestamp": AT,
    "event.sequence": 2,
    "session.id": "session-1",
    "request_id": "req_1",
    "model": "claude-opus-4-8",
    "input_tokens": 103,
    "output_tokens": 529,
    "cache_read_tokens": 7,
    "cache_creation_tokens": 384,
    "cost_usd_micros": 16140,
    "speed": "normal",
    "query_source": "sdk",
    "user.email": "alice@example.com",
}
SSE_EVENT: dict[str, Any] = {
    "event.name": "codex.sse_event",
    "event.kind": "response.completed",
    "event.timestamp": AT,
    "conversation.id": "thread-1",
    "model": "gpt-5.1-codex",
    "originator": "codex_exec",
    "input_token_count": "1000",
    "cached_token_count": 600,
    "cache_write_token_count": 100,
    "output_token_count": "50",
    "reasoning_token_count": 20,
    "tool_token_count": "1050",
}
CODEX_RESOURCE = {"service.name": "codex_exec", "user.email": "alice@example.com"}


def value(plain: Any) -> dict[str, Any]:
    """Write a value as OTLP/JSON does: 64-bit integers as texts."""
    if isinstance(plain, bool):
        return {"boolValue": plain}
    if isinstance(plain, int):
        return {"intValue": str(plain)}
    if isinstance(plain, float):
        return {"doubleValue": plain}
    if isinstance(plain, list):
        return {"arrayValue": {"values": [value(one) for one in plain]}}
    if isinstance(plain, dict):
        return {"kvlistValue": {"values": pairs(plain)}}
    return {"stringValue": plain}


def pairs(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": k, "value": value(v)} for k, v in attributes.items()]


def log(attributes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"timeUnixNano": "0", "attributes": pairs(attributes), **fields}


def logs(
    *records: dict[str, Any],
    scope: str = CLAUDE_SCOPE,
    resource: dict[str, Any] | None = None,
) -> bytes:
    scoped = {"scope": {"name": scope}, "logRecords": list(records)}
    group = {"resource": {"attributes": pairs(resource or {})}, "scopeLogs": [scoped]}
    return json.dumps({"resourceLogs": [group]}).encode()


def point(number: float, attributes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "attributes": pairs(attributes),
        "startTimeUnixNano": str(AT_NANOS - 1_000_000_000),
        "timeUnixNano": str(AT_NANOS),
        "asDouble": number,
        **fields,
    }


def metric(name: str, *points: dict[str, Any], temporality: Any = 1) -> dict[str, Any]:
    return {
        "name": name,
        "sum": {
            "aggregationTemporality": temporality,
            "isMonotonic": True,
            "dataPoints": list(points),
        },
    }


def metrics(
    *made: dict[str, Any], scope: str = "com.anthropic.claude_code", **resource: Any
) -> bytes:
    scoped = {"scope": {"name": scope}, "metrics": list(made)}
    group = {"resource": {"attributes": pairs(resource)}, "scopeMetrics": [scoped]}
    return json.dumps({"resourceMetrics": [group]}).encode()


TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


def span(attributes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Make a span; ids are hex, as OTLP/JSON writes them."""
    return {
        "name": "a span",
        "traceId": TRACE,
        "spanId": SPAN,
        "startTimeUnixNano": str(AT_NANOS - 2_000_000_000),
        "endTimeUnixNano": str(AT_NANOS),
        "attributes": pairs(attributes),
        **fields,
    }


def spans(
    *made: dict[str, Any],
    scope: str = "program",
    resource: dict[str, Any] | None = None,
) -> bytes:
    scoped = {"scope": {"name": scope}, "spans": list(made)}
    group = {"resource": {"attributes": pairs(resource or {})}, "scopeSpans": [scoped]}
    return json.dumps({"resourceSpans": [group]}).encode()


def packed_spans(body: bytes) -> bytes:
    """Turn a JSON body of spans into protobuf."""
    return _pack(ExportTraceServiceRequest(), json.loads(body))


def packed_logs(body: bytes) -> bytes:
    """Turn a JSON body of logs into protobuf."""
    return _pack(ExportLogsServiceRequest(), json.loads(body))


def packed_metrics(body: bytes) -> bytes:
    """Turn a JSON body of metrics into protobuf."""
    return _pack(ExportMetricsServiceRequest(), json.loads(body))


def _pack(message: Any, plain: dict[str, Any]) -> bytes:
    """Fill a message by hand: the library's own JSON reader is what we distrust."""
    _fill(message, plain)
    packed: bytes = message.SerializeToString()
    return packed


def _fill(message: Any, plain: dict[str, Any]) -> None:
    for key, held in plain.items():
        name = "".join(f"_{c.lower()}" if c.isupper() else c for c in key)
        if held is None:
            continue
        if isinstance(held, dict):
            child = getattr(message, name)
            child.SetInParent()
            _fill(child, held)
        elif isinstance(held, list):
            for one in held:
                _fill(getattr(message, name).add(), one)
        else:
            kind = type(getattr(message, name))
            made = bytes.fromhex(held) if kind is bytes else held
            setattr(message, name, int(made) if kind is int else made)
