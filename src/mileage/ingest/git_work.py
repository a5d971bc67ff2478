"""What a person committed in the repositories on this machine: counts, no content.

Runs the ``git`` of this machine, reading only: no hook, pager, diff driver or
credential helper of a repository is started, and nothing is fetched that a partial
clone left with its origin.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TIMEOUT = 60
_SECOND = 1_000_000
_SAFE = ("-c", "core.fsmonitor=false", "-c", "log.showSignature=false")
_SMALLEST_TIME = 10**8
# Older versions know only the list of transports, of which none is allowed.
_ALONE = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "LC_ALL": "C",
}
_MARK = "\x01"
_FORMAT = f"--format={_MARK}%H%x09%at%x09%P"
_LINES = ("--numstat", "--no-ext-diff", "--no-textconv", "--no-renames")
_NO_LINES = "their lines are not known: this clone does not have all files"


class Commit(NamedTuple):
    """One commit or merge by the person."""

    at: int
    """UTC microseconds at which it was made first (the author's time)."""
    merge: bool
    added: int
    """Lines; 0 for a merge, whose lines its commits brought."""
    removed: int


class Repository(NamedTuple):
    """A repository in which calls were made."""

    folders: tuple[str, ...]
    """The working directories of the calls that lie in it."""
    commits: tuple[Commit, ...]
    problem: str = ""
    """Why its commits could not be read, or ''."""


def repositories(folders: Iterable[str], since: int) -> tuple[Repository, ...]:
    """Find the repositories of some folders, and the person's commits since then.

    ``since`` is in UTC microseconds. Work trees of one repository are one; a folder
    that is gone or in no repository is in none. Whose commits count is what the
    repository's ``user.email`` says.
    """
    inside: dict[str, list[str]] = {}
    for folder in sorted(set(folders)):
        common = _common_directory(folder)
        if common:
            inside.setdefault(common, []).append(folder)
    return tuple(_read(tuple(found), since) for found in inside.values())


def _common_directory(folder: str) -> str:
    """Return what all work trees of a repository share, or ''."""
    if not (Path(folder).is_absolute() and Path(folder).is_dir()):
        return ""
    try:
        said = _git(folder, "rev-parse", "--git-common-dir")
    except (OSError, subprocess.SubprocessError):
        return ""
    return str((Path(folder) / said.strip()).resolve()) if said.strip() else ""


def _read(folders: tuple[str, ...], since: int) -> Repository:
    try:
        who = _git(folders[0], "config", "--get", "user.email", check=False).strip()
        if not who:
            return Repository(folders, (), "git does not know your user.email there")
        text, problem = _history(folders[0], who, since)
    except FileNotFoundError:
        return Repository(folders, (), "git is not installed")
    except (OSError, subprocess.SubprocessError) as error:
        return Repository(folders, (), f"git failed: {type(error).__name__}")
    found = (one for one in _commits(text) if one.at >= since)
    # A rebased or cherry-picked commit keeps its author's time: it is one.
    once = {(one.at, one.merge, one.added, one.removed): one for one in found}
    return Repository(folders, tuple(sorted(once.values())), problem)


def _history(folder: str, who: str, since: int) -> tuple[str, str]:
    """Return what git prints of somebody's commits, and what it cannot tell of them."""
    # HEAD may be a branch that has no commit yet, which others have.
    words = (
        *("log", "--ignore-missing", "--branches", "--remotes", "HEAD"),
        *("--fixed-strings", "--regexp-ignore-case", f"--author=<{who}>"),
        *(_since(since), _FORMAT),
    )
    try:
        return _git(folder, *words, *_LINES, "--"), ""
    except subprocess.CalledProcessError:
        return _git(folder, *words, "--"), _NO_LINES


def _since(instant: int) -> str:
    """Write a time for git, which takes small numbers for something else."""
    return f"--since=@{max(instant // _SECOND, _SMALLEST_TIME)}"


def _git(folder: str, *words: str, check: bool = True) -> str:
    kept = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    done = subprocess.run(  # noqa: S603 - our own words; folders are no options
        ["git", *_SAFE, "-C", folder, *words],  # noqa: S607 - whichever git is theirs
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**kept, **_ALONE},
        timeout=_TIMEOUT,
        check=check,
    )
    return done.stdout.decode("utf-8", "replace")


def _commits(text: str) -> Iterator[Commit]:
    """Read what ``git log --numstat`` prints: names of files are passed over."""
    for entry in text.split(_MARK)[1:]:
        head, *lines = entry.splitlines()
        fields = head.split("\t")
        if len(fields) != len(("hash", "time", "parents")) or not fields[1].isdigit():
            continue
        numbers = [line.split("\t")[:2] for line in lines if line.count("\t") > 1]
        merge = len(fields[2].split()) > 1
        yield Commit(
            int(fields[1]) * _SECOND,
            merge,
            0 if merge else sum(int(a) for a, _ in numbers if a.isdigit()),
            0 if merge else sum(int(r) for _, r in numbers if r.isdigit()),
        )
