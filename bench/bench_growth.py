"""What a page costs while the ledger grows: 85,000 accounts, 90 days, ever more calls.

    python bench/bench_growth.py [MILLIONS]... [--delete]

1 and 20 million unless said; 450 million take half an hour and 25 GB. Each is built in
``var/bench/growth-N`` (what is there is taken, what was cut short goes on), published,
and served by ``mileage serve``. The main pages are asked over one connection, as the
operator and as two people: the one with the most calls, and one with as many as most.
Beside the clock stands the processor time of the server, because other work of the
machine is not ours. A page is flat when the last size takes no more than half as much
again of it as the first, or no more than 5 ms.

What cannot be flat stands without a bar: a copy of one's own data has every call of
one's own in it, and a publication reads every hour that somebody used.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.growth_ledger import LEDGER, build
from mileage.domain.people import Viewer
from mileage.store.control import FILE_NAME, open_control
from mileage.wiring.organisation import now

FOLDER = Path("var/bench")
MILEAGE = [sys.executable, "-m", "mileage"]
MILLION = 1_000_000
MOST_REQUESTS, LEAST_REQUESTS, SECONDS = 100, 5, 2.0
FACTOR, SPARE_MS = 1.5, 5.0
TICKS = os.sysconf("SC_CLK_TCK")
QUIET = 0.05
OPERATOR_PAGES = (
    *("/healthz", "/", "/?page=2", "/?window=7d", "/?window=24h&lens=cost"),
    *("/?q=person+812", "/board/file", "/board/why/{middle}", "/people/{middle}"),
    *("/people/{first}", "/people", "/people?q=person+8", "/sources"),
    *("/sources?q=person+81234", "/disagreements", "/departments", "{department}"),
    *("/ingest", "/ingest/rejected", "/metrics", "/api/v1/ingest/status"),
    *("/api/v1/usage?scope=org&group_by=client&purpose=operations&{days}",),
    *("/api/v1/usage?scope=org&group_by=client&purpose=operations&{hours}",),
    *("/adoption", "/groups", "/statements", "/unclaimed", "/oversight", "/access"),
)
OWN_PAGES = (
    *("/me", "/api/v1/me", "/board/why", "/me/data", "/me/readers", "/me/card"),
    *("/me/benchmark", "/api/v1/usage?group_by=model&{days}", "/me/data/file"),
)
GROWING = ("/me/data/file",)
"""A copy of one's own data: each call of one's own stands in it."""
PUBLISH = """
import pathlib, resource, sys, time
from mileage.wiring.organisation import open_organisation
with open_organisation(pathlib.Path(sys.argv[1])) as organisation:
    wall, work = time.perf_counter(), time.process_time()
    organisation.publish()
    print(time.perf_counter() - wall, time.process_time() - work)
    organisation.refresh()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


class Cost(NamedTuple):
    """What one page took, in milliseconds."""

    median: float
    p99: float
    processor: float
    """Of the server, in the mean."""


class Browser:
    """One connection that stays open, with a session."""

    def __init__(self, link: str) -> None:
        host, path = link.removeprefix("http://").split("/", 1)
        self._connection = http.client.HTTPConnection(host, timeout=600)
        self._headers = {"accept-encoding": "gzip"}
        answer = self._answer(f"/{path}")
        self._headers["cookie"] = answer.headers["set-cookie"].split(";")[0]

    def _answer(self, path: str) -> http.client.HTTPResponse:
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        self._body = answer.read()
        return answer

    def fetch(self, path: str) -> float:
        """Return milliseconds."""
        began = time.perf_counter()
        answer = self._answer(path)
        took = (time.perf_counter() - began) * 1000
        assert answer.status in {200, 404}, (path, answer.status, self._body)
        return took

    def found(self, path: str, pattern: str) -> str:
        """Return what stands in a page."""
        answer = self._answer(path)
        packed = answer.headers.get("content-encoding") == "gzip"
        text = (gzip.decompress(self._body) if packed else self._body).decode()
        match = re.search(pattern, text)
        assert match, (path, pattern)
        return match.group(1)


class Asked(NamedTuple):
    """Whose pages are asked for."""

    first: str
    """With the most calls."""
    middle: str
    calls: int
    """Of the whole ledger."""
    hours: int
    """Rows of the roll-up."""

    def pages(self) -> dict[str, str]:
        """Return what stands in addresses."""
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        last = midnight - timedelta(days=1)
        return {
            "first": self.first,
            "middle": self.middle,
            "days": within(last - timedelta(days=29), midnight),
            "hours": within(last, last + timedelta(hours=12, minutes=20)),
        }


def within(since: datetime, until: datetime) -> str:
    """Write a window as the API has it."""
    return f"from={since:%Y-%m-%dT%H:%M:%SZ}&until={until:%Y-%m-%dT%H:%M:%SZ}"


def looked_up(data: Path) -> Asked:
    """Tell whose pages to ask for."""
    with duckdb.connect(str(data / LEDGER), read_only=True) as connection:
        people = connection.execute(
            "select account, sum(calls) from rollup_day group by all order by 2 desc, 1"
        ).fetchall()
        ((hours,),) = connection.execute("select count(*) from rollup_hour").fetchall()
    calls = int(sum(count for _, count in people))
    return Asked(people[0][0], people[len(people) // 2][0], calls, hours)


class Served:
    """``mileage serve`` of one data directory."""

    def __init__(self, data: Path) -> None:
        words = [*MILEAGE, "serve", "--data", str(data), "--port", "0"]
        self.data = data
        self.process = subprocess.Popen(
            [*words, "--grpc-port", "0"], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        found = None
        while found is None:
            line = self.process.stdout.readline()
            assert line, "the server did not start"
            found = re.search(r"http://\S+link=\S+", line)
        self._link = found.group()

    def operator(self) -> Browser:
        """Sign the operator in."""
        return Browser(self._link)

    def person(self, account: str) -> Browser:
        """Sign somebody in."""
        with open_control(self.data / FILE_NAME, clock=now) as control:
            secret = control.create_link(Viewer(account, "Somebody"))
        return Browser(f"{self._link.partition('?')[0]}?link={secret}")

    def spent(self) -> float:
        """Return seconds of processor time so far."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text("utf-8")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / TICKS

    def settle(self) -> None:
        """Wait until it does nothing by itself."""
        before = -1.0
        while self.spent() - before > QUIET:
            before = self.spent()
            time.sleep(2)

    def cost(self, browser: Browser, path: str) -> Cost:
        """Ask for a page until enough is known."""
        browser.fetch(path)
        least = LEAST_REQUESTS if path not in GROWING else 1
        times: list[float] = []
        began, work = time.perf_counter(), self.spent()
        while len(times) < MOST_REQUESTS:
            times.append(browser.fetch(path))
            late = time.perf_counter() - began > SECONDS
            if late and len(times) >= least:
                break
        worked = (self.spent() - work) / len(times) * 1000
        return Cost(statistics.median(times), hundredth(times), worked)

    def stop(self) -> None:
        """Stop it."""
        self.process.terminate()
        self.process.wait()


def published(data: Path) -> list[float]:
    """Publish; return seconds by the clock and of the processor, and gigabytes."""
    words = [sys.executable, "-c", PUBLISH, str(data)]
    told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return list(map(float, told.split()))


def in_a_shell(data: Path) -> Cost:
    """Return what the published board takes on the command line, beside the server."""
    times = []
    instant = datetime.now(UTC).isoformat(timespec="seconds")
    work = os.times()
    for _ in range(LEAST_REQUESTS):
        began = time.perf_counter()
        words = [*MILEAGE, "board", "--data", str(data), "--as-of", instant, "--json"]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        times.append((time.perf_counter() - began) * 1000)
    spent = os.times()
    worked = spent.children_user + spent.children_system
    worked -= work.children_user + work.children_system
    return Cost(statistics.median(times), max(times), worked / len(times) * 1000)


def measured(data: Path, asked: Asked) -> dict[str, Cost]:
    """Return what each page takes."""
    served = Served(data)
    found = {}
    try:
        operator = served.operator()
        served.settle()
        names = {**asked.pages(), "department": department(operator)}
        for name, account, paths in (
            ("", "", OPERATOR_PAGES),
            ("most calls: ", asked.first, OWN_PAGES),
            ("middle: ", asked.middle, OWN_PAGES),
        ):
            browser = served.person(account) if account else operator
            for path in paths:
                cost = served.cost(browser, path.format(**names))
                found[name + path] = cost
                print(name + path, *map(round, cost), file=sys.stderr, flush=True)
        found["mileage board --as-of"] = in_a_shell(data)
    finally:
        served.stop()
    return found


def hundredth(times: list[float]) -> float:
    """Return the 99th percentile; the longest of few."""
    return sorted(times)[math.ceil(len(times) * 0.99) - 1]


def department(operator: Browser) -> str:
    """Return the address of a department's page."""
    return operator.found("/departments", r'href="(/departments/[^"]+)"')


def whole(folder: Path) -> float:
    """Return the gigabytes of a folder."""
    files = (one for one in folder.rglob("*") if one.is_file())
    return sum(one.stat().st_size for one in files) / 1e9


def size_of(millions: int, *, delete: bool) -> dict[str, Cost]:
    """Build and measure one size; print what it is."""
    data = FOLDER / f"growth-{millions}"
    build(data, millions * MILLION)
    asked = looked_up(data)
    wall, work, gigabytes = published(data)
    print(
        f"{asked.calls:,} calls, {asked.hours:,} rows by hour\t{whole(data):.1f} GB\t-"
    )
    print(f"{millions} million: publication\t{wall:.1f} s\t-")
    print(f"{millions} million: of that, processor time\t{work:.1f} s\t-")
    print(f"{millions} million: memory of it\t{gigabytes:.1f} GB\t-", flush=True)
    found = measured(data, asked)
    kept = {name: list(cost) for name, cost in found.items()}
    data.with_suffix(".json").write_text(json.dumps(kept, indent=1), "utf-8")
    if delete:
        shutil.rmtree(data)
    return found


def main() -> int:
    """Measure the sizes; 1 when a page is dearer on the largest than on the first."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("millions", nargs="*", type=int, default=[1, 20])
    parser.add_argument("--delete", action="store_true", help="leave nothing behind")
    wanted = parser.parse_args()
    sizes = [size_of(one, delete=wanted.delete) for one in wanted.millions]
    missed = False
    for name, least in sizes[0].items():
        costs = [one[name] for one in sizes]
        bar = max(least.processor * FACTOR, least.processor + SPARE_MS)
        free = name.partition(": ")[2] in GROWING
        missed = missed or (not free and costs[-1].processor > bar)
        told = "; ".join(
            f"{one.median:.1f} {one.p99:.1f} {one.processor:.1f}" for one in costs
        )
        print(
            f"{name}, median, p99 and processor\t{told} ms\t"
            + ("-" if free else f"{bar:.0f} ms")
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
