"""Run every script of ``bench/`` and print what they measured as one table.

A script prints one line a figure, ``what<TAB>measured<TAB>bar``; other lines pass
through. It exits with 1 when it missed a bar. ``python tools/bench.py me help`` runs
only ``bench_me.py`` and ``bench_help.py``.
"""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[1] / "bench"
HEAD = ("what", "measured", "bar", "")
COLUMNS = 3


def main(chosen: list[str]) -> int:
    """Return the exit code: 1 when any bar was missed."""
    rows: list[tuple[str, ...]] = [HEAD]
    scripts = [BENCH / f"bench_{name}.py" for name in chosen]
    for script in scripts or sorted(BENCH.glob("bench_*.py")):
        print(f"{script.name} …", flush=True)
        rows += run(script)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    print()
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
    print(f"\n{platform.platform()}, Python {platform.python_version()}")
    return 1 if any(row[-1] == "missed" for row in rows) else 0


def run(script: Path) -> list[tuple[str, ...]]:
    """Run one script; its figures, marked when it says that it missed a bar."""
    # No compiled files would make every start slow, and no bar is about that.
    process = subprocess.run(
        ["env", "-u", "PYTHONDONTWRITEBYTECODE", sys.executable, script],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    lines = [line.split("\t") for line in process.stdout.splitlines()]
    for line in lines:
        if len(line) != COLUMNS:
            print("  " + "\t".join(line))
    figures = [line for line in lines if len(line) == COLUMNS]
    if process.returncode and not figures:
        figures = [[script.name, "failed", "-"]]
    verdict = "missed" if process.returncode else "ok"
    return [(*line, verdict) for line in figures]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
