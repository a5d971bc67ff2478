"""The gauge: the load of this moment, read without asking the database."""

from __future__ import annotations

import time
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from mileage.domain.load import strains
from mileage.ingest.meters import Meters, Queues
from mileage.ingest.pending import Backlog
from mileage.wiring import receiver as module
from mileage.wiring.receiver import Gauge

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_795_000_000_000_000


class Pipeline:
    """As much of the road as the gauge looks at."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.replaying: Any = None
        self.told = Backlog(0, 0, None, 0)
        self.waiting = Queues(0, 0, 1000)

    def queues(self) -> Queues:
        return self.waiting

    def backlog(self) -> Backlog:
        return self.told


class Snapshots:
    at: int | None = None

    def published_at(self) -> int | None:
        return self.at


@pytest.fixture
def road() -> Pipeline:
    return Pipeline()


@pytest.fixture
def snapshots() -> Snapshots:
    return Snapshots()


@pytest.fixture
def meters() -> Meters:
    return Meters()


@pytest.fixture
def gauge(
    tmp_path: Path, road: Pipeline, meters: Meters, snapshots: Snapshots
) -> Gauge:
    (tmp_path / "segments").mkdir()
    return Gauge(tmp_path, road, meters, snapshots, 60.0, lambda: NOW)  # type: ignore[arg-type]


def fail(attempts: Any) -> None:
    with suppress(OSError), attempts.timed():
        message = "full"
        raise OSError(message)


def work(attempts: Any) -> None:
    with attempts.timed():
        pass


def test_an_idle_receiver_has_no_strain(gauge: Gauge) -> None:
    load = gauge.load()
    assert [one for one in strains(load) if one.kind != "disk-nearly-full"] == []
    assert load.snapshot_age is None
    assert load.append_age is None
    assert load.lag_seconds == 0


def test_queues_and_room_are_those_of_the_road_and_the_door(
    gauge: Gauge, road: Pipeline, meters: Meters
) -> None:
    road.waiting = Queues(3, 70, 100)
    meters.door.opened(5000)
    meters.door.took(4000)
    load = gauge.load()
    assert (load.to_write, load.to_append, load.queue_most) == (3, 70, 100)
    assert (load.room_taken, load.room) == (4000, 5000)
    assert {one.kind for one in strains(load)} >= {"append-queue", "body-room"}


def test_the_lag_is_the_age_of_the_oldest(gauge: Gauge, road: Pipeline) -> None:
    road.told = Backlog(5, 5, time.monotonic() - 45, 0)
    assert gauge.load().lag_seconds == pytest.approx(45, abs=5)


def test_catching_up_is_reading_back(gauge: Gauge, road: Pipeline) -> None:
    assert gauge.load().catching_up is False
    road.replaying = SimpleNamespace(done_bytes=0)
    assert gauge.load().catching_up is True


def test_a_refused_write_is_forgotten_when_one_works(
    gauge: Gauge, meters: Meters
) -> None:
    assert gauge.load().write_refused is None
    fail(meters.syncs)
    told = gauge.load().write_refused
    assert told is not None
    assert 0 <= told < 5
    work(meters.syncs)
    assert gauge.load().write_refused is None


def test_an_append_that_fails_counts_from_its_first_failure(
    gauge: Gauge, meters: Meters
) -> None:
    work(meters.appends)
    for _ in range(3):
        fail(meters.appends)
    load = gauge.load()
    assert load.append_failures == 3
    assert load.append_failing is not None
    assert load.append_age is not None
    assert load.append_failing <= load.append_age
    work(meters.appends)
    load = gauge.load()
    assert (load.append_failing, load.append_failures) == (None, 3)


def test_what_lies_behind_and_cannot_be_read_is_a_failing_ledger(
    gauge: Gauge, road: Pipeline
) -> None:
    road.failure = OSError("Input/output error")
    load = gauge.load()
    assert load.append_failing == 0.0
    assert strains(load)[0].kind == "ledger-fails"


def test_bytes_of_segments_are_added_up(gauge: Gauge, tmp_path: Path) -> None:
    assert gauge.load().segment_bytes == 0
    for number, size in enumerate((10, 200, 0)):
        (tmp_path / "segments" / f"{number:08d}.seg").write_bytes(b"x" * size)
    (tmp_path / "segments" / "notes.txt").write_bytes(b"x" * 999)
    assert gauge.load().segment_bytes == 210


def test_a_segment_that_is_removed_meanwhile_counts_nothing(
    gauge: Gauge, tmp_path: Path
) -> None:
    (tmp_path / "segments" / "00000001.seg").write_bytes(b"x" * 10)
    # As a file that is gone between the two looks.
    (tmp_path / "segments" / "00000002.seg").symlink_to(tmp_path / "gone")
    assert gauge.load().segment_bytes == 10


def test_a_data_directory_without_segments_has_none(
    tmp_path: Path, road: Pipeline, meters: Meters, snapshots: Snapshots
) -> None:
    gauge = Gauge(tmp_path / "new", road, meters, snapshots, 60.0, lambda: NOW)  # type: ignore[arg-type]
    load = gauge.load()
    assert load.segment_bytes == 0
    assert (load.disk_free, load.disk_size) == (None, None)


def test_the_disk_is_that_of_the_data_directory(
    gauge: Gauge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def usage(path: Path) -> Any:
        asked.append(path)
        return SimpleNamespace(free=5, total=100, used=90)

    monkeypatch.setattr(module.shutil, "disk_usage", usage)
    load = gauge.load()
    assert (load.disk_free, load.disk_size) == (5, 100)
    assert asked == [tmp_path]
    assert "disk-nearly-full" in {one.kind for one in strains(load)}


@pytest.mark.parametrize(
    ("at", "age"), [(NOW - 90_000_000, 90.0), (NOW, 0.0), (NOW + 5_000_000, 0.0)]
)
def test_the_standings_are_as_old_as_their_instant_says(
    gauge: Gauge, snapshots: Snapshots, at: int, age: float
) -> None:
    snapshots.at = at
    assert gauge.load().snapshot_age == age


def test_uptime_runs_from_when_it_was_made(
    tmp_path: Path, road: Pipeline, meters: Meters, snapshots: Snapshots
) -> None:
    opened = time.monotonic() - 500
    gauge = Gauge(tmp_path, road, meters, snapshots, 30.0, lambda: NOW, opened)  # type: ignore[arg-type]
    load = gauge.load()
    assert load.uptime == pytest.approx(500, abs=5)
    assert load.snapshot_cadence == 30.0
