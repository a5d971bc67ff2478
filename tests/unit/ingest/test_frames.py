"""The frames of a segment: each is taken for what it is, or for nothing."""

from __future__ import annotations

import errno
import os
import struct
import zlib
from typing import TYPE_CHECKING

import pytest

from mileage.domain.booking import Position
from mileage.ingest import frames
from mileage.ingest.frames import (
    ALTERED,
    FIRST_FRAME,
    FIRST_HEAD,
    FRAME,
    HEAD,
    MAGIC,
    MARK,
    TORN,
    VERSION,
    Damage,
    Entry,
    frame,
    head,
    newer_version,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SEGMENT = 7
PAYLOADS = [b"one", b"", b"three" * 20]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[bytes], int]]:
    handles: list[int] = []

    def open_with(content: bytes) -> int:
        path = tmp_path / f"file{len(handles)}"
        path.write_bytes(content)
        handles.append(os.open(path, os.O_RDONLY))
        return handles[-1]

    yield open_with
    for handle in handles:
        os.close(handle)


def framed(*payloads: bytes, segment: int = SEGMENT, first: int = 1) -> bytes:
    return b"".join(
        frame(segment, number, payload) + payload
        for number, payload in enumerate(payloads, first)
    )


def found(handle: int, segment: int = SEGMENT) -> list[Entry | Damage]:
    return list(frames.read(handle, segment))


def test_records_are_read_back_with_their_places(opened) -> None:
    content = HEAD + framed(*PAYLOADS)
    entries = found(opened(content))
    assert [one.payload for one in entries] == PAYLOADS
    assert [one.position for one in entries] == [
        Position(SEGMENT, number) for number in (1, 2, 3)
    ]
    ends = [len(HEAD) + len(framed(*PAYLOADS[:count])) for count in (1, 2, 3)]
    assert [one.end for one in entries] == ends


def test_a_file_that_is_new_or_has_only_a_head_is_no_damage(opened) -> None:
    assert found(opened(b"")) == []
    assert found(opened(HEAD)) == []
    assert found(opened(FIRST_HEAD)) == []


@pytest.mark.parametrize("length", range(1, len(HEAD)))
def test_a_head_that_was_cut_is_torn(opened, length: int) -> None:
    if HEAD[:length].startswith(FIRST_HEAD):
        pytest.fail("the head of this version begins as that of the first one")
    assert found(opened(HEAD[:length])) == [Damage(SEGMENT, 0, length, TORN)]


def test_a_first_head_that_was_cut_counts_as_nothing_acknowledged(opened) -> None:
    (damage,) = found(opened(FIRST_HEAD[:-1]))
    assert damage[:3] == (SEGMENT, 0, len(FIRST_HEAD) - 1)


@pytest.mark.parametrize(
    ("tail", "kind"),
    [
        (MARK[:1], TORN),
        (MARK, TORN),
        (frame(SEGMENT, 4, b"four"), TORN),
        (framed(b"four", first=4)[:-1], TORN),
        (b"\0", ALTERED),
        (b"\0" * 40, ALTERED),
        (framed(b"four", first=4)[:-1] + b"!", ALTERED),
        (MARK + b"\0" * 40, ALTERED),
    ],
)
def test_an_end_within_a_frame_is_torn_and_anything_else_altered(
    opened, tail: bytes, kind: str
) -> None:
    content = HEAD + framed(*PAYLOADS)
    *entries, damage = found(opened(content + tail))
    assert [one.payload for one in entries] == PAYLOADS
    assert damage == Damage(SEGMENT, len(content), len(tail), kind)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_number_that_does_not_rise_is_no_record(opened, number: int) -> None:
    content = HEAD + framed(b"one", b"two")
    again = framed(b"again", first=number)
    *entries, damage = found(opened(content + again + framed(b"three", first=3)))
    kept = [one for one in (*entries, damage) if isinstance(one, Entry)]
    assert [one.payload for one in kept] == [b"one", b"two", b"three"]
    (lost,) = [one for one in (*entries, damage) if isinstance(one, Damage)]
    assert lost == Damage(SEGMENT, len(content), len(again), ALTERED)


def test_numbers_may_be_left_out(opened) -> None:
    # A record that was refused and cut away has taken a number with it.
    entries = found(opened(HEAD + framed(b"one") + framed(b"nine", first=9)))
    assert [one.position.record for one in entries] == [1, 9]


@pytest.mark.parametrize("segment", [6, 8, SEGMENT + 2**32])
def test_a_frame_belongs_to_one_segment(opened, segment: int) -> None:
    content = HEAD + framed(b"one", segment=segment)
    (damage,) = found(opened(content))
    assert damage == Damage(SEGMENT, len(HEAD), len(content) - len(HEAD), ALTERED)


def test_a_payload_full_of_marks_is_one_record(opened) -> None:
    nasty = MARK * 5 + frame(SEGMENT, 2, b"x") + MARK
    entries = found(opened(HEAD + framed(nasty, b"two")))
    assert [one.payload for one in entries] == [nasty, b"two"]


def test_a_whole_frame_within_a_damaged_one_is_found_by_its_number_only(
    opened,
) -> None:
    # Who could write a payload could otherwise write records.
    inner = framed(b"inner", first=2, segment=SEGMENT + 1)
    content = bytearray(HEAD + framed(b"one" + inner) + framed(b"two", first=2))
    content[len(HEAD) + 5] ^= 1
    entries = [one for one in found(opened(bytes(content))) if isinstance(one, Entry)]
    assert [one.payload for one in entries] == [b"two"]


def test_a_record_behind_blocks_of_damage_is_found(opened, monkeypatch) -> None:
    monkeypatch.setattr(frames, "_BLOCK", 16)
    content = HEAD + framed(b"one")
    for junk in range(1, 50):
        told = found(opened(content + b"\x01" * junk + framed(b"two", first=2)))
        assert [type(one) for one in told] == [Entry, Damage, Entry]
        assert told[1] == Damage(SEGMENT, len(content), junk, ALTERED)
        assert told[2].payload == b"two"


def test_a_length_beyond_the_file_is_not_believed(opened) -> None:
    lying = FRAME.pack(MARK, 2, 2**32 - 1, 0)
    told = found(opened(HEAD + framed(b"one") + lying + framed(b"three", first=3)))
    assert [one.payload for one in told if isinstance(one, Entry)] == [b"one", b"three"]


def test_the_head_of_the_first_version_on_a_newer_file_is_damage(opened) -> None:
    # The version's number and the checksum behind it are one bit and a hole away.
    content = bytearray(HEAD + framed(b"one"))
    content[: len(FIRST_HEAD)] = FIRST_HEAD
    damage, entry = found(opened(bytes(content)))
    assert (damage.offset, damage.lost_bytes) == (0, len(HEAD))
    assert entry.payload == b"one"


def first_version(*payloads: bytes) -> bytes:
    return FIRST_HEAD + b"".join(
        FIRST_FRAME.pack(len(one), zlib.crc32(one)) + one for one in payloads
    )


def test_the_first_version_numbers_its_records_by_their_place(opened) -> None:
    entries = found(opened(first_version(*PAYLOADS)))
    assert [(one.position.record, one.payload) for one in entries] == list(
        enumerate(PAYLOADS, 1)
    )


@pytest.mark.parametrize("cut", [1, 4, 8, 12])
def test_the_first_version_tells_a_torn_end(opened, cut: int) -> None:
    content = first_version(b"one", b"twotwotwo")
    entry, damage = found(opened(content[:-cut]))
    assert entry.payload == b"one"
    assert damage.kind == TORN
    assert damage.offset + damage.lost_bytes == len(content) - cut


def test_the_first_version_gives_up_at_what_was_altered(opened) -> None:
    content = bytearray(first_version(b"one", b"two", b"three"))
    at = content.index(b"two")
    content[at] ^= 1
    entry, damage = found(opened(bytes(content)))
    assert entry.payload == b"one"
    assert damage.kind == ALTERED
    assert damage.offset + damage.lost_bytes == len(content)


def test_this_version_and_older_ones_are_not_newer(opened) -> None:
    for content in (b"", b"MILE", HEAD, FIRST_HEAD, FIRST_HEAD + b"\0" * 20):
        assert newer_version(opened(content)) == 0


@pytest.mark.parametrize("version", [VERSION + 1, 255, 2**32 - 1])
def test_a_newer_version_is_known_by_a_whole_head(opened, version: int) -> None:
    whole = head(version)
    assert newer_version(opened(whole + b"whatever follows")) == version
    assert newer_version(opened(whole[:-1])) == 0
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 4
        assert newer_version(opened(bytes(damaged))) == 0


def test_a_head_is_its_magic_its_version_and_their_checksum() -> None:
    plain = MAGIC + struct.pack("<I", 3)
    assert head(3) == plain + struct.pack("<I", zlib.crc32(plain))
    assert head() == HEAD


def refusing(monkeypatch, places: range) -> None:
    pread = os.pread

    def failing(file: int, length: int, offset: int) -> bytes:
        if offset in places:
            raise OSError(errno.EIO, "Input/output error")
        return pread(file, length, offset)

    monkeypatch.setattr(os, "pread", failing)


def test_what_the_disk_refuses_at_the_end_may_have_been_acknowledged(
    opened, monkeypatch
) -> None:
    content = HEAD + framed(b"one", b"two")
    bad = len(HEAD) + len(framed(b"one"))
    handle = opened(content)
    refusing(monkeypatch, range(bad, len(content)))
    entry, damage = found(handle)
    assert entry.payload == b"one"
    assert damage == Damage(SEGMENT, bad, len(content) - bad, ALTERED)


@pytest.mark.parametrize("size", [5, len(HEAD), len(HEAD) + 30])
def test_a_file_that_the_disk_refuses_is_not_torn(
    opened, monkeypatch, size: int
) -> None:
    handle = opened((HEAD + framed(b"one" * 20))[:size])
    refusing(monkeypatch, range(size))
    assert found(handle) == [Damage(SEGMENT, 0, size, ALTERED)]


def test_what_is_behind_bytes_that_the_disk_refuses_is_found(
    opened, monkeypatch
) -> None:
    monkeypatch.setattr(frames, "_BLOCK", 16)
    payloads = [b"one", b"two", b"x" * 60, b"four"]
    handle = opened(HEAD + framed(*payloads))
    bad = len(HEAD) + len(framed(b"one"))
    refusing(monkeypatch, range(bad, bad + FRAME.size + 3))
    told = [one.payload for one in found(handle) if isinstance(one, Entry)]
    assert told[0] == b"one"
    assert told[-1] == b"four"
