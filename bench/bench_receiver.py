"""The receiver end to end: a real server, driven over HTTP with calls nobody has seen.

    python bench/bench_receiver.py [--seconds N] [--connections N] [--rate N]
        [--records N]

Starts `mileage serve` on a directory of its own, sends bodies of so many calls (512:
the batch that an SDK's exporter sends by default) from a light client
(``otlp_client.py``) and looks at the board meanwhile. Client and server share
the machine, so rates are lower bounds; processor time a call is steadier. With --rate
it sends so many records a second instead of as many as are answered.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

MILEAGE = [sys.executable, "-m", "mileage"]
CLIENT = Path(__file__).parent / "otlp_client.py"
PEOPLE = 5000
OK = 200
P99 = 0.99
TICKS = os.sysconf("SC_CLK_TCK")
FULL = {"acknowledged a second": 50_000, "lag": 5.0, "memory": 700}
STEADY = {"p99": 25.0, "processor": 35.0, "page": 50.0}


class Server:
    """One data directory and its server."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self._people(folder / "people.csv")
        self.token = self._said("token", "create", "--collector", "bench")
        self.key = self._said(
            "key", "create", "--account", "user00000@example.com", "--scope", "operator"
        )
        words = ["serve", "--data", self.data, "--port", "0", "--grpc-port", "0"]
        self.process = subprocess.Popen(
            [*MILEAGE, *map(str, words)], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            found = re.search(r"http://127\.0\.0\.1:(\d+)/(sign-in\?link=\S+)", line)
            if found:
                self.port, link = int(found[1]), f"/{found[2]}"
                break
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.cookie = self._cookie(link)

    def _people(self, file: Path) -> None:
        rows = [
            f"user{n:05d}@example.com,User {n},Dept {n % 40},Team {n % 400},"
            for n in range(PEOPLE)
        ]
        file.write_text("\n".join(["email,name,department,team,manager", *rows]))
        self._said("people", "import", file)

    def _said(self, *words: object) -> str:
        command = [*MILEAGE, *map(str, words), "--data", str(self.data)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def _cookie(self, link: str) -> str:
        self.connection.request("GET", link)
        answer = self.connection.getresponse()
        answer.read()
        return answer.headers["set-cookie"].split(";")[0]

    def fetch(self, path: str) -> bytes:
        """Return a page, as the operator sees it."""
        headers = {"cookie": self.cookie, "authorization": f"Bearer {self.key}"}
        if path.startswith("/api"):
            del headers["cookie"]
        for _ in range(100):
            self.connection.request("GET", path, headers=headers)
            answer = self.connection.getresponse()
            body = answer.read()
            if answer.status == OK:
                return body
            time.sleep(0.1)  # there is no board before the first snapshot
        raise SystemExit(f"{path}: {answer.status}")

    def status(self) -> dict[str, Any]:
        """Return how far it has come."""
        found: dict[str, Any] = json.loads(self.fetch("/api/v1/ingest/status"))
        return found

    def processes(self) -> list[int]:
        """Return the numbers of all of its processes."""
        found = [self.process.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                found += map(int, task.read_text().split())
        return found

    def spent(self) -> float:
        """Return the processor time of all of its processes."""
        total = 0
        for pid in self.processes():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def memory(self) -> float:
        """Return the most megabytes that its processes have held."""
        texts = [Path(f"/proc/{pid}/status").read_text() for pid in self.processes()]
        held = [re.search(r"VmHWM:\s+(\d+)", text) for text in texts]
        return sum(int(one[1]) for one in held if one) / 1024

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(120)


class Looking(threading.Thread):
    """Looks at the board now and then."""

    def __init__(self, server: Server, a_second: float) -> None:
        super().__init__(daemon=True)
        self._server, self._pause = server, 1 / a_second
        self._done = threading.Event()
        self.times: list[float] = []

    def run(self) -> None:
        """Fetch the board so many times a second."""
        while not self._done.wait(self._pause):
            began = time.perf_counter()
            self._server.fetch("/")
            self.times.append((time.perf_counter() - began) * 1e3)

    def stop(self) -> float:
        """Return the 99th percentile in milliseconds."""
        self._done.set()
        self.join()
        return sorted(self.times)[int(len(self.times) * P99)]


def measure(server: Server, asked: argparse.Namespace) -> dict[str, Any]:
    """Send, wait until all is visible, and tell what that took."""
    words = [server.port, server.token, asked.seconds, asked.connections, asked.rate]
    words.append(asked.records)
    server.fetch("/")
    looking = Looking(server, asked.pages)
    looking.start()
    spent = server.spent()
    client = subprocess.run(
        [sys.executable, CLIENT, *map(str, words)],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    ended = time.monotonic()
    told: dict[str, Any] = json.loads(client.stdout)
    page = looking.stop()
    while (status := server.status())["visible"] < told["acknowledged"]:
        assert time.monotonic() < ended + 300, status
        time.sleep(0.1)
    lag = time.monotonic() - ended
    assert status["visible"] == told["acknowledged"], status
    return {
        **told,
        "lag": lag,
        "page": page,
        "spent": server.spent() - spent,
        "memory": server.memory(),
    }


def main() -> int:
    """Print the figures; 1 when a bar was missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--records", type=int, default=512)
    parser.add_argument("--pages", type=float, default=10.0, help="boards a second")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        try:
            told = measure(server, asked)
        finally:
            server.stop()
        size = (server.data / "ledger.duckdb").stat().st_size / told["acknowledged"]
    rate = told["acknowledged"] / told["seconds"]
    each = told["spent"] / told["acknowledged"] * 1e6
    share = told["spent"] / (told["seconds"] + told["lag"]) * 100
    steady = asked.rate > 0
    rows: list[tuple[str, float, str, float | None]] = [
        ("acknowledged, durable", rate, "records a second", None if steady else 50_000),
        ("processor time of the server", each, "us a record", None),
        ("processor of the server", share, "% of one core", 35.0 if steady else None),
        ("answer, median", told["p50_ms"], "ms", None),
        ("answer, 99 of 100", told["p99_ms"], "ms", 25.0 if steady else None),
        ("board meanwhile, 99 of 100", told["page"], "ms", 50.0 if steady else None),
        ("visible after the last answer", told["lag"], "s", 5.0),
        ("most memory", told["memory"], "MB", 700.0),
        ("processor time of the client", told["client_us"], "us a record", None),
        ("ledger on disk", size, "bytes a call", 40.0),
    ]
    for what, value, unit, bar in rows:
        print(f"{what}\t{value:,.1f} {unit}\t{'-' if bar is None else f'{bar:,.0f}'}")
    print(f"answers: {told['statuses']}")
    low = not steady and rate < FULL["acknowledged a second"]
    return int(low or any(bar and value > bar for _, value, _, bar in rows[1:]))


if __name__ == "__main__":
    sys.exit(main())
