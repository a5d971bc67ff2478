"""Cost of taking calls into the ledger: processor time a call, fresh and repeated.

    python bench/bench_ledger.py [--stored N] [--calls N] [--at-once N] [--rows]

Sessions of 100 calls of 5,000 people, with request ids of 20 random letters and digits
behind a prefix, as providers make them. Measured with an empty ledger and behind N
stored calls (2 million unless said), and
the bytes that a call takes on disk. ``--rows`` takes every call in row by row instead.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from mileage.domain.booking import Booking, Run
from mileage.domain.window import Clock, moment
from mileage.domain.witness import Witness, WitnessBatch
from mileage.pricing.catalog import shipped
from mileage.sources.installed import traits
from mileage.store.ledger import Ledger
from mileage.store.rules import Priced, Rules
from mileage.store.verify import verify

if TYPE_CHECKING:
    from mileage.domain.call import Call

START = 1_795_310_312_872_000
PEOPLE, SESSION = 5000, 100
LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
FILL, SMALL = 100_000, 2000
MODELS = (
    "claude-opus-4-8-20260901",
    "claude-sonnet-4-8",
    "claude-haiku-4-5-20251001",
    "gpt-6-codex",
    "gemini-3-pro",
)
AIM_MICROSECONDS = 15.0
AIM_BYTES = 40.0


def run_of(chance: random.Random, first: int, size: int) -> Run:
    """Make up one session, as a decoder would hand it over."""
    person = chance.randrange(PEOPLE)
    keys = ["req_011C" + "".join(chance.choices(LETTERS, k=20)) for _ in range(size)]
    columns: dict[str, list[Any]] = {
        "source": ["claude_code_otlp"] * size,
        "key": keys,
        "link": keys,
        "session": [f"{chance.getrandbits(128):032x}"] * size,
        "occurred_at": [START + (first + at) * 1000 for at in range(size)],
        "client": ["claude-code"] * size,
        "client_version": ["2.4.11"] * size,
        "provider": ["anthropic"] * size,
        "model": [chance.choice(MODELS) for _ in range(size)],
        "tier": [""] * size,
        "input": [chance.randrange(3, 3000) for _ in range(size)],
        "cache_read": [chance.randrange(180_000) for _ in range(size)],
        "cache_write": [chance.randrange(9000) for _ in range(size)],
        "cache_write_1h": [0] * size,
        "output": [chance.randrange(20, 4000) for _ in range(size)],
        "reasoning": [0] * size,
        "tool_input": [0] * size,
        "reported_cost": [chance.randrange(200_000) for _ in range(size)],
        "project": [""] * size,
        "agent": [""] * size,
        "copied": [False] * size,
        "attended": [True] * size,
        "identity": [f"user{person:05d}@example.com"] * size,
        "measure": [""] * size,
    }
    batch = WitnessBatch(tuple(columns[name] for name in Witness._fields))
    return Run(
        batch, [f"acc_{person:024d}"] * size, asserted=True, machine="", received=START
    )


def bookings(
    chance: random.Random, first: int, count: int, at_once: int
) -> list[Booking]:
    """Make up many calls, in groups for one append each."""
    return [
        Booking(
            runs=tuple(
                run_of(chance, at, min(SESSION, at_once))
                for at in range(start, start + at_once, SESSION)
            )
        )
        for start in range(first, first + count, at_once)
    ]


def rules(*, by_column: bool) -> Rules:
    """Return the rules of an organisation in UTC."""
    catalog = shipped()

    def price(call: Call) -> Priced:
        day = moment(call.occurred_at).date()
        cost = catalog.cost(call.provider, call.model, day, call.tier, call.tokens)
        return Priced(cost, catalog.version)

    one = Rules(traits(), price, Clock(ZoneInfo("UTC")))
    return one._replace(tariffs=catalog if by_column else None)


def microseconds(
    ledger: Ledger, groups: list[Booking], calls: int
) -> tuple[float, float]:
    """Return processor time a call: of all threads, and of the one that appends."""
    everything, own = time.process_time(), time.thread_time()
    for group in groups:
        ledger.append(group)
    spent = time.process_time() - everything, time.thread_time() - own
    return spent[0] / calls * 1e6, spent[1] / calls * 1e6


def asked() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stored", type=int, default=2_000_000)
    parser.add_argument("--calls", type=int, default=200_000)
    parser.add_argument("--at-once", type=int, default=50_000)
    parser.add_argument("--rows", action="store_true", help="row by row")
    parser.add_argument("--verify", action="store_true", help="derive all again")
    return parser.parse_args()


def measure(ledger: Ledger, wanted: argparse.Namespace, first: int) -> float:
    """Print what appends cost behind ``first`` calls; return the dearest."""
    chance = random.Random(first)  # noqa: S311 - repeatable, no secret
    groups = bookings(chance, first, wanted.calls, wanted.at_once)
    dearest = 0.0
    for word in ("fresh", "repeated"):
        all_threads, own = microseconds(ledger, groups, wanted.calls)
        dearest = max(dearest, all_threads)
        print(
            f"{word} calls, {first:,} stored, {wanted.at_once:,} at once"
            f"\t{all_threads:.2f} us (appending thread {own:.2f} us)"
            f"\t{AIM_MICROSECONDS:.0f} us"
        )
    small = bookings(chance, first + wanted.calls, SMALL, SESSION)
    each, _ = microseconds(ledger, small, len(small))
    print(f"an append of {SESSION}, {first:,} stored\t{each / 1e3:.1f} ms\t-")
    return dearest


def main() -> int:
    """Print the figures; 1 when a bar was missed."""
    wanted = asked()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.duckdb"
        ledger = Ledger(path, rules(by_column=not wanted.rows), lambda: START)
        dearest, first = 0.0, 0
        for stored in (0, wanted.stored):
            while first < stored:
                chance = random.Random(-first)  # noqa: S311 - repeatable, no secret
                for group in bookings(chance, first, FILL, FILL // 2):
                    ledger.append(group)
                first += FILL
            dearest = max(dearest, measure(ledger, wanted, first))
            first += wanted.calls + SMALL
        assert not wanted.verify or verify(ledger) == []
        ledger.close()
        size = path.stat().st_size / first
    print(f"on disk, {first:,} calls\t{size:.1f} bytes a call\t{AIM_BYTES:.0f} bytes")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"most memory\t{peak:.0f} MB\t-")
    return int(dearest > AIM_MICROSECONDS or size > AIM_BYTES)


if __name__ == "__main__":
    sys.exit(main())
