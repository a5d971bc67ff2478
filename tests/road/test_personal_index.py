"""``mileage me`` is killed at any moment, and run twice at once: it stays right."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.session_logs import answer, usage, write_log

MILEAGE = Path(sys.executable).parent / "mileage"
FILES = 30


@pytest.fixture
def home(tmp_path):
    for number in range(FILES):
        write_log(
            tmp_path / "home",
            f".claude/projects/p/{number}.jsonl",
            *(answer(f"m{number}_{n}", usage(out=n)) for n in range(60)),
        )
    return tmp_path / "home"


def started(home, tmp_path, *arguments):
    return subprocess.Popen(
        [MILEAGE, "me", "--home", home, "--json", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "MILEAGE_INDEX": str(tmp_path / "index")},
    )


def answered(process):
    out, err = process.communicate(timeout=180)
    assert process.returncode == 0, err
    assert err == b""
    return json.loads(out)


def grow(home, turn):
    for number in range(0, FILES, 3):
        with (home / f".claude/projects/p/{number}.jsonl").open("ab") as stream:
            stream.write(answer(f"late{number}_{turn}", seconds=turn))


def test_killed_at_any_moment_the_next_run_is_right(home, tmp_path):
    began = time.perf_counter()
    answered(started(home, tmp_path, "--no-index"))
    whole = time.perf_counter() - began
    for turn in range(8):
        grow(home, turn)
        process = started(home, tmp_path)
        time.sleep(whole * (turn + 1) / 8)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=180)
        if turn % 3 == 2:
            straight = answered(started(home, tmp_path, "--no-index"))
            assert answered(started(home, tmp_path)) == straight
    assert answered(started(home, tmp_path)) == straight_of(home, tmp_path)


def straight_of(home, tmp_path):
    return answered(started(home, tmp_path, "--no-index"))


def test_runs_at_once_agree(home, tmp_path):
    for turn in range(2):
        grow(home, turn)
        runs = [started(home, tmp_path) for _ in range(4)]
        answers = [answered(run) for run in runs]
        assert answers == [straight_of(home, tmp_path)] * 4
    assert len(list((tmp_path / "index").glob("me-*"))) == 1
