"""A ledger that refuses for a while: nothing is passed by, nothing is doubled."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from mileage.domain.booking import Appended, Booking, Position
from mileage.domain.errors import Unavailable
from mileage.domain.people import Credential
from mileage.domain.witness import Reading, WitnessBatch
from mileage.ingest import pipeline as module
from mileage.ingest import replay
from mileage.ingest.pipeline import Pipeline
from mileage.ingest.record import Record
from mileage.ingest.screen import Screen
from tests.witnesses import NOON, witness

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

ALICE = Credential("tok_1", "acc_alice", "")
FULL = Unavailable("No space left on device")


class Phonebook:
    def accounts_of(
        self, credential: Credential, identities: Collection[str]
    ) -> dict[str, str]:
        nobody = f"collector:{credential.collector}"
        return {one: f"acc:{one or nobody}" for one in identities}


class Moody:
    """A ledger that refuses while it is told to, before or after it has written."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.at = Position(0, 0)
        self.before: Exception | None = None
        self.after: Exception | None = None
        self.attempts = 0
        self.hold = threading.Event()
        self.hold.set()

    def append(self, booking: Booking, position: Position | None = None) -> Appended:
        self.hold.wait(60)
        self.attempts += 1
        if self.before is not None:
            raise self.before
        self.keys += [one.witness.key for one in booking.rows()]
        self.at = position or self.at
        if self.after is not None:
            failure, self.after = self.after, None
            raise failure
        return Appended(len(list(booking.rows())), 0, len(list(booking.rows())))

    def position(self) -> Position:
        return self.at


def record(key: str) -> Record:
    return Record(ALICE, "otlp", Reading(WitnessBatch.of([witness(key=key)])))


@pytest.fixture
def ledger() -> Moody:
    return Moody()


@pytest.fixture
def road(tmp_path: Path, ledger: Moody):
    made = Pipeline(ledger, Phonebook(), Screen(b"k", lambda: NOON), tmp_path / "s")
    made.start()
    yield made
    ledger.hold.set()
    made.close()


def until(true, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_ledger_that_heals_is_written_to_without_a_restart(road, ledger) -> None:
    ledger.before = FULL
    road.submit(record("a")).result(60)
    until(lambda: ledger.attempts >= 2)
    with pytest.raises(Unavailable, match="No space left"):
        road.drain(60)
    with pytest.raises(Unavailable, match="try again later"):
        road.submit(record("b"))
    assert road.backlog().durable == 1
    ledger.before = None
    until(lambda: road.failure is None)
    road.submit(record("b")).result(60)
    road.drain(60)
    assert ledger.keys == ["a", "b"]
    assert road.backlog()[:3] == (0, 0, None)


def test_what_waited_behind_a_refused_record_is_not_passed_by(road, ledger) -> None:
    ledger.hold.clear()
    ledger.before = FULL
    for key in "abcd":
        road.submit(record(key)).result(60)
    ledger.hold.set()
    until(lambda: road.failure is not None)
    ledger.before = None
    until(lambda: road.failure is None)
    road.drain(60)
    assert ledger.keys == ["a", "b", "c", "d"]


def test_a_record_that_was_written_before_the_failure_is_not_written_twice(
    road, ledger
) -> None:
    ledger.after = FULL
    road.submit(record("a")).result(60)
    until(lambda: road.backlog().pending == 0)
    assert (ledger.keys, ledger.attempts) == (["a"], 1)
    assert road.failure is None


def test_closing_does_not_wait_for_a_ledger_that_refuses(tmp_path: Path) -> None:
    refusing, screen = Moody(), Screen(b"k", lambda: NOON)
    refusing.before = FULL
    road = Pipeline(refusing, Phonebook(), screen, tmp_path / "s")
    road.start()
    road.submit(record("a")).result(60)
    until(lambda: road.failure is not None)
    begun = time.monotonic()
    road.close()
    assert time.monotonic() - begun < module.LONGEST_PAUSE
    healed = Moody()
    again = Pipeline(healed, Phonebook(), screen, tmp_path / "s")
    again.start()
    again.drain(60)
    again.close()
    assert healed.keys == ["a"]


def test_what_a_crash_left_is_taken_in_by_few_transactions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashed, screen = Moody(), Screen(b"k", lambda: NOON)
    crashed.hold.clear()
    road = Pipeline(crashed, Phonebook(), screen, tmp_path / "s")
    road.start()
    keys = [str(number) for number in range(25)]
    for key in keys:
        road.submit(record(key)).result(60)
    crashed.before = FULL
    crashed.hold.set()
    road.close()
    monkeypatch.setattr(replay, "APPEND_WITNESSES", 10)
    healed = Moody()
    again = Pipeline(healed, Phonebook(), screen, tmp_path / "s")
    again.start()
    again.drain(60)
    again.close()
    assert (healed.keys, healed.attempts) == (keys, 3)
    assert healed.at.record == 25


def test_what_lies_behind_may_wait_until_requests_are_answered(tmp_path: Path) -> None:
    refusing, screen = Moody(), Screen(b"k", lambda: NOON)
    refusing.before = FULL
    road = Pipeline(refusing, Phonebook(), screen, tmp_path / "s")
    road.start()
    road.submit(record("old")).result(60)
    road.close()
    healed = Moody()
    again = Pipeline(healed, Phonebook(), screen, tmp_path / "s")
    again.start(catch_up=False)
    again.submit(record("new")).result(60)
    assert again.backlog().pending > 0
    assert healed.attempts == 0
    again.catch_up()
    again.drain(60)
    again.close()
    assert healed.keys == ["old", "new"]


def test_it_can_be_closed_before_it_was_told_to_catch_up(tmp_path: Path) -> None:
    screen = Screen(b"k", lambda: NOON)
    road = Pipeline(Moody(), Phonebook(), screen, tmp_path / "s")
    road.start(catch_up=False)
    road.close()
    assert road.failure is None


def submit_many(road: Pipeline) -> None:
    for number in range(50):
        road.submit(record(str(number)))


def test_a_crowd_behind_a_refusing_ledger_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUEUED_RECORDS", 2)
    refusing = Moody()
    refusing.hold.clear()
    road = Pipeline(refusing, Phonebook(), Screen(b"k", lambda: NOON), tmp_path / "s")
    road.start()
    refusing.before = FULL
    with pytest.raises(Unavailable):
        submit_many(road)
    refusing.hold.set()
    until(lambda: road.failure is not None)
    refusing.before = None
    until(lambda: road.failure is None)
    road.drain(60)
    assert len(refusing.keys) == len(set(refusing.keys)) > 0
    road.close()
