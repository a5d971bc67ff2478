"""Names in any script, and bytes that are none: printed or refused, never a fault."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.session_logs import answer

ODD = "\udce9"
"""How Python holds a byte that is no UTF-8."""


@pytest.fixture
def mileage(tmp_path):
    """Run the whole command in a process of its own."""

    def run(*words, **environ):
        given = {**os.environ, "MILEAGE_INDEX": str(tmp_path / "index"), **environ}
        return subprocess.run(
            [sys.executable, "-m", "mileage", *map(os.fsencode, words)],
            env=given,
            capture_output=True,
            check=False,
        )

    return run


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home" / ".claude" / "projects" / "-p"
    folder.mkdir(parents=True)
    line = answer("m1", cwd="/home/Ayşe/“app”")
    (folder / "a.jsonl").write_bytes(line)
    return tmp_path / "home"


@pytest.mark.parametrize(
    ("terminal", "shown"),
    [
        ("ascii", r"/home/Ay\u015fe/\u201capp\u201d"),
        ("latin-1", r"/home/Ay\u015fe/\u201capp\u201d"),
        ("utf-8", "/home/Ayşe/“app”"),
    ],
)
def test_what_a_terminal_cannot_show_is_spelt_out(mileage, home, terminal, shown):
    found = mileage(
        *("me", "--home", str(home), "--by", "project"),
        PYTHONIOENCODING=terminal,
        COLUMNS="120",
    )
    assert (found.returncode, found.stderr) == (0, b"")
    assert shown in found.stdout.decode(terminal)


def test_python_chooses_ascii_where_the_locale_is_posix(mileage, home):
    posix = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    words = ("me", "--home", str(home), "--by", "project")
    found = mileage(*words, **posix, COLUMNS="120")
    assert (found.returncode, found.stderr) == (0, b"")
    assert rb"/home/Ay\u015fe/\u201capp\u201d" in found.stdout


def test_folders_that_are_no_utf_8_are_named(mileage, tmp_path):
    found = mileage(
        "me", "--home", f"{tmp_path}/{ODD}", PYTHONIOENCODING="utf-8:strict"
    )
    assert (found.returncode, found.stderr) == (0, b"")
    assert r"\udce9/.claude/projects" in found.stdout.decode()


def test_an_argument_that_is_no_utf_8_is_refused(mileage, tmp_path):
    found = mileage("token", "revoke", ODD, "--data", str(tmp_path))
    assert found.returncode == 2
    assert rb"'\udce9' is not UTF-8" in found.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("doctor", "--data", ""),
        ("serve", "--data="),
        ("me", "--home", ""),
        ("backup", "--to", ""),
        ("council-pack", "--out", ""),
    ],
)
def test_an_empty_path_is_not_the_folder_one_is_in(mileage, tmp_path, words):
    found = mileage(*words, MILEAGE_DATA=str(tmp_path))
    assert found.returncode == 2
    assert b"It is empty. Is a variable of your shell not set?" in found.stderr


@pytest.mark.parametrize("command", ["check", "serve"])
def test_a_data_directory_that_is_no_utf_8_is_refused(mileage, tmp_path, command):
    found = mileage(command, "--data", f"{tmp_path}/{ODD}")
    assert found.returncode == 2
    assert b"which the databases in it need" in found.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words", [["me", "--home", "HOME"], ["--version"], ["me", "--home", "HOME", "live"]]
)
def test_output_that_is_closed_is_no_fault(home, tmp_path, words):
    named = [str(home) if word == "HOME" else word for word in words]
    command = [sys.executable, "-m", "mileage", *named]
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" "$@" >&-', *command],
        env={**os.environ, "MILEAGE_INDEX": str(tmp_path / "index")},
        stderr=subprocess.PIPE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
