"""Kill the server again and again under load; nothing acknowledged may be lost.

    python soak/kill.py [--rounds 100] [--state var/soak/kill] [--seed 1]

Each round starts `mileage serve` on the same data directory, sends OTLP batches
from several threads, and kills it with SIGKILL at a random moment. What was not
acknowledged is sent again in other batches, mixed with calls that were. After the
last round the server drains and every call is compared: each acknowledged one must
be there exactly once, and nothing twice. Progress is kept in the state directory,
so an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)

MILEAGE = [sys.executable, "-m", "mileage"]
THREADS = 4
BATCH = 20
REPEATED = 5
"""Acknowledged calls sent again in each batch, as exporters do."""
LOAD_SECONDS = (0.05, 1.5)
DAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass
class State:
    """What survives an interruption."""

    folder: Path
    rounds: int = 0
    made: int = 0
    acked: list[int] = field(default_factory=list)
    token: str = ""
    key: str = ""

    @classmethod
    def load(cls, folder: Path) -> State:
        """Go on where an earlier run stopped."""
        file = folder / "state.json"
        if file.exists():
            return cls(folder, **json.loads(file.read_text()))
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder)

    def save(self) -> None:
        """Keep the state whole, whenever the run is cut."""
        kept = {
            name: getattr(self, name) for name in ("rounds", "made", "token", "key")
        }
        part = self.folder / "state.part"
        part.write_text(json.dumps({**kept, "acked": self.acked}))
        part.replace(self.folder / "state.json")

    @property
    def data(self) -> Path:
        """The server's data directory."""
        return self.folder / "data"


def body(numbers: list[int]) -> bytes:
    """Encode api_request events whose session names the call's number."""
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    scope.scope.name = "com.anthropic.claude_code.events"
    for number in numbers:
        record = scope.log_records.add()
        at = DAY.timestamp() + number * 0.01 - 3600 * 5
        stamp = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
        texts = {
            "event.name": "api_request",
            "event.timestamp": stamp.replace("+00:00", "Z"),
            "session.id": f"call-{number}",
            "request_id": f"req_{number}",
            "model": "claude-sonnet-4-5",
            "user.id": "0" * 64,
        }
        record.body.string_value = "claude_code.api_request"
        for name, text in texts.items():
            attribute = record.attributes.add(key=name)
            attribute.value.string_value = text
        counts = {"input_tokens": 1 + number % 7, "output_tokens": 1 + number % 11}
        for name in ("cache_read_tokens", "cache_creation_tokens"):
            counts[name] = number % 13
        for name, count in counts.items():
            attribute = record.attributes.add(key=name)
            attribute.value.int_value = count
    return request.SerializeToString()


class Load:
    """Clients that send until they are told to stop."""

    def __init__(self, state: State, port: int, rng: random.Random) -> None:
        self.state, self.port, self.rng = state, port, rng
        self.lock = threading.Lock()
        self.over = threading.Event()
        known = set(state.acked)
        self.waiting = [n for n in range(state.made) if n not in known]
        self.fresh: list[int] = []

    def batch(self) -> tuple[list[int], list[int]]:
        """Return (calls to be acknowledged, acknowledged ones sent again)."""
        with self.lock:
            self.rng.shuffle(self.waiting)
            retried, self.waiting = self.waiting[:BATCH], self.waiting[BATCH:]
            new = list(range(self.state.made, self.state.made + BATCH - len(retried)))
            self.state.made += len(new)
            acked = self.state.acked
            again = self.rng.sample(acked, min(REPEATED, len(acked)))
            return [*retried, *new], again

    def send(self) -> None:
        """Send batches over one connection until the server dies or it is over."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {
            "authorization": f"Bearer {self.state.token}",
            "content-type": "application/x-protobuf",
        }
        while not self.over.is_set():
            numbers, again = self.batch()
            mixed = [*numbers, *again]
            self.rng.shuffle(mixed)
            status = 0
            try:
                connection.request("POST", "/v1/logs", body(mixed), headers)
                answer = connection.getresponse()
                answer.read()
                status = answer.status
            except (OSError, http.client.HTTPException):
                pass
            acknowledged = status == HTTPStatus.OK
            with self.lock:
                (self.state.acked if acknowledged else self.waiting).extend(numbers)
            if not acknowledged:
                return


def command(*words: str) -> str:
    """Run a mileage command and return what it printed."""
    done = subprocess.run(
        [*MILEAGE, *words], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def free_port() -> int:
    """Ask the system for a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(state: State, port: int) -> subprocess.Popen[str]:
    """Start a server and wait until it answers."""
    server = subprocess.Popen(
        [*MILEAGE, "serve", "--data", str(state.data), "--port", str(port)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    for line in server.stdout:
        if "sign-in?link=" in line:
            return server
    raise SystemExit("the server did not start")


def one_round(state: State, rng: random.Random) -> None:
    """Start, load, kill."""
    port = free_port()
    server = start(state, port)
    load = Load(state, port, rng)
    threads = [threading.Thread(target=load.send) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    time.sleep(rng.uniform(*LOAD_SECONDS))
    os.kill(server.pid, signal.SIGKILL)
    load.over.set()
    for thread in threads:
        thread.join()
    server.wait()
    state.rounds += 1
    state.save()


def compare(state: State) -> tuple[int, int]:
    """Return (acknowledged calls that are missing, calls that count twice)."""
    port = free_port()
    server = start(state, port)
    # It waits until what the last crash left behind is taken in.
    command("verify", "--data", str(state.data), "--json")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    path = "/api/v1/usage?scope=me&group_by=session&from=2020-01-01T00:00:00Z"
    connection.request("GET", path, headers={"authorization": f"Bearer {state.key}"})
    rows = json.load(connection.getresponse())["rows"]
    server.terminate()
    server.wait()
    counted = {row["session"]: row["calls"] for row in rows}
    lost = sum(f"call-{number}" not in counted for number in set(state.acked))
    doubled = sum(calls != 1 for calls in counted.values())
    return lost, doubled


def main() -> None:
    """Run what is left of the rounds, then compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--state", type=Path, default=Path("var/soak/kill"))
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    state = State.load(asked.state)
    if not state.token:
        data = ("--data", str(state.data), "--account", "soak@example.com")
        state.token = command("token", "create", *data)
        state.key = command("key", "create", *data, "--scope", "read")
        state.save()
    while state.rounds < asked.rounds:
        rng = random.Random(asked.seed * 1000 + state.rounds)  # noqa: S311 - repeatable
        one_round(state, rng)
        print(
            f"round {state.rounds} of {asked.rounds}: {len(state.acked):,} "
            f"acknowledged of {state.made:,} made",
            flush=True,
        )
    lost, doubled = compare(state)
    problems = command("verify", "--data", str(state.data), "--json")
    print(
        f"{state.rounds} kills, {len(state.acked):,} calls acknowledged: "
        f"{lost} lost, {doubled} doubled; verify: {json.loads(problems)['problems']}"
    )
    sys.exit(1 if lost or doubled else 0)


if __name__ == "__main__":
    main()
