"""Serving first, taking in behind: in order, exact, through damage and kills."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from mileage.domain.booking import Appended, Booking, Position
from mileage.domain.errors import NewerData, Unavailable
from mileage.domain.people import Credential
from mileage.domain.witness import Reading, WitnessBatch
from mileage.ingest import pipeline as pipeline_module
from mileage.ingest import replay
from mileage.ingest.frames import head
from mileage.ingest.pipeline import Pipeline
from mileage.ingest.record import Record, encode
from mileage.ingest.screen import Screen
from mileage.ingest.segment import Segments
from tests.witnesses import NOON, witness

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

ALICE = Credential("tok_1", "acc_alice", "")
START = Position(0, 0)


class Phonebook:
    def accounts_of(
        self, credential: Credential, identities: Collection[str]
    ) -> dict[str, str]:
        nobody = f"collector:{credential.collector}"
        return {one: f"acc:{one or nobody}" for one in identities}


class Slow:
    """A ledger that takes a record at a time while it is told to wait."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.positions: list[Position] = [START]
        self.gate = threading.Event()
        self.gate.set()
        self.steps = threading.Semaphore(0)

    def append(self, booking: Booking, position: Position | None = None) -> Appended:
        if not self.gate.is_set():
            while not self.steps.acquire(timeout=0.02):
                if self.gate.is_set():
                    break
        self.keys += [one.witness.key for one in booking.rows()]
        self.positions.append(position or START)
        return Appended(len(list(booking.rows())), 0, len(list(booking.rows())))

    def position(self) -> Position:
        return self.positions[-1]


def record(*keys: str) -> Record:
    rows = [witness(key=key) for key in keys]
    return Record(ALICE, "otlp", Reading(WitnessBatch.of(rows)))


def left_behind(folder: Path, count: int, roll_bytes: int = 2**20) -> list[str]:
    keys = [f"old{number}" for number in range(count)]
    segments = Segments(folder / "segments", taken=START, roll_bytes=roll_bytes)
    for key in keys:
        segments.append([encode(record(key))])
    segments.close()
    return keys


def road(folder: Path, ledger: Slow) -> Pipeline:
    screen = Screen(b"key", lambda: NOON)
    return Pipeline(ledger, Phonebook(), screen, folder / "segments")


def until(true, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture(autouse=True)
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "APPEND_WITNESSES", 2)
    monkeypatch.setattr(replay, "LAST_PASS_WITNESSES", 1)


def test_new_records_are_durable_while_the_old_ones_are_taken_in(
    tmp_path: Path,
) -> None:
    old, ledger = left_behind(tmp_path, 6), Slow()
    ledger.gate.clear()
    made = road(tmp_path, ledger)
    made.start()
    made.submit(record("new0", "new1")).result(60)
    backlog = made.backlog()
    assert (backlog.pending, backlog.durable) == (2, 2)
    assert backlog.oldest is not None
    until(lambda: made.replaying is not None and made.replaying.total_bytes > 0)
    with pytest.raises(Unavailable, match="still taking"):
        made.drain(0.05)
    ledger.gate.set()
    made.drain(60)
    assert ledger.keys == [*old, "new0", "new1"]
    assert made.replaying is None
    assert made.backlog()[:3] == (0, 0, None)
    made.submit(record("live")).result(60)
    made.drain(60)
    made.close()
    assert ledger.keys[-1] == "live"
    assert ledger.positions == sorted(ledger.positions)


def test_more_arrives_behind_than_any_queue_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline_module, "QUEUED_RECORDS", 2)
    old, ledger = left_behind(tmp_path, 4), Slow()
    ledger.gate.clear()
    made = road(tmp_path, ledger)
    made.start()
    new = [f"new{number}" for number in range(50)]
    for key in new:
        made.submit(record(key)).result(60)
    assert made.backlog().durable == 50
    ledger.gate.set()
    made.drain(60)
    made.close()
    assert ledger.keys == [*old, *new]


def test_nothing_is_lost_at_any_moment_of_the_way_from_behind_to_the_front(
    tmp_path: Path,
) -> None:
    old, ledger = left_behind(tmp_path, 20), Slow()
    made = road(tmp_path, ledger)
    made.start()
    new: list[str] = []
    while made.replaying is not None or len(new) < 30:
        new.append(f"new{len(new)}")
        made.submit(record(new[-1])).result(60)
    made.drain(60)
    made.close()
    assert ledger.keys == [*old, *new]


def test_leaving_in_the_middle_goes_on_there(tmp_path: Path) -> None:
    old, ledger = left_behind(tmp_path, 9, roll_bytes=300), Slow()
    ledger.gate.clear()
    made = road(tmp_path, ledger)
    made.start()
    made.submit(record("new")).result(60)
    ledger.steps.release(2)
    until(lambda: len(ledger.keys) == 4)
    closing = threading.Thread(target=made.close)
    closing.start()
    until(lambda: made._closed)
    # A transaction that is open is finished, and no other one begun.
    ledger.steps.release()
    closing.join(60)
    assert not closing.is_alive()
    assert len(ledger.keys) in (4, 6)
    ledger.gate.set()
    again = road(tmp_path, ledger)
    again.start()
    again.drain(60)
    again.close()
    assert ledger.keys == [*old, "new"]


def test_an_unreadable_record_is_kept_aside_and_passed_by(tmp_path: Path) -> None:
    segments = Segments(tmp_path / "segments", taken=START)
    segments.append([encode(record("a")), b"not a record", encode(record("b"))])
    segments.close()
    ledger = Slow()
    made = road(tmp_path, ledger)
    made.start()
    made.drain(60)
    made.close()
    assert ledger.keys == ["a", "b"]
    (piece,) = made.quarantine.pieces()
    assert (piece.segment, piece.kind, piece.acknowledged) == (1, "unreadable", True)
    (kept,) = (tmp_path / "quarantine").iterdir()
    assert kept.read_bytes().endswith(b"not a record")
    assert kept.stat().st_mode & 0o777 == 0o600


def damaged(folder: Path) -> None:
    path = folder / "segments" / "00000001.seg"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def test_a_damaged_middle_is_kept_aside_before_its_segment_goes(tmp_path: Path) -> None:
    old = left_behind(tmp_path, 5)
    damaged(tmp_path)
    ledger = Slow()
    made = road(tmp_path, ledger)
    made.start()
    made.submit(record("new")).result(60)
    made.drain(60)
    made.close()
    assert ledger.keys == [*old[:2], *old[3:], "new"]
    assert not (tmp_path / "segments" / "00000001.seg").exists()
    (piece,) = made.quarantine.pieces()
    assert (piece.kind, piece.acknowledged) == ("altered", True)


def test_a_segment_stays_when_its_damage_cannot_be_kept_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    left_behind(tmp_path, 5)
    damaged(tmp_path)
    (tmp_path / "quarantine").write_text("in the way")
    ledger = Slow()
    made = road(tmp_path, ledger)
    made.start()
    made.submit(record("new")).result(60)
    made.drain(60)
    made.close()
    assert "not kept aside" in caplog.text
    assert (tmp_path / "segments" / "00000001.seg").exists()
    (tmp_path / "quarantine").unlink()
    again = road(tmp_path, ledger)
    again.start()
    again.drain(60)
    again.close()
    assert len(ledger.keys) == 5
    assert not (tmp_path / "segments" / "00000001.seg").exists()
    assert len(again.quarantine.pieces()) == 1


def test_a_segment_of_a_newer_version_is_refused_before_anything_starts(
    tmp_path: Path,
) -> None:
    left_behind(tmp_path, 2)
    (tmp_path / "segments" / "00000007.seg").write_bytes(head(3) + b"...")
    ledger = Slow()
    with pytest.raises(NewerData):
        road(tmp_path, ledger).start()
    assert ledger.keys == []


def test_a_disk_that_does_not_hand_over_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline_module, "LONGEST_PAUSE", 0.01)
    old, ledger = left_behind(tmp_path, 3), Slow()
    made = road(tmp_path, ledger)
    real, refusals = Segments.read_after, [1, 1]

    def read_after(self, *positions):
        if refusals:
            refusals.pop()
            message = "cannot be read (Input/output error)"
            raise Unavailable(message)
        return real(self, *positions)

    monkeypatch.setattr(Segments, "read_after", read_after)
    made.start()
    until(lambda: not refusals and made.failure is None)
    made.drain(60)
    made.close()
    assert ledger.keys == old


def test_a_close_that_may_not_wait_leaves_the_rest_on_disk(tmp_path: Path) -> None:
    ledger = Slow()
    made = road(tmp_path, ledger)
    made.start()
    made.drain(60)
    ledger.gate.clear()
    for number in range(7):
        made.submit(record(str(number))).result(60)
    closing = threading.Thread(target=made.close, args=(0.2,))
    closing.start()
    until(lambda: made._closed)
    # A transaction that is open is finished, and no other one begun.
    while closing.is_alive():
        closing.join(0.4)
        ledger.steps.release()
    assert len(ledger.keys) < 7
    ledger.gate.set()
    again = road(tmp_path, ledger)
    again.start()
    again.drain(60)
    again.close()
    assert ledger.keys == [str(number) for number in range(7)]
