"""Looking through segments: what is torn is a note, what is altered a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mileage.domain.booking import Position
from mileage.domain.people import Credential
from mileage.domain.witness import Reading, WitnessBatch
from mileage.ingest.checking import check_quarantine, check_segments
from mileage.ingest.frames import ALTERED, TORN, UNREADABLE, Damage, head
from mileage.ingest.quarantine import Quarantine
from mileage.ingest.record import Record, encode
from mileage.ingest.segment import END, Segments
from tests.witnesses import witness

if TYPE_CHECKING:
    from pathlib import Path

START = Position(0, 0)
ALICE = Credential("tok_1", "acc_alice", "")
ALL = Position(END, END)


def payload(key: str) -> bytes:
    return encode(Record(ALICE, "otlp", Reading(WitnessBatch.of([witness(key=key)]))))


@pytest.fixture
def segments(tmp_path: Path) -> Segments:
    made = Segments(tmp_path, taken=START, roll_bytes=1)
    for key in "abc":
        made.append([payload(key)] * 2)
    return made


def test_whole_segments_have_no_problem(segments: Segments) -> None:
    assert check_segments(segments, ALL) == ("segments", 6, (), ())


def test_a_segment_that_is_being_written_is_read_up_to_the_last_record(
    segments: Segments,
) -> None:
    path = segments.path(3)
    path.write_bytes(path.read_bytes() + b"half a fra")
    (segments.path(4)).write_bytes(b"MILE")
    assert segments.written == Position(3, 2)
    assert check_segments(segments, segments.written) == ("segments", 6, (), ())


def test_a_torn_tail_is_a_note(segments: Segments) -> None:
    path = segments.path(2)
    path.write_bytes(path.read_bytes()[:-3])
    found = check_segments(segments, ALL)
    assert found.problems == ()
    (note,) = found.notes
    assert note.startswith("segment 2: ")
    assert "torn" in note


def test_an_altered_middle_is_a_problem(segments: Segments) -> None:
    path = segments.path(2)
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content)
    found = check_segments(segments, ALL)
    (problem,) = found.problems
    assert problem.startswith("segment 2: ")
    assert "altered" in problem


def test_a_record_that_is_none_is_a_problem(segments: Segments) -> None:
    segments.append([b"whole and senseless"])
    (problem,) = check_segments(segments, ALL).problems
    assert problem.startswith("segment 4: a whole record that this version cannot read")


def test_a_segment_of_a_newer_version_is_a_problem(segments: Segments) -> None:
    segments.path(9).write_bytes(head(7))
    (problem,) = check_segments(segments, ALL).problems
    assert "newer version" in problem


@pytest.mark.parametrize(
    ("kind", "problems", "notes"), [(TORN, 0, 1), (ALTERED, 1, 0), (UNREADABLE, 1, 0)]
)
def test_what_was_kept_aside_is_told_by_its_kind(
    tmp_path: Path, segments: Segments, kind: str, problems: int, notes: int
) -> None:
    quarantine = Quarantine(tmp_path / "quarantine")
    assert check_quarantine(quarantine) == ("quarantine", 0, (), ())
    assert quarantine.keep(Damage(2, 20, 30, kind), segments.path(2))
    found = check_quarantine(quarantine)
    assert found.looked_at == 1
    assert (len(found.problems), len(found.notes)) == (problems, notes)
    assert all("30 bytes of segment 2" in one for one in found.problems)


def test_other_files_in_the_quarantine_are_nobodys_business(tmp_path: Path) -> None:
    for name in ("notes.txt", ".00000001-0000000020.torn", "a-b.c"):
        (tmp_path / name).write_text("x")
    assert Quarantine(tmp_path).pieces() == ()
