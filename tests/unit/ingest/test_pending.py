"""What is on its way: bounded, counted, waited for."""

from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest

from mileage.domain.people import Credential
from mileage.domain.witness import (
    Activity,
    ActivityBatch,
    Reading,
    Rejected,
    WitnessBatch,
)
from mileage.ingest import pending as module
from mileage.ingest.pending import Pending, Waiting
from mileage.ingest.record import Record
from tests.witnesses import LOG, NOON, witness


def waiting(size: int, at: float = 1.0) -> Waiting:
    rows = [witness(LOG, key=f"k{n}") for n in range(size)]
    reading = Reading(WitnessBatch.of(rows))
    record = Record(Credential("t", "acc_a", ""), "otlp", reading)
    return Waiting(record, b"", Future(), at)


def test_nothing_is_pending_at_first() -> None:
    found = Pending()
    assert found.is_empty()
    assert found.backlog(None) == (0, 0, None, 0)
    assert found.backlog(7.0).oldest == 7.0


def test_what_is_held_is_counted_until_it_is_taken() -> None:
    found = Pending()
    first, second = waiting(2, at=5.0), waiting(3, at=4.0)
    assert found.hold(first)
    assert found.hold(second)
    first.durable.set_result(None)
    assert found.held == 5
    assert found.backlog(None) == (5, 2, 4.0, 0)
    found.took([second])
    assert found.backlog(None) == (2, 2, 5.0, 3)
    found.forget(first)
    assert found.is_empty()
    assert found.backlog(None) == (0, 0, None, 3)


def test_no_more_is_held_than_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUEUED_ROWS", 4)
    found = Pending()
    # One that is larger than the bound is taken when nothing else is there.
    large = waiting(9)
    assert found.hold(large)
    assert not found.hold(waiting(1))
    found.took([large])
    assert found.hold(waiting(4))
    assert not found.hold(waiting(1))
    assert found.held == 4


def test_what_is_left_on_disk_is_durable_and_not_in_memory() -> None:
    found, one = Pending(), waiting(3)
    found.hold(one)
    found.leave_on_disk(one)
    assert (found.held, found.is_empty()) == (0, True)
    assert found.backlog(None)[:2] == (3, 3)
    found.read_back(3)
    assert found.backlog(None)[:2] == (0, 0)


def test_what_was_read_back_counts_as_taken_without_having_been_held() -> None:
    found = Pending()
    found.took([waiting(6)])
    assert (found.held, found.backlog(None).taken) == (0, 6)


def test_who_waits_is_seen_and_told() -> None:
    found, one = Pending(), waiting(1)
    found.hold(one)
    results: list[bool] = []
    thread = threading.Thread(
        target=lambda: results.append(found.wait_for(found.is_empty, 10))
    )
    thread.start()
    while not found.is_waited_for:
        pass
    found.took([one])
    thread.join(60)
    assert results == [True]
    assert not found.is_waited_for
    assert not found.wait_for(lambda: False, 0.01)


def test_everything_that_takes_memory_is_held() -> None:
    fact = Activity(LOG, "k", "s", NOON, "claude-code", "prompt", "", 1, None, "")
    reading = Reading(
        activities=ActivityBatch.of([fact, fact]),
        rejected=(Rejected("otlp", "record 1", "no"),),
    )
    record = Record(Credential("t", "acc_a", ""), "otlp", reading)
    one = Waiting(record, b"", Future(), 1.0)
    found = Pending()
    found.hold(one)
    assert (found.held, found.backlog(None).pending) == (3, 0)
    found.took([one])
    assert found.held == 0
