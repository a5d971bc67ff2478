"""``mileage --help`` against starts of a bare interpreter, medians of 21 runs each."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 21
BAR = 10
MILEAGE = Path(sys.executable).parent / "mileage"


def seconds(*command: str | Path) -> float:
    """Return how long one run takes."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> int:
    """Measure both in turns, so that a slow moment hits both."""
    seconds(MILEAGE, "--help")
    pairs = [
        (seconds(sys.executable, "-c", ""), seconds(MILEAGE, "--help"))
        for _ in range(RUNS)
    ]
    bare, shown = (statistics.median(times) for times in zip(*pairs, strict=True))
    starts = shown / bare
    measured = f"{starts:.1f} starts ({shown * 1000:.0f} ms / {bare * 1000:.0f} ms)"
    print(f"mileage --help\t{measured}\t{BAR} starts")
    return 1 if starts > BAR else 0


if __name__ == "__main__":
    sys.exit(main())
