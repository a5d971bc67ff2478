"""Attack a real server in full size, and watch its memory and a good client beside it.

    python soak/hostile.py [--state var/soak/hostile] [--seconds 20] [--only NAME]

Every attack runs for so many seconds against one `mileage serve` on loopback, from a
process of its own with bounded memory. Meanwhile a good client sends five records ten
times a second over HTTP, and another over gRPC. The table says how long they waited
(p99) and how much memory the server had at most; the bars are 250 ms and 700 MiB. On a
busy machine the waiting says more about the machine: a round without an attack comes
first, for comparison. What is done is kept in the state directory.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import shutil
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import grpc  # noqa: E402 - below the path of the tests, as the rest
from attacks import ATTACKS, LOGS, Target, attack  # noqa: E402

from tests.otlp_bodies import API_REQUEST, log, logs, packed_logs  # noqa: E402
from tests.road import hostile  # noqa: E402
from tests.road.station import Station, free_port  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_SECONDS, MOST_MIB = 0.250, 700
PAUSE = 0.1


@dataclass
class Good:
    """Clients that send now and then, and how long they waited."""

    station: Station
    token: str
    until: float
    waited: dict[str, list[float]] = field(
        default_factory=lambda: {"HTTP": [], "gRPC": []}
    )
    failed: int = 0

    def body(self, way: str) -> bytes:
        """Make five calls up."""
        name = f"{way}-{time.time_ns()}"
        events = [{**API_REQUEST, "request_id": f"{name}-{n}"} for n in range(5)]
        return packed_logs(logs(*map(log, events)))

    def http(self) -> None:
        """Send on a new connection each time: the harder way to get in."""
        self.loop("HTTP", lambda body: self.station.post(body, self.token).status)

    def rpc(self) -> None:
        """Send on one channel."""
        metadata = (("authorization", f"Bearer {self.token}"),)
        address = f"127.0.0.1:{self.station.grpc_port}"
        with grpc.insecure_channel(address) as channel:
            export = channel.unary_unary(LOGS)

            def send(body: bytes) -> int:
                export(body, metadata=metadata, timeout=30)
                return 200

            self.loop("gRPC", send)

    def loop(self, way: str, send: Callable[[bytes], int]) -> None:
        """Send until the time is over."""
        while time.monotonic() < self.until:
            body = self.body(way)
            began = time.monotonic()
            try:
                well = send(body) == 200  # noqa: PLR2004 - OK
            except (OSError, grpc.RpcError):
                well = False
            self.waited[way].append(time.monotonic() - began)
            self.failed += not well
            time.sleep(PAUSE)


def p99(waited: list[float]) -> float:
    """Return what 99 of 100 waited at most."""
    ordered = sorted(waited)
    return ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] if ordered else 0


def round_of(name: str, folder: Path, seconds: float) -> dict[str, float]:
    """Start a server, attack it, and measure."""
    shutil.rmtree(folder, ignore_errors=True)
    station = Station(folder, grpc_port=free_port()).start()
    good = Good(station, station.token("alice@example.com"), time.monotonic() + seconds)
    hostile_token = station.token("mallory@example.com")
    target = Target(station.port, station.grpc_port, hostile_token, good.until)
    context = multiprocessing.get_context("spawn")
    enemy = context.Process(target=attack, args=(name, target), daemon=True)
    friends = [threading.Thread(target=way) for way in (good.http, good.rpc)]
    for friend in friends:
        friend.start()
    if ATTACKS[name] is not None:
        enemy.start()
    for friend in friends:
        friend.join()
    if enemy.pid is not None:
        enemy.kill()
        enemy.join()
    highest = hostile.memory(station.pid)[1]
    station.stop()
    return {
        "http_p99": p99(good.waited["HTTP"]),
        "grpc_p99": p99(good.waited["gRPC"]),
        "sent": sum(map(len, good.waited.values())),
        "failed": good.failed,
        "mib": highest,
    }


def main() -> None:
    """Run every attack that has not been run yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=Path("var/soak/hostile"))
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--only", choices=sorted(ATTACKS), action="append")
    options, _ = parser.parse_known_args()
    state = options.state.resolve()
    state.mkdir(parents=True, exist_ok=True)
    kept = state / "done.json"
    done = json.loads(kept.read_text()) if kept.exists() else {}
    over = False
    print(f"{'attack':<22} {'HTTP p99':>9} {'gRPC p99':>9} {'failed':>12} {'MiB':>5}")
    for name in options.only or ATTACKS:
        if name not in done or options.only:
            done[name] = round_of(name, state / "data", options.seconds)
            kept.write_text(json.dumps(done, indent=2))
        seen = done[name]
        over |= seen["mib"] > MOST_MIB or seen["failed"] > 0
        over |= max(seen["http_p99"], seen["grpc_p99"]) > MOST_SECONDS
        times = [f"{1000 * seen[way]:.0f} ms" for way in ("http_p99", "grpc_p99")]
        failed = f"{seen['failed']:.0f} of {seen['sent']:.0f}"
        row = f"{name:<22} {times[0]:>9} {times[1]:>9} {failed:>12} {seen['mib']:>5.0f}"
        print(row, flush=True)
    sys.exit(over)


if __name__ == "__main__":
    main()
