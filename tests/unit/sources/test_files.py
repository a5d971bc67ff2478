"""Finding logs and reading them line by line, whatever state the disk is in."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from mileage.domain.call import SourceTraits
from mileage.domain.witness import Reading, Rejected
from mileage.sources.claude_code_log import SOURCE as CLAUDE
from mileage.sources.codex_rollout import SOURCE as CODEX
from mileage.sources.files import LineReader, LogFile, discover, read_log
from mileage.sources.kimi_wire import SOURCE as KIMI
from tests.denying import as_nobody, kept_from, shared_folder
from tests.session_logs import (
    answer,
    meta,
    record,
    rejections,
    tokens,
    witnesses,
    write_log,
)


def found(home, source=CLAUDE, environ=None):
    return [
        file.path.removeprefix(f"{home}/")
        for file in discover(home, environ or {}, source)
    ]


def lines_of(path, limit=1_000, **options):
    reader = LineReader(LogFile("test", str(path), 0), max_line_bytes=limit, **options)
    return list(reader), [(one.place, one.reason) for one in reader.rejected]


def test_logs_are_found_at_any_depth_and_journals_are_not(tmp_path):
    for name in (
        ".claude/projects/a/one.jsonl",
        ".claude/projects/a/one/subagents/agent-x.jsonl",
        ".claude/projects/a/one/subagents/workflows/w/agent-y.jsonl",
        ".claude/projects/a/one/subagents/workflows/w/journal.jsonl",
        ".claude/projects/a/one/subagents/agent-x.meta.json",
        ".claude/settings.jsonl",
        ".config/claude/projects/b/two.jsonl",
    ):
        write_log(tmp_path, name, answer())
    assert found(tmp_path) == [
        ".claude/projects/a/one.jsonl",
        ".claude/projects/a/one/subagents/agent-x.jsonl",
        ".claude/projects/a/one/subagents/workflows/w/agent-y.jsonl",
        ".config/claude/projects/b/two.jsonl",
    ]


def test_rollouts_are_found_archived_and_compressed(tmp_path):
    for name in (
        ".codex/sessions/2026/11/20/rollout-1.jsonl",
        ".codex/sessions/2026/11/20/rollout-2.jsonl.zst",
        ".codex/archived_sessions/rollout-0.jsonl",
        ".codex/history.jsonl",
    ):
        write_log(tmp_path, name, meta())
    assert len(found(tmp_path, CODEX)) == 3


def test_two_names_of_one_folder_are_one(tmp_path):
    write_log(tmp_path, ".claude/projects/a/one.jsonl", answer())
    (tmp_path / ".config").mkdir()
    (tmp_path / ".config/claude").symlink_to(tmp_path / ".claude")
    assert len(found(tmp_path)) == 1


def test_a_project_that_lies_elsewhere_is_found_through_its_link(tmp_path):
    write_log(tmp_path, "disk/big/one.jsonl", answer())
    (tmp_path / ".claude/projects").mkdir(parents=True)
    (tmp_path / ".claude/projects/big").symlink_to(tmp_path / "disk/big")
    (tmp_path / "disk/big/loop").symlink_to(tmp_path / ".claude/projects")
    assert found(tmp_path) == [".claude/projects/big/one.jsonl"]


def test_the_environment_chooses_the_folders(tmp_path):
    write_log(tmp_path, "elsewhere/projects/a/one.jsonl", answer())
    write_log(tmp_path, ".claude/projects/a/two.jsonl", answer())
    environ = {"CLAUDE_CONFIG_DIR": str(tmp_path / "elsewhere")}
    assert found(tmp_path, environ=environ) == ["elsewhere/projects/a/one.jsonl"]


def test_sizes_are_known(tmp_path):
    path = write_log(tmp_path, ".claude/projects/a/one.jsonl", answer())
    (file,) = discover(tmp_path, {}, CLAUDE)
    assert file == LogFile("claude_code_log", str(path), len(answer()))


def test_no_folder_is_no_log(tmp_path):
    assert found(tmp_path / "nowhere") == []


def test_lines_keep_their_ends(tmp_path):
    path = write_log(tmp_path, "x", b"one\n\n\xff\r\ntwo")
    assert lines_of(path) == ([b"one\n", b"\n", b"\xff\r\n", b"two"], [])


def test_an_empty_file_has_no_lines(tmp_path):
    assert lines_of(write_log(tmp_path, "x")) == ([], [])


@pytest.mark.parametrize("end", [b"\n", b""])
@pytest.mark.parametrize("length", [11, 12, 20, 21, 200])
def test_an_over_long_line_is_skipped_and_counted_as_a_line(tmp_path, length, end):
    path = write_log(tmp_path, "x", b"before\n", b"x" * length, end)
    lines, rejected = lines_of(path, 10)
    assert lines == [b"before\n", b"\n"]
    assert rejected == [(f"{path}:2", "line longer than the limit")]


@pytest.mark.parametrize("content", [b"x" * 10, b"x" * 9 + b"\n", b"x" * 10 + b"\n"])
def test_a_line_of_just_the_limit_is_kept(tmp_path, content):
    path = write_log(tmp_path, "x", content)
    assert lines_of(path, 10) == ([content], [])


def test_lines_after_an_over_long_one_are_read_with_their_numbers(tmp_path):
    path = write_log(
        tmp_path, "one.jsonl", answer(), b"x" * 5_000 + b"\n", b"{\n", answer("msg_2")
    )
    file = LogFile("claude_code_log", str(path), 0)
    readings = list(read_log(CLAUDE, file, max_line_bytes=2_000))
    assert len(witnesses(readings)) == 2
    assert sorted((one.place, one.reason) for one in rejections(readings)) == [
        (f"{path}:2", "line longer than the limit"),
        (f"{path}:3", "not JSON"),
    ]


def test_an_over_long_line_needs_little_memory(tmp_path):
    class Endless(io.RawIOBase):
        """A line without end: two hundred megabytes, none of them kept."""

        left = 200_000_000
        largest = 0

        def readline(self, size=-1):
            taken = min(size, self.left)
            self.left -= taken
            self.largest = max(self.largest, taken)
            return b"x" * taken

    stream = Endless()
    lines, rejected = lines_of("x", 1_000_000, opener=lambda _: stream)
    assert lines == [b"\n"]
    assert rejected == [("x:1", "line longer than the limit")]
    assert (stream.left, stream.largest) == (0, 1_000_000)


def test_a_file_that_vanished(tmp_path):
    lines, ((place, reason),) = lines_of(tmp_path / "gone.jsonl")
    assert lines == []
    assert place == str(tmp_path / "gone.jsonl")
    assert reason == "unreadable: No such file or directory"


def test_a_folder_with_the_name_of_a_file(tmp_path):
    (tmp_path / "x.jsonl").mkdir()
    lines, ((_, reason),) = lines_of(tmp_path / "x.jsonl")
    assert (lines, reason) == ([], "unreadable: not a regular file")


def test_a_file_without_permission(tmp_path):
    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    lines, ((_, reason),) = lines_of(tmp_path / "x", opener=refuse)
    assert (lines, reason) == ([], "unreadable: Permission denied")


def test_a_file_deleted_while_it_is_read_keeps_what_came_before(tmp_path):
    class Vanishing(io.BytesIO):
        def readline(self, size=-1):
            found = super().readline(size)
            if not found:
                raise OSError(116, "Stale file handle")
            return found

    lines, ((_, reason),) = lines_of("x", opener=lambda _: Vanishing(b"one\ntwo\n"))
    assert (lines, reason) == ([b"one\n", b"two\n"], "unreadable: Stale file handle")


def test_a_file_really_deleted_while_it_is_read_is_read_to_its_end(tmp_path):
    path = write_log(tmp_path, "one.jsonl", *(answer(f"msg_{n}") for n in range(2_000)))
    reader = iter(LineReader(LogFile("test", str(path), 0)))
    next(reader)
    path.unlink()
    assert sum(1 for _ in reader) == 1_999


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this Python can decode it")
def test_a_compressed_rollout_says_what_is_missing(tmp_path):
    path = write_log(tmp_path, "rollout.jsonl.zst", b"\x28\xb5\x2f\xfd")
    file = LogFile("codex_rollout", str(path), 4)
    (refused,) = rejections(read_log(CODEX, file))
    assert refused.source == "codex_rollout"
    assert "Python 3.14" in refused.reason


def test_whoever_opens_the_file_may_decode_it(tmp_path):
    path = tmp_path / "rollout.jsonl.zst"
    plain = meta() + record("resp_1", tokens())
    lines, rejected = lines_of(path, opener=lambda _: io.BytesIO(plain))
    assert (b"".join(lines), rejected) == (plain, [])


def test_a_log_with_nothing_wrong_has_no_extra_reading(tmp_path):
    path = write_log(tmp_path, "one.jsonl", answer())
    file = LogFile("claude_code_log", str(path), 0)
    assert len(list(read_log(CLAUDE, file))) == 1


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    pipe = tmp_path / "session.jsonl"
    os.mkfifo(pipe)
    lines, rejected = lines_of(pipe)
    assert lines == []
    assert rejected == [(str(pipe), "unreadable: not a regular file")]


# ----------------------------------------------- files that are read as a whole


class WholeFiles:
    """Reads documents: says which file it was given, and under which name."""

    traits = SourceTraits("whole", "somebody", 10, "counts", replayable=True)

    def roots(self, home, environ):
        return [home / ".whole", home / "chosen.doc"]

    def patterns(self):
        return ("*.doc", "!draft*.doc", "!attic/", "!.*/")

    def read_file(self, path, place, *, activity=True):
        refused = Rejected("whole", place, f"{Path(path).name}, activity {activity}")
        yield Reading(rejected=(refused,))


WHOLE = WholeFiles()


def test_a_source_of_whole_files_opens_them_itself(tmp_path):
    path = write_log(tmp_path, ".whole/one.doc", b"anything")
    file = LogFile("whole", str(path), 8)
    assert [one[:3] for one in rejections(read_log(WHOLE, file))] == [
        ("whole", str(path), "one.doc, activity True")
    ]
    (named,) = rejections(read_log(WHOLE, file, place="one.doc", activity=False))
    assert (named.place, named.reason) == ("one.doc", "one.doc, activity False")


def test_a_whole_file_that_is_none_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.doc")
    for name, reason in (
        ("pipe.doc", "unreadable: not a regular file"),
        ("gone.doc", "unreadable: No such file or directory"),
        ("", "unreadable: not a regular file"),
    ):
        file = LogFile("whole", str(tmp_path / name), 0)
        (refused,) = rejections(read_log(WHOLE, file))
        assert (refused.place, refused.reason) == (file.path, reason)


def test_folders_can_be_left_out_and_a_root_can_be_a_file(tmp_path):
    for name in (
        ".whole/one.doc",
        ".whole/draft-one.doc",
        ".whole/deeper/two.doc",
        ".whole/attic/three.doc",
        ".whole/deeper/attic/four.doc",
        ".whole/deeper/.hidden/five.doc",
        ".whole/attics/six.doc",
        "chosen.doc",
        "other.doc",
    ):
        write_log(tmp_path, name, b"x")
    assert found(tmp_path, WHOLE) == [
        ".whole/attics/six.doc",
        ".whole/deeper/two.doc",
        ".whole/one.doc",
        "chosen.doc",
    ]
    assert [file.size for file in discover(tmp_path, {}, WHOLE)] == [1] * 4


def test_lines_are_refused_under_the_name_that_was_given(tmp_path):
    path = write_log(tmp_path, "one.jsonl", answer(), b"[1]\n", b"x" * 3_000 + b"\n")
    file = LogFile("claude_code_log", str(path), path.stat().st_size)
    readings = read_log(CLAUDE, file, place="one.jsonl", max_line_bytes=1_500)
    assert sorted(one.place for one in rejections(readings)) == [
        "one.jsonl:2",
        "one.jsonl:3",
    ]
    missing = LogFile("claude_code_log", str(tmp_path / "gone.jsonl"), 0)
    (refused,) = rejections(read_log(CLAUDE, missing, place="gone.jsonl"))
    assert refused.place == "gone.jsonl"


@pytest.mark.parametrize("source", [CLAUDE, KIMI], ids=["lines", "whole"])
@pytest.mark.parametrize("hidden", [False, True])
def test_what_may_not_be_looked_at_is_refused(source, hidden):
    with shared_folder() as home:
        root = next(one for one in source.roots(home, {}) if one.parent.parent == home)
        root = Path(root)
        folder = root / "some-project"
        folder.mkdir(parents=True)
        (root / "other").mkdir()
        with kept_from(root.parent if hidden else folder):
            (file,) = discover(home, {}, source)
            rejected = [one for part in read_log(source, file) for one in part.rejected]
    assert file.path == str(root if hidden else folder)
    assert [(one.place, one.reason) for one in rejected] == [
        (file.path, "unreadable: Permission denied")
    ]


@pytest.mark.parametrize("source", [CLAUDE, KIMI], ids=["lines", "whole"])
def test_a_folder_that_only_tells_names_is_refused(source):
    with shared_folder() as home:
        root = next(one for one in source.roots(home, {}) if one.parent.parent == home)
        folder = Path(root) / "some-project"
        folder.mkdir(parents=True)
        (folder / "wire.jsonl").write_bytes(answer())
        folder.chmod(0o444)
        with as_nobody(home):
            (file,) = discover(home, {}, source)
            (refused,) = rejections(read_log(source, file))
        folder.chmod(0o755)
    assert (file.path, file.size) == (str(folder), 0)
    assert (refused.place, refused.reason) == (
        str(folder),
        "unreadable: Permission denied",
    )
