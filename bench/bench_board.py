"""The board: time of its pages on an idle server and beside a refresh, and its weight.

``bench_board.py 85000`` does it for an organisation of that size (built first if it is
not there: minutes); the plain call for the demonstration as it comes. The floors beside
the pages are ``/healthz`` of the same server over the same connection, and what the
disk takes in the same seconds to keep as much as a page leaves on it: each page is
recorded there before it is shown, so no page is faster than that.
"""

from __future__ import annotations

import gzip
import http.client
import os
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MILEAGE = [sys.executable, "-m", "mileage"]
PEOPLE = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
DATA = Path(f"var/bench/demo-{PEOPLE}")
REQUESTS = 300
P99 = 99
BAR_MS, BESIDE_MS, SEARCH_MS = 25.0, 60.0, 30.0
BAR_KB = 150.0
ONE_SECONDS, ALL_SECONDS, ALL_GIGABYTES = 3.0, 15.0, 2.0
QUIET_SECONDS, SETTLING_SECONDS = 3, 300
QUIET = 0.1
"""Of a processor: a server that uses less has published what had moved on."""
A_SECOND = 20
"""Requests beside a refresh, and writes of the disk's floor."""
DISK_SECONDS = 10
COPY = Path(f"{DATA}-copy")
FLOOR = """
import os, sys, time

lap, block = 256, bytes(40_960)
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
os.pwrite(file, block * lap, 0)
os.fsync(file)
print("ready", flush=True)
for number in range(1_000_000):
    os.pwrite(file, block, number % lap * len(block))
    began = time.perf_counter()
    os.fdatasync(file)
    print(f"{(time.perf_counter() - began) * 1000:.2f}", flush=True)
    time.sleep(1 / float(sys.argv[2]))
"""
"""Keeps on the disk what a recorded page does, again and again, as its log does."""
PUBLISH = """
import pathlib, sys
from mileage.wiring.organisation import open_organisation
with open_organisation(pathlib.Path(sys.argv[1])) as organisation:
    organisation.publish()
"""
REFRESH = """
import pathlib, resource, sys, time
from datetime import datetime, timedelta
from unittest.mock import patch
from mileage.domain.window import SECOND
from mileage.wiring.organisation import open_organisation

folder, only = sys.argv[1:]
with open_organisation(pathlib.Path(folder)) as organisation:
    zone = organisation.ledger.rules.clock.zone
    day = datetime.now(zone).replace(hour=14, minute=30) - timedelta(days=1)
    while day.weekday() > 4:
        day -= timedelta(days=1)
    for hours in (0, 1):
        at = int((day + timedelta(hours=hours)).timestamp()) * SECOND
        wall, work = time.perf_counter(), time.process_time()
        with patch("mileage.wiring.organisation.now", lambda: at):
            if only:
                with patch("mileage.reports.standings.windows", lambda _: (only,)):
                    organisation.publish()
            else:
                organisation.publish()
        print(time.perf_counter() - wall, time.process_time() - work)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


class Refresh(NamedTuple):
    """Two publications in the afternoon of a working day, the second an hour later."""

    first: float
    """Seconds of the wall, as all of these but the last."""
    first_work: float
    """Of the processor."""
    wall: float
    work: float
    gigabytes: float


def refreshed(window: str = "") -> Refresh:
    """Publish a copy twice, all windows or a single one."""
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.copytree(DATA, COPY)
    for snapshot in (COPY / "snapshots").glob("*"):
        snapshot.unlink()
    words = [sys.executable, "-c", REFRESH, str(COPY), window]
    told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return Refresh(*map(float, told.split()))


def build() -> None:
    """Build the demonstration if it is not there."""
    if not (DATA / "demo.json").exists():
        words = ["demo", "--data", str(DATA), "--people", str(PEOPLE), "--no-serve"]
        subprocess.run([*MILEAGE, *words], check=True)


def unlimited() -> None:
    """Let one person ask as often as this does: a policy leaves ten pages a second."""
    policy = DATA / "policy" / "mileage.toml"
    text = policy.read_text("utf-8")
    if "[serving]" not in text:
        policy.write_text(f"{text}\n[serving]\npages_a_minute = 0\n", "utf-8")


def served() -> tuple[subprocess.Popen[str], str]:
    """Serve the demonstration; returns the process and a sign-in link."""
    words = ["demo", "--data", str(DATA), "--people", str(PEOPLE), "--port", "0"]
    process = subprocess.Popen(
        [*MILEAGE, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        link = re.search(r"http://\S+link=\S+", line)
        if link:
            return process, link.group()
    message = "the demonstration did not start"
    raise SystemExit(message)


def work_of(pid: int) -> float:
    """Return the seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def settle(pid: int) -> None:
    """Wait until a server has done what it does after a start."""
    quiet = 0
    for _ in range(SETTLING_SECONDS):
        before = work_of(pid)
        time.sleep(1)
        quiet = quiet + 1 if work_of(pid) - before < QUIET else 0
        if quiet == QUIET_SECONDS:
            return


@contextmanager
def disk() -> Iterator[list[float]]:
    """Yield a list that has the milliseconds of each write when the block has ended."""
    file = Path(f"{DATA}-floor")
    words = [sys.executable, "-c", FLOOR, str(file), str(A_SECOND)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    times: list[float] = []
    try:
        yield times
    finally:
        process.terminate()
        told, _ = process.communicate()
        # The last line may be half of one.
        times.extend(map(float, told.split("\n")[:-1]))
        file.unlink()


class Browser:
    """One connection that stays open, with a session."""

    def __init__(self, link: str) -> None:
        host, path = link.removeprefix("http://").split("/", 1)
        self.host = host
        self._connection = http.client.HTTPConnection(host, timeout=60)
        self._connection.request("GET", f"/{path}")
        answer = self._connection.getresponse()
        answer.read()
        cookie = answer.headers["set-cookie"].split(";")[0]
        self._headers = {"cookie": cookie, "accept-encoding": "gzip"}

    def fetch(self, path: str) -> tuple[float, bytes]:
        """Return (milliseconds, body as sent)."""
        started = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - started) * 1000
        if answer.status != http.HTTPStatus.OK:
            message = f"{path} was answered with {answer.status}"
            raise SystemExit(message)
        return took, body

    def timed(self, *paths: str) -> list[float]:
        """Return the times of many requests, after a few that warm up."""
        for _ in range(10):
            for path in paths:
                self.fetch(path)
        return [self.fetch(paths[n % len(paths)])[0] for n in range(REQUESTS)]

    def paced(self, path: str, until: threading.Event) -> list[float]:
        """Return the times of so many requests a second, until told to stop.

        A request that could not begin in time counts from when it should have.
        """
        times, began, number = [], time.perf_counter(), 0
        while not until.is_set():
            due = began + number / A_SECOND
            time.sleep(max(0.0, due - time.perf_counter()))
            self.fetch(path)
            times.append((time.perf_counter() - due) * 1000)
            number += 1
        return times


def beside(browser: Browser) -> tuple[list[float], list[float]]:
    """Return the times of the board while another process publishes the same data.

    Beside them the disk's own of the same seconds. A copy of the data directory is
    published, the first time in its process, which takes more of the machine than any
    refresh of the server's own, and whenever that happens to begin.
    """
    done = threading.Event()
    times: list[float] = []
    worker = threading.Thread(
        target=lambda: times.extend(browser.paced("/", done)), daemon=True
    )
    with disk() as floor:
        try:
            refresh = subprocess.Popen([sys.executable, "-c", PUBLISH, str(COPY)])
            worker.start()
            refresh.wait()
        finally:
            done.set()
            worker.join()
    return times, floor


def idle_disk() -> list[float]:
    """Return the disk's times of some seconds in which nothing else is done here."""
    # What was copied is no longer on its way there.
    os.sync()
    with disk() as times:
        time.sleep(DISK_SECONDS)
    return times


def first_load(browser: Browser) -> float:
    """Return the kilobytes of the board, its style, font and icon as sent."""
    _, page = browser.fetch("/")
    text = gzip.decompress(page).decode()
    named = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', text))
    return (len(page) + sum(len(browser.fetch(path)[1]) for path in named)) / 1000


def percentile(times: list[float]) -> float:
    """Return the 99th percentile."""
    return statistics.quantiles(times, n=100)[P99 - 1]


def slower(times: list[float]) -> float:
    """Return how many of a hundred are slower than a page may be beside a refresh."""
    return 100 * sum(one > BESIDE_MS for one in times) / len(times)


class Figure(NamedTuple):
    """What was measured, and how much it may be."""

    what: str
    measured: float
    unit: str
    most: float | None = None


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    build()
    unlimited()
    alone, every = refreshed("30d"), refreshed()
    shutil.rmtree(COPY)
    shutil.copytree(DATA, COPY)
    process, link = served()
    try:
        settle(process.pid)
        browser = Browser(link)
        still = idle_disk()
        floor = browser.timed("/healthz")
        board = browser.timed("/")
        deep = browser.timed("/?page=2", "/?lens=tokens", "/?window=7d")
        search = browser.timed("/?q=anna", "/?q=security", "/?q=zz")
        weight = first_load(browser)
        busy, hurried = beside(browser)
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(COPY)
    figures = (
        Figure("first publication of all windows and lenses", every.first, "s"),
        Figure("of that, processor time", every.first_work, "s"),
        Figure("refresh of 30 days an hour later", alone.wall, "s", ONE_SECONDS),
        Figure("of that, processor time", alone.work, "s"),
        Figure("refresh of all an hour later", every.wall, "s", ALL_SECONDS),
        Figure("of that, processor time", every.work, "s"),
        Figure("memory of it", every.gigabytes, "GB", ALL_GIGABYTES),
        Figure("board page, p99", percentile(board), "ms", BAR_MS),
        Figure("board page, median", statistics.median(board), "ms"),
        Figure("other pages, lenses and windows, p99", percentile(deep), "ms"),
        Figure("search, p99", percentile(search), "ms", SEARCH_MS),
        Figure("the disk alone just before, p99", percentile(still), "ms"),
        Figure("beside a refresh, p99", percentile(busy), "ms", BESIDE_MS),
        Figure("beside a refresh, median", statistics.median(busy), "ms"),
        Figure("of its pages, slower than that bar", slower(busy), "%"),
        Figure("the disk in the same seconds, p99", percentile(hurried), "ms"),
        Figure("of its writes, slower than that bar", slower(hurried), "%"),
        Figure("/healthz, median", statistics.median(floor), "ms"),
        Figure("first load of the board", weight, "kB", BAR_KB),
    )
    for one in figures:
        bar = "-" if one.most is None else f"{one.most:.0f} {one.unit}"
        print(f"{one.what}\t{one.measured:.1f} {one.unit}\t{bar}")
    return int(any(one.most and one.measured > one.most for one in figures))


if __name__ == "__main__":
    sys.exit(main())
