"""``mileage me`` against the other tools that read the same logs, in turns.

    bench_me.py [--megabytes 100] [--runs 5]

Lines are ``what<TAB>measured<TAB>bar``. A home is drawn (``personal_corpus``); the bars
hold for ``--megabytes 1000`` and ``3000`` on a quiet machine. Peers are measured where
they are installed: ``ccusage`` (named by ``CCUSAGE``) and ``aiburn`` (``AIBURN``).
Wall times are medians over turns, so that a slow moment hits everybody; processor time
stands beside them. Memory is the sum over all processes of a run, at its highest.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.personal_corpus import Corpus

MILEAGE = Path(sys.executable).parent / "mileage"
KIB = 1024
SAMPLE_SECONDS = 0.005
APPENDED = 0.01
LARGE = 1_000
"""Megabytes from which on the bars hold; that of an unchanged home from three times."""
MOST_MEMORY = 170 * 1_000_000


class Cost(NamedTuple):
    """One run: seconds on the wall and of the processors, bytes of memory."""

    wall: float
    processor: float
    memory: int


class Tree(threading.Thread):
    """Watches the memory of a process and of all that it starts."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.highest = 0
        self._root = root
        self._over = threading.Event()

    def run(self) -> None:
        """Look again and again."""
        while not self._over.wait(SAMPLE_SECONDS):
            self.highest = max(self.highest, _resident(self._root))

    def stop(self) -> int:
        """Return the highest sum that was seen."""
        self._over.set()
        self.join()
        return self.highest


def _resident(process: int) -> int:
    """Return the bytes of a process and of its children (Linux; else nothing)."""
    folder = Path(f"/proc/{process}")
    try:
        pages = int((folder / "statm").read_text().split()[1])
        children = (folder / f"task/{process}/children").read_text().split()
    except (OSError, IndexError, ValueError):
        return 0
    own = pages * resource.getpagesize()
    return own + sum(_resident(int(child)) for child in children)


def run(command: list[str], home: Path) -> Cost:
    """Run a command once."""
    inherited = dict(os.environ)
    # Who installs a program has it compiled; a shell may forbid that for a checkout.
    inherited.pop("PYTHONDONTWRITEBYTECODE", None)
    environ = {
        **inherited,
        "HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(home / ".claude"),
        "CODEX_HOME": str(home / ".codex"),
        "MILEAGE_INDEX": str(home.parent / "index"),
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environ) as process:
        tree = Tree(process.pid)
        tree.start()
        process.wait()
        wall = time.perf_counter() - started
    memory = tree.stop()
    if process.returncode:
        raise SystemExit(f"{command[0]} failed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, used, memory)


def peers() -> dict[str, list[str]]:
    """Return the commands of the tools that are there."""
    found = {}
    for name, arguments in (
        ("ccusage", ["daily", "--json", "--offline"]),
        ("aiburn", ["daily", "--json"]),
    ):
        path = os.environ.get(name.upper()) or shutil.which(name)
        if path:
            found[name] = [path, *arguments]
        else:
            print(
                f"{name}: not installed, not measured (name it by {name.upper()})\t-\t-"
            )
    return found


def turns(home: Path, runs: int, change: object = None) -> dict[str, Cost]:
    """Measure everybody in turns; ``change`` is done before each of ours."""
    commands = {"mileage me": [str(MILEAGE), "me", "--home", str(home), "--json"]}
    commands |= OTHERS
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            if name == "mileage me" and callable(change):
                change()
            costs[name].append(run(command, home))
    return {
        name: Cost(
            statistics.median(one.wall for one in own),
            statistics.median(one.processor for one in own),
            max(one.memory for one in own),
        )
        for name, own in costs.items()
    }


OTHERS: dict[str, list[str]] = {}


def told(what: str, costs: dict[str, Cost], bars: dict[str, float]) -> bool:
    """Print what was measured; return whether every bar is kept."""
    ours = costs["mileage me"]
    print(f"{what}: mileage me\t{ours.wall:.3f} s ({ours.processor:.2f} s CPU)\t-")
    kept = True
    for name, least in bars.items():
        if name in costs:
            ratio = costs[name].wall / ours.wall
            theirs = f"{costs[name].wall:.3f} s, {costs[name].processor:.2f} s CPU"
            bar = f">= {least} x" if least else "-"
            print(f"{what}: against {name} ({theirs})\t{ratio:.2f} x\t{bar}")
            kept = kept and ratio >= least
    return kept


def bars(hold: bool, ccusage: float) -> dict[str, float]:  # noqa: FBT001
    """Return the least ratios to the peers; 0 where none is asked for."""
    return {"ccusage": ccusage if hold else 0, "aiburn": 1.0 if hold else 0}


def main() -> int:
    """Draw, measure, print; 1 if a bar is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    OTHERS.update(peers())
    with tempfile.TemporaryDirectory() as folder:
        home, index = Path(folder) / "home", Path(folder) / "index"
        corpus = Corpus(home, seed=1)
        drawn = corpus.write(options.megabytes * 1_000_000)
        print(f"corpus\t{drawn.size / 1e6:.0f} MB in {drawn.files} files\t-")
        turns(home, 1)
        # What a start costs hides the rest where there is little to read.
        large = options.megabytes >= LARGE
        many = options.megabytes >= 3 * LARGE
        first = turns(home, options.runs, lambda: shutil.rmtree(index, True))  # noqa: FBT003
        kept = told("first run", first, bars(large, 2.5))
        memory = first["mileage me"].memory
        print(f"first run: memory of all processes\t{memory / 1e6:.0f} MB\t<= 170 MB")
        same = turns(home, options.runs)
        kept = told("nothing changed", same, bars(many, 50)) and kept
        more = turns(home, options.runs, lambda: corpus.append(APPENDED))
        kept = told("1 % appended", more, bars(large, 10)) and kept
    return 0 if kept and memory <= MOST_MEMORY else 1


if __name__ == "__main__":
    sys.exit(main())
