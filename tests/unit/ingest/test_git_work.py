"""Commits of the person, from real repositories."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.errors import Unavailable
from mileage.ingest import git_work
from mileage.ingest.git_work import Commit, Repository, work

ME, OTHER = "alice@example.com", "bob@example.com"
START = 1_795_000_000
SECOND = 1_000_000
DAY = 86_400
END = (START + 7 * DAY) * SECOND


def git(folder, *words, at=START, who=ME):
    person = {"NAME": "Someone", "EMAIL": who, "DATE": f"@{at} +0530"}
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


def commit(folder, name, lines, at=START, who=ME, subject="filler"):
    (folder / name).write_text("x\n" * lines)
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", subject, at=at, who=who)


def clone(repository, folder, *words):
    git(repository.parent, "clone", "-q", *words, f"file://{repository}", folder)
    git(folder, "config", "user.email", ME)
    return folder


def asked(*folders, since=0):
    return work([str(folder) for folder in folders], since, END)


def read(*folders, since=0):
    """Return the repositories of some folders, of which there is nothing to say."""
    found = asked(*folders, since=since)
    assert found.problems == ()
    return found.repositories


def refused(*folders):
    """Return the one thing that is wrong with folders that are in no repository."""
    found = asked(*folders)
    assert found.repositories == ()
    (problem,) = found.problems
    return problem


def added(*folders):
    return sorted(one.added for found in read(*folders) for one in found.commits)


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
    assert added(repository) == [1, 3, 7]


@pytest.mark.parametrize("same", ["name", "subject"])
def test_commits_of_one_second_and_size_are_many(repository, same):
    for number in range(5):
        name = "a" if same == "name" else str(number)
        (repository / name).write_text(f"{number}\n")
        git(repository, "add", ".")
        subject = "filler" if same == "subject" else f"filler {number}"
        git(repository, "commit", "-q", "-m", subject)
    assert added(repository) == [1] * 5


def test_older_commits_are_left_out(repository):
    commit(repository, "a", 1)
    commit(repository, "b", 2, at=START + 100)
    found = read(repository, since=(START + 100) * SECOND)[0].commits
    assert [one.added for one in found] == [2]


@pytest.mark.parametrize("known", [True, False])
def test_a_commit_of_an_old_clock_hides_none_below_it(repository, monkeypatch, known):
    if not known:
        # As a git before 2.37 has it.
        monkeypatch.setattr(git_work, "_SINCE", "--since-as-filter-of-tomorrow")
    commit(repository, "a", 1)
    commit(repository, "b", 2, at=START + DAY)
    commit(repository, "c", 4, at=START - 900 * DAY)
    (found,) = read(repository, since=START * SECOND)
    assert [one.added for one in found.commits] == [1, 2]


def test_commits_dated_ahead_are_left_out(repository):
    for ahead in (7 * DAY, 10**9, 10**14):
        commit(repository, str(ahead), 2, at=START + ahead)
    commit(repository, "a", 1, at=START + 7 * DAY - 1)
    assert added(repository) == [1]


def test_work_trees_and_folders_inside_are_one_repository(repository, tmp_path):
    commit(repository, "a", 1)
    tree, deeper = tmp_path / "tree", repository / "src"
    git(repository, "worktree", "add", "-q", str(tree))
    deeper.mkdir()
    (found,) = read(repository, tree, deeper, repository)
    assert found.folders == tuple(sorted(map(str, (repository, tree, deeper))))
    assert len(found.commits) == 1


def test_a_head_that_is_in_no_branch_counts_and_a_stash_does_not(repository, tmp_path):
    commit(repository, "a", 1)
    tree = tmp_path / "tree"
    git(repository, "worktree", "add", "-q", "--detach", str(tree))
    commit(tree, "b", 7, at=START + 1)
    (repository / "a").write_text("y\n" * 20)
    git(repository, "stash", "-q", at=START + 2)
    assert added(repository) == [1, 7]


def test_folders_that_are_gone_are_where_they_were(repository):
    commit(repository, "a", 1)
    tree, deeper = repository / ".claude/worktrees/w1", repository / "src/deep"
    git(repository, "worktree", "add", "-q", str(tree))
    commit(tree, "b", 7, at=START + 1)
    git(repository, "worktree", "remove", "--force", str(tree))
    (found,) = read(repository, tree, deeper)
    assert found.folders == tuple(map(str, (repository, tree, deeper)))
    assert [one.added for one in found.commits] == [1, 7]
    assert read(deeper)[0].commits == found.commits


def test_what_is_no_repository_is_none(tmp_path):
    plain = tmp_path / "plain"
    plain.mkdir()
    odd = ("", "repo", "a\0b", f"{tmp_path}/\ud800")
    assert read(plain, tmp_path / "gone", *odd) == ()


def test_a_folder_that_may_not_be_looked_at_is_no_fault(repository, monkeypatch):
    commit(repository, "a", 1)
    closed = repository / "closed"
    looked = git_work.Path.is_dir

    def is_dir(path):
        if path == closed:
            raise PermissionError
        return looked(path)

    monkeypatch.setattr(git_work.Path, "is_dir", is_dir)
    assert added(closed) == [1]


def test_a_repository_without_commits_has_none(repository):
    assert read(repository)[0].commits == ()


# ------------------------------------------------------------- what cannot be read


def test_without_an_address_it_says_so(repository, monkeypatch):
    git(repository, "config", "--unset", "user.email")
    monkeypatch.setenv("HOME", str(repository))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(repository))
    other = clone(repository, repository.parent / "other")
    git(other, "config", "--unset", "user.email")
    for folder in (repository, other):
        assert refused(folder).startswith(f"{folder}: git does not know your user.em")
    assert len(asked(repository, other).problems) == 2


def test_without_git_it_says_what_to_do(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match=r"git.*Install it"):
        asked(repository)
    (tmp_path / "git").touch()
    with pytest.raises(Unavailable, match="Permission denied"):
        asked(repository)


def test_a_refusal_of_git_is_told_in_its_words(repository, tmp_path, monkeypatch):
    commit(repository, "a", 1)
    monkeypatch.setitem(git_work._ALONE, "GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setitem(git_work._ALONE, "GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    problem = refused(repository, repository / "gone")
    assert problem.startswith(f"{repository}: git refuses: ")
    assert "dubious ownership" in problem
    assert "git config --global --add safe.directory" in problem


def test_a_work_tree_without_its_repository_is_told(tmp_path):
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/.git").write_text(f"gitdir: {tmp_path}/moved/.git/worktrees/t\n")
    assert f"not a git repository: {tmp_path}/moved" in refused(tmp_path / "tree")


def test_a_broken_repository_hides_no_other(repository, tmp_path):
    commit(repository, "a", 3)
    broken = clone(repository, tmp_path / "broken")
    (broken / ".git/config").write_text("[user\n")
    found = asked(repository, broken)
    assert [one.added for one in found.repositories[0].commits] == [3]
    assert len(found.repositories) == len(found.problems) == 1


def test_a_git_that_does_not_answer_is_told(repository, monkeypatch):
    monkeypatch.setattr(git_work, "_TIMEOUT", 0)
    assert "longer than 0 seconds" in refused(repository)


def test_a_problem_steers_no_terminal(tmp_path):
    folder = tmp_path / "a\x1b[31mb\nc"
    folder.mkdir()
    (folder / ".git").write_text("gitdir: /gone\n")
    assert refused(folder).isprintable()


# ------------------------------------------------------------------------ clones


def test_a_commit_that_two_clones_have_is_one(repository, tmp_path):
    commit(repository, "a", 3)
    other = clone(repository, tmp_path / "other")
    commit(repository, "b", 4, at=START + 60)
    commit(other, "c", 5, at=START + 60)
    (found,) = read(repository, other)
    assert found.folders == tuple(sorted(map(str, (repository, other))))
    assert [one.added for one in found.commits] == [3, 4, 5]


def test_a_copy_in_another_clone_is_one(repository, tmp_path):
    commit(repository, "a", 3)
    other = clone(repository, tmp_path / "other")
    commit(repository, "b", 4, at=START + 60)
    commit(other, "c", 5, at=START + 90)
    git(other, "pull", "-q", "--rebase", at=START + 120)
    commit(other, "d", 6, at=START + 150)
    git(repository, "fetch", "-q", str(other), "main")
    git(repository, "cherry-pick", "FETCH_HEAD", at=START + 180)
    assert added(repository, other) == [3, 4, 5, 6]


def test_the_same_change_to_two_repositories_is_two(repository, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    git(other, "config", "user.email", ME)
    commit(repository, "a", 3)
    commit(other, "b", 1)
    for folder in (repository, other):
        commit(folder, "licence", 20, at=START + 60)
    assert added(repository, other) == [1, 3, 20, 20]


def test_a_shallow_clone_does_not_make_old_lines_new(repository, tmp_path):
    commit(repository, "old", 90)
    commit(repository, "a", 3, at=START + 60)
    commit(repository, "b", 4, at=START + 120)
    part = clone(repository, tmp_path / "part", "--depth", "2")
    found = asked(part)
    assert [one.added for one in found.repositories[0].commits] == [0, 4]
    assert "this clone is shallow" in found.problems[0]
    (recent,) = read(part, since=(START + 120) * SECOND)
    assert [one.added for one in recent.commits] == [4]
    for folders in ((part, repository), (repository, part)):
        assert added(*folders) == [3, 4, 90]


def test_a_shallow_clone_of_others_work_is_whole(repository, tmp_path):
    commit(repository, "old", 90, who=OTHER)
    commit(repository, "more", 9, who=OTHER)
    part = clone(repository, tmp_path / "part", "--depth", "1")
    commit(part, "a", 3, at=START + 60)
    assert added(part) == [3]


@given(
    st.lists(st.frozensets(st.integers(0, 9), max_size=4), max_size=6).flatmap(
        lambda clones: st.tuples(st.just(clones), st.permutations(clones))
    )
)
def test_clones_count_each_commit_once_in_any_order(drawn):
    def told(number):
        made = Commit(number, merge=False, added=number, removed=0)
        return git_work._Told(f"hash {number}", (number,), 1, made)

    def repositories(clones):
        clones = [
            git_work._Clone((str(sorted(one)),), [told(n) for n in one], "")
            for one in clones
        ]
        families = git_work._families(clones)
        return sorted(git_work._repository(family, []) for family in families)

    clones, mixed = drawn
    found = repositories(clones)
    counted = [one.at for repository in found for one in repository.commits]
    assert sorted(counted) == sorted(frozenset().union(*clones))
    assert found == repositories(mixed)


# -------------------------------------------------------------- git, as it is set up


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
    found, problems = asked(part)
    (found,) = found
    assert [one.at for one in found.commits] == [START * SECOND, (START + 60) * SECOND]
    assert {(one.added, one.removed) for one in found.commits} == {(0, 0)}
    assert "lines are not known" in problems[0]
    assert sorted((part / ".git/objects").rglob("*")) == before


def test_a_branch_without_a_commit_hides_no_others(repository):
    commit(repository, "a", 3)
    git(repository, "checkout", "-q", "--orphan", "fresh")
    assert [one.added for one in read(repository)[0].commits] == [3]


def test_an_address_is_the_same_in_capitals(repository):
    commit(repository, "a", 3, who="Alice@Example.COM")
    assert [one.added for one in read(repository)[0].commits] == [3]


@pytest.mark.parametrize("mine", [ME, OTHER])
def test_addresses_that_a_mailmap_knows_for_one_are_one(repository, mine):
    (repository / ".mailmap").write_text(f"Someone <{ME}> <{OTHER}>\n")
    git(repository, "config", "user.email", mine)
    commit(repository, "a", 3, at=START + 60)
    commit(repository, "b", 4, at=START + 120, who=OTHER)
    commit(repository, "c", 5, at=START + 180, who="carol@example.com")
    assert added(repository) == [4, 4]


def test_settings_leave_no_lines_out(repository):
    git(repository, "config", "log.showRoot", "false")
    git(repository, "config", "diff.relative", "true")
    commit(repository, "a", 3)
    inner = repository / "inner"
    inner.mkdir()
    commit(repository, "b", 4, at=START + 60)
    assert added(inner) == [3, 4]


def test_variables_that_name_another_repository_are_not_followed(
    repository, tmp_path, monkeypatch
):
    commit(repository, "a", 1)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert len(read(repository)[0].commits) == 1


def test_settings_may_lie_where_a_variable_says(repository, tmp_path, monkeypatch):
    commit(repository, "a", 1)
    git(repository, "config", "--unset", "user.email")
    settings = tmp_path / "settings"
    settings.write_text(f"[user]\n\temail = {ME}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    assert len(read(repository)[0].commits) == 1


def test_a_hostile_name_of_a_file_changes_nothing(repository):
    name = "a\tb\n9\t9\tc"
    commit(repository, name, 2)
    assert [one.added for one in read(repository)[0].commits] == [2]


def test_a_hostile_subject_changes_nothing(repository):
    forged = f"\x01{'0' * 40}\t{START}\t\tfiller"
    commit(repository, "a", 2, subject=f"filler\r{forged}\u20289\t9\tc")
    assert added(repository) == [2]


def test_git_is_there():
    assert shutil.which("git")
