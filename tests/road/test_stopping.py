"""Stopping a server: the port is free, nothing acknowledged is lost, the code is 0."""

from __future__ import annotations

import http.client
import itertools
import signal
import threading
import time
from typing import Self

import pytest

from tests.otlp_bodies import API_REQUEST, log, logs
from tests.road.station import JSON, Station, assert_calm, bearer

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
            thread.join(30)

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
        end = time.monotonic() + 30
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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_hurries(station, number):
    held = http.client.HTTPConnection("127.0.0.1", station.port, timeout=30)
    held.putrequest("POST", "/v1/logs")
    for name, value in bearer(station.token(collector="slow")).items():
        held.putheader(name, value)
    held.putheader("content-length", "1000")
    held.endheaders(b"{")
    time.sleep(0.2)
    begun = time.monotonic()
    station.server.send_signal(number)
    time.sleep(0.5)
    station.server.send_signal(number)
    assert station.server.wait(30) == 0
    assert time.monotonic() - begun < 8
    station.server = None
    held.close()
