"""The demonstration of 85,000 people: how long it takes, and whether it has the shape.

Processor time stands beside the time on the wall, because other work of the machine is
not ours; the build is one process, so that on an idle machine they are about the same.
"""

from __future__ import annotations

import resource
import shutil
import sys
import time
from pathlib import Path

from mileage.wiring.demo import Wanted, build
from mileage.wiring.organisation import open_organisation

PEOPLE = int(sys.argv[1]) if len(sys.argv) > 1 else 85_000
DATA = Path(f"var/bench/demo-{PEOPLE}")
SECONDS, GIGABYTES = 600, 4.0
TRILLION, BILLION, KIBI = 10**12, 10**9, 1024
NEAR = 0.01
"""How far a figure may be from the reported one."""


def built() -> tuple[float, float]:
    """Build it anew; returns seconds (of the wall, of the processor)."""
    shutil.rmtree(DATA, ignore_errors=True)
    wall, work = time.perf_counter(), time.process_time()
    build(DATA, Wanted(PEOPLE, seed=1), lambda line: print(line, file=sys.stderr))
    return time.perf_counter() - wall, time.process_time() - work


def shape() -> tuple[float, float, float, float]:
    """Return trillions of tokens, billions of the first, and shares of the spend."""
    with open_organisation(DATA) as organisation:
        head = organisation.boards.head("30d")
        people = [
            one
            for one in organisation.boards.everybody(head)
            if one.kind in {"person", "contractor"}
        ]
    tokens = [one.figures.tokens.total for one in people]
    costs = sorted((one.figures.cost or 0 for one in people), reverse=True)
    hundredth, tenth = (
        sum(costs[: len(costs) // part]) / sum(costs) for part in (100, 10)
    )
    return sum(tokens) / TRILLION, max(tokens) / BILLION, hundredth, tenth


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    wall, work = built()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIBI / KIBI
    trillions, billions, hundredth, tenth = shape()
    print(f"{PEOPLE:,} people, built in\t{wall:.0f} s\t{SECONDS} s")
    print(f"of that, processor time\t{work:.0f} s\t-")
    print(f"memory at most\t{most:.1f} GB\t{GIGABYTES:.0f} GB")
    print(f"tokens in 30 days\t{trillions:.1f} trillion\t60")
    print(f"of the first account\t{billions:.0f} billion\t281")
    print(f"spend of the first 1 %\t{hundredth:.1%}\tabout 14 %")
    print(f"spend of the first 10 %\t{tenth:.1%}\tabout 51 %")
    near = abs(trillions / 60 - 1) < NEAR and abs(billions / 281 - 1) < NEAR
    return int(wall > SECONDS or most > GIGABYTES or not near)


if __name__ == "__main__":
    sys.exit(main())
