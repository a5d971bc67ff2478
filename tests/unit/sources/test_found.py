"""Finding the logs of a person."""

from __future__ import annotations

import errno
import os
import resource
from contextlib import contextmanager

import pytest

from mileage.sources import found as finding
from mileage.sources.claude_code_log import SOURCE as CLAUDE
from mileage.sources.codex_rollout import SOURCE as CODEX
from mileage.sources.files import discover
from mileage.sources.found import (
    found_files,
    is_there,
    listed_files,
    looked_up,
    refusal,
)
from tests.denying import as_nobody, kept_from, shared_folder


def write(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def names(folder, *patterns):
    found = found_files("s", [str(folder)], patterns)
    return sorted(os.path.relpath(file.path, folder) for file in found)


def test_names_that_fit_are_found_at_any_depth(tmp_path):
    write(tmp_path, "a.jsonl", "b/c.jsonl", "b/d/e.jsonl", "f.json", "jsonl")
    assert names(tmp_path, "*.jsonl") == ["a.jsonl", "b/c.jsonl", "b/d/e.jsonl"]


def test_what_is_excluded_is_left_out(tmp_path):
    write(tmp_path, "a.jsonl", "journal.jsonl", "x/b.jsonl", "skip/c.jsonl")
    found = names(tmp_path, "*.jsonl", "!journal.jsonl", "!skip/")
    assert found == ["a.jsonl", "x/b.jsonl"]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (("rollout-*.jsonl",), ["rollout-1.jsonl"]),
        (("a?.db", "*.jsonl"), ["a1.db", "rollout-1.jsonl", "z-old.jsonl"]),
        (("*.jsonl", "!z*"), ["rollout-1.jsonl"]),
        (("a1.db",), ["a1.db"]),
    ],
)
def test_patterns_of_every_kind(tmp_path, patterns, expected):
    write(tmp_path, "rollout-1.jsonl", "z-old.jsonl", "a1.db", "b1.db")
    assert names(tmp_path, *patterns) == expected


def test_everything_by_which_a_change_is_told(tmp_path):
    write(tmp_path, "a.jsonl")
    (file,) = found_files("s", [str(tmp_path)], ["*.jsonl"])
    status = (tmp_path / "a.jsonl").stat()
    assert file[2:] == (status.st_ino, status.st_size, status.st_mtime_ns)


def test_changes_beside_a_database_count_as_its_own(tmp_path):
    write(tmp_path, "a.db")
    (before,) = found_files("s", [str(tmp_path)], ["*.db"])
    write(tmp_path, "a.db-wal")
    (after,) = found_files("s", [str(tmp_path)], ["*.db"])
    assert after.size > before.size
    assert after.mtime > before.mtime


def test_a_root_may_be_a_file_a_link_or_missing(tmp_path):
    write(tmp_path, "real/a.jsonl", "only.db")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    roots = [str(tmp_path / name) for name in ("real", "link", "only.db", "none")]
    found = found_files("s", roots, ["*.jsonl"])
    assert sorted(file.path.rpartition("/")[2] for file in found) == [
        "a.jsonl",
        "only.db",
    ]


@pytest.mark.parametrize("source", [CLAUDE, CODEX], ids=lambda one: one.traits.name)
def test_the_same_files_as_elsewhere(tmp_path, source):
    for number, root in enumerate(source.roots(tmp_path, {})):
        folder = tmp_path / root.relative_to(tmp_path)
        write(folder, f"{number}.jsonl", "d/e.jsonl.zst", "d/journal.jsonl", "x.txt")
    roots = [str(root) for root in source.roots(tmp_path, {})]
    quick = found_files(source.traits.name, roots, source.patterns())
    plain = discover(tmp_path, {}, source)
    assert sorted((f.path, f.size) for f in quick) == [(f.path, f.size) for f in plain]
    assert plain


@pytest.mark.parametrize(
    "patterns",
    [
        ["*.jsonl"],
        ["*.jsonl", "!journal.jsonl", "!skip/", "!x"],
        ["a*.jsonl", "*.txt", "!a.jsonl"],
        ["ab*ba", "*"],
        [".*"],
    ],
)
def test_the_extension_finds_what_python_finds(tmp_path, patterns):
    write(
        tmp_path, "a.jsonl", "x/journal.jsonl", "x/y/b.jsonl", "skip/c.jsonl", "x.txt"
    )
    write(
        tmp_path, "aba", "abba", "ab", ".hidden", "x/na\u00efve.jsonl", "skip2/d.jsonl"
    )
    (tmp_path / os.fsdecode(b"\xff.jsonl")).write_text("bad name")
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "x.txt")
    (tmp_path / "dead.jsonl").symlink_to(tmp_path / "nothing")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "closed").mkdir(mode=0)
    os.mkfifo(tmp_path / "pipe.jsonl")
    os.utime(tmp_path / "a.jsonl", ns=(1, 1_999_999_999_999_999_999))
    quick = listed_files("s", [str(tmp_path)], patterns)
    assert quick == looked_up("s", str(tmp_path), patterns)
    assert quick


def test_a_root_that_cannot_be_a_path_is_an_error_of_its_own(tmp_path):
    assert listed_files("s", [f"{tmp_path}/none"], ["*.jsonl"]) == []
    assert looked_up("s", f"{tmp_path}/none", ["*.jsonl"]) == []


@pytest.mark.parametrize("patterns", [["*.jsonl"], ["?.jsonl"]])
def test_a_folder_that_may_not_be_looked_into_is_told(patterns):
    with shared_folder() as root:
        write(root, "a.jsonl", "b/c.jsonl", "d/e.jsonl", "d/f/g.jsonl")
        with kept_from(root / "b", root / "d/f"):
            found = listed_files("s", [str(root)], patterns)
            again = looked_up("s", str(root), patterns)
    assert sorted(found) == sorted(again)
    denied = [one for one in found if one[2] == 0]
    assert sorted(denied) == [("s", f"{root}/{name}", 0, 0, 0) for name in ("b", "d/f")]
    assert len(found) == 4


def test_a_root_that_may_not_be_seen_is_told():
    with shared_folder() as home:
        write(home, "hidden/projects/p/a.jsonl")
        root, other = home / "hidden/projects", home / "none/projects"
        with kept_from(home / "hidden"):
            assert listed_files("s", [str(root), str(other)], ["*.jsonl"]) == [
                ("s", str(root), 0, 0, 0)
            ]
            assert is_there(str(root))
            assert not is_there(str(other))
            (file,) = discover(home / "hidden", {}, Below("projects"))
    assert (file.path, file.size) == (str(root), 0)


@pytest.mark.parametrize("patterns", [["*.jsonl"], ["?.jsonl"]])
def test_a_folder_that_only_tells_names_is_told_once(patterns):
    """Nothing in it can be read: to read, a folder must be entered."""
    with shared_folder() as root:
        write(root, "a.jsonl", "b/c.jsonl", "b/d.jsonl", "b/e.txt")
        (root / "b").chmod(0o444)
        with as_nobody(root):
            found = listed_files("s", [str(root)], patterns)
            again = looked_up("s", str(root), patterns)
            said = refusal(str(root / "b"))
        (root / "b").chmod(0o755)
    assert found == again
    assert sorted(one[1] for one in found) == [f"{root}/a.jsonl", f"{root}/b"]
    assert ("s", f"{root}/b", 0, 0, 0) in found
    assert said is not None
    assert said.errno == errno.EACCES


@contextmanager
def no_more_open_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with open(os.devnull) as lowest:  # noqa: PTH123
        free = lowest.fileno()
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("patterns", [["*.jsonl"], ["?.jsonl"]])
def test_a_folder_that_cannot_be_opened_now_is_told(tmp_path, patterns):
    write(tmp_path, "a.jsonl")
    with no_more_open_files():
        found = listed_files("s", [str(tmp_path)], patterns)
        again = looked_up("s", str(tmp_path), patterns)
    assert found == again == [("s", str(tmp_path), 0, 0, 0)]


HIDING = [errno.EACCES, errno.EPERM, errno.EIO, errno.ESTALE, errno.ETIMEDOUT]
NOTHING = [errno.ENOENT, errno.ENOTDIR, errno.ELOOP]


@pytest.mark.parametrize("number", [*HIDING, *NOTHING], ids=errno.errorcode.get)
def test_what_the_system_says_of_a_folder(tmp_path, monkeypatch, number):
    """What has vanished is nobody's to read; anything else is told."""
    write(tmp_path, "a.jsonl")

    def refuse(path):
        raise OSError(number, os.strerror(number), path)

    monkeypatch.setattr(finding.os, "scandir", refuse)
    hidden = [("s", str(tmp_path), 0, 0, 0)] if number in HIDING else []
    assert looked_up("s", str(tmp_path), ["*.jsonl"]) == hidden
    said = refusal(str(tmp_path))
    assert (said.errno if said else None) == (number if hidden else None)


@pytest.mark.parametrize("number", [*HIDING, *NOTHING], ids=errno.errorcode.get)
def test_what_the_system_says_of_a_root(tmp_path, monkeypatch, number):
    def refuse(path):
        raise OSError(number, os.strerror(number), path)

    monkeypatch.setattr(finding.os, "stat", refuse)
    assert is_there(str(tmp_path)) is (number in HIDING)


class HalfListed:
    """A folder of which the disk gives names up to a place only."""

    def __init__(self, entries):
        self._entries = entries

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def __iter__(self):
        yield from self._entries
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_of_a_folder_listed_halfway_what_is_known_is_read(tmp_path, monkeypatch):
    write(tmp_path, "a.jsonl", "b/c.jsonl")
    whole = os.scandir

    def halfway(path):
        entries = list(whole(path))
        return HalfListed(entries) if path == str(tmp_path) else whole(path)

    monkeypatch.setattr(finding.os, "scandir", halfway)
    found = looked_up("s", str(tmp_path), ["*.jsonl"])
    assert [(one[1], one[2] > 0) for one in found] == [
        (f"{tmp_path}/a.jsonl", True),
        (str(tmp_path), False),
        (f"{tmp_path}/b/c.jsonl", True),
    ]
    said = refusal(str(tmp_path))
    assert said is not None
    assert said.errno == errno.EIO


def test_nothing_keeps_us_from_folders_that_can_be_looked_at(tmp_path):
    write(tmp_path, "a.jsonl")
    (tmp_path / "dead").symlink_to(tmp_path / "nothing")
    (tmp_path / "itself").symlink_to(tmp_path / "itself")
    assert refusal(str(tmp_path)) is None
    assert refusal(str(tmp_path / "a.jsonl")) is None
    assert refusal(str(tmp_path / "none")) is None


class Below:
    """A source with one folder."""

    traits = CLAUDE.traits

    def __init__(self, name):
        self._name = name

    def roots(self, home, environ):
        del environ
        return [home / self._name]

    def patterns(self):
        return ("*.jsonl",)
