"""Reading on where a log ended."""

from __future__ import annotations

import os
from io import FileIO

import pytest

from mileage.domain.digest import blake2b
from mileage.domain.packed import FileCalls
from mileage.sources import tail
from mileage.sources.claude_code_log import SOURCE as CLAUDE
from mileage.sources.codex_rollout import SOURCE as CODEX
from mileage.sources.files import LogFile
from mileage.sources.tail import read_on
from tests.session_logs import (
    added,
    answer,
    count,
    event,
    meta,
    record,
    said,
    tokens,
    turn,
    usage,
)


class Log:
    """A file that grows, and what is known of it."""

    def __init__(self, path, source):
        self.path = path
        self.source = source
        self.mark = None
        self.calls = FileCalls.none()
        self.open = 0
        self.path.write_bytes(b"")

    def append(self, *lines):
        with self.path.open("ab") as stream:
            stream.write(b"".join(lines))
        return self

    def read(self):
        file = LogFile("s", str(self.path), self.path.stat().st_size)
        found = read_on(self.source, file, self.mark)
        if found.from_start:
            self.calls, self.open = FileCalls.none(), 0
        kept = self.calls.without_last(found.taken_back)
        still = self.open - found.taken_back
        calls = kept.followed_by(found.settled, at=len(kept.rows) - still)
        self.calls = calls.followed_by(found.open_calls, at=len(calls.rows))
        self.open = still + len(found.open_calls.rows)
        self.mark = found.mark
        return found

    def outputs(self):
        return [row[6] for row in self.calls.rows]


@pytest.fixture
def claude(tmp_path):
    return Log(tmp_path / "a.jsonl", CLAUDE)


@pytest.fixture
def codex(tmp_path):
    return Log(tmp_path / "rollout-x.jsonl", CODEX)


def test_only_what_is_new_is_read(claude):
    claude.append(answer("a", usage(out=1)), said("x")).read()
    found = claude.append(answer("b", usage(out=2))).read()
    assert not found.from_start
    assert [row[6] for row in found.settled.rows] == [2]
    assert claude.outputs() == [1, 2]
    assert claude.mark.offset == claude.path.stat().st_size


def test_an_unfinished_line_is_read_again(claude):
    whole = answer("b", usage(out=2))
    first = claude.append(answer("a", usage(out=1)), whole[:-40]).read()
    assert (first.rejected, first.passing) == (1, 1)
    assert claude.outputs() == [1]
    second = claude.append(whole[-40:]).read()
    assert not second.from_start
    assert (second.rejected, claude.outputs()) == (0, [1, 2])


def test_a_line_that_lacks_only_its_end_counts_and_makes_the_file_be_read_anew(claude):
    claude.append(answer("a", usage(out=1))[:-1]).read()
    assert claude.outputs() == [1]
    assert claude.mark is None
    found = claude.append(b"\n", answer("b", usage(out=2))).read()
    assert found.from_start
    assert claude.outputs() == [1, 2]


def test_what_a_newer_client_adds_moves_no_call_to_another_model(claude):
    """Two ways to say the standard speed are one kind of calls, of which two follow."""
    older, newer = usage(), usage(speed="standard")
    claude.append(answer("a", older), answer("b", newer), answer("c", model="two"))
    claude.append(answer("d", usage(iterations=[]), model="three")).read()
    claude.append(answer("e", model="four")).read()
    models = [claude.calls.witness(n, "s").model for n in range(5)]
    assert models == ["claude-opus-4-8", "claude-opus-4-8", "two", "three", "four"]


@pytest.mark.parametrize("where", ["start", "end"])
def test_a_file_that_is_another_is_read_anew(claude, where):
    claude.append(answer("a", usage(out=1)), answer("b", usage(out=2))).read()
    other = [answer("c", usage(out=3)), answer("b", usage(out=2))]
    claude.path.write_bytes(b"".join(other if where == "start" else other[::-1]))
    found = claude.append(answer("d", usage(out=4))).read()
    assert found.from_start
    assert sorted(claude.outputs()) == [2, 3, 4]


def test_a_place_that_an_earlier_version_noted_fits_no_file(claude):
    """It hashed what is summed up now: the file is read anew, once."""
    claude.append(answer(message="m1"), answer(message="m2")).read()
    whole = claude.path.read_bytes()
    before = blake2b(2 * whole[:2_048], digest_size=8).digest()
    claude.mark = claude.mark._replace(sample=before)
    found = claude.append(answer(message="m3")).read()
    assert found.from_start
    assert len(claude.calls.rows) == 3
    assert not claude.append(answer(message="m4")).read().from_start
    assert len(claude.calls.rows) == 4


@pytest.mark.parametrize("size", [10, 2_047, 2_048, 2_049, 9_000])
def test_a_changed_byte_at_either_end_is_noticed(tmp_path, size):
    path, whole = tmp_path / "log", bytes(range(251)) * 40
    places = {0, min(size, 2_048) - 1, max(0, size - 2_048), size - 1}

    def sample(content):
        path.write_bytes(content)
        with path.open("rb") as stream:
            return tail._sample(stream, size)

    known = sample(whole)
    assert len(known) == 4
    assert sample(whole[:size]) == known
    for at in places:
        changed = bytearray(whole)
        changed[at] ^= 1
        assert sample(bytes(changed)) != known


def test_a_file_that_is_shorter_is_read_anew(claude):
    claude.append(*(answer(f"m{n}", usage(out=n)) for n in range(1, 9))).read()
    claude.path.write_bytes(answer("m1", usage(out=1)))
    assert claude.read().from_start
    assert claude.outputs() == [1]


def test_what_cannot_be_opened_is_counted(tmp_path):
    for path in (tmp_path / "missing.jsonl", tmp_path):
        found = read_on(CLAUDE, LogFile("s", str(path), 0), None)
        assert (found.rejected, found.mark) == (1, None)
    os.mkfifo(tmp_path / "pipe.jsonl")
    found = read_on(CLAUDE, LogFile("s", str(tmp_path / "pipe.jsonl"), 0), None)
    assert found.rejected == 1


@pytest.mark.parametrize("size", [64, 1_000, 4_096])
def test_pieces_of_any_size_make_the_same_calls(claude, monkeypatch, size):
    lines = [answer(f"m{n}", usage(out=n)) for n in range(1, 30)] + [said("x" * 3_000)]
    claude.append(*lines).read()
    whole, claude.mark = claude.calls, None
    monkeypatch.setattr(tail, "CHUNK_BYTES", size)
    claude.read()
    assert claude.calls == whole


@pytest.mark.parametrize("listed", [0, 1, 3_000])
def test_what_was_written_since_the_file_was_listed_is_read(claude, listed):
    whole = claude.append(*(answer(f"m{n}") for n in range(40))).path
    found = read_on(CLAUDE, LogFile("s", str(whole), listed), None)
    assert len(found.settled.rows) == 40
    assert found.mark.offset == whole.stat().st_size


def test_a_file_system_that_hands_over_less_than_it_has_loses_nothing(
    claude, monkeypatch
):
    class Slow(FileIO):
        def read(self, size=-1):
            return super().read(min(size, 100))

    monkeypatch.setattr(tail, "_opened", Slow)
    claude.append(*(answer(f"m{n}") for n in range(40))).read()
    assert len(claude.calls.rows) == 40
    assert claude.mark.offset == claude.path.stat().st_size


def test_a_line_above_the_limit_is_passed_over(claude, monkeypatch):
    monkeypatch.setattr(tail, "CHUNK_BYTES", 256)
    monkeypatch.setattr(tail, "MAX_LINE_BYTES", 2_000)
    lines = (answer("a", usage(out=1)), said("x" * 9_000), answer("b", usage(out=2)))
    found = claude.append(*lines).read()
    assert claude.outputs() == [1, 2]
    assert (found.rejected, found.mark) == (1, None)


def totals(*sizes):
    return added(*(tokens(size) for size in sizes))


def test_running_totals_go_on(codex):
    codex.append(meta(), turn(), count(totals(10), tokens(10), 5)).read()
    found = codex.append(count(totals(10, 20), tokens(20), 9)).read()
    assert not found.from_start
    assert [row[2] for row in codex.calls.rows] == [10, 20]
    (first, second) = (codex.calls.kinds[row[0]] for row in codex.calls.rows)
    assert first == second
    assert first[2] == "gpt-5.1-codex"


def test_a_record_takes_back_what_totals_said_before(codex):
    codex.append(meta(), turn(), count(totals(10), tokens(10), 5)).read()
    assert codex.open == 1
    found = codex.append(record("r1", tokens(10), totals(10), 6)).read()
    assert found.taken_back == 1
    assert [row[2] for row in codex.calls.rows] == [10]
    assert codex.open == 0


def test_a_record_keeps_what_came_before_it(codex):
    codex.append(meta(), turn())
    codex.append(count(totals(10), tokens(10), 5)).read()
    codex.append(count(totals(10, 20), tokens(20), 6)).read()
    codex.append(record("r2", tokens(20), totals(10, 20), 7)).read()
    assert sorted(row[2] for row in codex.calls.rows) == [10, 20]


def test_totals_of_another_version_behind_a_record_go_on(codex):
    first, second, third = totals(10), totals(10, 20), totals(10, 20, 30)
    codex.append(meta(), turn(), record("r1", tokens(10), first, 5)).read()
    codex.append(count(first, tokens(10), 6)).read()
    codex.append(count(second, tokens(20), 7)).read()
    assert codex.open == 1
    codex.append(count(third, tokens(30), 8)).read()
    assert codex.open == 2
    codex.append(record("r3", tokens(30), third, 9)).read()
    assert sorted(row[2] for row in codex.calls.rows) == [10, 20, 30]
    codex.append(record("r4", tokens(40), totals(10, 20, 30, 40), 9)).read()
    assert sorted(row[2] for row in codex.calls.rows) == [10, 20, 30, 40]


def test_a_childs_first_task_takes_its_parents_totals_back(codex):
    codex.append(meta("child", forked_from_id="thread-1"), turn())
    codex.append(event("user_message", 5), count(totals(10), tokens(10), 6)).read()
    before = len(codex.calls.rows)
    codex.append(event("task_started", 7), count(totals(10, 5), tokens(5), 8)).read()
    assert before == 1
    assert [row[2] for row in codex.calls.rows] == [5]


def test_a_file_with_too_much_that_is_open_is_read_anew(codex, monkeypatch):
    monkeypatch.setattr(tail, "MOST_OPEN", 1)
    codex.append(meta(), turn(), count(totals(10), tokens(10), 5)).read()
    assert codex.mark is not None
    codex.append(count(totals(10, 20), tokens(20), 6)).read()
    assert codex.mark is not None
    codex.mark = None
    codex.read()
    assert codex.mark is None
