"""The spool: in order, until acknowledged, through crashes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.errors import NewerData, Unavailable
from mileage.ingest import frames
from mileage.ingest.spool import MIB, Spool
from tests.drawing import examples


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "spool"


def payloads(spool):
    return [one.payload for one in spool.waiting()]


def peek(spool):
    """Look at what waits without reading to the end, which would empty it."""
    found = spool.waiting()
    try:
        return next(found, None)
    finally:
        found.close()


def drained(spool, most=10**6):
    sent = []
    for one in spool.waiting():
        if len(sent) == most:
            break
        sent.append(one.payload)
        spool.acknowledged(one)
    return sent


def test_what_waits_is_sent_in_order_and_leaves_nothing(folder):
    spool = Spool(folder)
    assert (spool.size, drained(spool)) == (0, [])
    for body in (b"one", b"two", b"three"):
        spool.add(body)
    assert spool.size > 0
    assert drained(spool) == [b"one", b"two", b"three"]
    assert (spool.size, drained(spool)) == (0, [])
    assert list(folder.glob("*.seg")) == []
    spool.add(b"four")
    assert drained(spool) == [b"four"]
    spool.close()


def test_what_was_not_acknowledged_waits_for_the_next_process(folder):
    first = Spool(folder)
    for number in range(5):
        first.add(b"%d" % number)
    assert drained(first, most=2) == [b"0", b"1"]
    # Killed: nothing was closed.
    second = Spool(folder)
    second.add(b"5")
    assert drained(second) == [b"2", b"3", b"4", b"5"]
    first.close()
    second.close()


def test_nothing_is_lost_when_the_word_of_the_server_is(folder):
    first = Spool(folder)
    first.add(b"a")
    first.add(b"b")
    drained(first, most=1)
    (folder / "taken").unlink()
    second = Spool(folder)
    assert drained(second) == [b"a", b"b"]
    first.close()
    second.close()


@pytest.mark.parametrize("word", [b"", b"x y", b"1", b"1 2 3", b"\xff"])
def test_a_word_that_cannot_be_read_sends_all_again(folder, word):
    first = Spool(folder)
    first.add(b"a")
    first.close()
    (folder / "taken").write_bytes(word)
    second = Spool(folder)
    assert drained(second) == [b"a"]
    second.close()


def test_large_spools_are_many_files_of_which_sent_ones_go(folder):
    spool = Spool(folder)
    for number in range(5):
        spool.add(bytes([number]) * MIB)
    assert len(list(folder.glob("*.seg"))) == 5
    assert spool.size >= 5 * MIB
    drained(spool, most=3)
    assert len(list(folder.glob("*.seg"))) == 3
    assert peek(spool).payload == bytes([3]) * MIB
    spool.close()


def test_a_torn_tail_is_noticed_and_the_rest_is_sent(folder):
    first = Spool(folder)
    first.add(b"whole")
    first.add(b"torn" * 10)
    first.close()
    (file,) = folder.glob("*.seg")
    file.write_bytes(file.read_bytes()[:-5])
    second = Spool(folder)
    assert drained(second) == [b"whole"]
    assert second.damaged
    assert drained(second) == []
    second.close()


@given(st.data())
@settings(max_examples=examples(40))
def test_no_cut_and_no_flip_sends_something_else(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("cut") / "spool"
    bodies = [b"a" * 30, b"b" * 20, b"c"]
    first = Spool(folder)
    for body in bodies:
        first.add(body)
    first.close()
    (file,) = folder.glob("*.seg")
    content = bytearray(file.read_bytes())
    at = data.draw(st.integers(len(frames.HEAD), len(content) - 1))
    if data.draw(st.booleans()):
        content = content[:at]
    else:
        content[at] ^= data.draw(st.integers(1, 255))
    file.write_bytes(content)
    second = Spool(folder)
    sent = drained(second)
    assert sent == [body for body in bodies if body in sent]
    # A cut between two frames loses what was there without a trace; marks are only
    # written after the frame is on disk, so a crash cannot make such a cut.
    assert second.damaged or at in frame_starts(bodies)
    second.close()


def frame_starts(bodies):
    starts, at = set(), len(frames.HEAD)
    for body in bodies:
        starts.add(at)
        at += frames.FRAME.size + len(body)
    return starts


def test_a_disk_that_refuses_is_said_to(folder, monkeypatch):
    spool = Spool(folder)
    spool.add(b"before")

    def refuse(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.write", refuse)
        with pytest.raises(Unavailable, match="No space left"):
            spool.add(b"refused")
    spool.add(b"after")
    assert drained(spool) == [b"before", b"after"]
    spool.close()


def test_a_spool_of_a_newer_version_is_left_alone(folder):
    folder.mkdir()
    newer = frames.head(frames.VERSION + 1) + b"?"
    (folder / "00000001.seg").write_bytes(newer)
    spool = Spool(folder)
    with pytest.raises(NewerData):
        payloads(spool)
    assert (folder / "00000001.seg").read_bytes() == newer


def test_everything_in_it_is_private(folder):
    spool = Spool(folder)
    spool.add(b"a")
    spool.add(b"b")
    drained(spool, most=1)
    assert folder.stat().st_mode & 0o777 == 0o700
    files = list(folder.iterdir())
    assert {one.name for one in files} >= {"taken", "00000001.seg"}
    assert {one.stat().st_mode & 0o777 for one in files} == {0o600}
    spool.close()
