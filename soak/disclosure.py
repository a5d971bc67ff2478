"""A thousand random organisations, everybody in every role, and somebody who subtracts.

    python soak/disclosure.py [ORGANISATIONS]

Each is published twice, a week apart; everything that any set of viewers could fetch is
attacked with linear algebra (``tests/attacker.py``). What is done is kept in
`var/disclosure.json`, so a run that is cut short goes on where it was.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.disclosing import survey  # noqa: E402 - found by the path above

STATE = ROOT / "var" / "disclosure.json"
USEFUL = 0.85
COUNTS = ("pages", "shown", "summed", "naive", "hidden")


def run(wanted: int) -> int:
    """Survey organisations by seed; print the figures and tell whether they hold."""
    state = _state()
    totals: Counter[str] = Counter(state["totals"])
    began = time.process_time()
    for seed in range(state["done"], wanted):
        outcome = survey(seed)
        totals.update({name: getattr(outcome, name) for name in COUNTS})
        for found in outcome.findings:
            determined, small, close = found.determined, found.small, found.close
            totals["determined"] += len(determined)
            totals["small"] += len(small)
            totals["close"] += len(close)
            print(f"seed {seed}: {determined} {small} {close}", file=sys.stderr)
        _keep(seed + 1, totals)
    print(
        f"{wanted} organisations, {time.process_time() - began:.0f} s of processor time"
    )
    return _report(totals)


def _report(totals: Counter[str]) -> int:
    pages = totals["pages"]
    shown, summed = totals["shown"] / pages, totals["summed"] / pages
    print(f"persons determined: {totals['determined']}")
    print(f"differences that cover fewer than 5 users: {totals['small']}")
    print(f"persons estimated within 10 %: {totals['close']}")
    print(f"pages of departments and teams with 15 and more users: {pages}")
    print(f"  that tell something: {shown:.1%}, sums: {summed:.1%}")
    print(
        f"teams below 5 users that plain k = 5 leaves to one subtraction: "
        f"{totals['naive']} of {totals['hidden']}"
    )
    leaks = totals["determined"] + totals["small"] + totals["close"]
    return 1 if leaks or shown < USEFUL else 0


def _state() -> dict:
    if STATE.exists():
        return json.loads(STATE.read_text("utf-8"))
    return {"done": 0, "totals": {}}


def _keep(done: int, totals: Counter[str]) -> None:
    STATE.parent.mkdir(exist_ok=True)
    part = STATE.with_suffix(".part")
    part.write_text(json.dumps({"done": done, "totals": dict(totals)}), "utf-8")
    part.replace(STATE)


if __name__ == "__main__":
    sys.exit(run(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
