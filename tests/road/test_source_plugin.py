"""The worked example of a source in a package of its own: built, installed, used."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.architecture.tree import ROOT
from tests.road.station import CLASSES, ENVIRON, mileage
from tests.session_logs import MARKER

EXAMPLE = ROOT / "examples" / "source-plugin"
LINE = {
    "type": "answer",
    "id": "a-1",
    "response_id": "msg_01",
    "at": "2026-11-20T12:00:00Z",
    "session": "s-1",
    "cwd": "/home/you/code",
    "model": "claude-sonnet-4-5",
    "usage": {"prompt": 1200, "cached": 1000, "answer": 90, "thinking": 30},
}


def run(*words, **options):
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        **options,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def environ(tmp_path_factory):
    """Build the example's wheel and install it; no network, no change to this venv."""
    folder = tmp_path_factory.mktemp("plugin")
    source = folder / "source"
    shutil.copytree(EXAMPLE, source)
    run("-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=source)
    (wheel,) = folder.glob("*.whl")
    target = folder / "installed"
    run(
        *("-m", "uv", "--no-config", "pip", "install", "--offline", "--no-deps"),
        *("--python", sys.executable, "--target", target, wheel),
    )
    return {**ENVIRON, "PYTHONPATH": str(target)}


def test_its_own_tests_pass(environ):
    said = run(
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "pyproject.toml"),
        "tests",
        cwd=EXAMPLE,
        env={**environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert " passed" in said


def test_import_takes_it(environ, tmp_path):
    log = tmp_path / "today.jsonl"
    log.write_text(json.dumps(LINE) + "\n{\n" + json.dumps({"type": "prompt"}) + "\n")
    for new in (1, 0):
        done = mileage(
            *("import", "--data", tmp_path / "data", "--source", "acme_log"),
            *("--account", "alice@example.com", log),
            environ=environ,
        )
        assert done.returncode == 0, done.stderr
        assert f": {new} new witness" in done.stdout


def test_the_personal_report_takes_it(environ, tmp_path):
    sessions = tmp_path / "home" / ".acme" / "sessions"
    sessions.mkdir(parents=True)
    (sessions / "s-1.jsonl").write_text(json.dumps(LINE) + "\n")
    done = mileage(
        *("me", "--home", tmp_path / "home", "--since", "2026-11-01"),
        *("--until", "2026-11-30", "--by", "client", "--json"),
        environ={**environ, "XDG_DATA_HOME": str(tmp_path), "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["rows"]
    assert row["client"] == "acme"
    assert [row[name] for name in CLASSES] == [200, 1000, 0, 0, 60, 30, 0]


def test_without_it_there_is_no_such_source(tmp_path):
    log = tmp_path / "today.jsonl"
    log.write_text("{}\n")
    done = mileage("import", "--data", tmp_path / "d", "--source", "acme_log", log)
    assert done.returncode == 2
    assert "there is no source 'acme_log'" in done.stderr


RAISING = """
from mileage.domain.call import SourceTraits


class Source:
    traits = SourceTraits("acme_log", "acme", 10, "link", True)

    def roots(self, home, environ):
        return [home / ".acme"]

    def patterns(self):
        return ("*.jsonl",)

    def read(self, lines, place, *, activity=True):
        for line in lines:
            raise RuntimeError(line.decode())
        yield


SOURCE = Source()
"""


def test_one_that_raises_is_told_without_what_it_read(environ, tmp_path):
    target = tmp_path / "raising"
    shutil.copytree(environ["PYTHONPATH"], target)
    (target / "mileage_acme" / "__init__.py").write_text(RAISING)
    log = tmp_path / "home" / ".acme" / "today.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text(f"{MARKER}\n")
    told = {"PYTHONPATH": os.fspath(target), "HOME": os.fspath(tmp_path)}
    home = ("--home", tmp_path / "home")
    into = ("--data", tmp_path / "d", "--account", "alice@example.com")
    to = ("--to", "http://127.0.0.1:9", "--token", "x", "--state", tmp_path / "s")
    for command in (
        ("me", "--no-index", *home),
        ("collect", *home, *into),
        ("collect", *home, *to),
    ):
        done = mileage(*command, environ=told)
        assert done.returncode == 1
        assert "a package that adds a source" in done.stderr
        assert "RuntimeError at " in done.stderr
        assert "mileage_acme/__init__.py:16" in done.stderr
        assert MARKER not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_a_broken_one_is_a_sentence(environ, tmp_path):
    """Whatever command is run: the package is named, and nothing is a traceback."""
    target = tmp_path / "broken"
    shutil.copytree(environ["PYTHONPATH"], target)
    (target / "mileage_acme" / "__init__.py").write_text("import nothing_like_it\n")
    log = tmp_path / "today.jsonl"
    log.write_text("{}\n")
    broken = {"PYTHONPATH": os.fspath(target)}
    for command in (
        ("import", "--data", tmp_path / "d", "--source", "acme_log", log),
        ("me", "--home", tmp_path),
    ):
        done = mileage(*command, environ=broken)
        assert done.returncode == 2, done.stdout
        assert "mileage-acme" in done.stderr
        assert "nothing_like_it" in done.stderr
        assert "Traceback" not in done.stderr
