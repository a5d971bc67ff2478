"""The board of the demonstration: time of a page on an idle server, and its weight.

The floor beside it is ``/healthz`` of the same server over the same connection.
"""

from __future__ import annotations

import gzip
import http.client
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

MILEAGE = [sys.executable, "-m", "mileage"]
DATA = Path("var/bench/demo")
REQUESTS = 300
P99 = 99
BAR_MS = 25.0
BAR_KB = 150.0


def served() -> tuple[subprocess.Popen[str], str]:
    """Serve the demonstration; returns the process and a sign-in link."""
    process = subprocess.Popen(
        [*MILEAGE, "demo", "--data", str(DATA), "--port", "0"],
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


class Browser:
    """One connection that stays open, with a session."""

    def __init__(self, link: str) -> None:
        host, path = link.removeprefix("http://").split("/", 1)
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
        body = self._connection.getresponse().read()
        return (time.perf_counter() - started) * 1000, body

    def timed(self, path: str) -> list[float]:
        """Return the times of many requests, after a few that warm up."""
        for _ in range(10):
            self.fetch(path)
        return [self.fetch(path)[0] for _ in range(REQUESTS)]


def first_load(browser: Browser) -> float:
    """Return the kilobytes of the board, its style, font and icon as sent."""
    _, page = browser.fetch("/")
    text = gzip.decompress(page).decode()
    named = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', text))
    return (len(page) + sum(len(browser.fetch(path)[1]) for path in named)) / 1000


def percentile(times: list[float]) -> float:
    """Return the 99th percentile."""
    return statistics.quantiles(times, n=100)[P99 - 1]


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    process, link = served()
    try:
        browser = Browser(link)
        time.sleep(3)
        floor = browser.timed("/healthz")
        board = browser.timed("/")
        weight = first_load(browser)
    finally:
        process.terminate()
        process.wait()
    p99 = percentile(board)
    ratio = statistics.median(board) / statistics.median(floor)
    print(f"board page, p99\t{p99:.1f} ms\t{BAR_MS:.0f} ms")
    print(f"board page, median\t{statistics.median(board):.1f} ms\t-")
    print(f"board page against /healthz\t{ratio:.1f} x\t-")
    print(f"first load of the board\t{weight:.1f} kB\t{BAR_KB:.0f} kB")
    return 1 if p99 > BAR_MS or weight > BAR_KB else 0


if __name__ == "__main__":
    sys.exit(main())
