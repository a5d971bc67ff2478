"""The OpenTelemetry SDK for Python delivers to a real server what it was given.

Its exporters run with their defaults (batches, intervals, retries; only their
patience is longer, as tests run on busy machines), in a process of their own, over
HTTP and over gRPC, also while the server is stopped and started.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.road.station import ENVIRON, PATIENCE, Station, free_port, station_in

PROGRAM = Path(__file__).parent / "exporting.py"
COUNT = 700
"""More than one batch of 512."""


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exporters")
    with station_in(folder, grpc_port=free_port()) as running:
        yield running


def endpoint(station, protocol):
    port = station.grpc_port if protocol == "grpc" else station.port
    return f"http://127.0.0.1:{port}"


def exporting(station, protocol, token, first=0, count=COUNT):
    address = endpoint(station, protocol)
    words = [protocol, address, token, first, count]
    return subprocess.Popen(
        [sys.executable, PROGRAM, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Long enough for a server on a busy machine to come back.
        env={**ENVIRON, "OTEL_EXPORTER_OTLP_TIMEOUT": "50"},
    )


def finished(program):
    said, told = program.communicate(timeout=PATIENCE)
    assert program.returncode == 0, said + told
    return said + told


def delivered(station, email):
    """Return the calls of an account by the client that made them."""
    station.settled(station.key(scope="operator"))
    rows = station.usage(station.key(email))
    return {client: row["calls"] for client, row in rows.items()}


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_everything_arrives_once(station, protocol):
    email = f"{protocol}@example.com"
    token = station.token(email)
    first = COUNT if protocol == "grpc" else 0
    said = finished(exporting(station, protocol, token, first))
    assert "failed" not in said.lower()
    assert delivered(station, email) == {"claude-code": COUNT, "sdk": COUNT}
    # And again, as a program does that lost the answers: nothing is doubled.
    finished(exporting(station, protocol, token, first))
    assert delivered(station, email) == {"claude-code": COUNT, "sdk": COUNT}


def test_a_server_that_is_away_for_a_while(tmp_path):
    """The exporter repeats by itself what it could not deliver (HTTP: make soak)."""
    station = Station(tmp_path, grpc_port=free_port()).start()
    token = station.token("alice@example.com")
    station.stop()
    program = exporting(station, "grpc", token, count=50)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            program.wait(1)
        station.start()
        finished(program)
        assert delivered(station, "alice@example.com") == {"claude-code": 50, "sdk": 50}
    finally:
        program.kill()
        station.stop()


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_a_wrong_token_is_told_and_not_repeated(station, protocol):
    program = exporting(station, protocol, "mlg_p_nobody", count=5)
    said, told = program.communicate(timeout=PATIENCE)
    assert program.returncode == 1, said
    assert "401" in told or "UNAUTHENTICATED" in told
