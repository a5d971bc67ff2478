"""With and without the extension the same figures come out."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.session_logs import (
    answer,
    count,
    meta,
    record,
    said,
    tokens,
    turn,
    usage,
    write_log,
)

SCAN = "from mileage.native import scan; print(scan is not None)"


def run(arguments, tmp_path, **environ):
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "MILEAGE_INDEX": str(tmp_path / "index"), **environ},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


@pytest.fixture
def home(tmp_path):
    """Both clients, with all that the scanners hand back to the ordinary readers."""
    claude = [
        said("a question"),
        answer("msg_1", usage(out=4), seconds=1),
        answer("msg_1", usage(out=9), seconds=2),
        answer("msg_2", seconds=3, cwd="C:\\work"),
        answer("msg_3", seconds=4, isSidechain=True),
        b'{"type":"assistant","message":{"usage":{"input_tokens":-1}}}\n',
        b"no json\n",
        answer("msg_4", seconds=5).rstrip(b"\n"),
    ]
    codex = [
        meta(),
        turn(),
        count(tokens(100), seconds=1),
        count(tokens(100), seconds=2),
        count(tokens(300, out=50), seconds=3),
        b'{"type":"event_msg","payload":{"type":"token_count","info":7}}\n',
    ]
    records = [
        meta("thread-2"),
        turn(),
        record("resp_1", tokens(10), seconds=3, thread="thread-2"),
    ]
    write_log(tmp_path / ".claude/projects/p", "a.jsonl", *claude)
    write_log(tmp_path / ".codex/sessions/2026/11/20", "rollout-a.jsonl", *codex)
    write_log(tmp_path / ".codex/sessions/2026/11/20", "rollout-b.jsonl", *records)
    return tmp_path


def test_it_can_be_turned_off(tmp_path):
    assert run(["-c", SCAN], tmp_path) == "True\n"
    assert run(["-c", SCAN], tmp_path, MILEAGE_NATIVE="0") == "False\n"


@pytest.mark.parametrize("by", ["day", "session", "model"])
def test_the_figures_do_not_depend_on_it(home, by):
    arguments = ["-m", "mileage", "me", "--home", home, "--json", "--by", by]
    arguments += ["--tz", "UTC", "--no-index"]
    with_it = json.loads(run(arguments, home))
    without = json.loads(run(arguments, home, MILEAGE_NATIVE="0"))
    assert with_it == without
    assert with_it["total"]["calls"] == 7
    rejected = {one["source"]: one["rejected"] for one in with_it["sources"]}
    assert rejected == {"claude_code_log": 2, "codex_rollout": 1}


def test_an_index_of_one_is_read_on_by_the_other(home):
    arguments = ["-m", "mileage", "me", "--home", home, "--json", "--tz", "UTC"]
    first = json.loads(run(arguments, home))
    more = answer("msg_9", seconds=9)
    log = home / ".claude/projects/p/a.jsonl"
    log.write_bytes(log.read_bytes() + b"\n" + more)
    second = json.loads(run(arguments, home, MILEAGE_NATIVE="0"))
    log.write_bytes(log.read_bytes() + answer("msg_10", seconds=10))
    third = json.loads(run(arguments, home))
    found = [one["total"]["calls"] for one in (first, second, third)]
    assert found == [7, 8, 9]
