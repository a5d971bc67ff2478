"""Cost of taking OTLP in over gRPC beside HTTP: the same bodies, the same sink.

    python bench/bench_grpc.py [--batches N] [--json]

Two servers run in processes of their own, one with uvicorn as `mileage serve` has it
and one with gRPC, each with the whole intake and a sink that forgets. A client sends
the same batches of 100 events, four at a time, to one and then to the other, five times
over. The cost is the server's processor time a record, which other work on the machine
changes little; the rate is what went through while the client shared the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import multiprocessing
import random
import resource
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

sys.path.insert(0, str(Path(__file__).parents[1]))

import grpc
import uvicorn
from starlette.applications import Starlette

from bench.bench_otlp import RECORDS, body
from mileage.domain.people import Credential
from mileage.ingest.meters import DoorMeter
from mileage.sources.installed import otlp_sources
from mileage.web.door import routes
from mileage.web.grpc_door import GrpcDoor
from mileage.web.http_connection import BoundedConnection, Crowd
from mileage.web.intake import Intake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from mileage.domain.witness import Reading
    from mileage.web.services import Door

REPETITIONS = 5
AT_ONCE = 4
AIM_RATIO = 0.7
LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
CREDENTIAL = Credential("t1", "alice", "")


class Sink:
    """A door behind which everything is forgotten."""

    def __init__(self) -> None:
        self.sources = otlp_sources()

    async def credential(self, _bearer: str) -> Credential:
        """Know everybody."""
        return CREDENTIAL

    def prepare(
        self, _credential: Credential, reading: Reading, _origin: str
    ) -> Reading:
        """Write nothing."""
        return reading

    async def accept(self, prepared: Reading) -> None:
        """Check that it was read."""
        assert len(prepared.witnesses) == RECORDS


def serve(way: str, pipe: Connection) -> None:
    """Serve until the pipe says so; answers each word with the processor time."""
    door = cast("Door", Sink())
    intake = Intake(door)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    threading.Thread(target=report, args=(pipe,), daemon=True).start()
    if way == "http":
        crowd = Crowd(1000, 30)
        config = uvicorn.Config(
            Starlette(routes=routes(door, intake=intake)),
            port=port,
            http=cast("Any", partial(BoundedConnection, crowd)),
            log_level="error",
        )
        pipe.send(port)
        uvicorn.Server(config).run()
    else:
        import uvloop  # noqa: PLC0415 - as uvicorn picks it by itself

        uvloop.run(listen(door, intake, port, pipe))


async def listen(door: Door, intake: Intake, port: int, pipe: Connection) -> None:
    """Serve gRPC."""
    await GrpcDoor(door, intake, DoorMeter(), "127.0.0.1", port).start()
    pipe.send(port)
    await asyncio.Event().wait()


def report(pipe: Connection) -> None:
    """Tell the processor time of this process whenever asked."""
    while pipe.recv():
        used = resource.getrusage(resource.RUSAGE_SELF)
        pipe.send(used.ru_utime + used.ru_stime)


class Measured(NamedTuple):
    """What one run took."""

    microseconds: float
    """Processor time of the server, a record."""
    rate: float
    """Records a second."""


def over_http(port: int, bodies: list[bytes]) -> None:
    """Send on one connection, one after the other."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    fields = {"authorization": "Bearer t", "content-type": "application/x-protobuf"}
    for one in bodies:
        connection.request("POST", "/v1/logs", one, fields)
        answer = connection.getresponse()
        assert answer.status == http.client.OK, answer.read()
        answer.read()
    connection.close()


def over_grpc(port: int, bodies: list[bytes]) -> None:
    """Send on one channel, one after the other."""
    own = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(f"127.0.0.1:{port}", own) as channel:
        export = channel.unary_unary(LOGS)
        for one in bodies:
            export(one, metadata=(("authorization", "Bearer t"),), timeout=60)


WAYS: dict[str, Callable[[int, list[bytes]], None]] = {
    "http": over_http,
    "grpc": over_grpc,
}


def runs(way: str, bodies: list[bytes]) -> Iterator[Measured]:
    """Start a server and send everything again and again."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(way, theirs), daemon=True)
    server.start()
    try:
        port = ours.recv()
        wait_for(port)
        while True:
            yield measured(way, ours, port, bodies)
    finally:
        server.kill()
        server.join()


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return


def measured(way: str, pipe: Connection, port: int, bodies: list[bytes]) -> Measured:
    """Send all bodies once."""
    pipe.send(1)
    before, began = pipe.recv(), time.monotonic()
    parts = [bodies[start::AT_ONCE] for start in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(partial(WAYS[way], port), parts))
    took = time.monotonic() - began
    pipe.send(1)
    records = len(bodies) * RECORDS
    return Measured((pipe.recv() - before) / records * 1e6, records / took)


def measure(batches: int) -> dict[str, float]:
    """Take turns; returns the best of each, as noise only adds."""
    chance = random.Random(1)  # noqa: S311 - the same bodies in every run
    bodies = [body(chance, number) for number in range(batches)]
    best: dict[str, Measured] = {}
    servers = {way: runs(way, bodies) for way in WAYS}
    for _ in range(REPETITIONS):
        for way, run in servers.items():
            now = next(run)
            old = best.get(way, now)
            least = min(old.microseconds, now.microseconds)
            best[way] = Measured(least, max(old.rate, now.rate))
    for run in servers.values():
        run.close()  # type: ignore[attr-defined]
    return {
        "http_us": best["http"].microseconds,
        "grpc_us": best["grpc"].microseconds,
        "cost_ratio": best["grpc"].microseconds / best["http"].microseconds,
        "http_rate": best["http"].rate,
        "grpc_rate": best["grpc"].rate,
        "rate_ratio": best["grpc"].rate / best["http"].rate,
    }


def main() -> None:
    """Print the measurements, or the JSON that tools/bench.py collects."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.batches)
    if options.json:
        print(json.dumps(found))
    else:
        for way in WAYS:
            cost, rate = found[f"{way}_us"], found[f"{way}_rate"]
            print(f"{way}: {cost:.1f} us a record, {rate:,.0f} records a second")
        print(f"gRPC beside HTTP, processor time: {found['cost_ratio']:.2f}x")
        ratio = found["rate_ratio"]
        print(f"gRPC beside HTTP, records a second\t{ratio:.2f}x\t>= {AIM_RATIO}x")
    sys.exit(found["rate_ratio"] < AIM_RATIO)


if __name__ == "__main__":
    main()
