"""Rows ahead of a server's clock are sent again: by and by, never in every pass."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.witness import (
    AHEAD,
    Activity,
    ActivityBatch,
    Reading,
    Rejected,
    WitnessBatch,
)
from mileage.ingest import push_postponed
from mileage.ingest.push_format import Push, Reason, decode, encode, latest
from mileage.ingest.push_postponed import FIRST, LONGEST, Postponed
from mileage.ingest.spool import Spool
from tests.drawing import examples
from tests.pushes import Ledger, Machine
from tests.witnesses import LOG, NOON, witness

MACHINE = "mach_abcdefghijklmnop"
TIMES = st.integers(NOON, NOON + 20)


def plain(body):
    return decode(zlib.decompress(body, 16 + zlib.MAX_WBITS))


def fact(key, at):
    return Activity(LOG, key, "", at, "claude-code", "prompt", "", 1, None, "")


def body(calls, facts=()):
    reading = Reading(
        WitnessBatch.of(
            witness(LOG, key=f"c{n}", occurred_at=at) for n, at in enumerate(calls)
        ),
        ActivityBatch.of(fact(f"f{n}", at) for n, at in enumerate(facts)),
        (Rejected(LOG, "x:1", "not JSON"),),
        7,
    )
    return encode(Push(LOG, MACHINE, reading))


def times(reading):
    both = (reading.witnesses, reading.activities)
    return sorted(at for batch in both for at in batch.column("occurred_at"))


@given(st.lists(TIMES), st.lists(TIMES), TIMES)
@settings(max_examples=examples(50))
def test_all_that_lies_ahead_is_taken_along_and_nothing_else(calls, facts, bound):
    """Whatever the server's clock says: it tells only how many it refused."""
    ahead = sorted(at for at in [*calls, *facts] if at > bound)
    push = plain(latest(body(calls, facts), len(ahead)))
    assert times(push.reading) == ahead
    assert (push.reading.rejected, push.reading.ignored) == ((), 0)
    assert (push.source, push.machine) == (LOG, MACHINE)


class Wall:
    """A clock on the wall that the test turns."""

    def __init__(self):
        self.at = 1_000_000.0

    def __call__(self):
        return self.at


@pytest.fixture
def wall():
    return Wall()


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "spool")


def given_back(postponed, spool):
    postponed.give_back(spool)
    found = [entry.payload for entry in spool.waiting()]
    return [times(plain(one).reading) for one in found]


def test_they_come_back_after_an_hour_and_once(tmp_path, wall, spool):
    postponed = Postponed(tmp_path / "later", wall)
    assert given_back(postponed, spool) == []
    postponed.keep(body([NOON, NOON + 9]), 1)
    wall.at += FIRST / 2
    postponed.keep(body([NOON + 3]), 1)
    assert given_back(postponed, spool) == []
    postponed.close()
    # Another process, an hour after the first of them.
    wall.at += FIRST / 2
    postponed = Postponed(tmp_path / "later", wall)
    assert given_back(postponed, spool) == [[NOON + 9], [NOON + 3]]
    wall.at += LONGEST
    assert given_back(postponed, spool) == []


def test_what_is_refused_again_waits_twice_as_long(tmp_path, wall, spool):
    postponed = Postponed(tmp_path / "later", wall)
    waited = []
    for _ in range(10):
        postponed.keep(body([NOON]), 1)
        begun = wall.at
        while not given_back(postponed, spool):
            wall.at += FIRST
        waited.append((wall.at - begun) / FIRST)
    assert waited == [1, 2, 4, 8, 16, 32, 64, 128, 168, 168]
    # What is ahead much later is another matter.
    wall.at += FIRST
    postponed.keep(body([NOON]), 1)
    wall.at += FIRST
    assert given_back(postponed, spool) == [[NOON]]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"at":"x"}', b'{"at":9e99}'])
def test_a_plan_that_cannot_be_meant_is_none(tmp_path, wall, spool, content):
    postponed = Postponed(tmp_path / "later", wall)
    postponed.keep(body([NOON]), 1)
    postponed.close()
    (tmp_path / "later" / "due.json").write_bytes(content)
    assert given_back(Postponed(tmp_path / "later", wall), spool) == [[NOON]]


def test_their_room_is_bounded(tmp_path, wall, monkeypatch, spool):
    monkeypatch.setattr(push_postponed, "MOST_BYTES", 2_000)
    postponed = Postponed(tmp_path / "later", wall)
    for number in range(50):
        postponed.keep(body([NOON + number]), 1)
    wall.at += FIRST
    assert 1 < len(given_back(postponed, spool)) < 10


# ----------------------------------------------------------------- in whole passes


class Behind(Ledger):
    """A server whose clock is too far behind for some calls."""

    latest = 0

    def push(self, body):
        push = decode(zlib.decompress(body, 16 + zlib.MAX_WBITS))
        rows = list(push.reading.witnesses.rows())
        good = [row for row in rows if row.occurred_at <= self.latest]
        kept = Reading(WitnessBatch.of(good), rejected=push.reading.rejected)
        super().push(encode(push._replace(reading=kept)))
        bad = len(rows) - len(good)
        return self._receipt(len(good), 0, [Reason(AHEAD, bad)] if bad else [])


def test_a_server_whose_clock_was_wrong_loses_nothing(tmp_path, monkeypatch):
    wall = Wall()
    monkeypatch.setattr(Postponed.__init__, "__defaults__", (wall,))
    ledger = Behind()
    machine = Machine(tmp_path, ledger)
    machine.claude("a.jsonl", 1, 2, 3)
    with machine as collector:
        outcome = collector.run()
        assert (outcome.witnesses, dict(outcome.rejected)) == (0, {AHEAD: 3})
        pushes = len(ledger.pushes)
        collector.run()
        assert len(ledger.pushes) == pushes
    ledger.latest = 2**62
    machine.run()
    assert ledger.keys == set()
    wall.at += FIRST
    assert machine.run().witnesses == 3
    assert ledger.keys == {"msg_1", "msg_2", "msg_3"}
    wall.at += LONGEST
    machine.run()
    assert ledger.came == 3
