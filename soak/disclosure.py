"""A thousand random organisations, everybody in every role, and somebody who subtracts.

    python soak/disclosure.py [ORGANISATIONS]
    python soak/disclosure.py ordinary

Each is published twice, a week apart; everything that any set of viewers could fetch is
attacked with linear algebra (``tests/attacker.py``). What is done is kept in
`var/disclosure.json`, so a run that is cut short goes on where it was.

The random organisations are small and odd, so that rules are at their limits. How much
an ordinary one is told is counted apart: 20,000 people, teams of 4 to 40 in departments
of 40 to 400, seven of ten active and most of them lately, a heavy tail (sigma 1.7), a
board of 250.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from mileage.reports.cube import Terms  # noqa: E402 - after the path above
from tests.disclosing import (  # noqa: E402 - found by the path above
    LIMITS,
    Outcome,
    count_pages,
    publish,
    survey,
)
from tests.organisations import Organisation  # noqa: E402

STATE = ROOT / "var" / "disclosure.json"
USEFUL = 0.85
ACTIVE, LATELY = 0.7, 0.8
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


def ordinary(people: int = 20_000) -> int:
    """Publish an ordinary organisation; print how much of it is told."""
    random, made = Random("ordinary"), Organisation()  # noqa: S311 - made up
    while len(made.used) < people:
        department, size = f"Department {len(made.used)}", random.randint(40, 400)
        while size > 0:
            team = min(size, random.randint(4, 40))
            size -= team
            for _ in range(team):
                name = f"p{len(made.used)}"
                active = random.random() < ACTIVE
                used = int(random.lognormvariate(15, 1.7)) + 1 if active else 0
                made.add(name, used, department, f"Team {size}")
                made.last_day[name] = -1 if random.random() < LATELY else 10
    outcome = Outcome()
    terms = Terms(LIMITS, 7, 250)
    count_pages(publish(made, terms, None, dict.fromkeys(made.used, 0)), outcome)
    shown, summed = (part / outcome.pages for part in (outcome.shown, outcome.summed))
    print(f"{people:,} people, {outcome.pages} pages and rows of 15 users and more:")
    print(f"  {shown:.1%} tell something, {summed:.1%} a sum")
    return 0 if shown >= USEFUL else 1


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
    if sys.argv[1:] == ["ordinary"]:
        sys.exit(ordinary())
    sys.exit(run(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
