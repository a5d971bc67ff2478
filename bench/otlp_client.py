"""A light client: distinct calls over OTLP/HTTP, from one body that is written over.

    python bench/otlp_client.py PORT TOKEN SECONDS CONNECTIONS RATE RECORDS

Sends bodies of RECORDS ``api_request`` events (one session each, of 5,000 people) for
so many seconds, as fast as they are answered or RATE records a second, and prints what
became of them as one line of JSON. Request ids, session, person and times are written
into a body that was serialised once, so that the client costs next to nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import struct
import sys
import time
from dataclasses import dataclass, field

import uvloop
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)

PEOPLE = 5000
IDS, SESSION, PERSON = b"f" * 24, b"5" * 36, b"user77777"
TIME = 0x1122334455667788
MODELS = ("claude-opus-4-8-20260901", "claude-sonnet-4-8", "claude-haiku-4-5-20251001")
OK = 200


def template(seed: int, records: int) -> bytearray:
    """Serialise events with 21 attributes each, with something to write over."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, no secret
    request = ExportLogsServiceRequest()
    group = request.resource_logs.add()
    _fill(
        group.resource.attributes, {"service.name": "claude-code", "os.type": "linux"}
    )
    scoped = group.scope_logs.add()
    scoped.scope.name = "com.anthropic.claude_code.events"
    for _ in range(records):
        record = scoped.log_records.add()
        record.time_unix_nano = TIME
        record.body.string_value = "claude_code.api_request"
        _fill(record.attributes, _event(chance))
    return bytearray(request.SerializeToString())


def _event(chance: random.Random) -> dict[str, str | int]:
    return {
        "user.id": "a" * 64,
        "session.id": SESSION.decode(),
        "app.version": "2.4.11",
        "organization.id": "8b1f0f52-1c0c-4b6e-9d4c-3f1f3f0c9a11",
        "user.email": f"{PERSON.decode()}@example.com",
        "user.account_uuid": "6f0d5d2a-3a39-4ab0-b7a3-0f6a7a7f1b22",
        "terminal.type": "vscode",
        "event.name": "api_request",
        "event.timestamp": "2026-11-22T01:18:32.872Z",
        "event.sequence": 7,
        "prompt.id": "53ff5762-06b5-4619-8e73-036b1aea59cf",
        "model": chance.choice(MODELS),
        "input_tokens": chance.randrange(3, 3000),
        "output_tokens": chance.randrange(20, 4000),
        "cache_read_tokens": chance.randrange(180_000),
        "cache_creation_tokens": chance.randrange(9000),
        "cost_usd_micros": chance.randrange(1, 200_000),
        "duration_ms": chance.randrange(400, 60_000),
        "request_id": f"req_{IDS.decode()}",
        "speed": "normal",
        "query_source": "repl_main_thread",
    }


def _fill(pairs: object, held: dict[str, str | int]) -> None:
    for key, value in held.items():
        pair = pairs.add(key=key)  # type: ignore[attr-defined]
        if isinstance(value, int):
            pair.value.int_value = value
        else:
            pair.value.string_value = value


def _places(body: bytes | bytearray, wanted: bytes) -> list[int]:
    found, at = [], -1
    while (at := body.find(wanted, at + 1)) >= 0:
        found.append(at)
    return found


class Bodies:
    """Makes one body after the other."""

    def __init__(self, seed: int, head: bytes, records: int) -> None:
        self._records = records
        body = template(seed, records)
        size = len(body)
        self._buffer = bytearray(head.replace(b"LENGTH", str(size).encode())) + body
        self._ids = _places(self._buffer, IDS)
        self._sessions = _places(self._buffer, SESSION)
        self._people = _places(self._buffer, PERSON)
        self._times = _places(self._buffer, struct.pack("<Q", TIME))
        assert len(self._ids) == len(self._times) == records

    def next(self) -> bytes:
        """Return a request of calls that nobody has seen before."""
        buffer, names = self._buffer, os.urandom(12 * self._records).hex().encode()
        for number, at in enumerate(self._ids):
            buffer[at : at + 24] = names[24 * number : 24 * number + 24]
        session = os.urandom(18).hex().encode()
        for at in self._sessions:
            buffer[at : at + 36] = session
        person = b"user%05d" % (int.from_bytes(os.urandom(4), "big") % PEOPLE)
        for at in self._people:
            buffer[at : at + 9] = person
        now = time.time_ns()
        for number, at in enumerate(self._times):
            struct.pack_into("<Q", buffer, at, now + 1_000_000 * number)
        return bytes(buffer)


@dataclass
class Told:
    """What came of it."""

    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)


async def connection(
    port: int, bodies: Bodies, until: float, pause: float, told: Told
) -> None:
    """Send one body after the other, each ``pause`` seconds after the last began."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    due = time.monotonic() + pause * random.random()  # noqa: S311 - spreads them
    while (now := time.monotonic()) < until:
        if pause and due > now:
            await asyncio.sleep(due - now)
        due += pause
        request = bodies.next()
        began = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        if length.strip():
            await reader.readexactly(int(length))
        told.latencies.append(time.perf_counter() - began)
        status = int(head[9:12])
        told.statuses[status] = told.statuses.get(status, 0) + 1
        if status != OK:
            await asyncio.sleep(0.05)
    writer.close()


async def main(
    port: int,
    token: str,
    seconds: float,
    connections: int,
    rate: float,
    records: int,
) -> None:
    """Send, and print what came of it."""
    head = (
        f"POST /v1/logs HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Authorization: Bearer {token}\r\n"
        "Content-Type: application/x-protobuf\r\nContent-Length: LENGTH\r\n\r\n"
    ).encode()
    told, began = Told(), time.monotonic()
    until = began + seconds
    pause = connections * records / rate if rate else 0.0
    shared = Bodies(7, head, records)
    await asyncio.gather(
        *(connection(port, shared, until, pause, told) for _ in range(connections))
    )
    spent = time.process_time()
    times = sorted(told.latencies)
    print(
        json.dumps(
            {
                "statuses": told.statuses,
                "acknowledged": told.statuses.get(OK, 0) * records,
                "seconds": time.monotonic() - began,
                "p50_ms": times[len(times) // 2] * 1e3,
                "p99_ms": times[int(len(times) * 0.99)] * 1e3,
                "client_us": spent / (len(times) * records) * 1e6,
            }
        )
    )


if __name__ == "__main__":
    uvloop.run(
        main(
            int(sys.argv[1]),
            sys.argv[2],
            float(sys.argv[3]),
            int(sys.argv[4]),
            float(sys.argv[5]),
            int(sys.argv[6]),
        )
    )
