"""Stopping a server: the port is free, nothing acknowledged is lost, the code is 0."""

from __future__ import annotations

import http.client
import itertools
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import Self

import pytest

from tests.otlp_bodies import API_REQUEST, log, logs
from tests.road.station import (
    ENVIRON,
    JSON,
    PATIENCE,
    Station,
    assert_calm,
    bearer,
    until,
)

OPERATOR = "operator@example.com"


class Clients:
    """Threads that send one call a request until somebody tells them to stop."""

    def __init__(self, station: Station, token: str) -> None:
        self.station, self.token = station, token
        self.numbers = itertools.count()
        self.acknowledged: list[str] = []
        self.statuses: set[int] = set()
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.send) for _ in range(4)]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(PATIENCE)

    def send(self) -> None:
        while not self.over.is_set():
            request = f"req_{next(self.numbers)}"
            body = logs(
                log({**API_REQUEST, "request_id": request, "session.id": request})
            )
            try:
                answer = self.station.post(body, self.token, content_type=JSON)
            except (OSError, http.client.HTTPException):
                time.sleep(0.01)
                continue
            self.statuses.add(answer.status)
            if answer.status == 200:
                self.acknowledged.append(request)

    def wait_for(self, count: int) -> None:
        end = time.monotonic() + PATIENCE
        while len(self.acknowledged) < count:
            assert time.monotonic() < end, self.statuses
            time.sleep(0.01)


@pytest.fixture
def station(tmp_path):
    made = Station(tmp_path).start()
    yield made
    if made.server is not None:
        made.stop()
    assert_calm(made.said)


def test_under_load_it_drains_and_the_next_one_binds_the_port(station):
    token = station.token(email="alice@example.com")
    key = station.key("alice@example.com")
    with Clients(station, token) as clients:
        for goal in (20, 40):
            clients.wait_for(goal)
            assert station.stop() == 0
            # At once, on the same port, while clients knock.
            station.start()
        clients.wait_for(60)
    station.settled(station.key(OPERATOR, "operator"))
    readable = [path for path in station.data.rglob("*") if path.stat().st_mode & 0o77]
    assert readable == []
    counted = station.usage(key, "session")
    assert set(clients.acknowledged) <= set(counted)
    assert all(row["calls"] == 1 for row in counted.values())
    assert clients.statuses <= {200, 503}


PATIENT = (
    "from mileage.cli import main\n"
    "from mileage.wiring import serve\n"
    "serve.GRACE_SECONDS = 3600\n"
    "main()\n"
)
"""A server that waits for an hour for what is being answered."""


@pytest.fixture
def patient(tmp_path):
    made = Station(tmp_path)
    tmp_path.mkdir(exist_ok=True)
    with (tmp_path / "err.log").open("wb") as said:
        command = [sys.executable, "-c", PATIENT, *made.words()]
        made.server = subprocess.Popen(command, stderr=said, env=ENVIRON)
    until(made._answers, "the server's first answer")
    yield made
    made.server.kill()
    made.server.wait()
    assert_calm(made.said)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_hurries(patient, number):
    held = http.client.HTTPConnection("127.0.0.1", patient.port, timeout=PATIENCE)
    held.putrequest("POST", "/v1/logs")
    for name, value in bearer(patient.token(collector="slow")).items():
        held.putheader(name, value)
    held.putheader("content-length", "1000")
    held.putheader("expect", "100-continue")
    held.endheaders(b"{")
    assert held.sock.recv(4) == b"HTTP"
    patient.server.send_signal(number)
    until(lambda: not listens(patient), "the port to be free")
    assert patient.server.poll() is None
    patient.server.send_signal(number)
    assert patient.server.wait(PATIENCE) == 0
    held.close()


def listens(station):
    try:
        socket.create_connection(("127.0.0.1", station.port), PATIENCE).close()
    except OSError:
        return False
    return True
