"""Whatever happens to the bytes of a segment: what is whole is found, nothing twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.booking import Position
from mileage.ingest.frames import (
    ALTERED,
    FIRST_FRAME,
    FIRST_HEAD,
    FRAME,
    HEAD,
    MARK,
    TORN,
    Damage,
    Entry,
)
from mileage.ingest.quarantine import Quarantine
from mileage.ingest.segment import Segments

START = Position(0, 0)
# Payloads that look like frames are the hard ones.
PAYLOADS = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.just(MARK),
        st.builds(lambda a, b: a + MARK + b, st.binary(max_size=9), st.binary()),
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return lambda: tmp_path_factory.mktemp("segments")


def written(folder, payloads):
    """One segment; returns its file and where each frame begins, with the end."""
    segments = Segments(folder, taken=START)
    segments.append(payloads)
    segments.close()
    starts = [len(HEAD)]
    for payload in payloads:
        starts.append(starts[-1] + FRAME.size + len(payload))
    path = segments.path(1)
    assert path.stat().st_size == starts[-1]
    return path, starts


def read(folder, after=START):
    found = list(Segments(folder, taken=START).read_after(after))
    entries = [one for one in found if isinstance(one, Entry)]
    return entries, [one for one in found if isinstance(one, Damage)]


def touched(starts, place):
    """The number of the record that a byte belongs to; 0 is the head."""
    return sum(start <= place for start in starts)


@given(payloads=PAYLOADS, data=st.data())
def test_a_flipped_byte_costs_the_record_it_is_in(folders, payloads, data):
    folder = folders()
    path, starts = written(folder, payloads)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    hit = touched(starts, place)
    entries, damages = read(folder)
    assert [(one.position, one.payload) for one in entries] == [
        (Position(1, number), payload)
        for number, payload in enumerate(payloads, 1)
        if number != hit
    ]
    (damage,) = damages
    assert damage.offset <= place < damage.offset + damage.lost_bytes
    # What is found after a record that the ledger has is not found again.
    last = Position(1, data.draw(st.integers(0, len(payloads))))
    again, _ = read(folder, last)
    assert again == [one for one in entries if one.position > last]


@given(payloads=PAYLOADS, data=st.data())
def test_a_cut_costs_what_is_behind_it(folders, payloads, data):
    folder = folders()
    path, starts = written(folder, payloads)
    size = data.draw(st.integers(0, starts[-1]))
    path.write_bytes(path.read_bytes()[:size])
    whole = sum(start <= size for start in starts[1:])
    entries, damages = read(folder)
    assert [one.payload for one in entries] == payloads[:whole]
    if size in (0, *starts):
        assert damages == []
    else:
        (damage,) = damages
        assert (damage.kind, damage.offset + damage.lost_bytes) == (TORN, size)


@given(payloads=PAYLOADS, data=st.data(), filling=st.sampled_from([b"\0", MARK]))
def test_a_hole_costs_what_it_covers(folders, payloads, data, filling):
    folder = folders()
    path, starts = written(folder, payloads)
    content = bytearray(path.read_bytes())
    begin = data.draw(st.integers(0, len(content) - 1))
    end = data.draw(st.integers(begin + 1, len(content)))
    hole = (filling * (end - begin))[: end - begin]
    changed = [i for i in range(begin, end) if content[i] != hole[i - begin]]
    content[begin:end] = hole
    path.write_bytes(content)
    hit = {touched(starts, place) for place in changed}
    entries, _ = read(folder)
    assert [one.position.record for one in entries] == [
        number for number in range(1, len(payloads) + 1) if number not in hit
    ]


@given(junk=st.binary(min_size=1, max_size=200))
def test_any_bytes_are_read_without_an_error(folders, junk):
    folder = folders()
    (folder / "00000001.seg").write_bytes(junk)
    entries, damages = read(folder)
    if not junk.startswith(FIRST_HEAD):
        assert entries == []
        assert sum(one.lost_bytes for one in damages) == len(junk)


@given(payloads=PAYLOADS)
def test_a_frame_of_another_segment_is_no_record(folders, payloads):
    folder = folders()
    path, _ = written(folder, payloads)
    path.rename(folder / "00000002.seg")
    entries, damages = read(folder)
    assert entries == []
    assert {one.kind for one in damages} == {ALTERED}


@given(payloads=PAYLOADS, data=st.data())
def test_the_first_version_is_read_up_to_its_first_damage(folders, payloads, data):
    import zlib  # noqa: PLC0415 - for this one

    folder = folders()
    frames = [
        FIRST_FRAME.pack(len(payload), zlib.crc32(payload)) + payload
        for payload in payloads
    ]
    path = folder / "00000001.seg"
    path.write_bytes(FIRST_HEAD + b"".join(frames))
    assert [one.payload for one in read(folder)[0]] == payloads
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(len(FIRST_HEAD), len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    entries, damages = read(folder)
    assert [one.payload for one in entries] == payloads[: len(entries)]
    assert len(entries) < len(payloads)
    assert len(damages) == 1


@given(payloads=PAYLOADS, data=st.data())
def test_what_cannot_be_read_is_kept_aside_byte_for_byte(folders, payloads, data):
    folder = folders()
    path, _ = written(folder, payloads)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= 0xFF
    path.write_bytes(content)
    quarantine = Quarantine(folder / "quarantine")
    damages = read(folder)[1]
    assert all(quarantine.keep(one, path) for one in damages)
    assert all(quarantine.keep(one, path) for one in damages)
    pieces = quarantine.pieces()
    assert [(one.offset, one.bytes, one.kind) for one in pieces] == [
        damage[1:] for damage in damages
    ]
    for damage in damages:
        name = f"00000001-{damage.offset:010d}.{damage.kind}"
        kept = (folder / "quarantine" / name).read_bytes()
        begin, end = damage.offset, damage.offset + damage.lost_bytes
        assert kept == bytes(content[begin:end])
