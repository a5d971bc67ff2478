"""Segments: what was synced is read back, whatever a crash or a disk does."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.booking import Position
from mileage.domain.errors import NewerData, Unavailable
from mileage.ingest.frames import Damage, Entry, head
from mileage.ingest.segment import Segments

if TYPE_CHECKING:
    from pathlib import Path

START = Position(0, 0)


def opened(folder: Path, taken: Position = START, **options: int) -> Segments:
    return Segments(folder, taken=taken, **options)


def payloads(segments: Segments, after: Position = START) -> list[bytes]:
    found = segments.read_after(after)
    return [one.payload for one in found if isinstance(one, Entry)]


def damages(segments: Segments) -> list[Damage]:
    return [one for one in segments.read_after(START) if isinstance(one, Damage)]


def test_what_was_written_is_read_back_in_order(tmp_path: Path) -> None:
    segments = opened(tmp_path)
    assert segments.append([b"one", b"two"]) == [Position(1, 1), Position(1, 2)]
    assert segments.append([b""]) == [Position(1, 3)]
    assert payloads(opened(tmp_path)) == [b"one", b"two", b""]


def test_reading_goes_on_after_a_position(tmp_path: Path) -> None:
    segments = opened(tmp_path)
    first, _ = segments.append([b"one", b"two"])
    assert payloads(segments, first) == [b"two"]


def test_a_restart_writes_into_a_new_file(tmp_path: Path) -> None:
    opened(tmp_path).append([b"one"])
    again = opened(tmp_path)
    assert again.append([b"two"]) == [Position(2, 1)]
    assert payloads(again) == [b"one", b"two"]


def test_numbers_are_not_used_twice_when_old_files_are_gone(tmp_path: Path) -> None:
    segments = opened(tmp_path, taken=Position(7, 3))
    assert segments.append([b"one"]) == [Position(8, 1)]
    assert payloads(segments, Position(7, 3)) == [b"one"]


def test_a_full_file_is_followed_by_the_next(tmp_path: Path) -> None:
    segments = opened(tmp_path, roll_bytes=64)
    positions = [segments.append([b"x" * 60])[0] for _ in range(3)]
    assert [one.segment for one in positions] == [1, 2, 3]
    segments.remove_before(positions[-1])
    assert segments.numbers() == [3]


@given(cut=st.integers(1, 40))
def test_a_torn_tail_is_cut_at_the_last_whole_record(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    segments = opened(folder)
    segments.append([b"whole record"])
    segments.append([b"the one that was being written when the power went"])
    path = segments.path(1)
    path.write_bytes(path.read_bytes()[:-cut])
    assert payloads(opened(folder)) == [b"whole record"]
    assert [one.segment for one in damages(opened(folder))] == [1]


@pytest.mark.parametrize("version", [3, 9, 256])
def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path, version: int) -> None:
    path = tmp_path / "00000001.seg"
    path.write_bytes(head(version) + b"whatever")
    before = path.read_bytes()
    with pytest.raises(NewerData, match="newer version"):
        payloads(opened(tmp_path))
    with pytest.raises(NewerData, match="newer version"):
        opened(tmp_path).check_versions()
    assert path.read_bytes() == before


class FullDisk:
    """Lets a number of writes through, then says that the disk is full."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        self.real = os.write
        monkeypatch.setattr(os, "write", self.write)

    def write(self, file: int, data: bytes) -> int:
        if self.full:
            self.real(file, bytes(data)[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self.real(file, data)


def test_a_full_disk_acknowledges_nothing_and_heals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(monkeypatch)
    segments = opened(tmp_path)
    segments.append([b"before"])
    disk.full = True
    with pytest.raises(Unavailable, match="No space left"):
        segments.append([b"lost, and said so"])
    disk.full = False
    segments.append([b"after"])
    assert payloads(opened(tmp_path)) == [b"before", b"after"]
    assert damages(opened(tmp_path)) == []


def test_a_disk_that_is_full_from_the_start_heals_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(monkeypatch)
    segments = opened(tmp_path)
    disk.full = True
    with pytest.raises(Unavailable):
        segments.append([b"lost"])
    disk.full = False
    segments.append([b"after"])
    assert payloads(opened(tmp_path)) == [b"after"]


def test_files_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "segments"
    segments = opened(folder)
    segments.append([b"one"])
    assert folder.stat().st_mode & 0o777 == 0o700
    assert segments.path(1).stat().st_mode & 0o777 == 0o600
