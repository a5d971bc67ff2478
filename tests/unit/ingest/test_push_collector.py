"""Passes against a server in memory: trouble, spool, other ledgers, full disks."""

from __future__ import annotations

import os
import zlib

import pytest

from mileage.domain.errors import (
    Invalid,
    NotFound,
    TooLarge,
    Unauthorised,
    Unavailable,
)
from mileage.ingest import push_collector
from mileage.ingest.push_client import Later
from mileage.ingest.push_collector import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    Limits,
    Outcome,
    Pauses,
)
from mileage.ingest.push_format import UNKNOWN_SOURCE, Reason, decode
from tests.pushes import NAMES, Ledger, Machine


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path, Ledger())


def waiting(machine):
    return list((machine.server / "spool").glob("*.seg"))


# ------------------------------------------------------------------ the straight road


def test_a_pass_reads_and_sends(machine):
    machine.claude("a.jsonl", 1, 2, 3)
    machine.codex("b", 4)
    with machine as collector:
        outcome = collector.run()
        assert outcome == Outcome(logs=2, witnesses=4)
        assert collector.run() == Outcome()
    assert machine.ledger.greetings == 1
    assert machine.ledger.keys == {"msg_1", "msg_2", "msg_3", "resp_4"}


def test_the_watching_learns_how_far_it_is(machine):
    paths = [machine.claude(f"{n}.jsonl", n) for n in range(3)]
    told = []

    class Bar:
        def begin(self, total):
            told.append(total)

        def advance(self, size):
            told.append(-size)

    with machine as collector:
        collector.run(Bar())
    assert sum(told) == 0
    assert told[0] == sum(path.stat().st_size for path in paths)


def test_a_pass_can_be_ended_between_two_logs(machine):
    for number in range(5):
        machine.claude(f"{number}.jsonl", number)
    asked = iter([False, False, True])
    with machine as collector:
        outcome = collector.run(stopping=lambda: next(asked))
        assert (outcome.logs, outcome.witnesses) == (2, 2)
        assert collector.run().witnesses == 3


# -------------------------------------------------------------------------- trouble


@pytest.mark.parametrize("first", [True, False])
def test_what_cannot_be_sent_waits(machine, first):
    if not first:
        machine.run()
    machine.claude("a.jsonl", 1, 2)
    machine.ledger.troubles = [Later("away")] * 2
    with machine as collector:
        outcome = collector.run()
        assert (outcome.logs, outcome.witnesses) == (1, 0)
        assert str(outcome.trouble) == "away"
        assert outcome.waiting > 0
        assert collector.pauses.left > 0
    assert waiting(machine)
    while machine.ledger.troubles:
        assert machine.run().waiting > 0
    assert machine.run() == Outcome(witnesses=2)
    assert machine.run() == Outcome()
    assert machine.ledger.keys == {"msg_1", "msg_2"}
    assert waiting(machine) == []


def test_while_pausing_logs_are_read_and_nobody_is_asked(machine):
    machine.ledger.troubles = [Later("away")]
    with machine as collector:
        collector.run()
        machine.claude("a.jsonl", 1)
        outcome = collector.run()
        assert (outcome.logs, outcome.waiting > 0) == (1, True)
        assert str(outcome.trouble) == "away"
        assert machine.ledger.greetings == 1
        outcome = collector.run(at_once=True)
        assert (outcome.witnesses, outcome.trouble) == (1, None)


def test_trouble_in_the_middle_keeps_what_was_acknowledged(machine):
    machine.claude("a.jsonl", *range(2500))
    machine.ledger.troubles = [None, None, Later("away")]
    with machine as collector:
        outcome = collector.run()
    sent = machine.ledger.came
    assert 0 < sent < 2500
    assert outcome.witnesses == sent
    machine.run()
    assert (machine.ledger.came, len(machine.ledger.keys)) == (2500, 2500)


def test_an_answer_that_is_lost_sends_twice_and_counts_once(machine):
    machine.claude("a.jsonl", 1, 2)
    machine.ledger.after = [Later("the line broke")]
    machine.run()
    machine.run()
    assert machine.ledger.came == 4
    assert machine.ledger.keys == {"msg_1", "msg_2"}
    assert all(len(seen) == 1 for seen in machine.ledger.witnesses.values())


@pytest.mark.parametrize("kind", [Unauthorised, NotFound, Invalid])
def test_who_was_never_welcome_reads_nothing(machine, kind):
    machine.claude("a.jsonl", 1)
    machine.ledger.troubles = [kind("no")]
    outcome = machine.run()
    assert (outcome.logs, str(outcome.trouble)) == (0, "no")
    assert waiting(machine) == []
    assert machine.run().witnesses == 1


def test_who_was_welcome_once_goes_on_collecting(machine):
    """A token that was revoked must not cost what the client deletes meanwhile."""
    machine.run()
    machine.claude("a.jsonl", 1)
    machine.ledger.troubles = [Unauthorised("revoked")]
    outcome = machine.run()
    assert (outcome.logs, str(outcome.trouble)) == (1, "revoked")
    assert machine.run().witnesses == 1


def test_a_server_that_takes_less_gets_smaller_bodies(machine):
    machine.claude("a.jsonl", *range(7))
    push = machine.ledger.push

    def small(body):
        plain = decode(zlib.decompress(body, 16 + zlib.MAX_WBITS))
        if len(plain.reading.witnesses) > 2:
            raise TooLarge("smaller")
        return push(body)

    machine.ledger.push = small
    outcome = machine.run()
    assert (outcome.witnesses, outcome.trouble) == (7, None)
    assert machine.ledger.came == 7
    assert len(machine.ledger.pushes) == 4


def test_a_server_that_takes_no_row_at_all_is_said_to(machine):
    machine.claude("a.jsonl", 1, 2)

    def nothing(_):
        raise TooLarge("a body may have 10 bytes")

    machine.ledger.push = nothing
    outcome = machine.run()
    assert "10 bytes" in str(outcome.trouble)
    assert waiting(machine)


def test_a_disk_that_is_full_loses_nothing(machine, monkeypatch):
    machine.claude("a.jsonl", 1)

    def refuse(*_):
        raise OSError(28, "No space left on device")

    with machine as collector:
        with monkeypatch.context() as patched:
            patched.setattr("os.pwrite", refuse)
            outcome = collector.run()
            assert "No space left" in str(outcome.trouble)
        outcome = collector.run(at_once=True)
        assert outcome.trouble is None
    assert machine.ledger.keys == {"msg_1"}


# ---------------------------------------------------------------------- a full spool


def test_a_full_spool_leaves_logs_where_they_are(tmp_path):
    machine = Machine(tmp_path, Ledger(), limits=Limits(spool_bytes=20_000))
    for number in range(40):
        machine.claude(f"{number}.jsonl", *range(100 * number, 100 * number + 100))
    away = [Later("away")] * 1000
    machine.ledger.troubles = away
    with machine as collector:
        outcome = collector.run()
        assert outcome.full
        assert 0 < outcome.logs < 40
        assert 20_000 <= outcome.waiting < 150_000
        again = collector.run()
        assert (again.full, again.logs) == (True, 0)
        away.clear()
        read = outcome.logs
        for _ in range(40):
            outcome = collector.run(at_once=True)
            read += outcome.logs
            if not outcome.full and not outcome.logs:
                break
    assert read == 40
    assert len(machine.ledger.keys) == machine.ledger.came == 4000


# ------------------------------------------------------------- other ledgers, sources


def test_another_ledger_gets_everything(machine):
    machine.claude("a.jsonl", 1, 2)
    machine.run()
    machine.ledger = Ledger("rcp_2")
    outcome = machine.run()
    assert (outcome.again, outcome.witnesses) == (True, 2)
    assert machine.ledger.keys == {"msg_1", "msg_2"}
    assert machine.run() == Outcome()


def test_a_ledger_that_changes_under_a_pass_gets_everything(machine):
    machine.claude("a.jsonl", *range(1500))
    machine.run()
    machine.claude("b.jsonl", *range(1500, 3000))
    first, second = machine.ledger, Ledger("rcp_2")
    with machine as collector:
        collector._greeted = True
        collector._destination = second
        while collector.run(at_once=True) != Outcome():
            pass
    assert len(first.keys) == 1500
    assert len(second.keys) == 3000


def test_everything_can_be_sent_anew(machine):
    machine.claude("a.jsonl", 1, 2)
    machine.run()
    with machine as collector:
        collector.start_over()
        assert collector.run().witnesses == 2
    assert machine.ledger.came == 4


def test_logs_that_the_server_cannot_use_wait(machine):
    machine.ledger.sources = NAMES[:1]
    machine.claude("a.jsonl", 1)
    machine.codex("b", 2)
    for _ in range(2):
        outcome = machine.run()
        assert dict(outcome.held) == {"codex_rollout": 1}
    assert machine.ledger.keys == {"msg_1"}
    machine.ledger.sources = NAMES
    assert machine.run().witnesses == 1
    assert machine.ledger.keys == {"msg_1", "resp_2"}


def test_rows_of_a_source_that_was_unknown_are_sent_when_it_is_known(machine):
    """Spooled before the server could say which sources it knows."""
    machine.codex("b", 1)
    machine.ledger.troubles = [Later("away")]
    machine.run()
    machine.ledger.sources = NAMES[:1]
    push = machine.ledger.push

    def refusing(body):
        push(body)
        machine.ledger.witnesses.clear()
        return machine.ledger._receipt(reasons=[Reason(UNKNOWN_SOURCE, 1)])

    machine.ledger.push = refusing
    outcome = machine.run()
    assert dict(outcome.rejected) == {UNKNOWN_SOURCE: 1}
    machine.ledger.push, machine.ledger.sources = push, NAMES
    outcome = machine.run()
    outcome = machine.run().after(outcome)
    assert outcome.witnesses == 1
    assert machine.ledger.keys == {"resp_1"}


def test_what_a_server_will_not_take_is_counted(machine):
    machine.claude("a.jsonl", 1)
    push = machine.ledger.push

    def strict(body):
        push(body)
        return machine.ledger._receipt(reasons=[Reason("too early", 2)])

    machine.ledger.push = strict
    outcome = machine.run()
    assert dict(outcome.rejected) == {"too early": 2}
    assert machine.run() == Outcome()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"\xff"'])
def test_what_a_server_said_may_be_forgotten(machine, content):
    machine.claude("a.jsonl", 1)
    machine.run()
    (machine.server / "server.json").write_bytes(content)
    assert machine.run() == Outcome()
    assert machine.ledger.came == 1


# ------------------------------------------------------------------------------ rest


def test_a_log_that_takes_long_is_left_alone_for_a_while(machine, monkeypatch):
    path = machine.claude("a.jsonl", 1)
    monkeypatch.setattr(push_collector, "REST", 10**6)
    with machine as collector:
        assert collector.run().logs == 1
        os.utime(path)
        assert collector.run().logs == 0
        assert collector.run(at_once=True).logs == 1


def test_a_log_that_is_read_in_no_time_is_not(machine):
    path = machine.claude("a.jsonl", 1)
    with machine as collector:
        collector.run()
        os.utime(path)
        assert collector.run().logs == 1


# ---------------------------------------------------------------------------- pauses


class Clock:
    def __init__(self):
        self.at = 1000.0

    def __call__(self):
        return self.at


@pytest.mark.parametrize(("chance", "share"), [(0.0, 0.5), (0.5, 0.75), (1.0, 1.0)])
def test_pauses_double_up_to_a_bound(chance, share):
    clock = Clock()
    pauses = Pauses(clock, lambda: chance)
    assert pauses.left == 0
    lengths = []
    for _ in range(12):
        pauses.failed()
        lengths.append(pauses.left)
        clock.at += pauses.left
        assert pauses.left == 0
    doubled = [min(LONGEST_PAUSE, FIRST_PAUSE * 2**n) * share for n in range(12)]
    assert lengths == pytest.approx(doubled)


def test_a_server_may_ask_for_more_patience_not_for_less():
    pauses = Pauses(Clock(), lambda: 1.0)
    pauses.failed(60)
    assert pauses.left == 60
    pauses.failed(0.1)
    assert pauses.left == 2 * FIRST_PAUSE


def test_after_success_the_first_pause_is_short_again():
    pauses = Pauses(Clock(), lambda: 1.0)
    for _ in range(200):
        pauses.failed()
    assert pauses.left == LONGEST_PAUSE
    pauses.over()
    assert pauses.left == 0
    pauses.failed()
    assert pauses.left == FIRST_PAUSE


def test_what_a_server_asks_for_is_heeded(machine):
    machine.ledger.troubles = [Later("busy", 120)]
    with machine as collector:
        collector.run()
        assert collector.pauses.left > 100
        machine.ledger.troubles = [Unavailable("busy")]
        collector.run(at_once=True)
        assert collector.pauses.left <= FIRST_PAUSE
