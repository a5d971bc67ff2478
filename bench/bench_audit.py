"""What the access ledger costs: an entry in the tree, and a page that names 250.

    python bench/bench_audit.py

Processor time, medians; bars: 50 us for an entry, 5 ms for the rows of a page.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

from mileage.access.merkle import Frontier, leaf_hash
from mileage.domain.audit_policy import Brakes
from mileage.domain.directory import ORGANISATION, NamedRead
from mileage.domain.entries import entry_bytes
from mileage.domain.people import Viewer
from mileage.store.control import FILE_NAME, open_control

ENTRIES, PAGES, NAMED = 20_000, 100, 250
ROW = (
    *(1, 1_795_350_000_000_000, "acc_0123456789abcdef", "Ada Byron", "board"),
    *("board", ORGANISATION, NAMED, "lens tokens, as of 1795350000000000"),
    *("5" * 64, "page"),
)


def entry_microseconds() -> float:
    """Return what one more entry costs the tree."""
    frontier = Frontier()
    began = time.process_time()
    for _ in range(ENTRIES):
        frontier.append(leaf_hash(entry_bytes(ROW)))
    return (time.process_time() - began) / ENTRIES * 1e6


def pages(*, fresh_set: bool) -> tuple[float, float]:
    """Return milliseconds of processor and of wall time to record a page."""
    work, wall = [], []
    with (
        tempfile.TemporaryDirectory() as folder,
        open_control(
            Path(folder) / FILE_NAME, clock=lambda: time.time_ns() // 1000
        ) as control,
    ):
        control.brake(Brakes(people=1_000_000, exports=0))
        for number in range(PAGES):
            start = number * fresh_set
            named = tuple(f"acc_{one:016}" for one in range(start, start + NAMED))
            viewer = Viewer(f"acc_v{number % 10}", "Somebody")
            read = NamedRead(viewer, "board", "board", ORGANISATION, NAMED, "", named)
            began, looked = time.process_time(), time.perf_counter()
            control.record_access(read)
            work.append(time.process_time() - began)
            wall.append(time.perf_counter() - looked)
    return median(work) * 1000, median(wall) * 1000


if __name__ == "__main__":
    print(f"{entry_microseconds():8.1f} us  an entry in the tree")
    for told, fresh in (("seen before", False), ("new each time", True)):
        work, wall = pages(fresh_set=fresh)
        print(f"{work:8.2f} ms  a page of {NAMED}, its set {told} (wall {wall:.2f} ms)")
