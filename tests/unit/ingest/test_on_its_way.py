"""Whatever happens to records on their way, every witness is in one place."""

from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from mileage.domain.people import Credential
from mileage.domain.witness import Reading, WitnessBatch
from mileage.ingest.pending import QUEUED_ROWS, Backlog, Pending, Waiting, durable
from mileage.ingest.record import Record
from tests.witnesses import witness

ALICE = Credential("tok_1", "acc_alice", "")
ROWS = [witness(key=f"msg_{number}") for number in range(50)]


def waiting(size: int, *, at: float = 0.0, durable: bool = False) -> Waiting:
    future: Future[None] = Future()
    if durable:
        future.set_result(None)
    reading = Reading(WitnessBatch.of(ROWS[:size]))
    return Waiting(Record(ALICE, "otlp", reading), b"", future, at)


class Huge(Waiting):
    """Pretends to be of a size that would take long to build."""

    __slots__ = ("told",)

    @property
    def size(self) -> int:
        return int(self.told)

    @property
    def rows(self) -> int:
        return int(self.told)


def huge(size: int) -> Huge:
    like = waiting(1)
    made = Huge(like.record, b"", like.durable, 0.0)
    made.told = size
    return made


def test_durable_is_what_is_on_disk_pending_is_all_of_it() -> None:
    pending = Pending()
    for one in (waiting(3), waiting(4, durable=True), waiting(5, durable=True)):
        assert pending.hold(one)
    assert pending.backlog(None)[:2] == (12, 9)


def test_the_oldest_is_what_came_first_here_or_on_disk() -> None:
    pending = Pending()
    for at in (7.0, 3.0, 5.0):
        pending.hold(waiting(1, at=at))
    assert pending.backlog(None).oldest == 3.0
    assert pending.backlog(4.0).oldest == 3.0
    assert pending.backlog(1.5).oldest == 1.5
    assert Pending().backlog(1.5).oldest == 1.5


def test_a_record_without_witnesses_waits_like_any_other() -> None:
    pending = Pending()
    empty = waiting(0, at=2.0)
    assert pending.hold(empty)
    assert not pending.is_empty()
    assert pending.backlog(None) == Backlog(0, 0, 2.0, 0)
    pending.took([empty])
    assert pending.is_empty()


def test_memory_is_bounded_and_what_is_refused_leaves_no_trace() -> None:
    pending = Pending()
    first = huge(QUEUED_ROWS - 3)
    assert pending.hold(first)
    assert not pending.hold(waiting(4))
    assert pending.held == QUEUED_ROWS - 3
    assert pending.hold(waiting(3))
    assert not pending.hold(waiting(1))
    pending.took([first])
    assert pending.hold(waiting(1))
    assert pending.backlog(None).pending == 4


def test_one_record_is_taken_whatever_its_size_and_nothing_beside_it() -> None:
    pending = Pending()
    vast = huge(5 * QUEUED_ROWS)
    assert pending.hold(vast)
    assert not pending.hold(waiting(1))
    pending.forget(vast)
    assert pending.held == 0
    assert pending.hold(huge(5 * QUEUED_ROWS))


def test_what_is_let_go_twice_is_counted_once() -> None:
    pending = Pending()
    one, other = waiting(5), waiting(2)
    pending.hold(one)
    pending.hold(other)
    pending.forget(one)
    pending.forget(one)
    assert pending.held == 2
    pending.forget(waiting(9))
    assert pending.held == 2


def test_what_is_left_on_disk_stays_pending_and_is_durable() -> None:
    pending = Pending()
    one = waiting(6)
    pending.hold(one)
    pending.leave_on_disk(one)
    assert pending.is_empty()
    assert pending.held == 0
    assert pending.backlog(0.5) == Backlog(6, 6, 0.5, 0)
    pending.read_back(4)
    assert pending.backlog(0.5)[:2] == (2, 2)
    pending.read_back(2)
    assert pending.backlog(None) == Backlog(0, 0, None, 0)


def test_what_the_ledger_took_is_counted_for_ever() -> None:
    pending = Pending()
    group = [waiting(2), waiting(3)]
    for one in group:
        pending.hold(one)
    pending.took(group)
    pending.took([])
    assert pending.backlog(None) == Backlog(0, 0, None, 5)


@pytest.mark.parametrize("how", ["took", "forget"])
def test_whoever_waits_hears_of_the_last_one(how: str) -> None:
    pending = Pending()
    one = waiting(1)
    pending.hold(one)
    done: list[bool] = []

    def wait() -> None:
        done.append(pending.wait_for(pending.is_empty, 10))

    thread = threading.Thread(target=wait)
    thread.start()
    while not pending.is_waited_for:
        thread.join(0.001)
    assert done == []
    pending.took([one]) if how == "took" else pending.forget(one)
    thread.join(60)
    assert done == [True]
    assert not pending.is_waited_for


def test_whoever_waits_looks_again_when_told() -> None:
    pending = Pending()
    ready = threading.Event()
    done: list[bool] = []
    thread = threading.Thread(
        target=lambda: done.append(pending.wait_for(ready.is_set, 10))
    )
    thread.start()
    while not pending.is_waited_for:
        thread.join(0.001)
    ready.set()
    pending.told()
    thread.join(60)
    assert done == [True]


def test_waiting_ends_when_it_takes_too_long() -> None:
    pending = Pending()
    pending.hold(waiting(1))
    assert pending.wait_for(pending.is_empty, 0.001) is False
    assert not pending.is_waited_for


def test_a_question_that_fails_leaves_nobody_waiting() -> None:
    pending = Pending()

    def fails() -> bool:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        pending.wait_for(fails, 1)
    assert not pending.is_waited_for


class Road(RuleBasedStateMachine):
    """Whatever happens to records, every witness is in exactly one place."""

    @initialize()
    def begin(self) -> None:
        self.pending = Pending()
        self.held: list[Waiting] = []
        self.disk = self.ledger = self.gone = self.accepted = 0

    @rule(size=st.integers(0, 50), durable=st.booleans())
    def hold(self, size: int, durable: bool) -> None:  # noqa: FBT001 - a drawn value
        one = waiting(size, at=float(self.accepted), durable=durable)
        assert self.pending.hold(one)
        self.held.append(one)
        self.accepted += size

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def sync(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.held))
        if not one.durable.done():
            one.durable.set_result(None)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), what=st.sampled_from(["took", "forget", "leave_on_disk"]))
    def move(self, data: st.DataObject, what: str) -> None:
        one = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        if what == "took":
            self.pending.took([one])
            self.ledger += one.size
        elif what == "forget":
            self.pending.forget(one)
            self.gone += one.size
        else:
            self.pending.leave_on_disk(one)
            self.disk += one.size

    @precondition(lambda self: self.disk)
    @rule(data=st.data())
    def read_back(self, data: st.DataObject) -> None:
        some = data.draw(st.integers(1, self.disk))
        self.pending.read_back(some)
        self.disk -= some
        self.gone += some

    @invariant()
    def every_witness_is_in_one_place(self) -> None:
        told = self.pending.backlog(None)
        held = sum(one.size for one in self.held)
        synced = sum(one.size for one in self.held if one.durable.done())
        assert told.pending == held + self.disk
        assert told.durable == synced + self.disk
        assert told.taken == self.ledger
        assert told.pending + told.taken + self.gone == self.accepted
        assert self.pending.held == held
        assert self.pending.is_empty() == (not self.held)
        assert told.oldest == min((one.accepted_at for one in self.held), default=None)


TestRoad = Road.TestCase


def test_who_gives_up_waiting_stops_nothing() -> None:
    """As a client does that hangs up: the record goes its way, and so do others."""
    future = durable()
    assert not future.cancel()
    future.set_result(None)
    assert future.done()
