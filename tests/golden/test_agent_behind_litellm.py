"""Claude Code behind a LiteLLM proxy, both recorded: three witnesses, one call each."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

import pytest

from mileage.domain.call import Seen
from mileage.domain.join import resolve
from mileage.sources import claude_code_log, claude_code_otlp
from mileage.sources.installed import traits
from mileage.sources.litellm import SOURCE
from mileage.sources.otlp import OtlpReader
from mileage.wiring.policy import load_policy

FOLDER = Path(__file__).parent / "litellm" / "agent"
CLASSES = ("input", "cache_read", "cache_write", "cache_write_1h", "output")


def billed():
    lines = (FOLDER / "billed.jsonl").read_text().splitlines()
    return sorted([row[name] for name in CLASSES] for row in map(json.loads, lines))


def rows(readings):
    return [row for reading in readings for row in reading.witnesses.rows()]


def files(pattern):
    return sorted(FOLDER.glob(pattern))


READER = OtlpReader((claude_code_otlp.SOURCE,))
TOLD = {
    "gateway": rows(SOURCE.read_body(one.read_bytes()) for one in files("callback-*")),
    "telemetry": rows(
        READER.read("logs", "json", one.read_bytes()) for one in files("logs-*")
    ),
    "log": rows(
        reading
        for one in files("session-*")
        for reading in claude_code_log.SOURCE.read(
            one.read_bytes().splitlines(keepends=True), one.name
        )
    ),
}
SEVERAL = [
    combination
    for size in (1, 2, 3)
    for combination in itertools.combinations(TOLD, size)
]


def calls(found):
    seen = [Seen(row, "acc-1", asserted=False) for row in found]
    return resolve(seen, traits(), load_policy(None).join)


def test_each_saw_every_call():
    assert {name: len(found) for name, found in TOLD.items()} == {
        "gateway": 3,
        "telemetry": 3,
        "log": 3,
    }


def test_no_two_of_them_need_to_share_an_id():
    """The proxy knows the answer's id, the telemetry the request's, the log both."""
    assert {row.link[:4] for row in TOLD["gateway"]} == {"msg_"}
    assert {row.link[:4] for row in TOLD["telemetry"]} == {"req_"}


@pytest.mark.parametrize("names", SEVERAL, ids="-".join)
@pytest.mark.parametrize("seed", range(3))
def test_whoever_tells_and_however_often(names, seed):
    found = [row for name in names for row in TOLD[name]] * 3
    random.Random(seed).shuffle(found)  # noqa: S311 - an order
    result = calls(found)
    assert len(result) == 3
    assert {call.client for call in result} == {"claude-code"}
    assert {len(call.sources) for call in result} == {len(names)}
    assert not [call for call in result if call.differs]
    exact = sorted([getattr(call.tokens, name) for name in CLASSES] for call in result)
    if names == ("telemetry",):
        # Telemetry alone cannot tell how long a cache write lives.
        exact = [[*row[:2], row[2] + row[3], row[4]] for row in exact]
        assert exact == [[*row[:2], row[2] + row[3], row[4]] for row in billed()]
    else:
        assert exact == billed()


def test_sessions_are_the_agents():
    by_log = {row.session for row in TOLD["log"]}
    assert {row.session for row in TOLD["gateway"]} == by_log
