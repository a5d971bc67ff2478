"""What files were refused for counts once, however often they are read."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.people import Credential
from mileage.domain.witness import AHEAD, Reading, Rejected, WitnessBatch
from mileage.ingest.record import Record
from mileage.ingest.told_once import FOLDER, Bounds, Origin, told_once
from mileage.sources.jsonl import INCOMPLETE
from tests.drawing import examples
from tests.witnesses import witness

ACCOUNT = Credential("", "acc", "")
NOW = 1_750_000_000_000_000
BOUNDS = Bounds(0, NOW)
BAD, EMPTY, GOOD = "bad", "", "good"


def readings(path, at=2):
    """Read a made-up log: some lines are refused, empty ones are no usage."""
    lines = path.read_text().splitlines()
    for first in range(0, len(lines), at):
        part = list(enumerate(lines, 1))[first : first + at]
        yield Reading(
            WitnessBatch.of(
                witness(key=f"k{number}", occurred_at=NOW)
                for number, line in part
                if line == GOOD
            ),
            rejected=tuple(
                Rejected("log", f"{path.name}:{number}", line)
                for number, line in part
                if line.startswith(BAD)
            ),
            ignored=sum(line == EMPTY for _, line in part),
        )


def told(data, path, *, read=readings, whose="acc", bounds=BOUNDS, **how):
    """Read a file; return what is new to tell: places, ignored, told before."""
    origin = Origin(str(path), "log", **how)
    with told_once(data, whose, bounds) as once:
        found = [
            record.reading
            for record in once.news(
                origin, (Record(ACCOUNT, "log", one) for one in read(path))
            )
        ]
    places = [one.place for reading in found for one in reading.rejected]
    return places, sum(one.ignored for one in found), once.again


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("bad\n\ngood\nbad\nbad other\n")
    (tmp_path / "data").mkdir()
    return path


def test_the_same_is_told_once(data, log):
    first = ["a.jsonl:1", "a.jsonl:4", "a.jsonl:5"]
    assert told(data, log) == (first, 1, 0)
    for _ in range(3):
        assert told(data, log) == ([], 0, 3)


def test_what_a_file_has_grown_by_is_told(data, log):
    told(data, log)
    with log.open("a") as stream:
        stream.write("bad\n\nbad new\n")
    assert told(data, log) == (["a.jsonl:6", "a.jsonl:8"], 1, 3)
    assert told(data, log) == ([], 0, 5)


@pytest.mark.parametrize("text", ["good\nbad\n", "bad\n", "other\n\n\n\ngood\nbad\n"])
def test_other_content_under_the_same_name_is_another_file(data, log, text):
    told(data, log)
    log.write_text(text)
    places, ignored, again = told(data, log)
    assert len(places) == text.count("bad")
    assert ignored == text.splitlines().count("")
    assert again == 0
    assert told(data, log)[:2] == ([], 0)


def test_a_document_that_is_written_anew_is_the_same_file(data, log):
    told(data, log, rewritten=True)
    log.write_text("good\n" + log.read_text() + "bad\n")
    assert told(data, log, rewritten=True) == (["a.jsonl:7"], 0, 3)


def test_files_of_one_name_are_not_mixed_up(data, log, tmp_path):
    told(data, log)
    other = tmp_path / "other" / log.name
    other.parent.mkdir()
    other.write_bytes(log.read_bytes())
    assert len(told(data, other)[0]) == 3
    assert len(told(data, log, whose="somebody else")[0]) == 3
    link = tmp_path / "link.jsonl"
    link.symlink_to(log)
    assert told(data, link) == ([], 0, 3)


def test_a_file_that_cannot_be_read_for_a_while_is_the_same_afterwards(data, log):
    told(data, log)
    aside = log.rename(log.with_name("aside"))

    def unreadable(path):
        yield Reading(rejected=(Rejected("log", path.name, "unreadable: gone"),))

    assert told(data, log, read=unreadable) == (["a.jsonl"], 0, 0)
    assert told(data, log, read=unreadable) == ([], 0, 1)
    aside.rename(log)
    assert told(data, log) == ([], 0, 3)


def test_calls_of_no_possible_time_are_refused_once_and_by_their_file(data, log):
    ahead, late = Bounds(0, NOW - 1), Bounds(NOW + 1, NOW + 1)
    log.write_text("good\ngood\n")
    places, _, _ = told(data, log, bounds=ahead)
    assert places == ["a.jsonl part 1 record 1", "a.jsonl part 1 record 2"]
    assert told(data, log, bounds=ahead) == ([], 0, 2)
    # Whoever deletes what is old is told once as well.
    assert len(told(data, log, bounds=late)[0]) == 2
    assert told(data, log, bounds=late) == ([], 0, 2)


def test_the_clock_that_reaches_a_call_lets_it_in(data, log):
    log.write_text("good\n")
    origin = Origin(str(log), "log")
    for bounds, witnesses, reasons in (
        (Bounds(0, NOW - 1), 0, [AHEAD]),
        (BOUNDS, 1, []),
    ):
        with told_once(data, "acc", bounds) as once:
            records = [Record(ACCOUNT, "log", one) for one in readings(log)]
            (found,) = [one.reading for one in once.news(origin, records)]
        assert len(found.witnesses) == witnesses
        assert [one.reason for one in found.rejected] == reasons


def half(path):
    """Read a made-up log whose last line lacks its end."""
    yield from readings(path)
    if not path.read_text().endswith("\n"):
        yield Reading(rejected=(Rejected("log", path.name, INCOMPLETE),))


def test_half_a_line_is_told_when_it_stays_so(data, log):
    how = {"read": half, "growing": True}
    log.write_text("good\ngo")
    assert told(data, log, **how) == ([], 0, 0)
    log.write_text("good\ngood\ngo")
    assert told(data, log, **how) == ([], 0, 0)
    assert told(data, log, **how) == (["a.jsonl"], 0, 0)
    assert told(data, log, **how) == ([], 0, 1)


def test_half_a_line_that_was_just_being_written_is_never_told(data, log):
    how = {"read": half, "growing": True}
    log.write_text("")
    for line in ("good\n", "good\n", "bad\n"):
        log.write_text(log.read_text() + line[:2])
        assert told(data, log, **how) == ([], 0, 0)
        log.write_text(log.read_text() + line[2:])
        places, _, again = told(data, log, **how)
        assert again == 0
    assert places == ["a.jsonl:3"]


def test_a_file_that_nobody_writes_to_is_told_of_at_once(data, log):
    log.write_text("good\ngo")
    assert told(data, log, read=half) == (["a.jsonl"], 0, 0)
    assert told(data, log, read=half) == ([], 0, 1)


def test_which_files_may_grow_is_known(data, log):
    log.write_text("good\ngo")
    for growing in ({str(log)}, set()):
        with told_once(data, "acc", BOUNDS) as once:
            records = (Record(ACCOUNT, "log", one) for one in half(log))
            list(once.news(Origin(str(log), "log", growing=True), records))
        assert once.growing == growing


def test_projects_are_left_to_whoever_has_the_key_of_their_hashes(data, log):
    call = witness(project="/home/alice/code", occurred_at=NOW)
    reading = Reading(WitnessBatch.of([call]))
    with told_once(data, "acc", BOUNDS) as once:
        (record,) = once.news(
            Origin(str(log), "log"), [Record(ACCOUNT, "log", reading)]
        )
    assert record.reading == reading


def test_a_run_that_breaks_off_tells_again(data, log):
    with told_once(data, "acc", BOUNDS) as once:
        records = (Record(ACCOUNT, "log", one) for one in readings(log))
        next(once.news(Origin(str(log), "log"), records))
    assert len(told(data, log)[0]) == 3


def test_nothing_is_remembered_of_a_file_with_nothing_to_tell(data, log):
    log.write_text("good\n")
    told(data, log)
    marks = data / FOLDER / "marks"
    before = marks.stat().st_size
    told(data, log)
    assert marks.stat().st_size == before


def test_what_is_remembered_is_private_and_names_nothing(data, log):
    told(data, log)
    for path in (data / FOLDER, *(data / FOLDER).iterdir()):
        assert path.stat().st_mode & 0o077 == 0
    kept = (data / FOLDER / "marks").read_bytes()
    for word in (b"a.jsonl", b"bad", os.fsencode(log.parent), b"acc"):
        assert word not in kept


def test_what_is_lost_counts_once_more(data, log):
    told(data, log)
    (data / FOLDER / "marks").unlink()
    assert len(told(data, log)[0]) == 3


LINES = st.lists(st.sampled_from(["bad", "bad too", "good", ""]), max_size=12)


@settings(max_examples=examples(60), deadline=None)
@given(first=LINES, steps=st.lists(LINES, max_size=4), at=st.integers(1, 5))
def test_a_file_that_grows_counts_as_if_it_was_read_once(first, steps, at):
    with TemporaryDirectory() as folder:
        path, lines = Path(folder) / "a.jsonl", list(first)
        counts = [0, 0]
        for more in [[], *steps, []]:
            lines += more
            path.write_text("".join(f"{one}\n" for one in lines))
            places, ignored, _ = told(
                Path(folder), path, read=lambda path: readings(path, at)
            )
            counts = [counts[0] + len(places), counts[1] + ignored]
            bad = sum(one.startswith("bad") for one in lines)
            assert counts == [bad, lines.count("")]


def test_a_file_that_was_only_touched_is_the_same(data, log):
    told(data, log)
    before = (data / FOLDER / "marks").read_bytes()
    os.utime(log, (1, 1))
    assert told(data, log) == ([], 0, 3)
    assert (data / FOLDER / "marks").read_bytes() == before
