"""Rewrite the access ledger in 10,000 ways; every one must show from outside.

    python soak/audit.py [MUTATIONS] [SEED]

The ledger has 400 entries; four checkpoints are kept outside. Deterministic: the same
seed tries the same changes, so a failure comes again.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))

from mileage.cli.options import control_in
from tests.log_mutations import Rewriter, fill, heads_of

ENTRIES = 400
KEPT = [60, 170, 290, ENTRIES]


def main(mutations: int = 10_000, seed: int = 1) -> int:
    """Return 1 when a change did not show."""
    random = Random(seed)  # noqa: S311 (which change is tried)
    ways: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, control_in(Path(folder)) as control:
        fill(control, seed, ENTRIES)
        rewriter = Rewriter(Path(folder) / "control.sqlite")
        outside = heads_of(rewriter.entries(), KEPT)
        assert rewriter.problems(outside) == ()
        while ways.total() < mutations:
            way, detected = rewriter.detected(random, outside)
            if not detected:
                print(f"NOT DETECTED after {ways.total()} (seed {seed}): {way}")
                return 1
            if way != "nothing changed":
                ways[way] += 1
        rewriter.connection.close()
    for way, count in ways.most_common():
        print(f"{count:7,}  {way}")
    print(f"{mutations:7,}  changes of the log, all detected")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
