"""Deliver with real exporters, through restarts of the server: all of it, and once.

    python soak/exporters.py [--state var/soak/exporters] [--count 5000] [--only NAME]

The OpenTelemetry SDKs for Python and JavaScript, with their defaults but for the size
of their queues, send calls as logs and as spans, and a metric, to a real `mileage
serve` on loopback, in every protocol they have. Each does so three times: to a server
that stays, to one that is stopped and started again meanwhile, and to one that is
killed. What the SDK says it delivered must be in the ledger once; if the server stays,
that must be everything. Some give up soon when nobody listens, and say so. The SDK for
JavaScript is installed once below the state directory by npm, with the hashes of its
lock file. What is done is kept there, so an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.road.station import Station, free_port  # noqa: E402 - the road's own server

if TYPE_CHECKING:
    from collections.abc import Callable

PYTHON = ROOT / "tests" / "road" / "exporting.py"
JAVASCRIPT = Path(__file__).parent / "exporting_js"
SECONDS = 300
AWAY_SECONDS = 1.0


@dataclass(frozen=True)
class Exporter:
    """One SDK with one protocol."""

    language: str
    protocol: str

    @property
    def name(self) -> str:
        """Name it for people and for the state."""
        return f"{self.language}-{self.protocol}"


EXPORTERS = [
    Exporter("python", "http"),
    Exporter("python", "grpc"),
    Exporter("javascript", "http"),
    Exporter("javascript", "proto"),
    Exporter("javascript", "grpc"),
]


def stays(_station: Station) -> None:
    """Do nothing to the server."""


def restarts(station: Station) -> None:
    """Stop it as an upgrade does, and start it again."""
    time.sleep(0.5)
    station.stop()
    time.sleep(AWAY_SECONDS)
    station.start()


def crashes(station: Station) -> None:
    """Kill it, and start it again."""
    time.sleep(0.5)
    station.kill()
    time.sleep(AWAY_SECONDS)
    station.start()


ROUNDS: dict[str, Callable[[Station], None]] = {
    "stays": stays,
    "restarts": restarts,
    "crashes": crashes,
}


def javascript(state: Path) -> Path | str:
    """Install the SDK for JavaScript; returns its program, or why there is none."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        return "npm and node are not installed: install Node.js 20 or later"
    folder = state / "exporting_js"
    program = folder / "exporting.js"
    shutil.copytree(JAVASCRIPT, folder, dirs_exist_ok=True)
    if not (folder / "node_modules").exists():
        words = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(
            words, cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            shutil.rmtree(folder / "node_modules", ignore_errors=True)
            return f"npm could not install the SDK: {done.stderr.strip()[-300:]}"
    return program


def command(exporter: Exporter, program: Path, station: Station) -> list[str]:
    """Return what starts an exporter, but for what it sends."""
    port = station.grpc_port if exporter.protocol == "grpc" else station.port
    starter = sys.executable if exporter.language == "python" else "node"
    address = f"http://127.0.0.1:{port}"
    return [starter, str(program), exporter.protocol, address]


def calls(station: Station, email: str) -> dict[str, int]:
    """Return the calls of an account by client, when all is visible."""
    station.settled(station.key(scope="operator"))
    rows = station.usage(station.key(email))
    return {client: int(row["calls"]) for client, row in rows.items()}


def drive(exporter: Exporter, program: Path, state: Path, count: int) -> list[str]:
    """Run all rounds of one exporter; returns a line for each."""
    told = []
    folder = state / "data" / exporter.name
    shutil.rmtree(folder, ignore_errors=True)
    station = Station(folder, grpc_port=free_port()).start()
    for number, (name, happens) in enumerate(ROUNDS.items()):
        email = f"{name}@example.com"
        words = [station.token(email), str(number * count), str(count)]
        began = time.monotonic()
        sending = subprocess.Popen(
            [*command(exporter, program, station), *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, "OTEL_BSP_MAX_QUEUE_SIZE": "100000"}
            | {"OTEL_BLRP_MAX_QUEUE_SIZE": "100000"},
        )
        happens(station)
        _, said = sending.communicate(timeout=SECONDS)
        found = calls(station, email)
        lost = {c: count - found.get(c, 0) for c in ("claude-code", "sdk")}
        right = not any(lost.values())
        honest = sending.returncode != 0 and min(lost.values()) >= 0
        honest &= happens is not stays
        verdict = "all" if right else "told of its loss" if honest else "WRONG"
        took = time.monotonic() - began
        told.append(f"{name}: {verdict}, missing {lost}, {took:.1f} s")
        if not right:
            last = said.decode(errors="replace").splitlines()[-3:]
            told += [f"  {line[:150]}" for line in last]
    station.stop()
    return told


def main() -> None:
    """Drive every exporter that has not been driven yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=Path("var/soak/exporters"))
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--only", choices=[one.name for one in EXPORTERS])
    options, _ = parser.parse_known_args()
    state = options.state.resolve()
    state.mkdir(parents=True, exist_ok=True)
    kept = state / "done.json"
    done = json.loads(kept.read_text()) if kept.exists() and not options.only else {}
    programs = {"python": PYTHON, "javascript": javascript(state)}
    for exporter in EXPORTERS:
        program = programs[exporter.language]
        if exporter.name in done or options.only not in (None, exporter.name):
            continue
        if isinstance(program, str):
            print(f"{exporter.name}: not driven, {program}", flush=True)
            continue
        done[exporter.name] = drive(exporter, program, state, options.count)
        if not options.only:
            kept.write_text(json.dumps(done, indent=2))
        print(exporter.name, *done[exporter.name], sep="\n    ", flush=True)
    sys.exit("WRONG" in json.dumps(done))


if __name__ == "__main__":
    main()
