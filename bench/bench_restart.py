"""Restart with much to take in: how long until it serves, and what that costs.

    python bench/bench_restart.py [--megabytes 1000] [--seconds 20]

Writes segments of so many megabytes, starts `mileage serve` on them, and measures until
it answers; then sends new calls for some seconds while the old ones are taken in, and
measures their answers and the memory.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from mileage.domain.booking import Position
from mileage.domain.people import Credential
from mileage.domain.witness import Reading, WitnessBatch
from mileage.ingest.record import Record, encode
from mileage.ingest.segment import Segments
from mileage.store.control import FILE_NAME, open_control
from tests.otlp_bodies import API_REQUEST, log, logs
from tests.witnesses import NOON, SECOND, witness

BATCH = 100
MB = 10**6
BAR = 2.0
"""Seconds until it serves, on a machine that does nothing else."""
MILEAGE = [sys.executable, "-m", "mileage"]


def fill(folder: Path, megabytes: int) -> int:
    """Write segments of records with ids of their own; return how many calls."""
    rng = random.Random(1)  # noqa: S311 - repeatable
    segments = Segments(folder, taken=Position(0, 0))
    credential = Credential("tok", "acc_bench", "")
    calls = 0
    while sum(path.stat().st_size for path in folder.iterdir()) < megabytes * MB:
        payloads = []
        for _ in range(200):
            rows = [
                witness(
                    "claude_code_otlp",
                    key=f"req_{rng.getrandbits(96):024x}",
                    link="",
                    session=f"{rng.getrandbits(64):016x}",
                    occurred_at=NOON - calls * SECOND // 50,
                    input=rng.randrange(10**5),
                    output=rng.randrange(10**4),
                )
                for _ in range(BATCH)
            ]
            calls += len(rows)
            payloads.append(
                encode(Record(credential, "otlp", Reading(WitnessBatch.of(rows))))
            )
        # The same payload many times is a duplicate to the ledger, and as long.
        for _ in range(40):
            segments.append(payloads)
    segments.close()
    return calls


def resident(pid: int) -> int:
    """Return the resident memory of a process in bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def processor(pid: int) -> float:
    """Return the processor seconds that a process has used."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def send(port: int, token: str, seconds: float, pid: int) -> dict[str, float]:
    """Send one call a request for a while; return the answers and the memory."""
    took: list[float] = []
    most = 0
    end = time.monotonic() + seconds
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {
        "authorization": f"Bearer {token}",
        "content-type": "application/json",
    }
    refused = 0
    while time.monotonic() < end:
        told = {"request_id": f"new_{len(took)}", "session.id": "new"}
        begun = time.monotonic()
        connection.request(
            "POST", "/v1/logs", logs(log({**API_REQUEST, **told})), headers
        )
        answer = connection.getresponse()
        answer.read()
        refused += answer.status != http.HTTPStatus.OK
        took.append(time.monotonic() - begun)
        most = max(most, resident(pid))
        time.sleep(0.01)
    took.sort()
    return {
        "answers": len(took),
        "refused": refused,
        "p50_ms": round(took[len(took) // 2] * 1000, 1),
        "p99_ms": round(took[len(took) * 99 // 100] * 1000, 1),
        "most_resident_mb": round(most / MB),
    }


def main() -> None:
    """Fill, start, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with open_control(
            data / FILE_NAME, clock=lambda: time.time_ns() // 1000
        ) as control:
            account = control.ensure_account("bench@example.com")
            token = control.create_token(account_id=account, collector="").secret
        (data / "segments").mkdir(mode=0o700)
        calls = fill(data / "segments", asked.megabytes)
        begun = time.monotonic()
        words = ["serve", "--data", str(data), "--port", "0", "--grpc-port", "0"]
        server = subprocess.Popen([*MILEAGE, *words], stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        line = server.stdout.readline()
        took = time.monotonic() - begun
        used = processor(server.pid)
        found = send(int(line.rpartition(":")[2]), token, asked.seconds, server.pid)
        what = (
            f"restart with {asked.megabytes:,} MB ({calls:,} calls and copies) behind"
        )
        print(f"{what}: to serving\t{took:.2f} s ({used:.2f} s processor)\t{BAR:.0f} s")
        for name, value in found.items():
            print(f"  then: {name}\t{value}\t")
        server.kill()
        server.wait()
    sys.exit(took > BAR)


if __name__ == "__main__":
    main()
