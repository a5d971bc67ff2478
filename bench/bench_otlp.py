"""Cost of reading OTLP: bytes of ``api_request`` events in, witnesses out.

    python bench/bench_otlp.py [--batches N] [--json]

Processor time a record, best of five, and as a multiple of the floor: decoding the
same protobuf with the C library and looking at nothing. Events have the 21
attributes and 7 resource attributes that Claude Code sends with a login.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from typing import TYPE_CHECKING, Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)

from mileage.sources import claude_code_otlp, codex_otlp
from mileage.sources.otlp import OtlpReader

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDS = 100
REPETITIONS = 5
AIM_MICROSECONDS = 40.0
START = 1_795_310_312_872_000_000


def body(chance: random.Random, number: int) -> bytes:
    """Build one protobuf body of 100 events."""
    request = ExportLogsServiceRequest()
    group = request.resource_logs.add()
    _fill(group.resource.attributes, _RESOURCE)
    scoped = group.scope_logs.add()
    scoped.scope.name = "com.anthropic.claude_code.events"
    for index in range(RECORDS):
        record = scoped.log_records.add()
        record.time_unix_nano = START + number * RECORDS + index
        record.body.string_value = "claude_code.api_request"
        _fill(record.attributes, event(chance, index))
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


def _fill(pairs: Any, held: dict[str, Any]) -> None:  # noqa: ANN401
    for key, value in held.items():
        pair = pairs.add(key=key)
        if isinstance(value, int):
            pair.value.int_value = value
        else:
            pair.value.string_value = value


def as_json(packed: bytes) -> bytes:
    """Write a body of ours as OTLP/JSON."""
    request = ExportLogsServiceRequest.FromString(packed)
    (group,) = request.resource_logs
    records = [
        {
            "timeUnixNano": str(record.time_unix_nano),
            "body": {"stringValue": record.body.string_value},
            "attributes": _pairs(record.attributes),
        }
        for record in group.scope_logs[0].log_records
    ]
    scope = {"name": group.scope_logs[0].scope.name}
    resource = {"attributes": _pairs(group.resource.attributes)}
    scoped = [{"scope": scope, "logRecords": records}]
    return json.dumps(
        {"resourceLogs": [{"resource": resource, "scopeLogs": scoped}]},
        separators=(",", ":"),
    ).encode()


def _pairs(pairs: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    return [
        {
            "key": pair.key,
            "value": {"stringValue": pair.value.string_value}
            if pair.value.string_value
            else {"intValue": str(pair.value.int_value)},
        }
        for pair in pairs
    ]


def microseconds(work: Callable[[bytes], object], bodies: list[bytes]) -> float:
    """Return processor time a record: the best run, as noise only adds."""
    best = float("inf")
    for _ in range(REPETITIONS):
        began = time.process_time()
        for one in bodies:
            work(one)
        best = min(best, time.process_time() - began)
    return best / (len(bodies) * RECORDS) * 1e6


def measure(batches: int) -> dict[str, float]:
    """Measure the floor and both encodings on the same events."""
    chance = random.Random(7)  # noqa: S311 - repeatable, no secret
    packed = [body(chance, number) for number in range(batches)]
    plain = [as_json(one) for one in packed]
    reader = OtlpReader((claude_code_otlp.SOURCE, codex_otlp.SOURCE))
    (first, second) = (
        reader.read("logs", "protobuf", packed[0]),
        reader.read("logs", "json", plain[0]),
    )
    assert first == second
    assert len(first.witnesses) == RECORDS
    floor = microseconds(ExportLogsServiceRequest.FromString, packed)
    protobuf = microseconds(lambda one: reader.read("logs", "protobuf", one), packed)
    in_json = microseconds(lambda one: reader.read("logs", "json", one), plain)
    return {
        "bytes_a_record": len(packed[0]) / RECORDS,
        "floor_us": floor,
        "protobuf_us": protobuf,
        "protobuf_ratio": protobuf / floor,
        "json_us": in_json,
        "json_ratio": in_json / floor,
        "aim_us": AIM_MICROSECONDS,
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batches", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    figures = measure(asked.batches)
    if asked.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:16} {value:8.2f}")


if __name__ == "__main__":
    main()
