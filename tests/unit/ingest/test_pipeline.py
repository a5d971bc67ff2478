"""The road: durable before the answer, visible after, nothing lost between."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from mileage.domain.booking import Appended, Booking, Position
from mileage.domain.errors import Unavailable
from mileage.domain.people import Credential
from mileage.domain.witness import Reading, WitnessBatch
from mileage.ingest import pipeline as module
from mileage.ingest.booked import book
from mileage.ingest.pipeline import Pipeline, refusal
from mileage.ingest.record import Record
from mileage.ingest.screen import Screen
from tests.witnesses import LOG, NOON, witness

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

PERSONAL = Credential("tok_1", "acc_alice", "")
COLLECTOR = Credential("tok_2", "", "gateway")


class Phonebook:
    """Makes an account of every identity."""

    def accounts_of(
        self, credential: Credential, identities: Collection[str]
    ) -> dict[str, str]:
        nobody = f"collector:{credential.collector}"
        return {one: f"acc:{one or nobody}" for one in identities}


class Notebook:
    """A ledger that keeps its bookings, can wait and can fail."""

    def __init__(self) -> None:
        self.bookings: list[Booking] = []
        self.at = Position(0, 0)
        self.open = threading.Event()
        self.open.set()
        self.failure: Exception | None = None

    def append(self, booking: Booking, position: Position | None = None) -> Appended:
        self.open.wait(60)
        if self.failure is not None:
            raise self.failure
        self.bookings.append(booking)
        self.at = position or self.at
        return Appended(len(list(booking.rows())), 0, len(list(booking.rows())))

    def position(self) -> Position:
        return self.at

    @property
    def keys(self) -> list[str]:
        return [one.witness.key for booking in self.bookings for one in booking.rows()]


@contextmanager
def running(folder: Path, ledger: Notebook) -> Iterator[Pipeline]:
    screen = Screen(b"key", lambda: NOON)
    road = Pipeline(ledger, Phonebook(), screen, folder / "segments")
    road.start()
    try:
        yield road
    finally:
        ledger.open.set()
        road.close()


def record(*keys: str, credential: Credential = PERSONAL, identity: str = "") -> Record:
    rows = [witness(key=key, identity=identity) for key in keys]
    return Record(credential, "otlp", Reading(WitnessBatch.of(rows), ignored=2))


def test_what_is_submitted_becomes_visible(tmp_path: Path) -> None:
    ledger = Notebook()
    with running(tmp_path, ledger) as road:
        road.submit(record("a", "b")).result(60)
        road.drain(60)
        assert ledger.keys == ["a", "b"]
        assert road.backlog() == (0, 0, None, 2)
    assert ledger.bookings[0].ignored == (("otlp", 2),)


def test_durable_comes_before_visible(tmp_path: Path) -> None:
    ledger = Notebook()
    ledger.open.clear()
    with running(tmp_path, ledger) as road:
        road.submit(record("a")).result(60)
        backlog = road.backlog()
        assert (backlog.pending, backlog.durable) == (1, 1)
        assert backlog.oldest is not None
        with pytest.raises(Unavailable, match="still taking"):
            road.drain(0.05)
    assert ledger.keys == ["a"]


def test_a_crash_between_durable_and_visible_is_made_up_for(tmp_path: Path) -> None:
    crashed = Notebook()
    crashed.failure = RuntimeError("power cut")
    crashed.open.clear()
    with running(tmp_path, crashed) as road:
        road.submit(record("a")).result(60)
        road.submit(record("b")).result(60)
    ledger = Notebook()
    screen = Screen(b"key", lambda: NOON)
    again = Pipeline(ledger, Phonebook(), screen, tmp_path / "segments")
    again.start()
    again.drain(60)
    again.close()
    assert ledger.keys == ["a", "b"]


def test_taken_in_segments_are_removed_after_a_restart(tmp_path: Path) -> None:
    ledger = Notebook()
    for key in ("a", "b", "c"):
        with running(tmp_path, ledger) as road:
            road.submit(record(key)).result(60)
            road.drain(60)
    assert ledger.keys == ["a", "b", "c"]
    assert [path.name for path in (tmp_path / "segments").iterdir()] == ["00000003.seg"]


def test_a_ledger_that_fails_stops_the_acknowledgements(tmp_path: Path) -> None:
    ledger = Notebook()
    ledger.failure = RuntimeError("broken")
    with running(tmp_path, ledger) as road:
        road.submit(record("a")).result(60)
        with pytest.raises(Unavailable, match="stopped"):
            road.drain(60)
        with pytest.raises(Unavailable, match="try again later"):
            road.submit(record("b"))


def test_a_full_queue_refuses_instead_of_growing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUEUED_RECORDS", 2)
    ledger = Notebook()
    ledger.open.clear()
    with running(tmp_path, ledger) as road:
        with pytest.raises(Unavailable, match="more is arriving"):
            submit_many(road, 50)
        pending = road.backlog().pending
        assert pending < 50
        ledger.open.set()
        road.drain(60)
        assert len(ledger.keys) == pending


def submit_many(road: Pipeline, count: int) -> None:
    for number in range(count):
        road.submit(record(f"k{number}"))


def test_nothing_is_taken_after_closing(tmp_path: Path) -> None:
    with running(tmp_path, Notebook()) as road:
        pass
    with pytest.raises(Unavailable):
        road.submit(record("late"))


def test_a_personal_token_wins_over_any_claim() -> None:
    claimed = record("a", identity="mallory@example.com")
    (one,) = book([claimed], Phonebook()).rows()
    assert (one.account, one.asserted) == ("acc_alice", False)


def test_a_collector_asserts_or_is_booked_itself() -> None:
    named = record("a", credential=COLLECTOR, identity="bob@example.com")
    nameless = record("b", credential=COLLECTOR)
    first, second = book([named, nameless], Phonebook()).rows()
    assert (first.account, first.asserted) == ("acc:bob@example.com", True)
    assert (second.account, second.asserted) == ("acc:collector:gateway", True)


def test_a_refused_body_is_counted_with_its_owner() -> None:
    reading = refusal("otlp", "request body", "truncated")
    booking = book([Record(PERSONAL, "otlp", reading)], Phonebook())
    (one,) = booking.refused
    assert one.account == "acc_alice"
    assert one.rejected.reason == "truncated"


def test_rejected_rows_never_reach_the_segment(tmp_path: Path) -> None:
    ledger = Notebook()
    bad = witness(LOG, key="bad", model="marker " * 100)
    reading = Reading(WitnessBatch.of([bad]))
    with running(tmp_path, ledger) as road:
        road.submit(Record(PERSONAL, "x", reading)).result(60)
        road.drain(60)
    assert ledger.keys == []
    assert len(ledger.bookings[0].refused) == 1


def test_appends_are_apart_unless_somebody_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GATHER_SECONDS", 3600.0)
    ledger = Notebook()
    with running(tmp_path, ledger) as road:
        road.submit(record("a")).result(60)
        road.drain(60)
        for key in "bcd":
            road.submit(record(key)).result(60)
        assert ledger.keys == ["a"]
        road.drain(60)
        assert ledger.keys == ["a", "b", "c", "d"]
    # The first, which nothing came before, and everything that came since.
    assert len(ledger.bookings) == 2


def test_enough_for_one_append_is_not_kept_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GATHER_SECONDS", 3600.0)
    monkeypatch.setattr(module, "APPEND_WITNESSES", 3)
    ledger = Notebook()
    with running(tmp_path, ledger) as road:
        road.submit(record("a")).result(60)
        road.drain(60)
        road.submit(record("b", "c")).result(60)
        road.submit(record("d", "e")).result(60)
        end = time.monotonic() + 30
        while "b" not in ledger.keys:
            assert time.monotonic() < end
            time.sleep(0.01)


def test_what_waits_is_taken_in_when_it_closes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GATHER_SECONDS", 3600.0)
    ledger = Notebook()
    with running(tmp_path, ledger) as road:
        for key in "abc":
            road.submit(record(key)).result(60)
    assert ledger.keys == ["a", "b", "c"]


def test_a_waiter_that_is_cancelled_does_not_stop_the_road(tmp_path: Path) -> None:
    ledger = Notebook()

    async def give_up(road: Pipeline, key: str) -> None:
        waiting = asyncio.ensure_future(asyncio.wrap_future(road.submit(record(key))))
        await asyncio.sleep(0)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting

    with running(tmp_path, ledger) as road:
        for number in range(20):
            asyncio.run(give_up(road, str(number)))
        road.submit(record("last")).result(60)
        road.drain(60)
    assert ledger.keys[-1] == "last"
    assert len(ledger.keys) == 21
