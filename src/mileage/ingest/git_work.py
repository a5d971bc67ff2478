"""What a person committed in the repositories on this machine: counts, no content.

Runs the ``git`` of this machine, reading only: no hook, pager, diff driver or
credential helper of a repository is started, and nothing is fetched that a partial
clone left with its origin.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.errors import Unavailable
from mileage.domain.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_TIMEOUT = 60
_SECOND = 1_000_000
# The last two keep lines whole: of a first commit, and outside of the folder asked in.
_SAFE = (
    *("-c", "core.fsmonitor=false", "-c", "log.showSignature=false"),
    *("-c", "log.showRoot=true", "-c", "diff.relative=false"),
)
_SMALLEST_TIME = 10**8
# Git before 2.37 has it not, and its `--since` ends at the first commit that is older,
# whatever lies below: all is listed then.
_SINCE = "--since-as-filter"
# Where a person's own settings are; the others would lead to another repository.
_SETTINGS = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM")
# Older versions know only the list of transports, of which none is allowed.
_ALONE = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "LC_ALL": "C",
}
_MARK = "\x01"
_FORMAT = f"--format={_MARK}%H%x09%at%x09%P%x09%s"
_FIELDS = len(("hash", "time", "parents", "subject"))
_LINES = ("--numstat", "--no-ext-diff", "--no-textconv", "--no-renames")
# `--all` without what is in refs: the HEAD of each work tree, but no stash or note.
_REACHED = ("--branches", "--remotes", "--exclude=refs/*", "--all")
_IN_NONE = "not a git repository (or any"
_NO_LINES = "lines are not known, as in a clone that does not have all files"
_SHALLOW = "lines of the first commits are not known: this clone is shallow"
_NO_GIT = (
    "Your commits are known to git, which cannot be started ({}). "
    "Install it, or add its folder to PATH."
)


class Commit(NamedTuple):
    """One commit or merge by the person."""

    at: int
    """UTC microseconds at which it was made first (the author's time)."""
    merge: bool
    added: int
    """Lines; 0 for a merge, whose lines its commits brought."""
    removed: int


class Repository(NamedTuple):
    """A repository in which calls were made, with all its work trees and clones."""

    folders: tuple[str, ...]
    """The working directories of the calls that lie in it."""
    commits: tuple[Commit, ...]


class Work(NamedTuple):
    """What the repositories say, and what could not be read of them."""

    repositories: tuple[Repository, ...]
    """Those that could be read."""
    problems: tuple[str, ...]
    """Where, what and why; a folder that git refuses is in no repository."""


class _Told(NamedTuple):
    name: str
    """Its hash."""
    likeness: tuple[object, ...]
    """What a rebase or a cherry-pick leaves as it was."""
    parents: int
    commit: Commit


class _Clone(NamedTuple):
    folders: tuple[str, ...]
    told: Sequence[_Told]
    problem: str
    """What is not known of them, or ''."""


class _Refused(Exception):
    """Why git does not do what it is asked."""


def work(folders: Iterable[str], since: int, until: int) -> Work:
    """Find the repositories of some folders, and the person's commits in a time.

    ``since`` and ``until`` are UTC microseconds, half-open. Work trees of one
    repository are one, and so are clones that have a commit of the person's in common.
    A folder that is gone is in what its nearest parent is in. Whose commits count is
    what the repository's ``user.email`` says.
    """
    refused: dict[str, str] = {}
    inside: dict[Path, list[str]] = defaultdict(list)
    for place, asked in _places(folders).items():
        try:
            common = _common_directory(place)
        except _Refused as refusal:
            refused.setdefault(str(refusal), asked[0])
        else:
            if common:
                inside[common] += asked
    problems = [_problem(folder, why) for why, folder in refused.items()]
    clones = []
    for common, asked in inside.items():
        try:
            clones.append(_clone(asked, common, since, until))
        except _Refused as refusal:
            problems.append(_problem(asked[0], str(refusal)))
    found = [_repository(family, problems) for family in _families(clones)]
    return Work(tuple(found), tuple(problems))


def _problem(folder: str, why: str) -> str:
    """Say it without what could steer a terminal: a folder has any name."""
    return printable(f"{folder}: {why}")


def _places(folders: Iterable[str]) -> dict[Path, list[str]]:
    """Find the folders to ask in, and those for which each is asked."""
    places: dict[Path, list[str]] = defaultdict(list)
    for folder in sorted(set(folders)):
        place = _nearest(folder)
        if place:
            places[place].append(folder)
    return places


def _nearest(folder: str) -> Path | None:
    """Return a folder, or the nearest one above that is still there."""
    path = Path(folder)
    above = (path, *path.parents) if path.is_absolute() else ()
    return next(filter(_is_there, above), None)


def _is_there(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _common_directory(place: Path) -> Path | None:
    """Return what all work trees of a repository share; None outside of any."""
    try:
        said = _git(place, "rev-parse", "--git-common-dir")
    except _Refused as refusal:
        if _IN_NONE in str(refusal):
            return None
        raise
    return (place / said.strip()).resolve()


def _families(clones: Iterable[_Clone]) -> list[list[_Clone]]:
    """Bring clones together that have a commit in common, if only through a third."""
    families: list[tuple[set[str], list[_Clone]]] = []
    for clone in clones:
        names, family = {one.name for one in clone.told}, [clone]
        apart = []
        for known, others in families:
            if known.isdisjoint(names):
                apart.append((known, others))
            else:
                names, family = names | known, others + family
        families = [*apart, (names, family)]
    return [family for _, family in families]


def _repository(family: Sequence[_Clone], problems: list[str]) -> Repository:
    """Count each commit once, rather from a clone that knows its lines."""
    seen: set[object] = set()
    commits: list[Commit] = []
    for clone in sorted(family, key=lambda clone: clone.problem):
        before = len(commits)
        for one in clone.told:
            # A rebased or cherry-picked commit has another hash.
            same = {one.name, one.likeness}
            if seen.isdisjoint(same):
                commits.append(one.commit)
            seen |= same
        if clone.problem and len(commits) > before:
            problems.append(_problem(clone.folders[0], clone.problem))
    folders = sorted(folder for clone in family for folder in clone.folders)
    return Repository(tuple(folders), tuple(sorted(commits)))


def _clone(folders: list[str], common: Path, since: int, until: int) -> _Clone:
    place = _nearest(folders[0]) or common
    who = _git(place, "config", "--get", "user.email", check=False).strip()
    if not who:
        raise _Refused("git does not know your user.email there")
    text, problem = _history(place, who, since)
    told = [one for one in _commits(text) if since <= one.commit.at < until]
    if (common / "shallow").is_file() and not all(one.parents for one in told):
        # Git shows all files as new in a commit whose parents it does not have.
        told = [one if one.parents else _without_lines(one) for one in told]
        problem = problem or _SHALLOW
    return _Clone(tuple(folders), told, problem)


def _without_lines(one: _Told) -> _Told:
    return one._replace(commit=one.commit._replace(added=0, removed=0))


def _history(place: Path, who: str, since: int) -> tuple[str, str]:
    """Return what git prints of somebody's commits, and what it cannot tell of them."""
    # A .mailmap may know the person by another address, which git goes by then.
    mapped = _git(place, "check-mailmap", f"<{who}>", check=False).strip()
    addresses = {f"<{who}>", *re.findall("<[^<>]+>$", mapped)}
    words = (
        *("log", "--ignore-missing", *_REACHED),
        *("--fixed-strings", "--regexp-ignore-case"),
        *(f"--author={address}" for address in sorted(addresses)),
        _FORMAT,
    )
    try:
        return _log(place, since, *words, *_LINES, "--"), ""
    except _Refused as refusal:
        return _log(place, since, *words, "--"), f"{_NO_LINES} ({refusal})"


def _log(place: Path, since: int, *words: str) -> str:
    # Git takes small numbers for something else.
    least = max(since // _SECOND, _SMALLEST_TIME)
    try:
        return _git(place, words[0], f"{_SINCE}=@{least}", *words[1:])
    except _Refused as refusal:
        if _SINCE not in str(refusal):
            raise
        return _git(place, *words)


def _git(place: Path, *words: str, check: bool = True) -> str:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name[:4] != "GIT_" or name in _SETTINGS
    }
    try:
        done = subprocess.run(  # noqa: S603 - our own words; folders are no options
            ["git", *_SAFE, "-C", place, *words],  # noqa: S607 - whichever git is theirs
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**kept, **_ALONE},
            timeout=_TIMEOUT,
            check=False,
        )
    except OSError as error:
        raise Unavailable(_NO_GIT.format(error.strerror)) from None
    except subprocess.TimeoutExpired:
        raise _Refused(f"git took longer than {_TIMEOUT} seconds") from None
    if check and done.returncode:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())
        raise _Refused(f"git refuses: {said.rpartition('fatal: ')[2]}")
    return done.stdout.decode("utf-8", "replace")


def _commits(text: str) -> Iterator[_Told]:
    """Read what ``git log --numstat`` prints."""
    # No line but the first of a commit begins with the mark; a subject may have one.
    for entry in f"\n{text}".split(f"\n{_MARK}")[1:]:
        head, *lines = entry.split("\n")
        fields = head.split("\t", _FIELDS - 1)
        if len(fields) != _FIELDS or not fields[1].isdigit():
            continue
        changed = [line for line in lines if line.count("\t") > 1]
        numbers = [line.split("\t")[:2] for line in changed]
        parents = len(fields[2].split())
        merge = parents > 1
        yield _Told(
            fields[0],
            (fields[1], fields[3], merge, frozenset(changed)),
            parents,
            Commit(
                int(fields[1]) * _SECOND,
                merge,
                0 if merge else sum(int(a) for a, _ in numbers if a.isdigit()),
                0 if merge else sum(int(r) for _, r in numbers if r.isdigit()),
            ),
        )
