"""Random organisations with roles and tools, and somebody who subtracts.

    python soak/groups.py [ORGANISATIONS]

Each is published twice, a week apart; what groups of peers and departments tell is
attacked (``tests/comparing.py``). What is done is kept in `var/groups.json`, so a run
that is cut short goes on where it was.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.comparing import survey  # noqa: E402 - found by the path above

STATE = ROOT / "var" / "groups.json"
COUNTS = ("groups", "large", "told", "people", "close")


def run(wanted: int) -> int:
    """Survey organisations by seed; print the figures and tell whether they hold."""
    state = json.loads(STATE.read_text("utf-8")) if STATE.exists() else {}
    totals: Counter[str] = Counter(state.get("totals", {}))
    for seed in range(state.get("done", 0), wanted):
        outcome = survey(seed)
        totals.update({name: getattr(outcome, name) for name in COUNTS})
        for found in outcome.findings:
            totals["determined"] += len(found.determined)
            totals["small"] += len(found.small)
            print(f"seed {seed}: {found.determined} {found.small}", file=sys.stderr)
        _keep(seed + 1, totals)
    print(f"{wanted} organisations, {totals['groups']} groups told of")
    print(f"persons determined: {totals['determined']}")
    print(f"differences that cover fewer than 5 users: {totals['small']}")
    print(f"told of groups with 15 users: {totals['told'] / totals['large']:.1%}")
    print(f"compared more closely: {totals['close'] / totals['people']:.1%} of people")
    return 1 if totals["determined"] + totals["small"] else 0


def _keep(done: int, totals: Counter[str]) -> None:
    STATE.parent.mkdir(exist_ok=True)
    part = STATE.with_suffix(".part")
    part.write_text(json.dumps({"done": done, "totals": dict(totals)}), "utf-8")
    part.replace(STATE)


if __name__ == "__main__":
    sys.exit(run(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
