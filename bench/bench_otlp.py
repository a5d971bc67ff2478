"""Cost of reading OTLP: bytes in, witnesses out.

    python bench/bench_otlp.py [--batches N] [--json]

Processor time a record, best of five: of ``api_request`` events with the 21 attributes
and 7 resource attributes that Claude Code sends with a login, of all that it sends of
a turn, of Codex's responses, and of spans that nobody wants. Each in protobuf and in
JSON, with the extension in C and (``rows``) record by record without it. The floor is
to decode the same protobuf with the C library and to look at nothing.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from typing import TYPE_CHECKING, Any

from google.protobuf.json_format import (  # type: ignore[import-untyped]
    MessageToJson,
)
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from mileage.sources import installed
from mileage.sources.otlp import OtlpReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mileage.sources.otlp import Form
    from mileage.sources.otlp_record import Signal

RECORDS = 100
REPETITIONS = 5
AIM_MICROSECONDS = 3.0
"""For ``api_request`` events in protobuf, with the extension."""
SPANS = 815
START = 1_795_310_312_872_000_000


def body(chance: random.Random, number: int) -> bytes:
    """Build one protobuf body of 100 ``api_request`` events."""
    events = [event(chance, index) for index in range(RECORDS)]
    return of_events(events, "claude_code.", START + number * RECORDS)


def of_events(events: Iterable[Mapping[str, Any]], prefix: str, start: int) -> bytes:
    """Build a protobuf body; a client's log bodies hold its prefix and the event."""
    request = ExportLogsServiceRequest()
    group = request.resource_logs.add()
    _fill(group.resource.attributes, _RESOURCE)
    scoped = group.scope_logs.add()
    scoped.scope.name = "com.anthropic.claude_code.events"
    for index, told in enumerate(events):
        record = scoped.log_records.add()
        record.time_unix_nano = start + index
        record.body.string_value = prefix + told["event.name"]
        _fill(record.attributes, told)
    packed: bytes = request.SerializeToString()
    return packed


_RESOURCE = {
    "service.name": "claude-code",
    "service.version": "2.1.197",
    "os.type": "linux",
    "os.version": "6.8.0",
    "host.arch": "amd64",
    "department": "engineering",
    "team.id": "platform",
}


def event(chance: random.Random, index: int) -> dict[str, Any]:
    """Make up one event."""
    return {
        "user.id": f"{chance.getrandbits(256):064x}",
        "session.id": f"{chance.getrandbits(128):032x}",
        "app.version": "2.1.197",
        "organization.id": "8b1f0f52-1c0c-4b6e-9d4c-3f1f3f0c9a11",
        "user.email": f"user{index:05d}@example.com",
        "user.account_uuid": "6f0d5d2a-3a39-4ab0-b7a3-0f6a7a7f1b22",
        "terminal.type": "xterm-256color",
        "event.name": "api_request",
        "event.timestamp": "2026-11-22T01:18:32.872Z",
        "event.sequence": index,
        "prompt.id": "53ff5762-06b5-4619-8e73-036b1aea59cf",
        "model": "claude-opus-4-8",
        "input_tokens": chance.randrange(1, 4000),
        "output_tokens": chance.randrange(1, 4000),
        "cache_read_tokens": chance.randrange(1, 200_000),
        "cache_creation_tokens": chance.randrange(1, 20_000),
        "cost_usd_micros": chance.randrange(1, 500_000),
        "duration_ms": chance.randrange(1, 90_000),
        "request_id": f"req_{chance.getrandbits(96):024x}",
        "speed": "normal",
        "query_source": "repl_main_thread",
    }


def turn(chance: random.Random, index: int) -> list[dict[str, Any]]:
    """Make up what Claude Code sends of a turn: five events, three of them read."""
    asked = event(chance, index)
    base = {key: asked[key] for key in list(asked)[:11]}
    call = {"tool_name": "Bash", "tool_use_id": f"toolu_{chance.getrandbits(96):024x}"}
    return [
        asked,
        {**base, "event.name": "assistant_response", "response_length": 7},
        {**base, **call, "event.name": "tool_decision", "decision": "accept"},
        {**base, **call, "event.name": "tool_result", "success": "true"},
        {**base, "event.name": "hook_registered"},
    ]


def response(chance: random.Random, index: int) -> list[dict[str, Any]]:
    """Make up the two events that Codex sends of a response."""
    base = {
        "event.name": "codex.sse_event",
        "event.timestamp": "2026-11-22T01:18:40.249Z",
        "conversation.id": f"{chance.getrandbits(128):032x}",
        "app.version": "0.169.0",
        "originator": "codex_exec",
        "terminal.type": "xterm-256color",
        "model": "gpt-5.1-codex",
        "slug": "gpt-5.1-codex",
        "duration_ms": str(index),
    }
    counts = {
        "input_token_count": str(chance.randrange(1000, 100_000)),
        "output_token_count": str(chance.randrange(1000)),
        "cached_token_count": chance.randrange(1000),
        "reasoning_token_count": chance.randrange(100),
    }
    return [
        {**base, "event.kind": "response.created"},
        {**base, "event.kind": "response.completed", **counts},
    ]


def unwanted(chance: random.Random) -> bytes:
    """Build a body of spans as a program sends them for a few requests."""
    request = ExportTraceServiceRequest()
    scoped = request.resource_spans.add().scope_spans.add()
    scoped.scope.name = "codex_cli"
    for index in range(SPANS):
        span = scoped.spans.add(
            name=f"handle_output_item_{index % 17}",
            trace_id=chance.randbytes(16),
            span_id=chance.randbytes(8),
            start_time_unix_nano=START + index,
            end_time_unix_nano=START + index + 5,
        )
        texts = ("code.filepath", "code.namespace", "thread.name")
        _fill(span.attributes, dict.fromkeys(texts, "tokio-runtime-worker/src/x.rs"))
        _fill(
            span.attributes, dict.fromkeys(("code.lineno", "thread.id", "busy_ns"), 7)
        )
    packed: bytes = request.SerializeToString()
    return packed


def _fill(pairs: Any, held: Mapping[str, Any]) -> None:  # noqa: ANN401
    for key, value in held.items():
        pair = pairs.add(key=key)
        if isinstance(value, int):
            pair.value.int_value = value
        else:
            pair.value.string_value = value


def in_json(message: Any, packed: bytes) -> bytes:  # noqa: ANN401
    """Write a body of ours as OTLP/JSON."""
    text: str = MessageToJson(message.FromString(packed), indent=None)
    return text.encode()


def microseconds(
    work: Callable[[bytes], object], bodies: list[bytes], records: int = RECORDS
) -> float:
    """Return processor time a record: the best run, as noise only adds."""
    best = float("inf")
    for _ in range(REPETITIONS):
        began = time.process_time()
        for one in bodies:
            work(one)
        best = min(best, time.process_time() - began)
    return best / (len(bodies) * records) * 1e6


def _told(
    name: str, signal: Signal, bodies: dict[Form, list[bytes]], records: int = RECORDS
) -> dict[str, float]:
    """Measure one kind of records, in both forms and both ways."""
    quick = OtlpReader(installed.otlp_sources())
    slow = OtlpReader(installed.otlp_sources(), at_once=False)
    figures: dict[str, float] = {}
    for form, made in bodies.items():
        for way, reader in (("", quick), ("_rows", slow)):

            def work(one: bytes, reader: OtlpReader = reader, form: Form = form) -> int:
                return len(reader.read(signal, form, one).witnesses)

            found = microseconds(work, made, records)
            figures[f"{name}_{form}{way}_us"] = found
    return figures


def measure(batches: int) -> dict[str, float]:
    """Measure the floor, and each kind of records."""
    chance = random.Random(7)  # noqa: S311 - repeatable, no secret
    calls = [body(chance, number) for number in range(batches)]
    turns = [
        of_events(
            [one for index in range(RECORDS // 5) for one in turn(chance, index)],
            "claude_code.",
            START,
        )
        for _ in range(batches)
    ]
    responses = [
        of_events(
            [one for index in range(RECORDS // 2) for one in response(chance, index)],
            "",
            START,
        )
        for _ in range(batches)
    ]
    spans = [unwanted(chance)]
    figures = {
        "bytes_a_record": len(calls[0]) / RECORDS,
        "aim_us": AIM_MICROSECONDS,
        "floor_us": microseconds(ExportLogsServiceRequest.FromString, calls),
    }
    logs = (("api_request", calls), ("turn", turns), ("codex_response", responses))
    for name, packed in logs:
        plain = [in_json(ExportLogsServiceRequest, one) for one in packed[:20]]
        figures |= _told(name, "logs", {"protobuf": packed, "json": plain})
    plain = [in_json(ExportTraceServiceRequest, one) for one in spans]
    bodies: dict[Form, list[bytes]] = {"protobuf": spans, "json": plain}
    return figures | _told("unwanted_span", "traces", bodies, SPANS)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batches", type=int, default=50)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    figures = measure(asked.batches)
    if asked.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:30} {value:8.2f}")


if __name__ == "__main__":
    main()
