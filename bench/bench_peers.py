"""The receiver beside Prometheus (remote write) and Phoenix (traces), in one run.

    python bench/bench_peers.py [--prometheus PROGRAM] [--phoenix PROGRAM] [--seconds N]

Each in turn, twice, on a directory of its own, sent as much as it answers by a client
that writes new ids into a body made once. What they keep differs: Mileage a call of
some 820 bytes, known once by its id, priced and added up; Prometheus one sample of one
new series, some 60 bytes; Phoenix a span of some 850 bytes, stored after the answer. A
peer that is not named is left out, and that is said.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.bench_receiver import Server as Mileage
from bench.bench_receiver import measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROMETHEUS_PORT, PHOENIX_PORT = 19090, 16006
CONNECTIONS = 16
OK = (200, 204)
MARK = b"f" * 24
SAMPLES, SPANS = 500, 50
TURNS = 2


def varint(number: int) -> bytes:
    """Encode as protobuf and snappy have it."""
    found = b""
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
        found += bytes([number & 0x7F | 0x80])
        number >>= 7
    return found + bytes([number])


def field(number: int, value: bytes) -> bytes:
    """Return one length-delimited field of a message."""
    return varint(number << 3 | 2) + varint(len(value)) + value


def label(name: bytes, value: bytes) -> bytes:
    """Return one label of a series (prometheus.Label)."""
    return field(1, field(1, name) + field(2, value))


def remote_write() -> bytes:
    """Return a WriteRequest of new series, in snappy's format without compression."""
    sample = field(2, b"\x09" + bytes(7) + b"\x40" + b"\x10" + varint(now_ms()))
    one = field(1, label(b"__name__", b"call_tokens") + label(b"id", MARK) + sample)
    plain = one * SAMPLES
    pieces = [plain[at : at + 65536] for at in range(0, len(plain), 65536)]
    framed = [b"\xf4" + (len(one) - 1).to_bytes(2, "little") + one for one in pieces]
    return varint(len(plain)) + b"".join(framed)


def now_ms() -> int:
    """Return the time as remote write has it."""
    return int(time.time() * 1000)


def traces() -> bytes:
    """Return a body of spans as model calls have them."""
    request = ExportTraceServiceRequest()
    scoped = request.resource_spans.add().scope_spans.add()
    for _ in range(SPANS):
        span = scoped.spans.add(
            name="chat", trace_id=MARK[:16], span_id=MARK[:8], kind=3
        )
        span.start_time_unix_nano = time.time_ns() - 10**9
        span.end_time_unix_nano = time.time_ns()
        for number in range(20):
            pair = span.attributes.add(key=f"gen_ai.attribute.{number}")
            pair.value.string_value = "some value of ten"
    return bytes(request.SerializeToString())


@dataclass(frozen=True, slots=True)
class Peer:
    """How another receiver is started, and what it is sent."""

    name: str
    records: int
    head: str
    body: Callable[[], bytes]
    mark: bytes
    command: list[str]
    port: int
    ready: str


def peers(asked: argparse.Namespace, folder: Path) -> Iterator[Peer]:
    """Yield those that are there."""
    (folder / "prometheus.yml").write_text("global: {}\n")
    if asked.prometheus:
        yield Peer(
            "Prometheus",
            SAMPLES,
            "POST /api/v1/write HTTP/1.1\r\nContent-Encoding: snappy\r\n"
            "X-Prometheus-Remote-Write-Version: 0.1.0\r\n",
            remote_write,
            MARK,
            [
                asked.prometheus,
                f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/tsdb",
                f"--web.listen-address=127.0.0.1:{PROMETHEUS_PORT}",
                "--web.enable-remote-write-receiver",
            ],
            PROMETHEUS_PORT,
            "/-/ready",
        )
    if asked.phoenix:
        yield Peer(
            "Phoenix",
            SPANS,
            "POST /v1/traces HTTP/1.1\r\n",
            traces,
            MARK[:8],
            [asked.phoenix, "serve"],
            PHOENIX_PORT,
            "/healthz",
        )


async def send(peer: Peer, seconds: float) -> tuple[int, int]:
    """Return how many requests were accepted, and how many were not."""
    body = peer.body()
    head = (
        f"{peer.head}Host: 127.0.0.1:{peer.port}\r\n"
        f"Content-Type: application/x-protobuf\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    told = [0, 0]
    until = time.monotonic() + seconds
    await asyncio.gather(
        *(connection(peer, head, body, until, told) for _ in range(CONNECTIONS))
    )
    return told[0], told[1]


async def connection(
    peer: Peer, head: bytes, body: bytes, until: float, told: list[int]
) -> None:
    """Send one body after the other, each with ids of its own."""
    buffer = bytearray(head + body)
    places: list[int] = []
    at = -1
    while (at := buffer.find(peer.mark, at + 1)) >= 0:
        if not places or at >= places[-1] + len(peer.mark):
            places.append(at)
    size = len(peer.mark)
    reader, writer = await asyncio.open_connection("127.0.0.1", peer.port)
    while time.monotonic() < until:
        names = os.urandom(size * len(places) // 2).hex().encode()
        for number, place in enumerate(places):
            buffer[place : place + size] = names[number * size : number * size + size]
        writer.write(buffer)
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = answer.partition(b"content-length:")[2].partition(b"\r\n")[0]
        if length.strip():
            await reader.readexactly(int(length))
        told[int(answer[9:12]) not in OK] += 1
    writer.close()


@contextlib.contextmanager
def running(peer: Peer, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start it, wait until it is ready, and end it."""
    words = {
        "PHOENIX_WORKING_DIR": str(folder),
        "PHOENIX_PORT": str(peer.port),
        "PHOENIX_GRPC_PORT": str(peer.port + 1),
        "PHOENIX_HOST": "127.0.0.1",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            peer.command, env=os.environ | words, stdout=log, stderr=log
        )
    try:
        for _ in range(600):
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"http://127.0.0.1:{peer.port}{peer.ready}")
                break
            time.sleep(0.2)
        yield process
    finally:
        process.terminate()
        process.wait(60)


def turn(peer: Peer, folder: Path, seconds: float) -> None:
    """Measure a peer once."""
    with running(peer, folder) as process:
        accepted, refused = asyncio.run(send(peer, seconds))
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2]
        spent = sum(map(int, fields.split()[11:13])) / os.sysconf("SC_CLK_TCK")
    records = accepted * peer.records
    each = spent / records * 1e6 if records else float("nan")
    print(
        f"{peer.name}\t{records / seconds:,.0f} records a second, {each:.1f} us each, "
        f"{refused} requests refused",
        flush=True,
    )


def ours(folder: Path, seconds: float) -> None:
    """Measure Mileage once."""
    server = Mileage(folder)
    try:
        wanted = argparse.Namespace(
            seconds=seconds, connections=CONNECTIONS, rate=0.0, records=512
        )
        told = measure(server, wanted)
    finally:
        server.stop()
    each = told["spent"] / told["acknowledged"] * 1e6
    print(
        f"Mileage\t{told['acknowledged'] / told['seconds']:,.0f} records a second, "
        f"{each:.1f} us each, {told['statuses']}",
        flush=True,
    )


def main() -> int:
    """Print what each takes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--prometheus", default="")
    parser.add_argument("--phoenix", default="")
    parser.add_argument("--seconds", type=float, default=20.0)
    asked = parser.parse_args()
    for name in ("prometheus", "phoenix"):
        if not getattr(asked, name):
            print(f"{name}: not named, left out")
    for _ in range(TURNS):
        with tempfile.TemporaryDirectory() as folder:
            ours(Path(folder), asked.seconds)
        with tempfile.TemporaryDirectory() as folder:
            for peer in peers(asked, Path(folder)):
                turn(peer, Path(folder), asked.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
