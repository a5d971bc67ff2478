"""The dark switch across processes: from the next request on, in every one of them."""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading

import pytest

from mileage.store.control import FILE_NAME, open_control
from tests.road.station import ENVIRON, PATIENCE, _clock, free_port, station_in, until

NAMED = ("/", "/api/v1/boards/tokens", "/people", "/people/acc-00003", "/unclaimed")
OPEN = ("/ingest", "/dark", "/api/v1/ingest/status", "/healthz", "/metrics")
OTHER = """
import sys, time
from pathlib import Path
import uvicorn
from mileage.store.control import FILE_NAME, open_control
from mileage.web.app import create_app
from mileage.wiring.dark import Dark
from mileage.wiring.roles_in_force import gate_on
from tests.web.fixtures import fake_services

data, port = Path(sys.argv[1]), int(sys.argv[2])
control = open_control(data / FILE_NAME, clock=lambda: time.time_ns() // 1000)
desk = Dark(control, data, gate_on(data, control))
app = create_app(fake_services(None, f"127.0.0.1:{port}", dark=desk))
uvicorn.run(app, port=port, log_level="error", lifespan="off", ws="none")
"""


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    with station_in(tmp_path_factory.mktemp("dark")) as running:
        yield running


@pytest.fixture(scope="module")
def other(station):
    """Another process that serves pages off the same control plane."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER, str(station.data), str(port)], env=ENVIRON
    )
    until(lambda: _answers(port), "the other process")
    yield port
    process.terminate()
    process.wait(PATIENCE)


def _answers(port):
    try:
        return ask(port, "/healthz")[0] in (200, 503)
    except OSError:
        return False


def ask(port, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


class Load:
    """Asks for boards all the time; one asked for in the dark and shown is a leak."""

    def __init__(self, everywhere):
        self.dark, self.over, self.late = threading.Event(), threading.Event(), []
        self.threads = [
            threading.Thread(target=self.run, args=one) for one in everywhere * 2
        ]

    def run(self, port, headers):
        while not self.over.is_set():
            asked_in_the_dark = self.dark.is_set()
            status, _ = ask(port, "/", **headers)
            if asked_in_the_dark and status != 503:
                self.late.append(port)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def test_every_process_is_dark_from_its_next_request_on(station, other):
    key = station.key("sam@x.example", "operator")
    cookie = {"cookie": station.session()}
    theirs = {"cookie": "mileage_session=operator"}
    everywhere = [(station.port, cookie), (other, theirs)]
    until(lambda: station.get("/api/v1/boards/tokens", key).status == 200, "a board")
    assert ask(other, "/", **theirs)[0] == 200
    with Load(everywhere) as load:
        assert station.run("dark", "on", "--reason", "a leak").returncode == 0
        load.dark.set()
        answers = [
            ask(port, path, **headers) for port, headers in everywhere for path in NAMED
        ]
    assert load.late == []
    assert {status for status, _ in answers} == {503}
    assert all("a leak." in text for _, text in answers)
    check_what_stays_open(station, cookie, key)
    check_that_two_end_it(station, other, key, theirs)


def check_what_stays_open(station, cookie, key):
    for path in OPEN:
        assert ask(station.port, path, **cookie)[0] != 503, path
    assert station.get("/api/v1/me", station.key("ana@x.example")).status == 200
    assert station.get("/api/v1/usage?scope=org", key).status == 503
    assert station.run("board").returncode == 4


def check_that_two_end_it(station, other, key, theirs):
    assert station.run("dark", "off").returncode == 0
    assert ask(other, "/", **theirs)[0] == 503
    with open_control(station.data / FILE_NAME, clock=_clock) as control:
        control.lighten(control.key_viewer(key))
    assert ask(other, "/", **theirs)[0] == 200
    assert station.get("/api/v1/boards/tokens", key).status == 200
