"""Counts how well calls that share no id are told apart: soak/join.py [--calls N].

Draws sessions full of twins (tests/drawn_sessions.py) until so many calls are drawn,
200,000 unless told, and prints precision and recall over pairs of witnesses. Exits 1
when either is below 0.999, or when an inflated copy is counted or not flagged.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from mileage.domain.join import resolve
from tests.drawn_sessions import (
    GATEWAY,
    SESSION_TRAITS,
    Score,
    badly_counted,
    drawn_session,
    score,
)
from tests.witnesses import CODEX_OTLP, ROLLOUT

CALLS = 200_000
LEAST = 0.999
SIZES = (20, 40, 60, 200)


def main() -> int:
    """Draw, join, compare; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=CALLS)
    wanted = parser.parse_known_args()[0].calls
    total, bad, inflated, number = Score(0, 0, 0, 0), 0, 0, 0
    began = time.monotonic()
    while total.calls < wanted:
        number += 1
        rng = random.Random(number)  # noqa: S311 - repeatable
        sources = (ROLLOUT, CODEX_OTLP, GATEWAY)[: rng.choice((2, 3))]
        session = drawn_session(
            rng,
            f"session-{number}",
            sources,
            calls=rng.choice(SIZES),
            twins=rng.choice((0.2, 0.5, 0.9)),
        )
        said = rng.sample(session.said * 2, 2 * len(session.said))
        calls = resolve(said, SESSION_TRAITS)
        total = total.plus(score(session, calls))
        bad += len(badly_counted(session, calls))
        inflated += sum(bool(call.inflated) for call in calls)
    seconds = time.monotonic() - began
    sys.stdout.write(
        f"{total.calls:,} calls of {number:,} sessions in {seconds:.0f} s: "
        f"precision {total.precision:.6f}, recall {total.recall:.6f} "
        f"({total.wrong} pairs wrong, {total.missed} missed); "
        f"{inflated:,} inflated copies flagged, {bad} counted or missed\n"
    )
    return int(bad > 0 or total.precision < LEAST or total.recall < LEAST)


if __name__ == "__main__":
    sys.exit(main())
