"""Send a million records three times, in random batches: every call counts once.

    python soak/replay.py [--records 1000000] [--times 3] [--seed 1]

The calls of many people and sessions go through the pipeline of a real data directory
(screen, segments, ledger) again and again, each time in another order and in batches of
other sizes. Afterwards every call has to be there once, with the tokens that it was
made with, and every roll-up has to be the sum of its calls. Says how many bytes a call
takes in the file of the ledger, as it is and written anew (`mileage compact`). Exits
with 1 when anything is missing or counts twice, or when a million calls take more than
40 bytes each after all.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from mileage.domain.errors import Unavailable
from mileage.domain.people import Credential
from mileage.domain.witness import Reading, Witness, WitnessBatch
from mileage.ingest.record import Record
from mileage.store.verify import check_days, check_hours
from mileage.wiring.compacting import compact
from mileage.wiring.organisation import now, open_organisation

if TYPE_CHECKING:
    from concurrent.futures import Future

    from mileage.ingest.pipeline import Pipeline

PEOPLE, SESSION = 5000, 100
SIZES = (1, 5, 20, 100, 500, 2000)
MODELS = ("claude-opus-4-8-20260901", "claude-sonnet-4-8", "claude-haiku-4-5-20251001")
MB = 10**6
BYTES = 40
"""Of a call at most, where there are so many that what is empty hardly counts."""
FEW = 200
"""Batches that are on their way to the disk at once."""


class Calls:
    """A million calls, made again from their numbers whenever they are sent."""

    def __init__(self, records: int, begin: int) -> None:
        self.records, self.begin = records, begin

    def batch(self, numbers: list[int]) -> WitnessBatch:
        """Return some of them."""
        return WitnessBatch.of(map(self.witness, numbers))

    def witness(self, number: int) -> Witness:
        """Return one; equal numbers are equal calls."""
        chance = random.Random(number)  # noqa: S311 - repeatable
        person = number // SESSION % PEOPLE
        key = f"req_{chance.getrandbits(96):024x}"
        told: dict[str, Any] = {
            "source": "claude_code_otlp",
            "key": key,
            "link": key,
            "session": f"{random.Random(number // SESSION).getrandbits(128):032x}",  # noqa: S311
            "occurred_at": self.begin + number * 1000,
            "client": "claude-code",
            "client_version": "2.4.11",
            "provider": "anthropic",
            "model": MODELS[person % len(MODELS)],
            "tier": "",
            "input": chance.randrange(2000),
            "cache_read": chance.randrange(200_000),
            "cache_write": chance.randrange(20_000),
            "cache_write_1h": 0,
            "output": chance.randrange(4000),
            "reasoning": 0,
            "tool_input": 0,
            "reported_cost": None,
            "project": "",
            "agent": "",
            "copied": False,
            "attended": None,
            "identity": f"person{person}@example.com",
        }
        return Witness(**told)

    def tokens(self) -> int:
        """Return what all of them used together."""
        total = 0
        for number in range(self.records):
            one = self.witness(number)
            total += one.input + one.cache_read + one.cache_write + one.output
        return total


def send(pipeline: Pipeline, calls: Calls, rng: random.Random) -> None:
    """Send everything once, shuffled, in batches of random sizes."""
    order = list(range(calls.records))
    rng.shuffle(order)
    collector = Credential("tok_soak", "", "soak")
    waiting: list[Future[None]] = []
    while order:
        size = rng.choice(SIZES)
        numbers, order = order[-size:], order[:-size]
        record = Record(
            collector, "otlp", Reading(calls.batch(numbers)), received=now()
        )
        while True:
            try:
                waiting.append(pipeline.submit(record))
            except Unavailable:
                time.sleep(0.05)
            else:
                break
        if len(waiting) >= FEW:
            for one in waiting:
                one.result()
            waiting = []
    for one in waiting:
        one.result()
    pipeline.drain()


def compare(data: Path, calls: Calls) -> list[str]:
    """Return what is not as it was sent; the ledger is closed."""
    with duckdb.connect(str(data / "ledger.duckdb"), read_only=True) as ledger:
        count, ids, tokens = ledger.execute(
            "select count(*), count(distinct call_id),"
            " sum(input + cache_read + cache_write + output)::bigint from current_call"
        ).fetchall()[0]
    wanted = (calls.records, calls.records, calls.tokens())
    if (count, ids, tokens) == wanted:
        return []
    return [f"calls, ids and tokens are {(count, ids, tokens)}, not {wanted}"]


def small(data: Path, records: int) -> list[str]:
    """Write the ledger anew; say what a call takes then, and whether that is much."""
    used = time.process_time()
    each = compact(data).after / records
    used = time.process_time() - used
    print(f"written anew ({used:.0f} s processor): {each:.1f} bytes a call", flush=True)
    much = records >= MB and each > BYTES
    return [f"a call takes {each:.1f} bytes, not {BYTES}"] if much else []


def main() -> None:
    """Send, compare, say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rng = random.Random(asked.seed)  # noqa: S311 - repeatable
    problems: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        calls = Calls(asked.records, now() - 20 * 86_400 * MB)
        for time_of_all in range(asked.times):
            begun, used = time.monotonic(), time.process_time()
            with open_organisation(data) as organisation:
                send(organisation.pipeline, calls, rng)
                if time_of_all == asked.times - 1:
                    problems += check_hours(organisation.ledger)[1]
                    problems += check_days(organisation.ledger)[1]
            size = (data / "ledger.duckdb").stat().st_size
            print(
                f"{time_of_all + 1} of {asked.times}: {time.monotonic() - begun:.0f} s "
                f"({time.process_time() - used:.0f} s processor), "
                f"{size / asked.records:.1f} bytes a call",
                flush=True,
            )
        problems += small(data, asked.records)
        problems += compare(data, calls)
    for problem in problems[:10]:
        print(problem)
    print(
        f"{asked.records:,} records sent {asked.times} times: {len(problems)} problems"
    )
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
