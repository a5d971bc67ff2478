"""Commits of the person, from real repositories."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess

import pytest

from mileage.ingest import git_work
from mileage.ingest.git_work import Commit, Repository, repositories

ME, OTHER = "alice@example.com", "bob@example.com"
START = 1_795_000_000
SECOND = 1_000_000


def git(folder, *words, at=START, who=ME):
    person = {"NAME": "Someone", "EMAIL": who, "DATE": f"{at} +0530"}
    named = {
        f"GIT_{role}_{name}": value
        for role in ("AUTHOR", "COMMITTER")
        for name, value in person.items()
    }
    subprocess.run(
        ["git", "-C", folder, *words],
        check=True,
        capture_output=True,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **named},
    )


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.email", ME)
    return folder


def commit(folder, name, lines, at=START, who=ME):
    (folder / name).write_text("x\n" * lines)
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "filler", at=at, who=who)


def read(*folders, since=0):
    return repositories([str(folder) for folder in folders], since)


def test_commits_are_counted_with_their_lines(repository):
    commit(repository, "a", 5)
    commit(repository, "a", 2, at=START + 60)
    (found,) = read(repository)
    assert found == Repository(
        (str(repository),),
        (
            Commit(START * SECOND, merge=False, added=5, removed=0),
            Commit((START + 60) * SECOND, merge=False, added=0, removed=3),
        ),
    )


def test_only_the_persons_own_commits_count(repository):
    commit(repository, "a", 5, who=OTHER)
    commit(repository, "b", 1, at=START + 1)
    (found,) = read(repository)
    assert [one.added for one in found.commits] == [1]


def test_an_address_is_no_pattern(repository):
    git(repository, "config", "user.email", "a.ice@example.com")
    commit(repository, "a", 5)
    assert read(repository)[0].commits == ()


def test_merges_are_told_apart_and_bring_no_lines(repository):
    commit(repository, "a", 1)
    git(repository, "switch", "-q", "-c", "side")
    commit(repository, "b", 7, at=START + 1)
    git(repository, "switch", "-q", "main")
    commit(repository, "c", 2, at=START + 2)
    git(repository, "merge", "-q", "--no-ff", "-m", "filler", "side", at=START + 3)
    (found,) = read(repository)
    assert [(one.merge, one.added) for one in found.commits] == [
        (False, 1),
        (False, 7),
        (False, 2),
        (True, 0),
    ]


def test_branches_that_are_not_checked_out_count(repository):
    commit(repository, "a", 1)
    git(repository, "switch", "-q", "-c", "side")
    commit(repository, "b", 7, at=START + 1)
    git(repository, "switch", "-q", "main")
    assert len(read(repository)[0].commits) == 2


def test_a_cherry_picked_commit_is_one(repository):
    commit(repository, "a", 1)
    git(repository, "switch", "-q", "-c", "side")
    commit(repository, "b", 7, at=START + 1)
    git(repository, "switch", "-q", "main")
    commit(repository, "c", 3, at=START + 2)
    git(repository, "cherry-pick", "side", at=START + 9)
    found = read(repository)[0].commits
    assert sorted(one.added for one in found) in ([1, 3, 7], [1, 3, 7, 7])
    assert len({one.at for one in found}) == len(found)


def test_older_commits_are_left_out(repository):
    commit(repository, "a", 1)
    commit(repository, "b", 2, at=START + 100)
    found = read(repository, since=(START + 100) * SECOND)[0].commits
    assert [one.added for one in found] == [2]


def test_work_trees_and_folders_inside_are_one_repository(repository, tmp_path):
    commit(repository, "a", 1)
    tree, deeper = tmp_path / "tree", repository / "src"
    git(repository, "worktree", "add", "-q", str(tree))
    deeper.mkdir()
    (found,) = read(repository, tree, deeper, repository)
    assert found.folders == tuple(sorted(map(str, (repository, tree, deeper))))
    assert len(found.commits) == 1


def test_what_is_no_repository_is_none(tmp_path):
    plain = tmp_path / "plain"
    plain.mkdir()
    assert read(plain, tmp_path / "gone", "") == ()


def test_a_repository_without_commits_has_none(repository):
    assert read(repository)[0].commits == ()
    assert read(repository)[0].problem == ""


def test_without_an_address_it_says_so(repository, monkeypatch):
    git(repository, "config", "--unset", "user.email")
    monkeypatch.setenv("HOME", str(repository))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(repository))
    (found,) = read(repository)
    assert found.commits == ()
    assert "user.email" in found.problem


def test_without_git_it_says_so(repository, monkeypatch):
    commit(repository, "a", 1)
    monkeypatch.setattr(git_work, "_common_directory", lambda folder: folder)
    monkeypatch.setenv("PATH", str(repository))
    assert read(repository)[0].problem == "git is not installed"


def test_nothing_of_the_repository_is_run(repository, tmp_path):
    commit(repository, "a.txt", 3)
    trap = tmp_path / "trap"
    sprung = tmp_path / "sprung"
    trap.write_text(f"#!/bin/sh\ntouch {sprung}\n")
    trap.chmod(trap.stat().st_mode | stat.S_IXUSR)
    for key in ("core.fsmonitor", "diff.external", "core.pager", "gpg.program"):
        git(repository, "config", key, str(trap))
    git(repository, "config", "log.showSignature", "true")
    git(repository, "config", "diff.x.textconv", str(trap))
    (repository / ".gitattributes").write_text("*.txt diff=x\n")
    assert [one.added for one in read(repository)[0].commits] == [3]
    assert not sprung.exists()


def test_nothing_is_fetched_that_a_clone_left_out(repository, tmp_path):
    commit(repository, "a", 3)
    commit(repository, "b", 4, at=START + 60)
    git(repository, "config", "uploadpack.allowFilter", "true")
    part = tmp_path / "part"
    told = ("--filter=blob:none", "--no-checkout", f"file://{repository}", str(part))
    git(tmp_path, "clone", "-q", *told)
    git(part, "config", "user.email", ME)
    before = sorted((part / ".git/objects").rglob("*"))
    (found,) = read(part)
    assert [one.at for one in found.commits] == [START * SECOND, (START + 60) * SECOND]
    assert {(one.added, one.removed) for one in found.commits} == {(0, 0)}
    assert "lines are not known" in found.problem
    assert sorted((part / ".git/objects").rglob("*")) == before


def test_a_branch_without_a_commit_hides_no_others(repository):
    commit(repository, "a", 3)
    git(repository, "checkout", "-q", "--orphan", "fresh")
    assert [one.added for one in read(repository)[0].commits] == [3]


def test_an_address_is_the_same_in_capitals(repository):
    commit(repository, "a", 3, who="Alice@Example.COM")
    assert [one.added for one in read(repository)[0].commits] == [3]


def test_variables_that_name_another_repository_are_not_followed(
    repository, tmp_path, monkeypatch
):
    commit(repository, "a", 1)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert len(read(repository)[0].commits) == 1


def test_a_hostile_name_of_a_file_changes_nothing(repository):
    name = "a\tb\n9\t9\tc"
    commit(repository, name, 2)
    assert [one.added for one in read(repository)[0].commits] == [2]


def test_git_is_there():
    assert shutil.which("git")
