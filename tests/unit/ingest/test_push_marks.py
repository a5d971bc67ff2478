"""The journal of logs that were read: losing its tail costs reading again, no more."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mileage.domain.errors import NewerData
from mileage.ingest.push_marks import DIGEST, HEAD, Marks, Signature
from tests.drawing import examples

NAME, OTHER = b"n" * 16, b"o" * 16
WAS = Signature(1, 100, 5)


def digests(*numbers):
    return b"".join(number.to_bytes(DIGEST, "big") for number in numbers)


def known(marks, name=NAME):
    return {int.from_bytes(one, "big") for one in marks.rows(name)}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "marks"


def reopened(marks, file):
    marks.close()
    return Marks(file)


def test_a_log_is_read_until_it_changes(file):
    marks = Marks(file)
    assert not marks.is_read(NAME, WAS)
    marks.note(NAME, "log", WAS)
    assert marks.is_read(NAME, WAS)
    for changed in (
        WAS._replace(inode=2),
        WAS._replace(size=101),
        WAS._replace(size=99),
        WAS._replace(modified=6),
        WAS._replace(modified=4),
        WAS._replace(beside=1),
    ):
        assert not marks.is_read(NAME, changed)
    assert not marks.is_read(OTHER, WAS)
    marks.close()


def test_rows_add_up_over_readings_and_restarts(file):
    marks = Marks(file)
    marks.note(NAME, "log", WAS, fresh=digests(1, 2))
    marks.note(OTHER, "log", WAS, fresh=digests(9))
    marks.note(NAME, "log", WAS._replace(size=200), fresh=digests(3))
    for _ in range(2):
        assert known(marks) == {1, 2, 3}
        assert known(marks, OTHER) == {9}
        assert known(marks, b"?") == set()
        assert not marks.is_read(NAME, WAS)
        assert marks.is_read(NAME, WAS._replace(size=200))
        marks = reopened(marks, file)
    marks.close()


def test_what_is_ignored_never_shrinks(file):
    marks = Marks(file)
    assert marks.ignored(NAME) == 0
    marks.note(NAME, "log", WAS, ignored=5)
    marks.note(NAME, "log", WAS, ignored=3)
    marks = reopened(marks, file)
    assert marks.ignored(NAME) == 5
    marks.close()


def test_a_source_is_forgotten_and_others_are_not(file):
    marks = Marks(file)
    marks.note(NAME, "unknown", WAS, fresh=digests(1))
    marks.note(OTHER, "log", WAS, fresh=digests(2))
    marks.forget_source("unknown")
    marks.forget_source("nobody")
    for _ in range(2):
        assert not marks.is_read(NAME, WAS)
        assert known(marks) == set()
        assert known(marks, OTHER) == {2}
        marks = reopened(marks, file)
    marks.close()


def test_everything_can_be_forgotten(file):
    marks = Marks(file)
    marks.note(NAME, "log", WAS, fresh=digests(1))
    marks.clear()
    assert (len(marks), known(marks)) == (0, set())
    marks.note(NAME, "log", WAS, fresh=digests(7))
    marks = reopened(marks, file)
    assert known(marks) == {7}
    marks.close()


def test_a_journal_is_written_anew_when_it_is_mostly_old(file):
    marks = Marks(file)
    for number in range(2500):
        marks.note(NAME, "log", WAS._replace(size=number), fresh=digests(number))
    assert marks.wasteful
    marks.note(OTHER, "log", WAS)
    large = file.stat().st_size
    marks.rewrite({NAME, b"gone"})
    assert not marks.wasteful
    assert file.stat().st_size < large / 3
    assert known(marks) == set(range(2500))
    assert marks.is_read(NAME, WAS._replace(size=2499))
    assert not marks.is_read(OTHER, WAS)
    assert len(marks) == 1
    marks.close()


def test_few_logs_are_not_worth_it(file):
    marks = Marks(file)
    for number in range(100):
        marks.note(NAME, "log", WAS._replace(size=number))
    assert not marks.wasteful
    marks.close()


def written(file):
    marks = Marks(file)
    marks.note(NAME, "log", WAS, fresh=digests(1))
    marks.note(OTHER, "log", WAS, fresh=digests(2))
    marks.close()
    return file.read_bytes()


def test_a_tail_that_was_cut_anywhere_is_cut_off(file):
    whole = written(file)
    for end in range(len(whole)):
        file.write_bytes(whole[:end])
        marks = Marks(file)
        assert not marks.is_read(OTHER, WAS)
        assert known(marks) in ({1}, set())
        marks.note(OTHER, "log", WAS, fresh=digests(3))
        marks = reopened(marks, file)
        assert known(marks, OTHER) == {3}
        marks.close()


@given(st.data())
@settings(max_examples=examples(60))
def test_damage_never_invents_a_row(tmp_path_factory, data):
    file = tmp_path_factory.mktemp("damage") / "marks"
    whole = bytearray(written(file))
    at = data.draw(st.integers(len(HEAD), len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    file.write_bytes(whole)
    marks = Marks(file)
    assert known(marks) <= {1}
    assert known(marks, OTHER) <= {2}
    marks.close()


def test_a_journal_of_a_newer_version_is_left_alone(file):
    newer = HEAD[:12] + b"\x02\0\0\0" + b"whatever"
    file.write_bytes(newer)
    with pytest.raises(NewerData, match="newer version"):
        Marks(file)
    assert file.read_bytes() == newer


def test_what_is_no_journal_is_begun_anew(file):
    file.write_bytes(b"something else entirely")
    marks = Marks(file)
    assert len(marks) == 0
    marks.note(NAME, "log", WAS)
    marks = reopened(marks, file)
    assert marks.is_read(NAME, WAS)
    marks.close()


def test_the_journal_is_private_and_names_nothing(file):
    marks = Marks(file)
    marks.note(NAME, "log", WAS)
    marks.rewrite({NAME})
    assert file.stat().st_mode & 0o777 == 0o600
    marks.close()


def test_a_frame_that_a_full_disk_cut_is_forgotten(file, monkeypatch):
    marks = Marks(file)
    marks.note(NAME, "log", WAS, fresh=digests(1))
    with monkeypatch.context() as patched:
        patched.setattr("os.pwrite", lambda *_: 3)
        marks.note(OTHER, "log", WAS, fresh=digests(2))
    assert not marks.is_read(OTHER, WAS)
    marks.note(OTHER, "log", WAS, fresh=digests(3))
    assert (known(marks), known(marks, OTHER)) == ({1}, {3})
    marks.close()


class Journal(RuleBasedStateMachine):
    """The journal against a dictionary, through restarts and rewriting."""

    def __init__(self):
        super().__init__()
        self.folder = TemporaryDirectory()
        self.file = Path(self.folder.name) / "marks"
        self.marks = Marks(self.file)
        self.model = {}

    names = st.sampled_from([b"a", b"b", b"c"])

    @rule(name=names, size=st.integers(0, 3), rows=st.sets(st.integers(0, 20)))
    def note(self, name, size, rows):
        source = "one" if name == b"a" else "two"
        fresh = rows - self.model.get(name, (None, set()))[1]
        self.marks.note(
            name, source, Signature(1, size, 1), fresh=digests(*sorted(fresh))
        )
        before = self.model.get(name, (None, set()))[1]
        self.model[name] = (size, before | rows)

    @rule()
    def restart(self):
        self.marks = reopened(self.marks, self.file)

    @rule(keep=st.sets(names))
    def rewrite(self, keep):
        self.marks.rewrite(keep)
        self.model = {name: one for name, one in self.model.items() if name in keep}

    @rule()
    def forget(self):
        self.marks.forget_source("one")
        self.model.pop(b"a", None)

    @invariant()
    def agree(self):
        assert len(self.marks) == len(self.model)
        for name, (size, rows) in self.model.items():
            assert self.marks.is_read(name, Signature(1, size, 1))
            assert known(self.marks, name) == rows

    def teardown(self):
        self.marks.close()
        self.folder.cleanup()


TestJournal = Journal.TestCase
TestJournal.settings = settings(
    max_examples=examples(30), stateful_step_count=20, deadline=None
)
