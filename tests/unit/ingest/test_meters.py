"""What is measured adds up, whatever happens meanwhile."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from mileage.domain.booking import Appended, Booking, Position
from mileage.domain.errors import Unavailable
from mileage.ingest.meters import BOUNDS, Attempts, DoorMeter, MeteredLedger, Meters
from mileage.ingest.pipeline import Pipeline
from mileage.ingest.screen import Screen
from tests.unit.ingest.test_pipeline import Notebook, Phonebook, record
from tests.witnesses import NOON

if TYPE_CHECKING:
    from pathlib import Path


def test_what_works_is_counted_and_timed() -> None:
    attempts = Attempts()
    with attempts.timed():
        time.sleep(0.002)
    found = attempts.read()
    assert sum(found.counts) == 1
    assert found.counts[0] == 0
    assert found.seconds >= 0.002
    assert (found.failures, found.failing_since, found.last_failure) == (0, None, None)
    assert found.last_success is not None


def test_what_fails_is_counted_until_it_works() -> None:
    attempts = Attempts()
    for _ in range(3):
        with pytest.raises(Unavailable), attempts.timed():
            raise Unavailable("no")
    failing = attempts.read()
    assert failing.failures == 3
    assert failing.failing_since is not None
    assert failing.last_failure is not None
    assert failing.failing_since <= failing.last_failure
    assert failing.last_success is None
    with attempts.timed():
        pass
    well = attempts.read()
    assert (well.failures, well.failing_since) == (3, None)
    assert sum(well.counts) == 4


def test_what_takes_longest_has_a_place_of_its_own() -> None:
    attempts = Attempts()
    attempts._note(0.0, BOUNDS[-1] + 1, worked=True)
    attempts._note(0.0, BOUNDS[0], worked=True)
    counts = attempts.read().counts
    assert (counts[0], counts[-1]) == (1, 1)
    assert len(counts) == len(BOUNDS) + 1


def test_threads_lose_nothing() -> None:
    door, attempts = DoorMeter(), Attempts()

    def work() -> None:
        for number in range(500):
            door.began()
            door.took(3)
            with attempts.timed():
                pass
            door.gave_back(3)
            door.ended("http", 200 if number % 2 else 503)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = door.read()
    assert found.answered == {("http", 200): 1000, ("http", 503): 1000}
    assert (found.in_flight, found.body_bytes, found.room_taken) == (0, 6000, 0)
    assert sum(attempts.read().counts) == 2000


def test_odd_statuses_are_one() -> None:
    door = DoorMeter()
    for status in (99, 600, 10**9, -1):
        door.began()
        door.ended("http", status)
    assert door.read().answered == {("http", 599): 4}


class Refusing(Notebook):
    """Fails when it is told to."""

    fails = False

    def append(self, booking: Booking, position: Position | None = None) -> Appended:
        if self.fails:
            raise Unavailable("full")
        return super().append(booking, position)


def test_a_metered_ledger_is_a_ledger() -> None:
    meters, ledger = Meters(), Refusing()
    metered = MeteredLedger(ledger, meters)
    metered.append(Booking(), Position(1, 2))
    assert metered.position() == Position(1, 2)
    ledger.fails = True
    with pytest.raises(Unavailable):
        metered.append(Booking())
    found = meters.appends.read()
    assert (sum(found.counts), found.failures) == (2, 1)


def test_the_road_measures_its_syncs_and_appends(tmp_path: Path) -> None:
    meters, ledger = Meters(), Notebook()
    metered = MeteredLedger(ledger, meters)
    road = Pipeline(
        metered, Phonebook(), Screen(b"k", lambda: NOON), tmp_path / "s", meters
    )
    road.start()
    try:
        road.submit(record("a", "b")).result(60)
        road.submit(record("c")).result(60)
        road.drain(60)
        assert road.queues()[:2] == (0, 0)
        assert road.backlog().taken == 3
    finally:
        road.close()
    assert sum(meters.syncs.read().counts) == 2
    assert 1 <= sum(meters.appends.read().counts) <= 2
