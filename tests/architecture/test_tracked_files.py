"""Nothing of the machine it was written on, no addresses of registries, no secrets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, name_of, tracked_files

# Written in pieces, so that this file is not what it looks for. Each begins with
# letters: to look for the edge of a word first takes ten times as long.
FORBIDDEN = {
    "a package index": [
        r"resolved" + r'"?: *"?https?:',
        r"--(?:extra-|default-)?index" + r"-url[ =]*http",
        r"registry" + r" *= *\"?https?:",
        r"https?://[^\s\"']+/simple" + r"\b",
    ],
    "a path of this machine": [
        re.escape(f"{ROOT}/"),
        re.escape(f"{Path.home()}/."),
    ],
    "a secret": [
        r"-----BEGIN [A-Z ]*PRIVATE " + r"KEY-----",
        r"AKIA" + r"[0-9A-Z]{16}\b",
        r"sk-ant-" + r"[A-Za-z0-9_-]{20,}",
        r"sk-(?:proj-)?" + r"[A-Za-z0-9]{32,}",
        r"gh[pousr]_" + r"[A-Za-z0-9]{36}",
        r"xox[abp]-" + r"[A-Za-z0-9-]{10,}",
        r"AIza" + r"[A-Za-z0-9_-]{35}",
    ],
}
EXAMPLES = {
    "a package index": "see https://index.example" + "/simple",
    "a path of this machine": f"cd {ROOT}/src",
    "a secret": "key = AKIA" + "ABCDEFGHIJKLMNOP",
}
MAX_BYTES = 2_000_000


def matches(kind: str, text: str) -> list[str]:
    return [hit for pattern in FORBIDDEN[kind] for hit in re.findall(pattern, text)]


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_no_tracked_file_names(kind):
    found = {
        name_of(file): hits
        for file in tracked_files()
        if (hits := matches(kind, file.read_text("utf-8", errors="replace")))
    }
    assert not found


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_the_patterns_find(kind):
    assert matches(kind, EXAMPLES[kind])


def test_no_tracked_file_is_huge():
    huge = {
        name_of(file): size
        for file in tracked_files()
        if (size := file.stat().st_size) > MAX_BYTES
    }
    assert not huge


def test_only_what_is_meant_to_be_run_can_be_run():
    run = {name_of(file) for file in tracked_files() if file.stat().st_mode & 0o111}
    scripts = {name for name in run if name.startswith(("tools/", ".ci/"))}
    assert run == scripts
    assert {"tools/bootstrap.sh", ".ci/run"} <= scripts


def test_what_tests_leave_behind_is_ignored():
    ignored = (ROOT / ".gitignore").read_text("utf-8").split()
    assert {".venv/", "__pycache__/", ".hypothesis/", "/var/"} <= set(ignored)
