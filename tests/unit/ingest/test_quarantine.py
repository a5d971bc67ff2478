"""What nobody can read is kept as it was found, once, privately, and told."""

from __future__ import annotations

import errno
import logging
import os
from typing import TYPE_CHECKING

import pytest

from mileage.ingest import quarantine as module
from mileage.ingest.frames import ALTERED, TORN, UNREADABLE, Damage
from mileage.ingest.quarantine import Quarantine, Quarantined

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = bytes(range(256)) * 40
WHERE = Damage(3, 100, 2000, ALTERED)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "00000003.seg"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "quarantine"


def test_nothing_is_there_before_something_was_found(folder: Path) -> None:
    assert Quarantine(folder).pieces() == ()
    assert not folder.exists()


def test_bytes_are_kept_as_they_were_found(folder: Path, source: Path) -> None:
    assert Quarantine(folder).keep(WHERE, source)
    kept = folder / "00000003-0000000100.altered"
    assert kept.read_bytes() == CONTENT[100:2100]
    assert source.read_bytes() == CONTENT


def test_only_the_owner_can_read_them(folder: Path, source: Path) -> None:
    Quarantine(folder).keep(WHERE, source)
    assert folder.stat().st_mode & 0o777 == 0o700
    (kept,) = folder.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_it_is_said_once_with_place_and_size(
    folder: Path, source: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for _ in range(3):
        assert Quarantine(folder).keep(WHERE, source)
    (message,) = caplog.messages
    assert message.startswith("segment 3: 2000 bytes from offset 100 are altered")
    assert "kept aside as" in message


def test_what_is_there_is_not_overwritten(folder: Path, source: Path) -> None:
    quarantine = Quarantine(folder)
    quarantine.keep(WHERE, source)
    source.write_bytes(b"something else" * 200)
    assert quarantine.keep(WHERE, source)
    assert (folder / "00000003-0000000100.altered").read_bytes() == CONTENT[100:2100]


def test_no_log_line_has_a_byte_of_it(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    source = tmp_path / "00000001.seg"
    source.write_bytes(b"a secret prompt " * 10)
    Quarantine(folder).keep(Damage(1, 0, 160, UNREADABLE), source)
    assert "secret" not in caplog.text


def test_large_damage_is_copied_in_blocks(
    folder: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BLOCK", 97)
    Quarantine(folder).keep(Damage(3, 5, len(CONTENT) - 5, TORN), source)
    assert (folder / "00000003-0000000005.torn").read_bytes() == CONTENT[5:]


def test_a_disk_that_writes_little_at_a_time_is_asked_again(
    folder: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:300]))
    Quarantine(folder).keep(WHERE, source)
    (kept,) = folder.iterdir()
    assert kept.read_bytes() == CONTENT[100:2100]


def test_what_the_disk_does_not_hand_over_becomes_zeros(
    folder: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BLOCK", 500)
    pread = os.pread

    def failing(file: int, length: int, offset: int) -> bytes:
        if offset == 600:
            raise OSError(errno.EIO, "Input/output error")
        return pread(file, length, offset)

    monkeypatch.setattr(os, "pread", failing)
    assert Quarantine(folder).keep(WHERE, source)
    kept = (folder / "00000003-0000000100.altered").read_bytes()
    assert kept == CONTENT[100:600] + b"\0" * 500 + CONTENT[1100:2100]


def test_bytes_behind_the_end_of_the_file_become_zeros(
    folder: Path, tmp_path: Path
) -> None:
    short = tmp_path / "00000003.seg"
    short.write_bytes(b"abc")
    Quarantine(folder).keep(Damage(3, 1, 6, ALTERED), short)
    (kept,) = folder.iterdir()
    assert kept.read_bytes() == b"bc\0\0\0\0"


def full(*_: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_without_room_nothing_is_claimed_to_be_kept(
    folder: Path,
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    quarantine = Quarantine(folder)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        assert quarantine.keep(WHERE, source) is False
    assert quarantine.pieces() == ()
    assert "not kept aside (No space left on device)" in caplog.text
    # When there is room again the same damage is kept after all.
    assert quarantine.keep(WHERE, source) is True
    (piece,) = quarantine.pieces()
    assert piece.bytes == 2000


def test_no_file_is_left_open_when_the_disk_refuses(
    folder: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", full)
    closed: list[int] = []
    close = os.close
    monkeypatch.setattr(os, "close", lambda file: (closed.append(file), close(file))[1])
    assert Quarantine(folder).keep(WHERE, source) is False
    assert len(closed) == 2


def test_a_source_that_is_gone_is_said(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert Quarantine(folder).keep(WHERE, tmp_path / "gone.seg") is False
    assert "No such file" in caplog.text


def test_pieces_come_in_the_order_of_the_segments(folder: Path, source: Path) -> None:
    quarantine = Quarantine(folder)
    where = [(12, 0), (3, 2000), (3, 100), (100_000_000, 5)]
    for segment, offset in where:
        quarantine.keep(Damage(segment, offset, 10, TORN), source)
    told = [(one.segment, one.offset) for one in quarantine.pieces()]
    assert sorted(told) == sorted(where)
    assert told[:3] == [(3, 100), (3, 2000), (12, 0)]


def test_files_of_others_are_no_pieces(folder: Path, source: Path) -> None:
    quarantine = Quarantine(folder)
    quarantine.keep(WHERE, source)
    for name in ("notes-1.txt.gz", "a-b.torn", "1-2.TORN", "README-first.md"):
        (folder / name).write_text("mine")
    assert [one.kind for one in quarantine.pieces()] == [ALTERED]


def test_when_it_was_found_is_told(folder: Path, source: Path) -> None:
    quarantine = Quarantine(folder)
    quarantine.keep(WHERE, source)
    (kept,) = folder.iterdir()
    os.utime(kept, ns=(0, 1_795_000_000_123_456_000))
    (piece,) = quarantine.pieces()
    assert piece.found == 1_795_000_000_123_456


@pytest.mark.parametrize(
    ("kind", "acknowledged"), [(TORN, False), (ALTERED, True), (UNREADABLE, True)]
)
def test_only_a_torn_tail_was_certainly_never_acknowledged(
    kind: str,
    acknowledged: bool,  # noqa: FBT001 - a case
) -> None:
    assert Quarantined(1, 0, 5, kind, 0).acknowledged is acknowledged
