"""Turn it dark while several processes answer, and time the last of them.

    python soak/dark.py [--rounds 20] [--others 3] [--people 300]

A simulated organisation is served by `mileage serve` and by other processes on the same
data directory, all of them under load. Each round runs the command, waits for the last
process' first dark answer, asks every address there is as an operator, a member and a
stranger, and turns it light again. Times are by the clock, from before the command is
started (a new Python each time) and from the instant that it wrote down. A named figure
after the command has ended, in whatever answer, is a failure; so is one that may be
kept in a cache.
"""

from __future__ import annotations

import argparse
import http.client
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple, Self

sys.path.insert(0, str(Path(__file__).parent.parent))

from mileage.domain.people import OPERATOR
from mileage.store.control import FILE_NAME, Control, open_control
from mileage.web.dark import stays_light
from mileage.web.route_access import ROUTES
from tests.road.station import ENVIRON, MILEAGE, Station, _clock, free_port, until
from tests.road.test_dark import OTHER

if TYPE_CHECKING:
    from collections.abc import Iterator

BAR = 1.0
CLIENTS = 2
"""Threads that ask each process all the time."""
OK, DARK = 200, 503
PEOPLE_ASKED = 3
PAGES = ("/", "/api/v1/boards/cost")


class Server(NamedTuple):
    """One process, and what opens it."""

    port: int
    headers: dict[str, str]


class Answer(NamedTuple):
    """What came back, and when it was asked for and was there."""

    asked: float
    came: float
    status: int
    text: str
    cached: str


def ask(port: int, path: str, headers: dict[str, str]) -> Answer:
    """Ask for one address."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    asked = time.time()
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        cached = answer.headers.get("cache-control", "")
        return Answer(asked, time.time(), answer.status, text, cached)
    finally:
        connection.close()


class Load:
    """Asks every process for its boards until it is over; keeps when what came."""

    def __init__(self, servers: list[Server]) -> None:
        self.over = threading.Event()
        self.seen: dict[int, list[Answer]] = {one.port: [] for one in servers}
        self.threads = [
            threading.Thread(target=self._run, args=(one,)) for one in servers * CLIENTS
        ]

    def _run(self, server: Server) -> None:
        while not self.over.is_set():
            for page in PAGES:
                found = ask(server.port, page, server.headers)
                self.seen[server.port].append(found._replace(text=""))

    def __enter__(self) -> Self:
        """Begin."""
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End, when everything that was asked for has come."""
        self.over.set()
        for thread in self.threads:
            thread.join()

    def all_dark(self) -> bool:
        """Tell whether every process has given a dark answer."""
        return all(any(a.status == DARK for a in one) for one in self.seen.values())


class Round(NamedTuple):
    """Seconds until the last process was dark, how many asked, what leaked."""

    from_command: float
    from_entry: float
    requests: int
    leaks: list[str]


def turn(station: Station, control: Control, servers: list[Server]) -> Round:
    """Turn it dark under load, and look at everything."""
    with Load(servers) as load:
        until(lambda: all(map(len, load.seen.values())), "an answer of every process")
        began = time.time()
        command = [*MILEAGE, "dark", "on", "--reason", "a drill"]
        told = subprocess.run(
            [*command, "--data", str(station.data)],
            check=True,
            capture_output=True,
            env=ENVIRON,
        )
        ended = time.time()
        assert b"It is dark" in told.stdout
        until(load.all_dark, "a dark answer of every process")
    answers = [one for some in load.seen.values() for one in some]
    leaks = ["a board" for a in answers if a.asked > ended and a.status != DARK]
    last = max(
        max(
            min(a.came for a in some if a.status == DARK),
            max((a.came for a in some if a.status != DARK), default=0),
        )
        for some in load.seen.values()
    )
    darkness = control.last_darkness()
    assert darkness is not None
    leaks += crawl(control, servers)
    entry = darkness.began.at / 1_000_000
    return Round(last - began, last - entry, len(answers), leaks)


def addresses(control: Control) -> Iterator[str]:
    """Every address that can be read, of some people each."""
    some = [one.account_id for one in control.accounts()[:PEOPLE_ASKED]]
    for route in ROUTES:
        if "GET" not in route.methods or ":path" in route.path:
            continue
        head, brace, tail = route.path.partition("{")
        for filled in ("cost", "tokens", *some) if brace else ("",):
            path = head + filled + tail.partition("}")[2]
            yield path
            yield f"{path}?purpose=planning&scope=org&format=csv"


def crawl(control: Control, servers: list[Server]) -> list[str]:
    """Ask for everything as everybody; return what names somebody or may be kept."""
    names = [one.name for one in control.accounts() if one.name]
    member = control.accounts()[0]
    key = control.create_key(member.account_id, "read").secret
    leaks = []
    for server in servers:
        for headers in (server.headers, {"Authorization": f"Bearer {key}"}, {}):
            for path in addresses(control):
                found = ask(server.port, path, headers)
                plain = path.partition("?")[0]
                if stays_light(plain):
                    continue
                if any(name in found.text for name in names):
                    leaks.append(f"a name at {path}")
                if "no-store" not in found.cached:
                    leaks.append(f"may be kept: {path}")
    return leaks


def lighten(control: Control) -> None:
    """Let two people turn it light again."""
    key = control.create_key(control.accounts()[0].account_id, "operator").secret
    second = control.key_viewer(key)
    assert second is not None
    control.lighten(OPERATOR)
    control.lighten(second)


@contextmanager
def serving(station: Station, others: int) -> Iterator[list[Server]]:
    """Serve from several processes."""
    with ExitStack() as stack:
        station.start()
        stack.callback(station.stop)
        servers = [Server(station.port, {"cookie": station.session()})]
        for _ in range(others):
            port = free_port()
            process = subprocess.Popen(
                [sys.executable, "-c", OTHER, str(station.data), str(port)],
                env=ENVIRON,
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
            servers.append(Server(port, {"cookie": "mileage_session=operator"}))
        for server in servers:
            until(lambda port=server.port: _light(port), "a process' first answer")
        until(lambda: ask(*servers[0][:1], "/", servers[0].headers).status == OK, "it")
        yield servers


def _light(port: int) -> bool:
    try:
        return ask(port, "/healthz", {}).status == OK
    except OSError:
        return False


def main() -> None:
    """Run the rounds and print the times."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--others", type=int, default=3)
    parser.add_argument("--people", type=int, default=300)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        station = Station(Path(folder))
        words = ("demo", "--no-serve", "--people", str(asked.people))
        subprocess.run(
            [*MILEAGE, *words, "--data", str(station.data)],
            check=True,
            capture_output=True,
            env=ENVIRON,
        )
        rounds = []
        with (
            serving(station, asked.others) as servers,
            open_control(station.data / FILE_NAME, clock=_clock) as control,
        ):
            for number in range(asked.rounds):
                rounds.append(turn(station, control, servers))
                lighten(control)
                print(number + 1, rounds[-1], flush=True)
    _tell(rounds, asked.others + 1)


def _tell(rounds: list[Round], processes: int) -> None:
    for what in ("from_command", "from_entry"):
        times = sorted(getattr(one, what) for one in rounds)
        print(f"{what}: median {median(times):.3f} s, longest {times[-1]:.3f} s")
    requests = sum(one.requests for one in rounds)
    leaks = [leak for one in rounds for leak in one.leaks]
    print(f"{processes} processes, {requests:,} requests of boards, leaks: {leaks}")
    late = max(one.from_command for one in rounds) > BAR
    sys.exit(1 if late or leaks else 0)


if __name__ == "__main__":
    main()
